// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a device's DMA can do.

use kernel::device::Core;
use kernel::dma::{Device as _, DmaMask};
use kernel::pci;
use kernel::prelude::*;

/// Tells the kernel which bus addresses the device reaches; for probe, before any allocation.
pub(crate) fn set_mask(pdev: &pci::Device<Core<'_>>, mask: DmaMask) -> Result {
    // SAFETY: The device is being probed: nobody allocates or maps memory for it yet.
    unsafe { pdev.dma_set_mask_and_coherent(mask) }?;
    // The card takes any piece of memory, however long.
    // SAFETY: As above.
    unsafe { pdev.dma_set_max_seg_size(u32::MAX) };
    Ok(())
}
