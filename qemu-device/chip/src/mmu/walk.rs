// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Page-table walks.

use serde::Serialize;

use super::VA_BITS;
use super::tlb::PageSize;
use crate::chip::Chip;
use crate::map::SRAM_BASE;

/// Shift of each hop's index (`MMU_V1_0_HOP*_SHIFT`, `mmu_v1_0.h`).
const SHIFTS: [u32; 5] = [48, 39, 30, 21, 12];
const PRESENT: u64 = 1;
/// Ends the walk: the entry maps a page (`LAST_MASK`, `mmu_general.h`).
const LAST: u64 = 1 << 11;
const ADDRESS: u64 = !0xFFF;

/// One step of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// Physical address of the entry.
    pub entry_address: u64,
    /// What it holds; `None` when nothing answers there.
    pub entry: Option<u64>,
}

impl Chip {
    /// Walks the tables of `asid` for `va`, without the TLB and without side effects; `step` sees each hop.
    /// Returns the page it ends at: physical address and size.
    pub(crate) fn walk(&self, asid: u16, va: u64, mut step: impl FnMut(Hop)) -> Option<(u64, PageSize)> {
        let root = self.mmu.roots.get(usize::from(asid)).copied().flatten();
        let mut table = root.filter(|_| va >> VA_BITS == 0)?;
        for shift in SHIFTS {
            let index = va >> shift & 0x1FF;
            let entry_address = table + index * 8;
            let entry = self.read_entry(entry_address);
            step(Hop { entry_address, entry });
            let entry = entry.filter(|e| e & PRESENT != 0)?;
            table = entry & ADDRESS;
            let size = match shift {
                21 if entry & LAST != 0 => PageSize::Huge,
                // The last hop has nowhere further to go.
                12 => PageSize::Small,
                _ => continue,
            };
            return Some((table & !(size.bytes() - 1), size));
        }
        None
    }

    fn read_entry(&self, addr: u64) -> Option<u64> {
        // Tables live in card memory; a table in the host or in registers is a driver's mistake.
        if addr >= SRAM_BASE {
            return None;
        }
        let mut bytes = [0; 8];
        let slice = self.memory(self.target(addr), 8)?;
        (slice.copy_to(&mut bytes[..]) == 8).then(|| u64::from_le_bytes(bytes))
    }
}
