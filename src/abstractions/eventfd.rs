// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Event file descriptors that the driver signals (C: `include/linux/eventfd.h`).

use kernel::{bindings, error::from_err_ptr, prelude::*};

use core::ptr::NonNull;

/// A reference to a user's eventfd; given back when dropped.
///
/// # Invariants
///
/// `.0` points to an `eventfd_ctx`, and we own one reference to it.
pub(crate) struct EventFd(NonNull<bindings::eventfd_ctx>);

// SAFETY: The context is reference counted and has a lock of its own; any task may put it.
unsafe impl Send for EventFd {}

// SAFETY: `&EventFd` only lets one signal, which takes the context's own lock.
unsafe impl Sync for EventFd {}

impl EventFd {
    /// Takes a reference to the eventfd that is file descriptor `fd` of the calling process.
    ///
    /// `fd` is a `u32` because that is what the user API has; numbers that are negative as an `int`
    /// are no open file.
    ///
    /// # Errors
    ///
    /// `EBADF`: no open file; `EINVAL`: a file that is no eventfd.
    pub(crate) fn from_fd(fd: u32) -> Result<Self> {
        // CAST: The bits of an `int`, as in the user API.
        // SAFETY: Any number is fine: the function looks it up in the caller's table.
        let context = from_err_ptr(unsafe { bindings::eventfd_ctx_fdget(fd as i32) })?;
        // INVARIANT: On success we were given a reference.
        NonNull::new(context).map(Self).ok_or(EBADF)
    }

    /// Adds one to the counter and wakes who waits for it. May be called in any context.
    pub(crate) fn signal(&self) {
        // SAFETY: By the type invariant the context is alive.
        unsafe { bindings::eventfd_signal_mask(self.0.as_ptr(), 0) }
    }
}

impl Drop for EventFd {
    fn drop(&mut self) {
        // SAFETY: By the type invariant we own a reference, and give it back once.
        unsafe { bindings::eventfd_ctx_put(self.0.as_ptr()) }
    }
}
