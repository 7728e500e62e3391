// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a device's DMA can do.

use kernel::bindings;
use kernel::device::{Bound, Core, Device};
use kernel::dma::{Device as _, DmaMask};
use kernel::pci;
use kernel::prelude::*;

use super::raw_device;

/// Tells the kernel which bus addresses the device reaches; for probe, before any allocation.
pub(crate) fn set_mask(pdev: &pci::Device<Core<'_>>, mask: DmaMask) -> Result {
    // SAFETY: The device is being probed: nobody allocates or maps memory for it yet.
    unsafe { pdev.dma_set_mask_and_coherent(mask) }?;
    // SAFETY: As above.
    unsafe {
        // The card takes any piece of memory, however long.
        pdev.dma_set_max_seg_size(u32::MAX);
        cross_boundaries(pdev.as_ref());
    }
    Ok(())
}

/// Tells the kernel that a piece of memory may lie anywhere, where PCI devices else get none across 4 GiB
/// (`dma_set_seg_boundary()`, which is inline): the card translates each page by itself.
///
/// # Safety
///
/// Nobody allocates or maps memory for the device meanwhile.
unsafe fn cross_boundaries(dev: &Device<Bound>) {
    // SAFETY: By the function's precondition nobody else uses the parameters, which live as long as the device.
    if let Some(parameters) = unsafe { (*raw_device(dev)).dma_parms.as_mut() } {
        parameters.segment_boundary_mask = c_ulong::MAX;
    }
}

/// Whether a bus address says that mapping failed (`dma_mapping_error()`, which is inline).
///
/// # Safety
///
/// `device` is valid.
pub(super) unsafe fn mapping_failed(
    device: *mut bindings::device,
    address: bindings::dma_addr_t,
) -> bool {
    /// `DMA_MAPPING_ERROR`.
    const ERROR: bindings::dma_addr_t = !0;
    #[cfg(CONFIG_DMA_API_DEBUG)]
    // SAFETY: By the function's precondition; it takes any address.
    unsafe {
        bindings::debug_dma_mapping_error(device, address);
    }
    #[cfg(not(CONFIG_DMA_API_DEBUG))]
    let _ = device;
    address == ERROR
}

#[kunit_tests(goya_dma)]
mod tests {
    use super::*;
    use kernel::faux;

    /// A device as the PCI core makes it may have pieces of memory anywhere afterwards.
    #[test]
    fn boundaries() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-boundaries", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let mut parameters = bindings::device_dma_parameters {
            segment_boundary_mask: 0xFFFF_FFFF,
            ..pin_init::zeroed()
        };
        // SAFETY: The device is the test's, and has the parameters only during this.
        unsafe {
            cross_boundaries(dev);
            (*raw_device(dev)).dma_parms = &mut parameters;
            cross_boundaries(dev);
            (*raw_device(dev)).dma_parms = core::ptr::null_mut();
        }
        assert_eq!(parameters.segment_boundary_mask, c_ulong::MAX);
        Ok(())
    }
}
