// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions and fences.

use std::ffi::c_int;
use std::time::Duration;

use goya::{CommandBuffer, Completion, Device, Error, Fence, Result, Submission};

use crate::commands::queue;
use crate::error::{borrow, code, free, goya_error, object, put, slice};
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

/// Execute jobs to restore the state in any case.
pub const GOYA_SUBMIT_FORCE_RESTORE: u32 = 16;

/// Wait as long as it takes.
pub const GOYA_FOR_EVER: u64 = u64::MAX;

/// The submission has ended so long ago that the driver knows no more, not even whether a reset has ended it.
pub const GOYA_FENCE_FORGOTTEN: c_int = 2;

/// A time of microseconds, which may be GOYA_FOR_EVER.
pub(crate) fn duration(us: u64) -> Duration {
    if us == GOYA_FOR_EVER { Duration::MAX } else { Duration::from_micros(us) }
}

/// Fails if there are flags that are not known here.
pub(crate) fn check_flags(flags: u32, known: u32) -> Result {
    match flags & !known {
        0 => Ok(()),
        unknown => Err(Error::Invalid(format!("flags {unknown:#x} mean nothing here"))),
    }
}

/// What a submission is told by flags.
pub(crate) fn with_flags(submission: Submission<'_>, flags: u32, timeout_seconds: u32) -> Submission<'_> {
    let mut submission = submission;
    if flags & GOYA_SUBMIT_TIMESTAMP != 0 {
        submission = submission.timestamp();
    }
    if flags & GOYA_SUBMIT_TIMEOUT != 0 {
        submission = submission.timeout(Duration::from_secs(timeout_seconds.into()));
    }
    if flags & GOYA_SUBMIT_NO_RESET != 0 {
        submission = submission.go_on_after_timeout();
    }
    if flags & GOYA_SUBMIT_FORCE_RESTORE != 0 {
        submission = submission.force_restore();
    }
    submission
}

/// The command buffers of jobs.
unsafe fn buffers(device: &Device, jobs: &[goya_job]) -> Result<Vec<Option<CommandBuffer>>> {
    let buffer = |job: &goya_job| {
        // SAFETY: the caller's promise.
        let commands = unsafe { job.commands.as_ref() };
        commands.map(|commands| device.command_buffer(&commands.0)).transpose()
    };
    jobs.iter().map(buffer).collect()
}

/// Submits jobs: all or none. `flags` are GOYA_SUBMIT_*; any other is an error.
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
        goya_device_submit_restoring(device, std::ptr::null(), 0, jobs, count, flags, timeout_seconds, error)
    }
}

/// The same with jobs, of packets for DMA queues, that are executed before all others if the card's state was lost: in a
/// device's first submission, and after a reset; in any case with GOYA_SUBMIT_FORCE_RESTORE.
///
/// # Safety
/// `restore` has `restore_count` elements, and `jobs` `count`, of valid objects.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "C has no builders")]
pub unsafe extern "C" fn goya_device_submit_restoring(
    device: *const goya_device,
    restore: *const goya_job,
    restore_count: usize,
    jobs: *const goya_job,
    count: usize,
    flags: u32,
    timeout_seconds: u32,
    error: *mut goya_error,
) -> *mut goya_fence {
    const KNOWN: u32 = GOYA_SUBMIT_TIMESTAMP
        | GOYA_SUBMIT_TIMEOUT
        | GOYA_SUBMIT_NO_RESET
        | GOYA_SUBMIT_NO_WAIT
        | GOYA_SUBMIT_FORCE_RESTORE;
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            check_flags(flags, KNOWN)?;
            let device = &borrow(device, "the device")?.0;
            let restore = slice(restore, restore_count, "the array of jobs to restore")?;
            let jobs = slice(jobs, count, "the array of jobs")?;
            let (first, then) = (buffers(device, restore)?, buffers(device, jobs)?);
            let mut submission = with_flags(Submission::new(), flags, timeout_seconds);
            for (job, buffer) in restore.iter().zip(&first) {
                let buffer = buffer.as_ref().ok_or_else(|| {
                    Error::Invalid("a job to restore the state has packets for a DMA queue".into())
                })?;
                submission = submission.restore(queue(job.queue)?, buffer);
            }
            for (job, buffer) in jobs.iter().zip(&then) {
                let queue = queue(job.queue)?;
                submission = match buffer {
                    Some(buffer) => submission.job(queue, buffer),
                    None => {
                        let size = usize::try_from(job.size).unwrap_or(usize::MAX);
                        submission.internal_job(queue, place(&job.place)?, size)
                    }
                };
            }
            let fence = match flags & GOYA_SUBMIT_NO_WAIT {
                0 => device.submit(submission),
                _ => device.try_submit(submission),
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

/// What is told of a submission's end.
fn answer(completion: Option<Completion>) -> c_int {
    match completion {
        None => 0,
        Some(completion) if completion.forgotten => GOYA_FENCE_FORGOTTEN,
        Some(_) => 1,
    }
}

/// Fences of an array of C's.
unsafe fn fences(array: *const *const goya_fence, count: usize) -> Result<Vec<Fence>> {
    // SAFETY: the caller's promise.
    let array = unsafe { slice(array, count, "the array of fences") }?;
    // SAFETY: the caller's promise.
    array.iter().map(|&fence| Ok(unsafe { borrow(fence, "a fence") }?.0.clone())).collect()
}

/// Waits until all of several submissions have ended, for `timeout_us` microseconds at most: 1 if they have, 0 if some have
/// not yet, and a negative errno if one has ended badly.
///
/// # Safety
/// `array` has `count` valid fences.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_fence_wait_all(
    array: *const *const goya_fence,
    count: usize,
    timeout_us: u64,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { code(error, || Ok(goya::wait_all(&fences(array, count)?, duration(timeout_us))?.into())) }
}

/// Waits until one of several submissions has ended, for `timeout_us` microseconds at most: 1 if one has, whose place in the
/// array goes to `which`, 0 if none has yet, and a negative errno if one has ended badly.
///
/// # Safety
/// `array` has `count` valid fences; `which` is null, or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_fence_wait_any(
    array: *const *const goya_fence,
    count: usize,
    timeout_us: u64,
    which: *mut usize,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            let ended = goya::wait_any(&fences(array, count)?, duration(timeout_us))?;
            if let Some(n) = ended {
                put(which, n);
            }
            Ok(ended.is_some().into())
        })
    }
}

/// Waits for a submission, for `timeout_us` microseconds at most: 1 if it has ended well, GOYA_FENCE_FORGOTTEN if it has ended
/// but the driver has forgotten how, 0 if it has not yet, and a negative errno if it has ended badly. `time_ns`, if it is not NULL, becomes the time of its end, or -1.
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
            let completion = fence.wait_timeout(duration(timeout_us))?;
            let time = completion.and_then(|completion| completion.time);
            put(time_ns, time.and_then(|time| i64::try_from(time.as_nanos()).ok()).unwrap_or(-1));
            Ok(answer(completion))
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

#[cfg(test)]
mod tests {
    use std::ptr::{null, null_mut};

    use super::*;

    #[test]
    fn unknown_flags_are_refused() {
        assert!(check_flags(5, 7).is_ok() && check_flags(8, 7).is_err());
        let mut error = goya_error { code: 0, message: [0; 512] };
        // SAFETY: null is allowed.
        assert!(unsafe { goya_device_submit(null(), null(), 0, 33, 0, &mut error) }.is_null());
        assert_eq!(
            (error.code, error.message[..10].to_vec()),
            (-libc::EINVAL, b"flags 0x20".map(|b| b as _).to_vec())
        );
    }

    #[test]
    fn forgotten_ends_are_told_apart() {
        let completion = |forgotten| Some(Completion { time: None, forgotten });
        assert_eq!([answer(None), answer(completion(false)), answer(completion(true))], [0, 1, 2]);
    }

    #[test]
    fn none_of_no_fences_ends() {
        let mut which = 7;
        // SAFETY: an array of none may be null.
        unsafe {
            assert_eq!(goya_fence_wait_all(null(), 0, 0, null_mut()), 1);
            assert_eq!(goya_fence_wait_any(null(), 0, 0, &mut which, null_mut()), 0);
            assert_eq!(goya_fence_wait_any([null()].as_ptr(), 1, 0, &mut which, null_mut()), -libc::EINVAL);
        }
        assert_eq!(which, 7);
    }
}
