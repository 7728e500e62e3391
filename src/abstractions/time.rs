// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Clock readings as numbers, which `kernel::time::Instant` keeps to itself.

use kernel::bindings;
use kernel::time::Delta;

/// A moment of the monotonic clock, from which the time since then can be told without arithmetic that panics.
#[derive(Clone, Copy)]
pub(crate) struct Moment(i64);

impl Moment {
    /// This one.
    pub(crate) fn now() -> Self {
        Self(monotonic_ns())
    }

    /// That at `ns` nanoseconds of the monotonic clock.
    pub(crate) const fn from_ns(ns: i64) -> Self {
        Self(ns)
    }

    /// In nanoseconds of the monotonic clock.
    pub(crate) const fn as_ns(self) -> i64 {
        self.0
    }

    /// How long it is ago.
    pub(crate) fn elapsed(self) -> Delta {
        Delta::from_nanos(monotonic_ns().saturating_sub(self.0))
    }
}

/// The monotonic clock (`ktime_get()`), in nanoseconds.
pub(crate) fn monotonic_ns() -> i64 {
    // SAFETY: May be called anywhere but in NMI context.
    unsafe { bindings::ktime_get() }
}

/// The monotonic clock that nobody corrects (`ktime_get_raw()`), in nanoseconds.
pub(crate) fn raw_ns() -> u64 {
    // SAFETY: May be called anywhere but in NMI context.
    unsafe { bindings::ktime_get_raw() as u64 }
}

/// The processor's counter of cycles (`rdtsc()`); 0 where there is none.
pub(crate) fn cycles() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: Every x86-64 processor has it, and the kernel may always read it.
    unsafe {
        core::arch::x86_64::_rdtsc()
    }
    #[cfg(not(target_arch = "x86_64"))]
    0
}
