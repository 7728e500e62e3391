// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Events of a device.

use std::ffi::c_int;
use std::os::fd::AsRawFd;

use goya::Events;

use crate::error::{borrow, code, free, goya_error, object, put, some};
use crate::{duration, goya_device};

/// A listener to events.
pub struct goya_events(Events);

/// Listens to the events of a device: one listener at a time.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_events_new(
    device: *const goya_device,
    error: *mut goya_error,
) -> *mut goya_events {
    // SAFETY: the caller's promise.
    let new = || unsafe { borrow(device, "the device") }?.0.events().map(goya_events);
    // SAFETY: the caller's promise.
    unsafe { object(error, new) }
}

/// A descriptor that can be read (poll(2)) when there are events. It is not to be read or closed.
///
/// # Safety
/// `events` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_events_fd(events: *const goya_events) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { code(std::ptr::null_mut(), || Ok(borrow(events, "the listener")?.0.as_raw_fd())) }
}

/// Waits for events, for `timeout_us` microseconds at most; what has come, HL_NOTIFIER_EVENT_*, goes to `mask`: 0 if
/// nothing has.
///
/// # Safety
/// `events` is valid, and `mask` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_events_wait(
    events: *const goya_events,
    timeout_us: u64,
    mask: *mut u64,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            some(mask, "the mask")?;
            put(mask, borrow(events, "the listener")?.0.wait(duration(timeout_us))?.bits());
            Ok(0)
        })
    }
}

/// Listens no more.
///
/// # Safety
/// `events` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_events_free(events: *mut goya_events) {
    // SAFETY: the caller's promise.
    unsafe { free(events) }
}
