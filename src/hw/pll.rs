// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Clocks: what a reset needs of them, and the frequency of the time stamp counter.
//!
//! Facts from upstream's `goya_set_pll_refclk()`, `goya_disable_clk_rlx()` and `goya_fetch_psoc_frequency()`.

use super::{
    regs::pll::*,
    Block,
    Io, //
};
use kernel::{
    device::Device,
    prelude::*, //
};

/// All of them.
const PLLS: [Block<Plls>; 7] = [
    CPU_PLL,
    IC_PLL,
    MC_PLL,
    PSOC_MME_PLL,
    PSOC_PCI_PLL,
    PSOC_EMMC_PLL,
    TPC_PLL,
];
/// How the TPCs' clock is relaxed.
const TPC_RELAXATION: CLK_RLX_0 = CLK_RLX_0::from_raw(0x20_0020);
/// How no clock is.
const NO_RELAXATION: CLK_RLX_0 = CLK_RLX_0::from_raw(0x10_0010);
/// An output is the reference clock.
const REFERENCE_CLOCK: DIV_SEL = DIV_SEL::from_raw(0);

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
    TPC_PLL.write(io, TPC_RELAXATION);
}

/// Prepares the clocks for a hard reset: no relaxation, and everything runs from the reference clock.
pub(super) fn prepare_reset(io: &impl Io) {
    PSOC_MME_PLL.write(io, NO_RELAXATION);
    IC_PLL.write(io, NO_RELAXATION);
    for pll in PLLS {
        for output in pll.all() {
            io.write(output, REFERENCE_CLOCK);
        }
    }
}

/// Reads the PCI PLL. With firmware that guards these registers, ask firmware instead.
pub(crate) fn pci(dev: &Device, io: &impl Io) -> PciPll {
    let div_factor = PSOC_PCI_PLL.read::<DIV_FACTOR_1>(io).into();
    let source = PSOC_PCI_PLL.read::<DIV_SEL_1>(io).into();
    let nr = PSOC_PCI_PLL.read::<NR>(io).into();
    let nf = PSOC_PCI_PLL.read::<NF>(io).into();
    let od = PSOC_PCI_PLL.read::<OD>(io).into();
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
