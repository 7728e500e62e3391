// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The PCI function: configuration space, ELBI, iATU, BARs and MSI-X.

mod bar;
mod config_space;
mod elbi;
mod iatu;
mod msix;

use crate::chip::{Chip, Reset};
use crate::config::ChipConfig;
use crate::regs::{PCIE_AUX, PCIE_DBI};
use config_space::ConfigSpace;
use elbi::Elbi;
use iatu::Iatu;
use msix::Msix;

pub use config_space::CONFIG_SIZE;
pub use msix::{MSIX_BAR_SIZE, VECTORS};

/// The BAR with SRAM and registers: 256 MiB (`CFG_BAR_SIZE`, `goya.h`).
pub const SRAM_CFG_BAR: u8 = 0;
/// Bytes of that BAR.
pub const SRAM_CFG_BAR_SIZE: u64 = 0x1000_0000;
/// The BAR with MSI-X table and pending bits.
pub const MSIX_BAR: u8 = 2;
/// The BAR that is a window to DRAM.
pub const DRAM_BAR: u8 = 4;

/// Selects what the DBI block shows: the iATU, or the PCIe core's own registers (`mmPCIE_AUX_DBI`).
const AUX_DBI: u32 = PCIE_AUX + 0x490;
const AUX_DBI_IATU: u32 = 0x30_0000;
/// A write of a vector number here sends that MSI-X message.
const MSIX_DOORBELL: u32 = PCIE_DBI + 0x948;

/// State of the PCI function.
#[derive(Debug)]
pub struct Pci {
    config: ConfigSpace,
    elbi: Elbi,
    iatu: Iatu,
    msix: Msix,
}

impl Pci {
    pub(crate) fn new(config: &ChipConfig) -> Self {
        Self {
            config: ConfigSpace::new(config),
            elbi: Elbi::default(),
            iatu: Iatu::default(),
            msix: Msix::default(),
        }
    }

    /// Puts the function back to its power-on state.
    pub(crate) fn function_reset(&mut self) {
        self.config.reset();
        self.elbi = Elbi::default();
        self.iatu = Iatu::default();
        self.msix = Msix::default();
    }
}

impl Chip {
    /// Reads PCI configuration space; past its end, and while unplugged, all ones.
    pub fn config_read(&mut self, offset: u64, buf: &mut [u8]) {
        self.counters.config_accesses += 1;
        if self.faults.unplugged() {
            return buf.fill(0xFF);
        }
        for (at, byte) in (offset..).zip(buf.iter_mut()) {
            *byte = match usize::try_from(at) {
                Ok(at) if at >= elbi::FIRST => self.pci.elbi.read(at),
                Ok(at) => self.pci.config.read(at),
                Err(_) => 0xFF,
            };
        }
        tracing::trace!(target: "goya::pci", what = "config read", offset, data = ?buf);
    }

    /// Writes PCI configuration space.
    pub fn config_write(&mut self, offset: u64, data: &[u8]) {
        self.counters.config_accesses += 1;
        if self.faults.unplugged() {
            return;
        }
        tracing::trace!(target: "goya::pci", what = "config write", offset, ?data);
        let mut reset = false;
        for (at, &byte) in (offset..).zip(data) {
            match usize::try_from(at) {
                Ok(at) if at >= elbi::FIRST => self.elbi_write(at, byte),
                Ok(at) => reset |= self.pci.config.write(at, byte),
                Err(_) => {}
            }
        }
        if reset {
            return self.reset(Reset::Function);
        }
        self.msix_flush();
    }

    /// Writes a register of the PCIe core, or of the iATU when that is what the block shows.
    pub(crate) fn dbi_register_write(&mut self, offset: u32, value: u32) {
        if self.regs.get(AUX_DBI) == AUX_DBI_IATU {
            self.pci.iatu.write(offset - PCIE_DBI, value);
            return;
        }
        if offset == MSIX_DOORBELL {
            self.interrupt(value as u16);
            return;
        }
        self.regs.set(offset, value);
    }

    /// Reads a register of the PCIe core or the iATU.
    pub(crate) fn dbi_register_read(&self, offset: u32) -> u32 {
        if self.regs.get(AUX_DBI) == AUX_DBI_IATU {
            return self.pci.iatu.read(offset - PCIE_DBI);
        }
        self.regs.get(offset)
    }
}

#[cfg(test)]
mod tests;
