// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Module parameters, by upstream's names.

use kernel::time::Delta;

/// What the parameters say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    /// Seconds that a submission may be the oldest one at work; 0 for ever (`timeout_locked`).
    pub(crate) timeout: u32,
    /// A submission that takes too long resets the card (`reset_on_lockup`).
    pub(crate) reset_on_lockup: bool,
    /// The card's memory is overwritten when a user goes (`memory_scrub`).
    pub(crate) memory_scrub: bool,
    /// Boot errors that count (`boot_error_status_mask`).
    pub(crate) boot_error_mask: u64,
}

impl Params {
    /// Milliseconds for [`Params::timeout`].
    pub(crate) fn timeout_ms(&self) -> Option<u32> {
        (self.timeout != 0).then(|| self.timeout.saturating_mul(1000))
    }

    /// Time that the driver itself gives a restore phase.
    pub(crate) fn restore_timeout(&self) -> Delta {
        Delta::from_secs(i64::from(self.timeout))
    }
}

impl Params {
    /// What the module was loaded with.
    pub(crate) fn get() -> Self {
        Self {
            timeout: 30,
            reset_on_lockup: true,
            memory_scrub: false,
            boot_error_mask: u64::MAX,
        }
    }
}
