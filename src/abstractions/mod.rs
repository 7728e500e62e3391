// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Safe wrappers of what the `kernel` crate lacks, each written as if it were to be sent upstream.
//!
//! All `unsafe` code of the driver is in here.

pub(crate) mod accel;
pub(crate) mod capability;
pub(crate) mod chrdev;
pub(crate) mod completion;
#[cfg(CONFIG_DEBUG_FS)]
pub(crate) mod debugfs;
pub(crate) mod dma;
pub(crate) mod dmabuf;
pub(crate) mod eventfd;
pub(crate) mod holders;
pub(crate) mod hwmon;
mod hwmon_sys;
pub(crate) mod limited;
pub(crate) mod memory;
pub(crate) mod module_param;
pub(crate) mod msix;
pub(crate) mod pages;
pub(crate) mod pci_bar;
pub(crate) mod pci_callbacks;
pub(crate) mod pci_id;
pub(crate) mod pci_power;
pub(crate) mod pinned;
pub(crate) mod ratelimit;
pub(crate) mod shared;
pub(crate) mod signal;
pub(crate) mod sysfs;
pub(crate) mod task;
pub(crate) mod time;
pub(crate) mod trace;
#[cfg(CONFIG_IO_URING)]
pub(crate) mod uring;
pub(crate) mod vec;
pub(crate) mod vma;

use kernel::{
    bindings,
    device::{Device, DeviceContext},
    pci,
    str::BStr,
};

/// Bits of `scatterlist::page_link` that are no part of a page's address, but say where the list goes on or ends
/// (`SG_CHAIN`, `SG_END`).
const LINK_BITS: kernel::ffi::c_ulong = 3;

/// The C side of a device: valid as long as the reference, and for as long as one holds a count.
///
/// The `kernel` crate keeps its own `as_raw()` to itself.
fn raw_device<C: DeviceContext>(dev: &Device<C>) -> *mut bindings::device {
    // `Device` is transparent, and all of it may change behind a shared reference (`Opaque`).
    core::ptr::from_ref(dev).cast_mut().cast()
}

/// A device's name, for messages.
///
/// The `kernel` crate's `name()` adds one to the length, which on some kernels is code that panics.
pub(crate) fn name<C: DeviceContext>(dev: &Device<C>) -> &BStr {
    // SAFETY: A device has a name that ends with a zero, and is not renamed while somebody has it.
    let bytes = unsafe {
        let name = bindings::dev_name(raw_device(dev));
        core::slice::from_raw_parts(name.cast::<u8>(), bindings::strlen(name))
    };
    BStr::from_bytes(bytes)
}

/// The C side of a PCI device, as [`raw_device`] has it of any device.
fn raw_pci_device<C: DeviceContext>(pdev: &pci::Device<C>) -> *mut bindings::pci_dev {
    // `pci::Device` is transparent, too.
    core::ptr::from_ref(pdev).cast_mut().cast()
}
