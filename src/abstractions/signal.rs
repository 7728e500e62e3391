// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the calling thread was sent.
//!
//! C header: `include/linux/sched/signal.h`.

use kernel::bindings;
use kernel::prelude::*;

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
