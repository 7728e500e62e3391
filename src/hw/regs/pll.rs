// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Clocks, a family of blocks (`psoc_pci_pll_regs.h` and its likes).

use crate::hw::{
    Block,
    Offset, //
};
use kernel::io::register;

/// The family.
pub(crate) struct Plls;

/// The device CPU's.
pub(crate) const CPU_PLL: Block<Plls> = Block::new(Offset::new(0x4a_2000));
/// The interconnect's.
pub(crate) const IC_PLL: Block<Plls> = Block::new(Offset::new(0x4a_3000));
/// The memory controllers'.
pub(crate) const MC_PLL: Block<Plls> = Block::new(Offset::new(0x4a_1000));
/// The EMMC's.
pub(crate) const PSOC_EMMC_PLL: Block<Plls> = Block::new(Offset::new(0xc7_0000));
/// The MME's.
pub(crate) const PSOC_MME_PLL: Block<Plls> = Block::new(Offset::new(0xc7_1000));
/// PCI's, which clocks the time stamp counter.
pub(crate) const PSOC_PCI_PLL: Block<Plls> = Block::new(Offset::new(0xc7_2000));
/// The TPCs'.
pub(crate) const TPC_PLL: Block<Plls> = Block::new(Offset::new(0xe0_1000));

register! {
    /// Reference divider, less 1.
    pub(crate) NR(u32) @ Plls + 0x100 {}

    /// Feedback divider, less 1.
    pub(crate) NF(u32) @ Plls + 0x104 {}

    /// Output divider, less 1.
    pub(crate) OD(u32) @ Plls + 0x108 {}

    /// Divider of output 1, less 1.
    pub(crate) DIV_FACTOR_1(u32) @ Plls + 0x204 {}

    /// Source of each output; 0 is the reference clock.
    pub(crate) DIV_SEL(u32)[4] @ Plls + 0x280 {}

    /// Source of output 1.
    pub(crate) DIV_SEL_1(u32) => Plls + DIV_SEL[1] {}

    /// How the clock is relaxed under load.
    pub(crate) CLK_RLX_0(u32) @ Plls + 0x310 {}
}
