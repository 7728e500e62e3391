// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Power states of PCI devices, and their access to the bus. C header: `include/linux/pci.h`.

use kernel::bindings;
use kernel::device::{Bound, Core};
use kernel::error::to_result;
use kernel::io::Io as _;
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

/// The time during which a driver has a device enabled. Afterwards it has no access to the bus.
pub(crate) struct Enabled<'a>(&'a pci::Device<Bound>);

impl<'a> Enabled<'a> {
    /// Enables a device's memory; it gets no access to the bus yet, see [`connect`].
    pub(crate) fn new(pdev: &'a pci::Device<Core<'_>>) -> Result<Self> {
        pdev.enable_device_mem()?;
        Ok(Self(pdev))
    }
}

impl Drop for Enabled<'_> {
    fn drop(&mut self) {
        // A device that sleeps is not enabled.
        if wake(self.0).is_ok() {
            disconnect(self.0);
            // SAFETY: The device is valid, and was enabled by `new()`.
            unsafe { bindings::pci_disable_device(raw(self.0)) };
        }
    }
}

/// Lets the device send requests of its own.
pub(crate) fn connect(pdev: &pci::Device<Bound>) {
    // SAFETY: The device is valid and bound.
    unsafe { bindings::pci_set_master(raw(pdev)) };
}

/// Keeps the device from sending requests of its own, and waits for the end of those that it has begun. Whether it says that
/// both are so.
pub(crate) fn disconnect(pdev: &pci::Device<Bound>) -> bool {
    // SAFETY: The device is valid and bound.
    unsafe { bindings::pci_clear_master(raw(pdev)) };
    // One that does not answer reads as ones.
    let command = pdev.config_space().read16(bindings::PCI_COMMAND as usize);
    command & bindings::PCI_COMMAND_MASTER as u16 == 0
        // SAFETY: As above.
        && unsafe { bindings::pci_wait_for_pending_transaction(raw(pdev)) } != 0
}

/// The state that the kernel last knew.
pub(crate) fn state(pdev: &pci::Device<Bound>) -> PowerState {
    // SAFETY: The device is valid; the field is a number, which may change at any time.
    match unsafe { (&raw const (*raw(pdev)).current_state).read_volatile() } {
        D0 => PowerState::D0,
        D3_HOT => PowerState::D3Hot,
        _ => PowerState::Other,
    }
}

/// Whether the driver has the device enabled: it does, unless it has put it to sleep. The kernel may have woken it meanwhile, or
/// put it to sleep itself, and does the reverse; what the driver has done stays its own business.
fn is_enabled(pdev: &pci::Device<Bound>) -> bool {
    // SAFETY: The device is valid; the field is a number, which may change at any time (`pci_is_enabled()`, which is
    // inline).
    unsafe { (&raw const (*raw(pdev)).enable_cnt.counter).read_volatile() > 0 }
}

/// Wakes the device, if [`sleep`] has put it to sleep: its configuration is as it was then. Not to be called by two at
/// the same time, nor with `sleep`.
pub(crate) fn wake(pdev: &pci::Device<Bound>) -> Result {
    if is_enabled(pdev) {
        return Ok(());
    }
    // SAFETY: The device is valid and bound. As upstream, no more is wanted of the first two than that they try.
    to_result(unsafe {
        bindings::pci_set_power_state(raw(pdev), D0);
        bindings::pci_restore_state(raw(pdev));
        bindings::pci_enable_device(raw(pdev))
    })
}

/// Puts the device to sleep, unless it sleeps; until [`wake`] the driver finds ones only where its registers were, and
/// the device is not enabled.
pub(crate) fn sleep(pdev: &pci::Device<Bound>) -> Result {
    if !is_enabled(pdev) {
        return Ok(());
    }
    // SAFETY: The device is valid, bound and enabled.
    unsafe {
        bindings::pci_save_state(raw(pdev));
        bindings::pci_disable_device(raw(pdev));
        to_result(bindings::pci_set_power_state(raw(pdev), D3_HOT)).inspect_err(|_| {
            // What fails here leaves a device that does not work, as its resets will say.
            let _ = bindings::pci_enable_device(raw(pdev));
        })
    }
}

/// Gives the device its configuration back after a reset: what was saved when it was found, or since then. The driver has it
/// enabled; it gets no access to the bus, see [`connect`].
pub(crate) fn restore(pdev: &pci::Device<Core<'_>>) -> Result {
    // SAFETY: The device is valid and bound, and its lock is held.
    to_result(unsafe {
        bindings::pci_restore_state(raw(pdev));
        bindings::pci_clear_master(raw(pdev));
        bindings::pci_reenable_device(raw(pdev))
    })
}
