// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Golden registers: what the interconnect and the engines must be told before anything runs.
//!
//! Facts from upstream's `goya_init_golden_registers()`.

use super::{
    golden_tables::{Arbiter, KEEP, MME_ARBITERS, SRAM_ARBITERS, TPC_ARBITERS},
    pll,
    regs::{
        dma::{CFG0, DMA_CH},
        mme,
        rtr::{self, NON_LIN_SCRAMB, SCRAMB_EN, SPLIT_COEF},
        tpc::{MSS_CONFIG, TPC_CFG, TPC_INTR_MASK},
    },
    Blocks, Io, Offset,
};

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
const TPC_INTERRUPTS: TPC_INTR_MASK = TPC_INTR_MASK::from_raw(0x7fff);
/// DMA channel: 240 outstanding reads at most (hardware bug 23), which is still enough for full speed.
const DMA_240_READS: CFG0 = CFG0::from_raw(0)
    .with_const_rd_max_outstand::<240>()
    .with_const_wr_max_outstand::<0xfff>();

/// MME: what may be stored ahead.
const MME_STORES: mme::STORE_MAX_CREDIT = mme::STORE_MAX_CREDIT::from_raw(0).with_const_v::<0x21>();
/// MME: what address generators may have on its way.
const MME_ACCESSES: mme::AGU = mme::AGU::from_raw(0)
    .with_const_sba_max_credit::<0x10>()
    .with_const_sbb_max_credit::<0xf>()
    .with_const_sbc_max_credit::<0xf>()
    .with_const_wbc_max_credit::<0xf>();
/// MME: all internal errors are masked.
const MME_ERRORS: mme::SEI_MASK = mme::SEI_MASK::from_raw(!0);

/// Sets all of them, after each reset and before the queue managers are started.
pub(crate) fn initialize(io: &impl Io) {
    for row in &rtr::SRAM {
        arbitrate(io, row, SRAM_ARBITERS);
    }

    io.write_reg(MME_STORES);
    io.write_reg(MME_ACCESSES);
    io.write_reg(MME_ERRORS);

    arbitrate(io, &rtr::MME, MME_ARBITERS);
    arbitrate(io, &rtr::INNER_TPC, TPC_ARBITERS);

    spread(io);

    for core in TPC_CFG.iter() {
        core.write(io, TPC_INTERRUPTS);
        io.update(core.at::<MSS_CONFIG>(), |config| {
            config.with_const_icache_fetch_line_num::<2>()
        });
    }

    // Users can read from the host on channel 1 only, and the driver does on channel 0, for page tables (upstream
    // reads nothing there). So the others need no limit.
    for channel in DMA_CH.iter().take(2) {
        channel.write(io, DMA_240_READS);
    }
    pll::relax_tpc_clock(io);
}

/// Sets a table's registers in a row of routers.
fn arbitrate<F, const N: usize>(io: &impl Io, row: &Blocks<F>, table: &[Arbiter<N>]) {
    for (register, values) in table {
        for (router, value) in row.iter().zip(values) {
            if *value != KEEP {
                io.write(router.offset().plus(Offset::new(*register)), *value);
            }
        }
    }
}

/// Lets all routers spread accesses over the memories. All must do it in the same way, so none does before all know.
fn spread(io: &impl Io) {
    let routers = || rtr::ROW.iter().chain(rtr::TPC.iter());
    for router in routers() {
        for (place, polynomial) in router.all::<SPLIT_COEF>().zip(SPLIT_POLYNOMIALS) {
            io.write(place, SPLIT_COEF::from(polynomial >> SPLIT_SHIFT));
        }
    }
    for router in routers() {
        router.write(io, SCRAMB_EN::from(1));
        router.write(io, NON_LIN_SCRAMB::from(1));
    }
}
