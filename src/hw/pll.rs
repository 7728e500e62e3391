// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Clocks: what a reset needs of them, and the frequency of the time stamp counter.
//!
//! Facts from upstream's `goya_set_pll_refclk()`, `goya_disable_clk_rlx()` and `goya_fetch_psoc_frequency()`.

use super::{nth, Io};
use kernel::{
    device::Device,
    prelude::*, //
};

/// CPU, interconnect, memory controller, MME, PCI, EMMC and TPC.
const PLLS: [u32; 7] = [
    0x4a_2000, 0x4a_3000, 0x4a_1000, 0xc7_1000, 0xc7_2000, 0xc7_0000, 0xe0_1000,
];
const IC_PLL: u32 = 0x4a_3000;
const MME_PLL: u32 = 0xc7_1000;
const PCI_PLL: u32 = 0xc7_2000;
const TPC_PLL: u32 = 0xe0_1000;

/// In a PLL: the three numbers that make its frequency, and divider and source of output 1.
const NR: u32 = 0x100;
const NF: u32 = 0x104;
const OD: u32 = 0x108;
const DIV_FACTOR_1: u32 = 0x204;
/// In a PLL: source of the first of four outputs; 0 is the reference clock.
const DIV_SEL: u32 = 0x280;
/// In a PLL: how the clock is relaxed under load.
const CLK_RLX: u32 = 0x310;

/// The reference clock in MHz.
const REFERENCE: u64 = 50;

/// The PCI PLL, which clocks the time stamp counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PciPll {
    /// The time stamp counter's frequency in MHz, 0 if unknown.
    pub(crate) frequency: u16,
    /// The PLL's reference divider, less 1.
    pub(crate) nr: u32,
    /// The PLL's feedback divider, less 1.
    pub(crate) nf: u32,
    /// The PLL's output divider, less 1.
    pub(crate) od: u32,
    /// The divider behind the PLL, less 1.
    pub(crate) div_factor: u32,
}

/// Sets the TPC clock's relaxation, which users may change, to what it should be.
pub(crate) fn relax_tpc_clock(io: &impl Io) {
    io.write(TPC_PLL + CLK_RLX, 0x20_0020);
}

/// Prepares the clocks for a hard reset: no relaxation, and everything runs from the reference clock.
pub(super) fn prepare_reset(io: &impl Io) {
    io.write(MME_PLL + CLK_RLX, 0x10_0010);
    io.write(IC_PLL + CLK_RLX, 0x10_0010);
    for pll in PLLS {
        for output in 0..4 {
            io.write(nth(pll.wrapping_add(DIV_SEL), output, 4), 0);
        }
    }
}

/// Reads the PCI PLL. With firmware that guards these registers, ask firmware instead.
pub(crate) fn pci(dev: &Device, io: &impl Io) -> PciPll {
    let div_factor = io.read(PCI_PLL + DIV_FACTOR_1);
    let source = io.read(PCI_PLL + DIV_SEL + 4);
    let nr = io.read(PCI_PLL + NR);
    let nf = io.read(PCI_PLL + NF);
    let od = io.read(PCI_PLL + OD);
    let frequency = frequency(source, nr, nf, od, div_factor).unwrap_or_else(|| {
        dev_warn!(dev, "Received invalid div select value: {}", source as i32);
        0
    });
    PciPll {
        frequency,
        nr,
        nf,
        od,
        div_factor,
    }
}

/// The frequency of a PLL's output in MHz, or nothing if it has no such source.
pub(super) fn frequency(source: u32, nr: u32, nf: u32, od: u32, div_factor: u32) -> Option<u16> {
    let more = |divider: u32| u64::from(divider).saturating_add(1);
    let divided = |clock: u64, by: u64| clock.checked_div(by).unwrap_or(0);
    let pll = || {
        let fed = REFERENCE.saturating_mul(more(nf));
        divided(fed, more(nr).saturating_mul(more(od)))
    };
    let clock = match source {
        0 => REFERENCE,
        1 => pll(),
        2 => divided(REFERENCE, more(div_factor)),
        3 => divided(pll(), more(div_factor)),
        _ => return None,
    };
    // As wide as upstream's.
    Some(clock as u16)
}
