// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! PCI configuration space.

use super::msix::{MSIX_BAR_SIZE, PBA, VECTORS};
use super::{DRAM_BAR, MSIX_BAR, SRAM_CFG_BAR, SRAM_CFG_BAR_SIZE};
use crate::config::ChipConfig;

/// Bytes of configuration space.
pub const CONFIG_SIZE: usize = 4096;
const COMMAND: usize = 0x04;
const BARS: usize = 0x10;
const PM: usize = 0x40;
const MSIX: usize = 0x50;
const PCIE: usize = 0x70;
const AER: usize = 0x100;
const MSIX_CONTROL: usize = MSIX + 2;
/// Device control; bit 15 starts a function level reset.
const DEVICE_CONTROL: usize = PCIE + 8;
/// Device status, and its bit that says that requests are pending.
pub(super) const DEVICE_STATUS: usize = PCIE + 0xA;
pub(super) const PENDING: u8 = 1 << 5;

/// Values, which bits of them software can write, and which it clears by writing ones.
pub(super) struct ConfigSpace {
    values: Box<[u8; CONFIG_SIZE]>,
    writable: Box<[u8; CONFIG_SIZE]>,
    cleared: Box<[u8; CONFIG_SIZE]>,
    power_on: Box<[u8; CONFIG_SIZE]>,
}

impl std::fmt::Debug for ConfigSpace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigSpace").field("header", &&self.values[..0x40]).finish_non_exhaustive()
    }
}

impl ConfigSpace {
    pub fn new(config: &ChipConfig) -> Self {
        let zero = || Box::new([0; CONFIG_SIZE]);
        let mut new = Self { values: zero(), writable: zero(), cleared: zero(), power_on: zero() };
        // Habana Labs, Goya, revision 1 (zero would not be legal), class 12.00.00.
        new.put(0x00, 0x0001_1DA3, 0);
        // Capability list; command: memory, bus master, parity and SERR, interrupt disable.
        new.put(COMMAND, 1 << 20, 0x0546);
        new.clear_bits(COMMAND, 0xF900_0000);
        new.put(0x08, 0x1200_0001, 0);
        new.put(0x0C, 0, 0xFF);
        new.bar(SRAM_CFG_BAR, SRAM_CFG_BAR_SIZE, 0x4);
        new.bar(MSIX_BAR, MSIX_BAR_SIZE, 0x4);
        // Prefetchable.
        new.bar(DRAM_BAR, config.bar4_size, 0xC);
        new.put(0x2C, 0x0001_1DA3, 0);
        new.put(0x34, PM as u32, 0);
        new.put(0x3C, 0, 0xFF);
        // Power management, version 3: D0 and D3hot, no reset when leaving D3hot.
        new.put(PM, 0x0003_0001 | (MSIX as u32) << 8, 0);
        new.put(PM + 4, 1 << 3, 0x3);
        // MSI-X: enable and function mask can be written.
        new.put(MSIX, 0x11 | (PCIE as u32) << 8 | u32::from(VECTORS - 1) << 16, 0xC000_0000);
        new.put(MSIX + 4, u32::from(MSIX_BAR), 0);
        new.put(MSIX + 8, PBA as u32 | u32::from(MSIX_BAR), 0);
        // PCI Express, version 2, endpoint; function level reset; 16 GT/s would be a later card: 8 GT/s, x16.
        new.put(PCIE, 0x0002_0010, 0);
        new.put(PCIE + 4, 1 << 28 | 1 << 15 | 1, 0);
        new.put(PCIE + 8, 0x2810, 0x7FFF);
        new.clear_bits(PCIE + 8, 0x000F_0000);
        new.put(PCIE + 0x0C, 0x0040_0103, 0);
        new.put(PCIE + 0x10, 0x1103_0000, 0x0FFB);
        new.put(PCIE + 0x24, 0x1F, 0);
        new.put(PCIE + 0x28, 0, 0x1F);
        new.put(PCIE + 0x2C, 0x0E, 0);
        new.put(PCIE + 0x30, 3, 0xF);
        // Advanced error reporting, version 2, end of the list.
        new.put(AER, 0x0002_0001, 0);
        new.clear_bits(AER + 0x04, 0x03FF_F030);
        new.put(AER + 0x08, 0, 0x03FF_F030);
        new.put(AER + 0x0C, 0x0046_2030, 0x03FF_F030);
        new.clear_bits(AER + 0x10, 0xF1C1);
        new.put(AER + 0x14, 0x6000, 0xF1C1);
        new.put(AER + 0x18, 0, 0);
        new.power_on.copy_from_slice(&new.values[..]);
        new
    }

    pub fn reset(&mut self) {
        self.values.copy_from_slice(&self.power_on[..]);
    }

    fn put(&mut self, at: usize, value: u32, writable: u32) {
        self.values[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self.writable[at..at + 4].copy_from_slice(&writable.to_le_bytes());
    }

    fn clear_bits(&mut self, at: usize, bits: u32) {
        self.cleared[at..at + 4].copy_from_slice(&bits.to_le_bytes());
    }

    /// A 64-bit memory BAR: the address bits that its size leaves can be written.
    fn bar(&mut self, bar: u8, size: u64, kind: u32) {
        let at = BARS + 4 * usize::from(bar);
        let mask = !(size - 1);
        self.put(at, kind, mask as u32);
        self.put(at + 4, 0, (mask >> 32) as u32);
    }

    pub fn read(&self, at: usize) -> u8 {
        self.values.get(at).copied().unwrap_or(0xFF)
    }

    /// Writes one byte; says whether it asks for a function level reset.
    pub fn write(&mut self, at: usize, byte: u8) -> bool {
        let (Some(value), Some(&writable), Some(&cleared)) =
            (self.values.get_mut(at), self.writable.get(at), self.cleared.get(at))
        else {
            return false;
        };
        *value = *value & !writable & !(byte & cleared) | byte & writable;
        at == DEVICE_CONTROL + 1 && byte & 0x80 != 0
    }

    /// Whether BARs are decoded, and whether the function may send requests of its own.
    pub fn memory_and_master(&self) -> (bool, bool) {
        (self.values[COMMAND] & 1 << 1 != 0, self.values[COMMAND] & 1 << 2 != 0)
    }

    /// The bus address of a BAR's first byte, as software has set it.
    pub fn bar_base(&self, bar: u8) -> u64 {
        let at = BARS + 4 * usize::from(bar);
        let bytes = self.values.get(at..at + 8).and_then(|b| b.first_chunk::<8>());
        bytes.map_or(0, |b| u64::from_le_bytes(*b)) & !0xF
    }

    /// MSI-X enable and function mask.
    pub fn msix_control(&self) -> (bool, bool) {
        let high = self.values[MSIX_CONTROL + 1];
        (high & 0x80 != 0, high & 0x40 != 0)
    }
}
