// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions and fences.

use std::ffi::c_int;
use std::time::Duration;

use goya::{Fence, Submission};

use crate::commands::queue;
use crate::error::{borrow, code, free, goya_error, object, slice};
use crate::{goya_commands, goya_device, goya_place, place};

/// A submission, to be waited for.
pub struct goya_fence(pub(crate) Fence);

/// A job for a queue: packets for a DMA queue, or packets in the card's memory for the others.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct goya_job {
    /// `enum goya_queue_id`.
    pub queue: u32,
    /// Packets, or NULL.
    pub commands: *const goya_commands,
    /// Where they are, without.
    pub place: goya_place,
    /// And how many bytes.
    pub size: u64,
}

/// Keep the time of the end.
pub const GOYA_SUBMIT_TIMESTAMP: u32 = 1;
/// The submission has a time-out of its own.
pub const GOYA_SUBMIT_TIMEOUT: u32 = 2;
/// A time-out is told, but the card not reset for it.
pub const GOYA_SUBMIT_NO_RESET: u32 = 4;
/// Fail with -EAGAIN if there is no room, instead of waiting for some.
pub const GOYA_SUBMIT_NO_WAIT: u32 = 8;

/// Wait as long as it takes.
pub const GOYA_FOR_EVER: u64 = u64::MAX;

/// Submits jobs: all or none. `flags` are GOYA_SUBMIT_*.
///
/// # Safety
/// `jobs` has `count` elements, of valid objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_submit(
    device: *const goya_device,
    jobs: *const goya_job,
    count: usize,
    flags: u32,
    timeout_seconds: u32,
    error: *mut goya_error,
) -> *mut goya_fence {
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            let device = borrow(device, "the device")?;
            let jobs = slice(jobs, count, "the array of jobs")?;
            let mut buffers = Vec::new();
            for job in jobs {
                let commands = job.commands.as_ref();
                buffers.push(commands.map(|commands| device.0.command_buffer(&commands.0)).transpose()?);
            }
            let mut submission = Submission::new();
            for (job, buffer) in jobs.iter().zip(&buffers) {
                let queue = queue(job.queue)?;
                submission = match buffer {
                    Some(buffer) => submission.job(queue, buffer),
                    None => {
                        let size = usize::try_from(job.size).unwrap_or(usize::MAX);
                        submission.internal_job(queue, place(&job.place)?, size)
                    }
                };
            }
            if flags & GOYA_SUBMIT_TIMESTAMP != 0 {
                submission = submission.timestamp();
            }
            if flags & GOYA_SUBMIT_TIMEOUT != 0 {
                submission = submission.timeout(Duration::from_secs(timeout_seconds.into()));
            }
            if flags & GOYA_SUBMIT_NO_RESET != 0 {
                submission = submission.go_on_after_timeout();
            }
            let fence = match flags & GOYA_SUBMIT_NO_WAIT {
                0 => device.0.submit(submission),
                _ => device.0.try_submit(submission),
            };
            fence.map(goya_fence)
        })
    }
}

/// Submits packets to a DMA queue, and waits until they are executed.
///
/// # Safety
/// Objects are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_run(
    device: *const goya_device,
    queue_id: u32,
    commands: *const goya_commands,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            let commands = borrow(commands, "the commands")?;
            borrow(device, "the device")?.0.run(queue(queue_id)?, &commands.0)?;
            Ok(0)
        })
    }
}

/// Waits for a submission, for `timeout_us` microseconds at most: 1 if it has ended well, 0 if not yet, and a negative
/// errno if it has ended badly. `time_ns`, if it is not NULL, becomes the time of its end, or -1.
///
/// # Safety
/// `fence` is valid; `time_ns` is null, or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_fence_wait(
    fence: *const goya_fence,
    timeout_us: u64,
    time_ns: *mut i64,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            let fence = &borrow(fence, "the fence")?.0;
            let completion = match timeout_us {
                GOYA_FOR_EVER => Some(fence.wait()?),
                us => fence.wait_timeout(Duration::from_micros(us))?,
            };
            if let Some(to) = time_ns.as_mut() {
                let time = completion.and_then(|completion| completion.time);
                *to = time.and_then(|time| i64::try_from(time.as_nanos()).ok()).unwrap_or(-1);
            }
            Ok(completion.is_some().into())
        })
    }
}

/// The driver's number of a submission.
///
/// # Safety
/// `fence` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_fence_number(fence: *const goya_fence) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { fence.as_ref() }.map_or(0, |fence| fence.0.number())
}

/// Frees a fence. The submission goes on, and keeps what it uses.
///
/// # Safety
/// `fence` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_fence_free(fence: *mut goya_fence) {
    // SAFETY: the caller's promise.
    unsafe { free(fence) }
}
