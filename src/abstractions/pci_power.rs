// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Power states of PCI devices. C header: `include/linux/pci.h`.

use kernel::bindings;
use kernel::device::Bound;
use kernel::error::to_result;
use kernel::pci;
use kernel::prelude::*;

use super::raw_pci_device as raw;

/// A power state, as far as anybody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PowerState {
    /// It works.
    D0,
    /// It sleeps, but answers to configuration accesses.
    D3Hot,
    /// Any other.
    Other,
}

/// `pci_power_t` of [`PowerState::D0`] and [`PowerState::D3Hot`].
const D0: bindings::pci_power_t = 0;
const D3_HOT: bindings::pci_power_t = 3;

/// The state that the kernel last knew.
pub(crate) fn state(pdev: &pci::Device<Bound>) -> PowerState {
    // SAFETY: The device is valid; the field is a number, which may change at any time.
    match unsafe { (&raw const (*raw(pdev)).current_state).read_volatile() } {
        D0 => PowerState::D0,
        D3_HOT => PowerState::D3Hot,
        _ => PowerState::Other,
    }
}

/// Wakes the device: its configuration is as it was when it was put to sleep.
pub(crate) fn wake(pdev: &pci::Device<Bound>) -> Result {
    // SAFETY: The device is valid and bound. As upstream, no more is wanted of the first two than that they try.
    to_result(unsafe {
        bindings::pci_set_power_state(raw(pdev), D0);
        bindings::pci_restore_state(raw(pdev));
        bindings::pci_enable_device(raw(pdev))
    })
}

/// Puts the device to sleep; until [`wake`] the driver finds ones only where its registers were.
pub(crate) fn sleep(pdev: &pci::Device<Bound>) {
    // SAFETY: The device is valid and bound.
    unsafe {
        bindings::pci_save_state(raw(pdev));
        bindings::pci_disable_device(raw(pdev));
        bindings::pci_set_power_state(raw(pdev), D3_HOT);
    }
}
