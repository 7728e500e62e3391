// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Module parameters, by upstream's names.

use kernel::ffi;

use crate::abstractions::module_param::module_params;

module_params! {
    "goya";
    /// Seconds that a submission may be the oldest one at work.
    timeout_locked: int = 30,
        "Device lockup timeout in seconds (0 = disabled, default 30s)";
    /// Whether a submission that takes too long resets the card.
    reset_on_lockup: int = 1,
        "Do device reset on lockup (0 = no, 1 = yes, default yes)";
    /// Whether the card's memory is overwritten in various states: of Goya's cards never, as upstream.
    memory_scrub: int = 0,
        "Scrub device memory in various states (0 = no, 1 = yes, default no)";
    /// Boot errors that count.
    boot_error_status_mask: ulong = ffi::c_ulong::MAX,
        "Mask of the error status during device CPU boot (If bitX is cleared then error X is masked. Default all 1's)";
}

/// What the parameters say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params {
    /// Seconds that a submission may be the oldest one at work; 0 for ever (`timeout_locked`).
    pub(crate) timeout: u32,
    /// A submission that takes too long resets the card (`reset_on_lockup`).
    pub(crate) reset_on_lockup: bool,
    /// Boot errors that count (`boot_error_status_mask`).
    pub(crate) boot_error_mask: u64,
}

impl Params {
    /// Milliseconds for [`Params::timeout`].
    pub(crate) fn timeout_ms(&self) -> Option<u32> {
        (self.timeout != 0).then(|| self.timeout.saturating_mul(1000))
    }
}

impl Params {
    /// What the module was loaded with.
    pub(crate) fn get() -> Self {
        Self {
            // To upstream, a time before zero is one that never comes.
            timeout: timeout_locked.get().try_into().unwrap_or(0),
            reset_on_lockup: reset_on_lockup.get() != 0,
            boot_error_mask: boot_error_status_mask.get() as u64,
        }
    }
}
