// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The iATU: which device addresses the BARs show (`hl_pci_set_inbound_region()`, `pci.c`).

/// Bytes of registers of a region, outbound and inbound together.
const REGION: u32 = 0x200;
const INBOUND: u32 = 0x100;
const REGIONS: u32 = 8;
const CONTROL2: u32 = 0x04;
const TARGET_LOW: u32 = 0x14;
const TARGET_HIGH: u32 = 0x18;
/// Region enable, and BAR match mode; the BAR's number is in bits 10:8.
const ENABLE: u32 = 1 << 31;
const BAR_MATCH: u32 = 1 << 30;

/// The iATU's registers.
#[derive(Debug)]
pub(super) struct Iatu {
    regs: Box<[u32; (REGION * REGIONS / 4) as usize]>,
}

impl Default for Iatu {
    fn default() -> Self {
        Self { regs: Box::new([0; (REGION * REGIONS / 4) as usize]) }
    }
}

impl Iatu {
    pub fn read(&self, offset: u32) -> u32 {
        self.regs.get(offset as usize / 4).copied().unwrap_or(0)
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        if let Some(slot) = self.regs.get_mut(offset as usize / 4) {
            tracing::debug!(target: "goya::pci", what = "iATU", offset, value = %format_args!("{value:#x}"));
            *slot = value;
        }
    }

    /// The device address that the first byte of `bar` shows, if a region matches that BAR.
    pub fn target(&self, bar: u8) -> Option<u64> {
        (0..REGIONS).map(|n| n * REGION + INBOUND).find_map(|region| {
            let control = self.read(region + CONTROL2);
            let matches =
                control & ENABLE != 0 && control & BAR_MATCH != 0 && control >> 8 & 7 == u32::from(bar);
            let target = || {
                u64::from(self.read(region + TARGET_LOW)) | u64::from(self.read(region + TARGET_HIGH)) << 32
            };
            matches.then(target)
        })
    }
}
