// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The iATU: which device addresses the BARs show, and where the card's own accesses to host memory go
//! (`hl_pci_set_inbound_region()`, `hl_pci_set_outbound_region()`, `pci.c`).
//!
//! Region `n` has its outbound registers at `n * 0x200`, its inbound ones 0x100 further. An outbound
//! address that no region matches goes out as it is, which is not where the host keeps memory.

/// Bytes of registers of a region, outbound and inbound together.
const REGION: u32 = 0x200;
const INBOUND: u32 = 0x100;
const REGIONS: u32 = 8;
const CONTROL1: u32 = 0x00;
const CONTROL2: u32 = 0x04;
const BASE_LOW: u32 = 0x08;
const BASE_HIGH: u32 = 0x0C;
const LIMIT: u32 = 0x10;
const TARGET_LOW: u32 = 0x14;
const TARGET_HIGH: u32 = 0x18;
const LIMIT_HIGH: u32 = 0x20;
/// In control 1: the region may be larger than 4 GiB, and the upper limit counts.
const LARGE: u32 = 1 << 13;
/// In control 2: region enable, and BAR match mode; the BAR's number is in bits 10:8.
const ENABLE: u32 = 1 << 31;
const BAR_MATCH: u32 = 1 << 30;

/// What a region matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    /// All of a BAR.
    Bar(u8),
    /// Addresses from the first to the last of them.
    Address(u64, u64),
}

/// A region that is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    matches: Match,
    target: u64,
}

/// The iATU's registers, and what they say.
#[derive(Debug)]
pub(super) struct Iatu {
    regs: Box<[u32; (REGION * REGIONS / 4) as usize]>,
    inbound: Vec<Region>,
    outbound: Vec<Region>,
}

impl Default for Iatu {
    fn default() -> Self {
        Self {
            regs: Box::new([0; (REGION * REGIONS / 4) as usize]),
            inbound: Vec::new(),
            outbound: Vec::new(),
        }
    }
}

impl Iatu {
    pub fn read(&self, offset: u32) -> u32 {
        self.regs.get(offset as usize / 4).copied().unwrap_or(0)
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        let Some(slot) = self.regs.get_mut(offset as usize / 4) else { return };
        tracing::debug!(target: "goya::pci", what = "iATU", offset, value = %format_args!("{value:#x}"));
        *slot = value;
        // Written a few times in a card's life, asked at every access.
        let firsts = |first| (0..REGIONS).map(move |n| n * REGION + first);
        self.inbound = firsts(INBOUND).filter_map(|at| self.region(at, true)).collect();
        self.outbound = firsts(0).filter_map(|at| self.region(at, false)).collect();
    }

    /// The region whose registers begin at `at`, if it is enabled.
    fn region(&self, at: u32, inbound: bool) -> Option<Region> {
        let pair = |low, high| u64::from(self.read(at + low)) | u64::from(self.read(at + high)) << 32;
        let control = self.read(at + CONTROL2);
        if control & ENABLE == 0 {
            return None;
        }
        let matches = if inbound && control & BAR_MATCH != 0 {
            Match::Bar((control >> 8 & 7) as u8)
        } else {
            let first = pair(BASE_LOW, BASE_HIGH);
            let high = if self.read(at + CONTROL1) & LARGE != 0 {
                self.read(at + LIMIT_HIGH)
            } else {
                (first >> 32) as u32
            };
            Match::Address(first, u64::from(self.read(at + LIMIT)) | u64::from(high) << 32)
        };
        Some(Region { matches, target: pair(TARGET_LOW, TARGET_HIGH) })
    }

    /// The device address that byte `offset` of `bar` shows; the BAR begins at bus address `base`.
    pub fn inbound(&self, bar: u8, base: u64, offset: u64) -> Option<u64> {
        let address = base.checked_add(offset)?;
        self.inbound.iter().find_map(|region| match region.matches {
            Match::Bar(n) => (n == bar).then(|| region.target.checked_add(offset)).flatten(),
            Match::Address(first, last) => (first..=last)
                .contains(&address)
                .then(|| region.target.checked_add(address - first))
                .flatten(),
        })
    }

    /// The bus address that the card's access to device address `address` has, and how many bytes from
    /// there on go the same way.
    pub fn outbound(&self, address: u64) -> (u64, u64) {
        let region = self.outbound.iter().find_map(|region| match region.matches {
            Match::Address(first, last) if (first..=last).contains(&address) => {
                Some((region.target.checked_add(address - first)?, (last - address).saturating_add(1)))
            }
            _ => None,
        });
        // What no region matches: a page at a time, so that a region is found where it begins.
        region.unwrap_or((address, 0x1000 - address % 0x1000))
    }
}
