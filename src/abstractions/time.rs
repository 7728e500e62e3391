// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Clock readings as numbers, which `kernel::time::Instant` keeps to itself.

use kernel::bindings;

/// The monotonic clock (`ktime_get()`), in nanoseconds.
pub(crate) fn monotonic_ns() -> i64 {
    // SAFETY: May be called anywhere but in NMI context.
    unsafe { bindings::ktime_get() }
}
