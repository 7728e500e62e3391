// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! References to processes that outlive the processes themselves.
//!
//! C header: `include/linux/pid.h`.

use core::ptr::NonNull;

use kernel::bindings;
use kernel::prelude::*;

/// A counted reference to a process number: it never means another process, even if the number is used
/// again.
pub(crate) struct Pid(NonNull<bindings::pid>);

// SAFETY: Process numbers are counted references, which any thread may use and give up.
unsafe impl Send for Pid {}
// SAFETY: As above; all functions that take one do their own locking.
unsafe impl Sync for Pid {}

impl Pid {
    /// The thread that calls.
    pub(crate) fn current() -> Result<Self> {
        // SAFETY: The current task is valid during the call, which returns a reference of the caller's.
        let pid = unsafe {
            bindings::get_task_pid(bindings::get_current(), bindings::pid_type_PIDTYPE_PID)
        };
        NonNull::new(pid).map(Self).ok_or(ESRCH)
    }

    /// The number, as the first namespace sees it.
    pub(crate) fn number(&self) -> i32 {
        // SAFETY: The reference keeps the structure alive. It always has a number in the first namespace,
        // and none of them ever changes.
        unsafe {
            let numbers = &raw const (*self.0.as_ptr()).numbers;
            (*numbers.cast::<bindings::upid>()).nr
        }
    }

    /// Ends the process. Whether there is one any more.
    pub(crate) fn kill(&self) -> bool {
        // SAFETY: The reference keeps the structure alive; the call does the rest of the locking.
        unsafe { bindings::kill_pid(self.0.as_ptr(), bindings::SIGKILL as c_int, 1) == 0 }
    }
}

impl Drop for Pid {
    fn drop(&mut self) {
        // SAFETY: Gives up the reference that this value is.
        unsafe { bindings::put_pid(self.0.as_ptr()) };
    }
}
