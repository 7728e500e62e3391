// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Copies that the kernel maps in place of memory that a device can't reach, or must not (swiotlb): in confidential
//! guests, say, or for devices that are not trusted.
//!
//! They are brought up to date when memory is mapped, unmapped, or synced. What users map, they and the card use at the
//! same time, and nobody syncs it: on a copy, they would not see each other. So there are no mappings of that kind.

use kernel::bindings;
use kernel::device::{Bound, Device};
use kernel::page::{Page, PAGE_SIZE};
use kernel::prelude::*;

use super::super::{dma::mapping_failed, raw_device};

/// How a device's memory is mapped.
enum Kind {
    /// As it is.
    Itself,
    /// By an IOMMU, or as a copy that its list tells of.
    Iommu,
    /// Some of it may be a copy.
    Unknown,
}

impl Kind {
    /// # Safety
    ///
    /// The device is bound.
    unsafe fn of(dev: *mut bindings::device) -> Self {
        // SAFETY: By the function's precondition. Mapping sets these flags.
        let [flags] = unsafe { (*dev).flags };
        if flags & 1 << bindings::struct_device_flags_DEV_FLAG_DMA_IOMMU != 0 {
            Self::Iommu
        } else if flags & 1 << bindings::struct_device_flags_DEV_FLAG_DMA_SKIP_SYNC != 0 {
            Self::Itself
        } else {
            Self::Unknown
        }
    }
}

/// Whether memory is always mapped as a copy.
pub(super) fn always(dev: &Device<Bound>) -> Result<bool> {
    const BOTH: bindings::dma_data_direction = bindings::dma_data_direction::DMA_BIDIRECTIONAL;
    let page = Page::alloc_page(GFP_KERNEL)?;
    let dev = raw_device(dev);
    // SAFETY: The device is bound, and the page there until it is unmapped.
    unsafe {
        if (*dev).dma_mask.is_null() {
            // It reaches nothing.
            return Ok(false);
        }
        let address = bindings::dma_map_page_attrs(dev, page.as_ptr(), 0, PAGE_SIZE, BOTH, 0);
        if mapping_failed(dev, address) {
            return Ok(false);
        }
        let copied = matches!(Kind::of(dev), Kind::Unknown) && needs_sync(dev, address);
        bindings::dma_unmap_page_attrs(dev, address, PAGE_SIZE, BOTH, 0);
        Ok(copied)
    }
}

/// Whether something of a table is mapped as a copy.
///
/// # Safety
///
/// The table is mapped for the device, which is bound.
pub(super) unsafe fn any(dev: *mut bindings::device, table: &bindings::sg_table) -> bool {
    // SAFETY: By the function's precondition.
    match unsafe { Kind::of(dev) } {
        Kind::Itself => return false,
        Kind::Iommu => {
            #[cfg(CONFIG_NEED_SG_DMA_FLAGS)]
            // SAFETY: By the function's precondition; the first entry is marked for all.
            return unsafe { (*table.sgl).dma_flags } & bindings::SG_DMA_SWIOTLB != 0;
            #[cfg(not(CONFIG_NEED_SG_DMA_FLAGS))]
            return false;
        }
        Kind::Unknown => (),
    }
    let mut entry = table.sgl;
    (0..table.nents).any(|_| {
        // SAFETY: So many entries are mapped.
        unsafe {
            let address = bindings::sg_dma_address(entry);
            entry = bindings::sg_next(entry);
            needs_sync(dev, address)
        }
    })
}

/// Whether memory at a device's address is to be synced (`dma_need_sync()`, which is inline).
///
/// # Safety
///
/// It is mapped for the device.
unsafe fn needs_sync(dev: *mut bindings::device, address: bindings::dma_addr_t) -> bool {
    #[cfg(CONFIG_DMA_NEED_SYNC)]
    // SAFETY: By the function's precondition.
    return unsafe { bindings::__dma_need_sync(dev, address) };
    #[cfg(not(CONFIG_DMA_NEED_SYNC))]
    {
        let _ = (dev, address);
        false
    }
}
