// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the calling thread was sent, and what interrupts it.
//!
//! C header: `include/linux/sched/signal.h`.

use kernel::bindings;
use kernel::prelude::*;
use kernel::types::NotThreadSafe;

/// Whether the calling thread was told to end, which no handler keeps it from (C: `fatal_signal_pending()`).
pub(crate) fn is_killed() -> bool {
    let task = current!();
    if !task.signal_pending() {
        return false;
    }
    // SAFETY: The current task exists. This is one word of it, which others may change meanwhile.
    let signals = unsafe {
        let signals = &raw const (*task.as_ptr()).pending.signal;
        signals.cast::<c_ulong>().read_volatile()
    };
    signals & (1 << (bindings::SIGKILL - 1)) != 0
}

/// Whether the calling thread was sent a signal. What io_uring has for it to do interrupts its waits, too, but is none (C:
/// `task_sigpending()`).
pub(crate) fn is_signalled() -> bool {
    let _signals = SignalsOnly::begin();
    current!().signal_pending()
}

/// Nothing but signals interrupts the waits of the calling thread, as long as this is there (C: `no_notify_signal_save()`).
///
/// Not for a worker of io_uring's, which is told in the same way as others of work that it is to end. What comes meanwhile
/// is done afterwards.
///
/// # Invariants
///
/// Belongs to the thread that has made it.
pub(crate) struct SignalsOnly {
    /// It was not so before.
    begun: bool,
    _thread: NotThreadSafe,
}

impl SignalsOnly {
    /// From now on.
    pub(crate) fn begin() -> Self {
        let begun = flags() & (bindings::PF_NO_NOTIFY_SIGNAL | bindings::PF_IO_WORKER) == 0;
        if begun {
            set_flags(flags() | bindings::PF_NO_NOTIFY_SIGNAL);
        }
        // INVARIANT: The calling thread makes it.
        Self {
            begun,
            _thread: NotThreadSafe,
        }
    }
}

impl Drop for SignalsOnly {
    fn drop(&mut self) {
        if self.begun {
            set_flags(flags() & !bindings::PF_NO_NOTIFY_SIGNAL);
        }
    }
}

/// What the calling thread is (`PF_*`).
fn flags() -> c_uint {
    let task = current!();
    // SAFETY: The current task exists. Others may read this word of it meanwhile, and only it writes to it.
    unsafe { (&raw const (*task.as_ptr()).flags).read_volatile() }
}

/// Changes what the calling thread is.
fn set_flags(flags: c_uint) {
    let task = current!();
    // SAFETY: As above.
    unsafe { (&raw mut (*task.as_ptr()).flags).write_volatile(flags) }
}

/// Whether the calling thread is one of the kernel's, and no program's.
pub(crate) fn is_kernel_thread() -> bool {
    flags() & bindings::PF_KTHREAD != 0
}

#[kunit_tests(goya_signal)]
mod tests {
    use super::*;

    /// However they are nested, the thread is as before once all have gone.
    #[test]
    fn nested() {
        let before = flags();
        let only = || flags() & bindings::PF_NO_NOTIFY_SIGNAL != 0;
        assert!(!only());
        let outer = SignalsOnly::begin();
        drop(SignalsOnly::begin());
        assert!(only());
        drop(outer);
        assert_eq!(flags(), before);
    }

    /// Tests run in a thread of the kernel's, which nobody sends anything.
    #[test]
    fn nobody() {
        assert!(is_kernel_thread() && !is_signalled() && !is_killed());
    }
}
