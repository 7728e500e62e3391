// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Protection of the card from its users, as `goya_security.c` sets it up.
//!
//! Accesses without the secure attribute are checked twice: by the range registers of the router that
//! the initiator sits at, before translation, and by the protection bits of the register block that
//! they reach. What is refused is noted in the router's RAZWI registers.

mod ranges;

use std::collections::BTreeMap;

use crate::chip::Chip;
use crate::host::BusError;
use crate::map::{CFG_SIZE, register_at};
use crate::queue::QueueId;
use crate::registers::RegisterFile;
use crate::regs::{self, Block};
use ranges::{DMA_MACRO, Ranges, router};

/// First protection bit of a block (`PROT_BITS_OFFS`, `goya.h`): a bit for each register, zero protects.
const PROT_BITS: u32 = 0xF80;
/// RAZWI registers of the DMA macro: valid, then the initiator; low bandwidth then high, write then read.
const RAZWI: u32 = DMA_MACRO + 0x13C;

/// The routers' range registers, decoded; forgotten when one is written.
#[derive(Debug, Default)]
pub struct Protection {
    ranges: BTreeMap<u32, Ranges>,
}

impl Protection {
    /// A register was written: perhaps a range.
    pub(crate) fn register_written(&mut self, offset: u32) {
        self.ranges.remove(&(offset & !0xFFF));
    }
}

impl Chip {
    /// Checks a non-secure access of `len` bytes at `addr` (before translation) by queue `id`.
    pub(crate) fn protection_check(
        &mut self,
        id: QueueId,
        addr: u64,
        len: u64,
        write: bool,
    ) -> Result<(), BusError> {
        let router = router(id);
        if !self.refuses(router, addr, len) {
            return Ok(());
        }
        tracing::debug!(target: "goya::mmu", queue = %id, addr = %format_args!("{addr:#x}"), write, "refused by protection");
        self.counters.faults += 1;
        if router == DMA_MACRO {
            let at = RAZWI + if register_at(addr).is_some() { 0 } else { 0x10 } + if write { 0 } else { 8 };
            self.regs.set(at, 1);
            self.regs.set(at + 4, id.index() as u32);
        }
        Err(BusError::Protected(addr))
    }

    /// Checks a monitor's message to `addr`: only registers are reached, and only those that its programmer, who may be any
    /// user, reaches himself. The ranges are those of the DMA's router, whose registers the sync manager's are beside.
    pub(crate) fn protection_check_monitor(&mut self, addr: u64) -> Result<(), BusError> {
        if register_at(addr).is_none() || self.refuses(DMA_MACRO, addr, 4) {
            return Err(BusError::Protected(addr));
        }
        Ok(())
    }

    /// Whether queue `id` may reach all of the 4 KiB of memory at `page`. A page in which a range ends counts as one that it may not.
    pub(crate) fn protection_opens(&mut self, id: QueueId, page: u64) -> bool {
        self.ranges(router(id)).opens_page(page)
    }

    /// The ranges of `router`.
    fn ranges(&mut self, router: u32) -> &Ranges {
        self.protection.ranges.entry(router).or_insert_with(|| Ranges::read(&self.regs, router))
    }

    /// Whether an access of `len` bytes at `addr` that comes by `router` is refused.
    fn refuses(&mut self, router: u32, addr: u64, len: u64) -> bool {
        let ranges = &mut self.protection.ranges;
        let ranges = &*ranges.entry(router).or_insert_with(|| Ranges::read(&self.regs, router));
        match register_at(addr) {
            // Every word: a core's store is longer than one. Offsets fit in 32 bits: they are below CFG_SIZE.
            Some(offset) => (offset & !3..offset.saturating_add(len.max(1))).step_by(4).any(|offset| {
                let inside = offset < CFG_SIZE;
                let offset = offset as u32;
                !inside || ranges.refuses_register(offset) || bit_protects(&self.regs, offset)
            }),
            None => {
                ranges.refuses_memory(addr)
                    || ranges.refuses_memory(addr.saturating_add(len.saturating_sub(1)))
            }
        }
    }
}

/// Whether the protection bit of the register at `offset` is clear.
fn bit_protects(registers: &RegisterFile, offset: u32) -> bool {
    // The sync manager's blocks are full of sync objects and monitors: no room for bits.
    if regs::block(offset) == Block::SyncManager {
        return false;
    }
    let word = (offset & 0xFFF) >> 7;
    let bit = (offset & 0x7F) >> 2;
    registers.get((offset & !0xFFF) + PROT_BITS + 4 * word) & 1 << bit == 0
}

#[cfg(test)]
mod tests;
