// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Address ranges that the routers keep users out of.
//!
//! A router has 16 ranges of registers ("low bandwidth") and 8 of memory ("high bandwidth"), each
//! a base and a mask of the address bits that must equal the base's. A bit for each range says
//! what is refused: the addresses that match (1), or those that do not (0). The facts are from
//! `goya_init_security()` in upstream's `goya_security.c`, and from `dma_macro_regs.h`,
//! `mme1_rtr_regs.h` and `tpc0_nrtr_regs.h`.

use crate::hw::{
    lower_half,
    regs::rtr,
    upper_half,
    Io,
    Offset, //
};

/// What the DMA engines go through.
const DMA_MACRO: Offset = Offset::new(0x4B_0000);

/// Where a router keeps its ranges. The registers of one kind follow each other, 4 bytes a range.
struct Layout {
    lbw_hit: Offset,
    lbw_base: Offset,
    lbw_mask: Offset,
    hbw_hit: Offset,
    hbw_base_low: Offset,
    hbw_base_high: Offset,
    hbw_mask_low: Offset,
    hbw_mask_high: Offset,
}

const MACRO: Layout = Layout {
    lbw_hit: Offset::new(0x000),
    lbw_mask: Offset::new(0x004),
    lbw_base: Offset::new(0x044),
    hbw_hit: Offset::new(0x084),
    hbw_mask_high: Offset::new(0x0A8),
    hbw_mask_low: Offset::new(0x0C8),
    hbw_base_high: Offset::new(0x0E8),
    hbw_base_low: Offset::new(0x108),
};

const ROUTER: Layout = Layout {
    hbw_hit: Offset::new(0x470),
    hbw_mask_low: Offset::new(0x480),
    hbw_mask_high: Offset::new(0x4A0),
    hbw_base_low: Offset::new(0x4C0),
    hbw_base_high: Offset::new(0x4E0),
    lbw_hit: Offset::new(0x500),
    lbw_mask: Offset::new(0x510),
    lbw_base: Offset::new(0x550),
};

/// Address bits that a range of registers compares: those within the configuration space.
const LBW_BITS: u32 = 0x3FF_FFFF;

/// Registers that no user may touch: offset in the configuration space, and size (a power of two
/// that divides the offset), both in bytes.
const REGISTERS: [(u32, u32); 14] = [
    (0x044_0000, 0x1_0000),  // CPU_CA53_CFG, CPU_IF, CPU_TIMESTAMP
    (0x048_0000, 0x8_0000),  // MMU, STLB, thermal sensor, PLLs, DMA_MACRO
    (0x060_0000, 0x20_0000), // DDR controllers
    (0x080_0000, 0x10_0000), // GIC
    (0x0C0_2000, 0x1000),    // PCIE_DBI
    (0x0C4_0000, 0x8000),    // PSOC: I2C, SPI, EMMC, UART, TIMER
    (0x0C4_8000, 0x1000),    // PSOC_WDOG
    (0x0C4_A000, 0x2000),    // PSOC_EFUSE, PSOC_GLOBAL_CONF
    (0x0C4_C000, 0x4000),    // PSOC: GPIO0, GPIO1, BTL, CS_TRACE
    (0x0C5_0000, 0x1_0000),  // PSOC: GPIO2 to GPIO4, DFT_EFUSE, PM, TS
    (0x0C6_0000, 0x2_0000),  // PSOC: MII, PLLs, PWM
    (0x0E0_2000, 0x2000),    // TPC thermal sensor and process monitor
    (0x248_4000, 0x1000),    // CPU_CTI
    (0x2C4_3000, 0x1000),    // PSOC_ETR
];

/// A range of memory, and its number in the router.
struct Memory {
    number: u32,
    base: u64,
    /// Upstream gives more bits than the 18 that the register has above bit 31; kept, to write
    /// the same.
    mask: u64,
}

/// To be used with "refuse what does not match": everything from 512 GiB on, where the host's
/// memory begins.
const HOST: Memory = Memory {
    number: 0,
    base: 0,
    mask: 0xF_FF80 << 32,
};

/// To be used with "refuse what matches": the driver's part of the card's memory, its first 512
/// MiB.
const DRIVER: Memory = Memory {
    number: 1,
    base: 0,
    mask: 0x3_FFFF_E000_0000,
};

/// All ranges of registers refuse what matches.
const LBW_HIT: u32 = 0xFFFF;
/// All ranges of memory refuse what matches.
const HBW_HIT: u32 = 0xFF;
/// ... but range 0, [`HOST`].
const HBW_HIT_HOST: u32 = HBW_HIT & !(1 << HOST.number);

impl Memory {
    fn write(&self, io: &impl Io, router: Offset, layout: &Layout) {
        let at = |first: Offset| router.nth(self.number, 4).plus(first);
        io.write(at(layout.hbw_base_low), lower_half(self.base));
        io.write(at(layout.hbw_base_high), upper_half(self.base));
        io.write(at(layout.hbw_mask_low), lower_half(self.mask));
        io.write(at(layout.hbw_mask_high), upper_half(self.mask));
    }
}

/// Programs the router at `router`; `host` says whether it refuses the host's memory.
fn write_router(io: &impl Io, router: Offset, layout: &Layout, host: bool) {
    let at = |register: Offset| router.plus(register);
    io.write(at(layout.lbw_hit), LBW_HIT);
    if host {
        io.write(at(layout.hbw_hit), HBW_HIT_HOST);
        HOST.write(io, router, layout);
    } else {
        io.write(at(layout.hbw_hit), HBW_HIT);
    }
    DRIVER.write(io, router, layout);
    for (n, (base, size)) in (0..16).zip(REGISTERS) {
        io.write(at(layout.lbw_base).nth(n, 4), base);
        // The bits above those that differ within a power of two: its negative.
        io.write(
            at(layout.lbw_mask).nth(n, 4),
            size.wrapping_neg() & LBW_BITS,
        );
    }
}

/// Programs the ranges of all routers. Compute engines never reach the host's memory; the DMA
/// engines do, through the MMU.
pub(super) fn write(io: &impl Io) {
    write_router(io, DMA_MACRO, &MACRO, false);
    for router in rtr::MME.iter().chain(rtr::TPC.iter()) {
        write_router(io, router.offset(), &ROUTER, true);
    }
}
