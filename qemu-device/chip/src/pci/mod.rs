// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The PCI function: configuration space, ELBI, iATU, BARs and MSI-X.

mod bar;
mod config_space;
mod elbi;
mod iatu;
mod msix;
mod posted;

use std::fmt;

use vm_memory::volatile_memory::VolatileSlice;

use crate::chip::{Chip, Reset};
use crate::config::ChipConfig;
use crate::map::{HOST_BASE, SRAM_BASE};
use crate::regs::{PCIE_AUX, PCIE_DBI};
use config_space::ConfigSpace;
use elbi::Elbi;
use iatu::Iatu;
use msix::Msix;
use posted::Posted;

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
    posted: Posted,
}

impl Pci {
    pub(crate) fn new(config: &ChipConfig) -> Self {
        Self {
            config: ConfigSpace::new(config),
            elbi: Elbi::default(),
            iatu: Iatu::default(),
            msix: Msix::default(),
            posted: Posted::default(),
        }
    }

    /// What firmware and driver do before anything else: memory decoding and bus master on, host memory
    /// behind the outbound window.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn enable(&mut self) {
        self.config.write(4, 0x06);
        self.reach_host();
    }

    /// What firmware does that sets up the iATU itself: BARs show SRAM and registers, and DRAM; host memory is
    /// behind the outbound window.
    pub(crate) fn open_windows(&mut self) {
        for (at, bar, target) in [(0x100, SRAM_CFG_BAR, SRAM_BASE), (0x300, DRAM_BAR, 0)] {
            let control = 1 << 31 | 1 << 30 | 1 << 19 | u32::from(bar) << 8;
            for (offset, value) in
                [(0x14, target as u32), (0x18, (target >> 32) as u32), (0, 0), (4, control)]
            {
                self.iatu.write(at + offset, value);
            }
        }
        self.reach_host();
    }

    fn reach_host(&mut self) {
        let last = HOST_BASE + crate::map::HOST_SIZE - 1;
        let registers = [
            (0x08, HOST_BASE as u32),
            (0x0C, (HOST_BASE >> 32) as u32),
            (0x10, last as u32),
            (0x20, (last >> 32) as u32),
            (0x00, 1 << 13),
            (0x04, 1 << 31),
        ];
        for (offset, value) in registers {
            self.iatu.write(offset, value);
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

/// Bytes as the little-endian number that they are.
struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().rev().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The addresses from `first` on. Nothing is at the last of all, where they end up.
fn addresses(first: u64) -> impl Iterator<Item = u64> {
    (0..).map(move |n| first.saturating_add(n))
}

impl Chip {
    /// Host memory behind device address [`HOST_BASE`] `+ offset`: at least one byte, at most `len`, or
    /// `None`. Goes through the outbound iATU, and only while the function is a bus master.
    pub(crate) fn host_memory(&self, offset: u64, len: usize) -> Option<VolatileSlice<'_>> {
        if !self.pci.config.memory_and_master().1 && !self.faults.requests_endless() {
            return None;
        }
        let (bus, left) = self.pci.iatu.outbound(HOST_BASE.checked_add(offset)?);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        self.host.memory(bus, len.min(left)).filter(|slice| !slice.is_empty())
    }

    /// Reads PCI configuration space; past its end, and while unplugged, all ones.
    pub fn config_read(&mut self, offset: u64, buf: &mut [u8]) {
        self.counters.config_accesses += 1;
        if self.faults.unplugged() {
            return buf.fill(0xFF);
        }
        for (at, byte) in addresses(offset).zip(buf.iter_mut()) {
            *byte = match usize::try_from(at) {
                Ok(at) if at >= elbi::FIRST => self.pci.elbi.read(at),
                Ok(config_space::DEVICE_STATUS) if self.faults.requests_endless() => {
                    self.pci.config.read(config_space::DEVICE_STATUS) | config_space::PENDING
                }
                Ok(at) => self.pci.config.read(at),
                Err(_) => 0xFF,
            };
        }
        tracing::trace!(target: "goya::pci", what = "config read", offset, data = %Bytes(buf));
    }

    /// Writes PCI configuration space.
    pub fn config_write(&mut self, offset: u64, data: &[u8]) {
        self.counters.config_accesses += 1;
        if self.faults.unplugged() {
            return;
        }
        tracing::trace!(target: "goya::pci", what = "config write", offset, data = %Bytes(data));
        let mut reset = false;
        for (at, &byte) in addresses(offset).zip(data) {
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
            self.counters.iatu_writes += 1;
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
