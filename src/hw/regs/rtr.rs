// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Routers of the interconnect, a family of blocks (`mme1_rtr_regs.h`, `tpc0_nrtr_regs.h` and their likes).

use crate::hw::{
    tpc,
    Blocks,
    Offset, //
};
use kernel::io::register;

/// The family.
pub(crate) struct Routers;

/// From one router to the next.
const STEP: u32 = 0x4_0000;

/// A row: PCI's router, the MME's six, and DMA's (`PCI_NRTR`, `MME1_RTR` to `MME6_RTR`, `DMA_NRTR`).
pub(crate) const ROW: Blocks<Routers> = Blocks::new(Offset::new(0), 8, STEP);
/// The TPCs' (`TPC0_NRTR`, `TPC1_RTR` to `TPC6_RTR`, `TPC7_NRTR`).
pub(crate) const TPC: Blocks<Routers> = Blocks::new(Offset::new(0xe0_0000), tpc::COUNT, STEP);
/// Those in the row that are the MME's, `MME1_RTR` to `MME6_RTR`.
pub(crate) const MME: Blocks<Routers> = Blocks::new(Offset::new(0x4_0000), 6, STEP);
/// Those of the TPCs that have neighbours on both sides, `TPC1_RTR` to `TPC6_RTR`.
pub(crate) const INNER_TPC: Blocks<Routers> = Blocks::new(Offset::new(0xe4_0000), 6, STEP);

register! {
    /// How accesses are spread over the memories: coefficients.
    pub(crate) SPLIT_COEF(u32)[10] @ Routers + 0x400 {}

    /// Enables the spreading.
    pub(crate) SCRAMB_EN(u32) @ Routers + 0x600 {}

    /// Enables the other part of it.
    pub(crate) NON_LIN_SCRAMB(u32) @ Routers + 0x604 {}
}

/// The family of the routers at SRAM, which have registers of their own.
pub(crate) struct SramRouters;

/// The routers at SRAM, row by row (`SRAM_Y0_X0_RTR` to `SRAM_Y5_X4_RTR`).
pub(crate) const SRAM: [Blocks<SramRouters>; 6] = [
    sram_row(0),
    sram_row(1),
    sram_row(2),
    sram_row(3),
    sram_row(4),
    sram_row(5),
];

const fn sram_row(y: u32) -> Blocks<SramRouters> {
    Blocks::new(Offset::new(0x20_1000).nth(y, 0x2_0000), 5, 0x4000)
}
