// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Module parameters, by upstream's names.

use kernel::ffi;
use kernel::sync::atomic::{Atomic, Relaxed};

use crate::abstractions::module_param::module_params;

module_params! {
    "goya";
    /// Seconds that a submission may be the oldest one at work.
    timeout_locked: int = 30,
        "Device lockup timeout in seconds (0 = disabled, default 30s)";
    /// Whether a submission that takes too long resets the card.
    reset_on_lockup: int = 1,
        "Do device reset on lockup (0 = no, 1 = yes, default yes)";
    /// Whether what was in the card's memory before the driver is overwritten with the same as what users leave there;
    /// it is, in any case.
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
    timeout: u32,
    /// A submission that takes too long resets the card (`reset_on_lockup`).
    pub(crate) reset_on_lockup: bool,
    /// What was in users' memory before the driver is overwritten as what they leave, not with zeros (`memory_scrub`).
    pub(crate) scrub: bool,
    /// Boot errors that count (`boot_error_status_mask`).
    pub(crate) boot_error_mask: u64,
}

impl Params {
    /// What the module was loaded with.
    pub(crate) fn get() -> Self {
        Self {
            // To upstream, a time before zero is one that never comes.
            timeout: timeout_locked.get().try_into().unwrap_or(0),
            reset_on_lockup: reset_on_lockup.get() != 0,
            scrub: memory_scrub.get() != 0,
            boot_error_mask: boot_error_status_mask.get() as u64,
        }
    }
}

/// What upstream overwrites other cards' memory with.
const SCRUB_VALUE: u64 = 0x1122_3344_5566_7788;

/// What a developer can change while a card is at work, by the names of the files in debugfs.
pub(crate) struct Settings {
    /// Seconds that a submission may be the oldest one at work; 0 for ever (`timeout_locked`).
    pub(crate) timeout: Atomic<u32>,
    /// If not 0, no submission that takes too long resets the card (`skip_reset_on_timeout`).
    pub(crate) skip_reset: Atomic<u32>,
    /// Seconds that a program that wants to know of events is given to go by itself, before a reset
    /// (`device_release_watchdog_timeout`).
    pub(crate) release_timeout: Atomic<u32>,
    /// If not 0, DMA channels stop at errors (`stop_on_err`).
    pub(crate) stop_on_error: Atomic<u32>,
    /// What users' memory is overwritten with (`memory_scrub_val`).
    pub(crate) scrub_value: Atomic<u64>,
}

impl Settings {
    /// As the module's parameters and upstream (`HL_DEVICE_RELEASE_WATCHDOG_TIMEOUT_SEC`,
    /// `MEM_SCRUB_DEFAULT_VAL`) have them.
    pub(crate) const fn new(params: &Params) -> Self {
        Self {
            timeout: Atomic::new(params.timeout),
            skip_reset: Atomic::new(0),
            release_timeout: Atomic::new(30),
            stop_on_error: Atomic::new(1),
            scrub_value: Atomic::new(SCRUB_VALUE),
        }
    }

    /// Milliseconds for [`Settings::timeout`].
    pub(crate) fn timeout_ms(&self) -> Option<u32> {
        let seconds = self.timeout.load(Relaxed);
        (seconds != 0).then(|| seconds.saturating_mul(1000))
    }
}
