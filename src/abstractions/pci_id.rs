// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! PCI ids of vendors that `kernel::pci::Vendor` does not list.

use kernel::bindings;
use kernel::pci::DeviceId;

const ANY: u32 = !0;

/// The id of device `device` of `vendor`, whatever its subsystem.
pub(crate) const fn device_id(vendor: u32, device: u32) -> DeviceId {
    // SAFETY: `DeviceId` is a transparent wrapper, and any numbers make an id.
    unsafe {
        core::mem::transmute(bindings::pci_device_id {
            vendor,
            device,
            subvendor: ANY,
            subdevice: ANY,
            class: 0,
            class_mask: 0,
            driver_data: 0,
            override_only: 0,
        })
    }
}
