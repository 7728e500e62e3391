// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Scatter tables of memory that has no pages: a device's window, mapped for another device.
//!
//! C headers: `include/linux/scatterlist.h`, `include/linux/dma-mapping.h`.

use kernel::bindings;
use kernel::error::to_result;
use kernel::prelude::*;

use crate::abstractions::{dma::mapping_failed, LINK_BITS};

/// Memory in a window of a PCI device's: whole pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Physical address.
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
}

/// There are no CPU caches to keep coherent.
const NO_SYNC: c_ulong = bindings::DMA_ATTR_SKIP_CPU_SYNC as c_ulong;
/// The longest piece for a device that says nothing of it.
const DEFAULT_LONGEST: u32 = 64 << 10;

/// How pieces are cut so that no part is longer than `longest`.
fn parts(pieces: &[Piece], longest: u64) -> impl Iterator<Item = Piece> + '_ {
    let longest = longest.max(1);
    pieces.iter().flat_map(move |piece| {
        let mut rest = *piece;
        core::iter::from_fn(move || {
            let size = rest.size.min(longest);
            let part = Piece { size, ..rest };
            rest.address = rest.address.wrapping_add(size);
            rest.size = rest.size.wrapping_sub(size);
            (size > 0).then_some(part)
        })
    })
}

/// The longest piece that a device takes, whole pages.
///
/// # Safety
///
/// `device` is valid.
pub(super) unsafe fn longest(device: *mut bindings::device) -> u64 {
    // SAFETY: By the function's precondition; the parameters live as long as the device.
    let longest = unsafe {
        match (*device).dma_parms.as_ref() {
            Some(parameters) => parameters.max_segment_size,
            None => 0,
        }
    };
    let longest = u64::from(if longest == 0 {
        DEFAULT_LONGEST
    } else {
        longest
    });
    longest & !(kernel::page::PAGE_SIZE as u64 - 1)
}

/// A table of `pieces`, cut so that no part is longer than `longest`, mapped for `device`.
///
/// # Safety
///
/// `device` is valid, and bound to its driver.
pub(super) unsafe fn map(
    device: *mut bindings::device,
    direction: bindings::dma_data_direction,
    pieces: &[Piece],
    longest: u64,
) -> Result<KBox<bindings::sg_table>> {
    let count = parts(pieces, longest).fold(0u32, |count, _| count.saturating_add(1));
    let mut table = KBox::new(bindings::sg_table::default(), GFP_KERNEL)?;
    // SAFETY: The table is empty.
    to_result(unsafe {
        bindings::sg_alloc_table(
            &mut *table,
            count,
            bindings::GFP_KERNEL | bindings::__GFP_ZERO,
        )
    })?;
    let mut entry = table.sgl;
    // What is not mapped below is empty, and `nents` counts what is mapped.
    table.nents = 0;
    for part in parts(pieces, longest) {
        // SAFETY: The device is bound by the function's precondition; the memory is a device's window.
        let address = unsafe {
            bindings::dma_map_resource(device, part.address, part.size as usize, direction, NO_SYNC)
        };
        // SAFETY: As above.
        if unsafe { mapping_failed(device, address) } {
            // SAFETY: The first `nents` entries were mapped just so.
            unsafe { unmap(device, direction, table) };
            return Err(ENOMEM);
        }
        // SAFETY: The table has as many entries as there are parts.
        unsafe {
            (*entry).page_link &= LINK_BITS;
            (*entry).offset = 0;
            // No part is longer than 32 bits can tell: see `longest()`.
            (*entry).length = part.size as u32;
            (*entry).dma_address = address;
            #[cfg(CONFIG_NEED_SG_DMA_LENGTH)]
            {
                (*entry).dma_length = part.size as u32;
            }
            entry = bindings::sg_next(entry);
        }
        table.nents = table.nents.saturating_add(1);
    }
    // There are no pages for a CPU: who looks for some finds an empty list.
    table.orig_nents = 0;
    Ok(table)
}

/// Unmaps and frees what [`map`] made.
///
/// # Safety
///
/// The first `nents` entries are mapped for `device`, which is bound to its driver.
pub(super) unsafe fn unmap(
    device: *mut bindings::device,
    direction: bindings::dma_data_direction,
    mut table: KBox<bindings::sg_table>,
) {
    let mut entry = table.sgl;
    for _ in 0..table.nents {
        // SAFETY: By the function's precondition.
        unsafe {
            let (address, size) = (
                bindings::sg_dma_address(entry),
                bindings::sg_dma_len(entry) as usize,
            );
            bindings::dma_unmap_resource(device, address, size, direction, NO_SYNC);
            entry = bindings::sg_next(entry);
        }
    }
    // What frees the table goes by this count.
    table.orig_nents = table.orig_nents.max(table.nents);
    // SAFETY: Allocated by `sg_alloc_table()`, and used no more.
    unsafe { bindings::sg_free_table(&mut *table) };
}

#[kunit_tests(goya_dmabuf)]
mod tests {
    use super::*;

    #[test]
    fn cut() {
        let piece = |address, size| Piece { address, size };
        let pieces = [piece(0x1000, 0x5000), piece(0x10_0000, 0x2000)];
        let mut cut = parts(&pieces, 0x2000);
        for expected in [
            piece(0x1000, 0x2000),
            piece(0x3000, 0x2000),
            piece(0x5000, 0x1000),
            piece(0x10_0000, 0x2000),
        ] {
            assert_eq!(cut.next(), Some(expected));
        }
        assert_eq!(cut.next(), None);
        assert!(parts(&pieces, u64::MAX).eq(pieces));
    }
}
