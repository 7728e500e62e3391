// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the BARs show of the card, and where its own accesses to host memory go, as writes for the ELBI window.
//!
//! Facts from upstream's `goya_init_iatu()`, `goya_set_ddr_bar_base()`, `hl_pci_iatu_write()`,
//! `hl_pci_set_inbound_region()` and `hl_pci_set_outbound_region()`.
//!
//! The iATU's registers are reached through PCI configuration space only, as the BARs lead nowhere without them. They
//! are behind the PCIe controller's own: one register decides which of both the controller's addresses mean.

use super::{
    lower_half, map, nth,
    regs::pcie::{AUX_DBI, DBI_DEVICE_ID_VENDOR_ID_REG},
    upper_half, Offset,
};

/// One write through the ELBI window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ElbiWrite {
    /// Bits 31:0 of the card address, which is all that the window takes.
    pub(crate) address: u32,
    /// What to write.
    pub(crate) value: u32,
    /// The region isn't set if this one fails. Firmware may forbid the other ones, which does no harm.
    pub(crate) required: bool,
}

/// What makes the controller's addresses mean the iATU.
const SHOW_IATU: u32 = 0x30_0000;
/// What makes them mean the controller again.
const SHOW_CONTROLLER: u32 = 0;

/// In a region's control 2: enable.
const ENABLE: u32 = 1 << 31;
/// In an inbound region's control 2: match the BAR whose number is in bits 10:8.
const MATCH_BAR: u32 = 1 << 30 | 1 << 19;
/// In an outbound region's control 1: it may be larger than 4 GiB.
const LARGE: u32 = 1 << 13;

/// The BAR of SRAM and registers.
pub(crate) const SRAM_CFG_BAR: u32 = 0;
/// The BAR of MSI-X.
pub(crate) const MSIX_BAR: u32 = 2;
/// The BAR that is a window to DRAM.
pub(crate) const DRAM_BAR: u32 = 4;
/// What the BAR of SRAM and registers must measure.
pub(crate) const SRAM_CFG_BAR_SIZE: u64 = 0x1000_0000;
/// What the BAR of MSI-X must measure.
pub(crate) const MSIX_BAR_SIZE: u64 = 0x1000;

const fn show(what: u32) -> ElbiWrite {
    ElbiWrite {
        address: lower_half(map::register(Offset::of::<AUX_DBI>())),
        value: what,
        required: false,
    }
}

const fn set(offset: u32, value: u32) -> ElbiWrite {
    ElbiWrite {
        address: lower_half(map::register(Offset::of::<DBI_DEVICE_ID_VENDOR_ID_REG>()))
            .wrapping_add(offset),
        value,
        required: true,
    }
}

/// Lets a BAR show the card from the address `target` on.
const fn inbound(region: u32, bar: u32, target: u64) -> [ElbiWrite; 6] {
    let offset = nth(0x100, region, 0x200);
    [
        show(SHOW_IATU),
        set(offset.wrapping_add(0x14), lower_half(target)),
        set(offset.wrapping_add(0x18), upper_half(target)),
        set(offset, 0),
        set(offset.wrapping_add(4), ENABLE | MATCH_BAR | bar << 8),
        show(SHOW_CONTROLLER),
    ]
}

/// Lets the first BAR show SRAM and registers.
pub(crate) const fn show_sram_and_registers() -> [ElbiWrite; 6] {
    inbound(0, SRAM_CFG_BAR, map::SRAM_BASE)
}

/// Lets the DRAM window show the card from the address `target` on, which must be a multiple of the BAR's size.
pub(crate) const fn show_dram(target: u64) -> [ElbiWrite; 6] {
    inbound(1, DRAM_BAR, target)
}

/// Lets the card reach host memory.
pub(crate) const fn reach_host() -> [ElbiWrite; 10] {
    let last = map::HOST_BASE + map::HOST_SIZE - 1;
    [
        show(SHOW_IATU),
        set(0x08, lower_half(map::HOST_BASE)),
        set(0x0c, upper_half(map::HOST_BASE)),
        set(0x10, lower_half(last)),
        set(0x14, 0),
        set(0x18, 0),
        set(0x20, upper_half(last)),
        set(0x00, LARGE),
        set(0x04, ENABLE),
        show(SHOW_CONTROLLER),
    ]
}

/// The target of a DRAM window of `bar_size` bytes (a power of two) that shows the page tables.
pub(crate) const fn page_table_window(bar_size: u64) -> u64 {
    map::PAGE_TABLES & !bar_size.wrapping_sub(1)
}
