// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Range registers of the routers.

use crate::queue::QueueId;
use crate::registers::RegisterFile;
use crate::regs::{TPC, TPC_STRIDE};

/// What all DMA queues and channels go through.
pub(super) const DMA_MACRO: u32 = 0x4B_0000;
/// The matrix engine's first router; upstream programs all six alike.
const MME1_RTR: u32 = 0x4_0000;

/// Where a router keeps its ranges: two kinds of router, two layouts (`dma_macro_regs.h`,
/// `tpc0_nrtr_regs.h`). Low-bandwidth ranges are registers, high-bandwidth ranges memory.
struct Layout {
    lbw_hit: u32,
    lbw_mask: u32,
    lbw_base: u32,
    hbw_hit: u32,
    hbw_mask_low: u32,
    hbw_mask_high: u32,
    hbw_base_low: u32,
    hbw_base_high: u32,
}

const MACRO: Layout = Layout {
    lbw_hit: 0x000,
    lbw_mask: 0x004,
    lbw_base: 0x044,
    hbw_hit: 0x084,
    hbw_mask_high: 0x0A8,
    hbw_mask_low: 0x0C8,
    hbw_base_high: 0x0E8,
    hbw_base_low: 0x108,
};

const RTR: Layout = Layout {
    hbw_hit: 0x470,
    hbw_mask_low: 0x480,
    hbw_mask_high: 0x4A0,
    hbw_base_low: 0x4C0,
    hbw_base_high: 0x4E0,
    lbw_hit: 0x500,
    lbw_mask: 0x510,
    lbw_base: 0x550,
};

const LBW_RANGES: u32 = 16;
const HBW_RANGES: u32 = 8;
/// Address bits that a low-bandwidth range compares.
const LBW_BITS: u32 = 0x3FF_FFFF;
/// Address bits above 31 that a high-bandwidth range compares.
const HBW_HIGH_BITS: u32 = 0x3_FFFF;

/// The router that queue `id` sits at.
pub(super) fn router(id: QueueId) -> u32 {
    match id {
        QueueId::Dma(_) => DMA_MACRO,
        QueueId::Mme | QueueId::MmeCmdq => MME1_RTR,
        QueueId::Tpc(n) | QueueId::TpcCmdq(n) => TPC + u32::from(n) * TPC_STRIDE,
    }
}

#[derive(Debug, Clone, Copy)]
struct Range {
    base: u64,
    mask: u64,
    /// Refuse what matches; otherwise refuse what does not.
    on_hit: bool,
}

impl Range {
    fn refuses(self, addr: u64) -> bool {
        (addr & self.mask == self.base & self.mask) == self.on_hit
    }
}

/// The ranges of a router that somebody has set.
#[derive(Debug)]
pub(super) struct Ranges {
    registers: Vec<Range>,
    memory: Vec<Range>,
}

impl Ranges {
    /// Decodes the range registers of `router`. A range without mask bits has not been set up: it
    /// protects nothing, since otherwise it would protect everything after a reset.
    pub fn read(regs: &RegisterFile, router: u32) -> Self {
        let layout = if router == DMA_MACRO { &MACRO } else { &RTR };
        let get = |first: u32, n: u32| regs.get(router + first + 4 * n);
        let range = |base: u64, mask: u64, hit: u32, n: u32| {
            (mask != 0).then_some(Range { base, mask, on_hit: hit & 1 << n != 0 })
        };
        let (lbw_hit, hbw_hit) = (get(layout.lbw_hit, 0), get(layout.hbw_hit, 0));
        let registers = |n| {
            let mask = get(layout.lbw_mask, n) & LBW_BITS;
            range(u64::from(get(layout.lbw_base, n) & LBW_BITS), u64::from(mask), lbw_hit, n)
        };
        let memory = |n| {
            let wide = |low, high| u64::from(get(low, n)) | u64::from(get(high, n) & HBW_HIGH_BITS) << 32;
            let base = wide(layout.hbw_base_low, layout.hbw_base_high);
            range(base, wide(layout.hbw_mask_low, layout.hbw_mask_high), hbw_hit, n)
        };
        Self {
            registers: (0..LBW_RANGES).filter_map(registers).collect(),
            memory: (0..HBW_RANGES).filter_map(memory).collect(),
        }
    }

    /// Whether an access to the register at `offset` is refused.
    pub fn refuses_register(&self, offset: u32) -> bool {
        self.registers.iter().any(|r| r.refuses(u64::from(offset)))
    }

    /// Whether an access to memory at `addr` is refused.
    pub fn refuses_memory(&self, addr: u64) -> bool {
        self.memory.iter().any(|r| r.refuses(addr))
    }

    /// Whether no access to the 4 KiB of memory at `page` is refused, which is known if no range ends in it.
    pub fn opens_page(&self, page: u64) -> bool {
        self.memory.iter().all(|r| r.mask & 0xFFF == 0 && !r.refuses(page))
    }
}
