// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Golden registers: what the interconnect and the engines must be told before anything runs.
//!
//! Facts from upstream's `goya_init_golden_registers()`.

use super::{
    dma,
    golden_tables::{Arbiter, KEEP, MME_ARBITERS, SRAM_ARBITERS, TPC_ARBITERS},
    modify, nth, pll,
    regs::{dma_ch, mme, rtr, tpc as tpc_regs},
    tpc, Io,
};

/// The first router at SRAM; five in a row, six rows.
const SRAM_ROUTERS: u32 = 0x20_1000;
const SRAM_ROUTER_STEP: u32 = 0x4000;
const SRAM_ROW_STEP: u32 = 0x2_0000;
const SRAM_ROWS: u32 = 6;
/// Routers that have blocks of their own: PCI's, the MME's six and DMA's in a row, and the TPCs' eight.
const ROUTER_STEP: u32 = 0x4_0000;
const ROUTERS_IN_ROW: u32 = 8;

/// How accesses are spread over the memories: which address bits make which bit of the place.
const SPLIT_POLYNOMIALS: [u32; 10] = [
    0x0002_0080,
    0x0040_1000,
    0x0020_0800,
    0x0000_2000,
    0x0008_0200,
    0x0004_0100,
    0x0010_0400,
    0x0000_4000,
    0x0001_0000,
    0x0000_8000,
];
/// The routers don't see the bits below: the smallest access is 128 bytes.
const SPLIT_SHIFT: u32 = 7;

/// TPC: all arithmetic interrupts are masked (hardware bug 2441: a no-op of the store slot counts as illegal).
const TPC_INTERRUPTS: u32 = 0x7fff;
/// DMA channel: 240 outstanding reads at most (hardware bug 23), which is still enough for full speed.
const DMA_240_READS: u32 = 0x0fff_00f0;

/// Sets all of them, after each reset and before the queue managers are started.
pub(crate) fn initialize(io: &impl Io) {
    for row in 0..SRAM_ROWS {
        let first = nth(SRAM_ROUTERS, row, SRAM_ROW_STEP);
        arbitrate(io, first, SRAM_ROUTER_STEP, SRAM_ARBITERS);
    }

    io.write(mme::STORE_MAX_CREDIT, 0x21);
    io.write(mme::AGU, 0x0f0f_0f10);
    io.write(mme::SEI_MASK, !0);

    arbitrate(io, ROUTER_STEP, ROUTER_STEP, MME_ARBITERS);
    arbitrate(io, tpc::base(1), ROUTER_STEP, TPC_ARBITERS);

    spread(io);

    for base in tpc::bases() {
        let register = |offset| base.wrapping_add(offset);
        io.write(register(tpc_regs::CFG_INTR_MASK), TPC_INTERRUPTS);
        modify(
            io,
            register(tpc_regs::CFG_MSS_CONFIG),
            tpc_regs::MSS_ICACHE_LINES,
            tpc_regs::MSS_ICACHE_LINES_2,
        );
    }

    // Users can read from the host on channel 1 only, and the driver does on channel 0, for page tables (upstream
    // reads nothing there). So the others need no limit.
    for channel in [0, 1] {
        io.write(dma::register(channel, dma_ch::CFG0), DMA_240_READS);
    }
    pll::relax_tpc_clock(io);
}

/// Sets a table's registers in a row of routers.
fn arbitrate<const N: usize>(io: &impl Io, first: u32, step: u32, table: &[Arbiter<N>]) {
    for (register, values) in table {
        for (router, value) in (0..ROUTERS_IN_ROW).zip(values) {
            if *value != KEEP {
                io.write(nth(first, router, step).wrapping_add(*register), *value);
            }
        }
    }
}

/// Lets all routers spread accesses over the memories. All must do it in the same way, so none does before all know.
fn spread(io: &impl Io) {
    let routers = || {
        let row = (0..ROUTERS_IN_ROW).map(|router| nth(0, router, ROUTER_STEP));
        row.chain(tpc::bases())
    };
    for router in routers() {
        for (number, polynomial) in (0..32).zip(SPLIT_POLYNOMIALS) {
            let register = nth(router, number, 4).wrapping_add(rtr::SPLIT_COEF);
            io.write(register, polynomial >> SPLIT_SHIFT);
        }
    }
    for router in routers() {
        io.write(router.wrapping_add(rtr::SCRAMB_EN), 1);
        io.write(router.wrapping_add(rtr::NON_LIN_SCRAMB), 1);
    }
}
