// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Device memory for other devices to reach, through the card's window to DRAM.
//!
//! Facts: upstream's `common/memory.c`, `export_dmabuf_from_addr()`.

use kernel::{
    device::Device,
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            ordering::{Acquire, Release},
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
};

use super::{
    dram::PieceUse,
    page_table::Run, //
};
use crate::abstractions::dmabuf::{self, Exported, Piece};
use crate::abstractions::vec;
use crate::context::{asid::Asid, Context};
use crate::hw::map::DRAM_BASE;
use crate::uapi::types::MemExport;

/// Where the host sees DRAM.
#[derive(Clone, Copy)]
struct Window {
    start: u64,
    size: u64,
}

/// How often a mapping is exported, and so can't be unmapped.
#[derive(Default)]
pub(super) struct ExportCount(Option<Arc<Atomic<u32>>>);

/// One of these times, until dropped.
pub(super) struct Counted(Arc<Atomic<u32>>);

impl ExportCount {
    /// One time more.
    pub(super) fn up(&mut self) -> Result<Counted> {
        let count = match &self.0 {
            Some(count) => count,
            None => self.0.insert(Arc::new(Atomic::new(0), GFP_KERNEL)?),
        };
        count.fetch_add(1, Relaxed);
        Ok(Counted(count.clone()))
    }

    /// Whether it is exported.
    pub(super) fn any(&self) -> bool {
        self.0.as_ref().is_some_and(|count| count.load(Acquire) > 0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Release);
    }
}

/// Memory that a user has exported. It stays mapped, nobody else's, and the card the user's, until its end; a reset of
/// the card revokes it, so that nothing else of the card need be kept for it.
pub(crate) struct ExportedMemory {
    dev: ARef<Device>,
    _mapping: Counted,
    _memory: PieceUse,
    _asid: Arc<Asid>,
    pieces: KVVec<Piece>,
}

impl Exported for ExportedMemory {
    type Module = crate::LocalModule;

    fn device(&self) -> &Device {
        &self.dev
    }

    fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

/// Exports a part of a mapping of device memory. Returns a descriptor of the calling process's.
///
/// Errors: `EINVAL`: there is no such mapping, the part is none of it, or the window does not show all of
/// it; `ENODEV`: the card was taken from the context; what [`dmabuf::export`] returns.
pub(crate) fn export(context: &Arc<Context>, what: MemExport, flags: u32) -> Result<i32> {
    let card = context.user_memory.card();
    // A reset that takes the card from the context comes later, and revokes this.
    let _on_card = context.on_card()?;
    let window = Window {
        start: card.bars.dram_start(),
        size: card.bars.dram_window(),
    };
    let check = |piece: &PieceUse| {
        check(&card.dev, &what, piece.size())?;
        check_window(&card.dev, piece.runs(), window)?;
        Ok((piece.again(), part(piece.runs(), &what, window)?))
    };
    let (mapping, (memory, pieces)) = context.user_memory.export(what.address, check)?;
    // A failure ends the export, here as there.
    let exported = ExportedMemory {
        dev: card.dev.clone(),
        _mapping: mapping,
        _memory: memory,
        _asid: context.asid.clone(),
        pieces,
    };
    let exported = KBox::new(exported, GFP_KERNEL_ACCOUNT)?;
    dmabuf::export(exported, &card.exports, usize::try_from(what.size)?, flags)
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
fn check_window(dev: &Device, runs: &[Run], window: Window) -> Result {
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
fn part(runs: &[Run], what: &MemExport, window: Window) -> Result<KVVec<Piece>> {
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
    fn counts() -> Result {
        let mut count = ExportCount::default();
        assert!(!count.any());
        let (one, two) = (count.up()?, count.up()?);
        drop(one);
        assert!(count.any());
        drop(two);
        assert!(!count.any());
        let late = count.up()?;
        drop(count);
        drop(late);
        Ok(())
    }

    #[test]
    fn parts() -> Result {
        let run = |address, size| Run { address, size };
        let runs = [run(0x2000_0000, 0x20_0000), run(0x2100_0000, 0x40_0000)];
        let window = Window {
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
