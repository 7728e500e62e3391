// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Device memory for other devices to reach, through the card's window to DRAM.
//!
//! Facts: upstream's `common/memory.c`, `export_dmabuf_from_addr()`.

use kernel::{
    device::Device,
    page::PAGE_SIZE,
    prelude::*, //
};

use super::{
    dram::PieceUse,
    exported::ExportedMemory,
    extent::Run,
    user_memory::UserMemory, //
};
use crate::abstractions::dmabuf::{self, Piece};
use crate::abstractions::vec;
use crate::hw::map::DRAM_BASE;
use crate::uapi::types::MemExport;

/// Where the host sees DRAM.
#[derive(Clone, Copy)]
struct DramWindow {
    start: u64,
    size: u64,
}

/// Exports a part of a mapping of device memory. Returns a descriptor of the calling process's.
///
/// Errors: `EINVAL`: there is no such mapping, the part is none of it, or the window does not show all of
/// it; what [`dmabuf::export`] returns. The card must not be taken from its user meanwhile.
pub(crate) fn export(user: &UserMemory, what: MemExport, flags: u32) -> Result<i32> {
    let memory = user.memory();
    let window = DramWindow {
        start: memory.bars.dram_start(),
        size: memory.bars.dram_window(),
    };
    let check = |piece: &PieceUse| {
        check(&memory.dev, &what, piece.size())?;
        check_window(&memory.dev, piece.runs(), window)?;
        Ok((piece.again(), part(piece.runs(), &what, window)?))
    };
    let (mapping, (piece, pieces)) = user.pin_export(what.address, check)?;
    // A failure ends the export, here as there.
    let exported = ExportedMemory::new(&memory.dev, mapping, piece, user.share_asid(), pieces);
    let exported = KBox::new(exported, GFP_KERNEL_ACCOUNT)?;
    dmabuf::export(
        exported,
        &memory.exports,
        usize::try_from(what.size)?,
        flags,
    )
}

/// Whether what is wanted are whole pages of `size` bytes.
fn check(dev: &Device, what: &MemExport, size: u64) -> Result {
    let page = PAGE_SIZE as u64;
    let whole = |bytes: u64| bytes % page == 0;
    if !whole(what.address) {
        dev_dbg!(
            dev,
            "exported device memory address {:#x} should be aligned to PAGE_SIZE {:#x}\n",
            what.address,
            page
        );
        return Err(EINVAL);
    }
    if what.size == 0 || !whole(what.size) {
        dev_dbg!(
            dev,
            "exported device memory size {} should be a multiple of PAGE_SIZE {}\n",
            what.size,
            page
        );
        return Err(EINVAL);
    }
    if !whole(what.offset) {
        dev_dbg!(
            dev,
            "exported device memory offset {} should be a multiple of PAGE_SIZE {}\n",
            what.offset,
            page
        );
        return Err(EINVAL);
    }
    if what
        .offset
        .checked_add(what.size)
        .is_none_or(|end| end > size)
    {
        dev_dbg!(
            dev,
            "offset {:#x} and size {:#x} exceed total map size {:#x}\n",
            what.offset,
            what.size,
            size
        );
        return Err(EINVAL);
    }
    Ok(())
}

/// Whether the window shows all of `runs`.
fn check_window(dev: &Device, runs: &[Run], window: DramWindow) -> Result {
    for run in runs {
        let end = run.address.wrapping_sub(DRAM_BASE).checked_add(run.size);
        if end.is_none_or(|end| end > window.size) {
            dev_dbg!(
                dev,
                "DRAM memory range {:#x} (+{:#x}) is outside of PCI BAR boundaries\n",
                run.address,
                run.size
            );
            return Err(EINVAL);
        }
    }
    Ok(())
}

/// Where the host sees what is wanted of `runs`.
fn part(runs: &[Run], what: &MemExport, window: DramWindow) -> Result<KVVec<Piece>> {
    let mut pieces = KVVec::new();
    let (mut skip, mut left) = (what.offset, what.size);
    for run in runs {
        let skipped = skip.min(run.size);
        let size = left.min(run.size.saturating_sub(skipped));
        skip = skip.saturating_sub(skipped);
        left = left.saturating_sub(size);
        if size > 0 {
            let offset = run.address.wrapping_sub(DRAM_BASE).wrapping_add(skipped);
            let address = window.start.wrapping_add(offset);
            vec::push(&mut pieces, Piece { address, size }, GFP_KERNEL_ACCOUNT)?;
        }
    }
    Ok(pieces)
}

#[kunit_tests(goya_export)]
mod tests {
    use super::*;

    #[test]
    fn parts() -> Result {
        let run = |address, size| Run { address, size };
        let runs = [run(0x2000_0000, 0x20_0000), run(0x2100_0000, 0x40_0000)];
        let window = DramWindow {
            start: 0x80_0000_0000,
            size: 0x2120_0000,
        };
        let pieces = |offset, size| -> Result<_> {
            let what = MemExport {
                address: 0,
                size,
                offset,
            };
            part(&runs, &what, window)
        };
        let piece = |address, size| Piece { address, size };
        let first = piece(0x80_2000_0000, 0x20_0000);
        let second = piece(0x80_2100_0000, 0x40_0000);
        assert_eq!(pieces(0, 0x60_0000)?.as_slice(), [first, second]);
        assert_eq!(pieces(0, 0x20_0000)?.as_slice(), [first]);
        assert_eq!(pieces(0x20_0000, 0x40_0000)?.as_slice(), [second]);
        assert_eq!(
            pieces(0x1F_F000, 0x2000)?.as_slice(),
            [piece(0x80_201F_F000, 0x1000), piece(0x80_2100_0000, 0x1000)]
        );
        assert_eq!(
            pieces(0x5F_F000, 0x1000)?.as_slice(),
            [piece(0x80_213F_F000, 0x1000)]
        );
        Ok(())
    }
}
