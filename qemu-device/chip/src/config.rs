// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What kind of card to be.

/// The smallest DRAM the upstream driver accepts (`DRAM_PHYS_DEFAULT_SIZE`, `goyaP.h`).
pub const DRAM_MIN: u64 = 4 << 30;
/// The largest DRAM offered: its addresses stay below the card's other ranges.
pub const DRAM_MAX: u64 = 64 << 30;

/// How the card is built.
#[derive(Debug, Clone)]
pub struct ChipConfig {
    /// DRAM in bytes: a power of two, at least 4 GiB.
    pub dram_size: u64,
    /// Size of BAR 4, the window to DRAM, in bytes: a power of two, at most `dram_size`.
    pub bar4_size: u64,
    /// Whether clients may map SRAM (in BAR 0) and BAR 4 into their own memory.
    pub mmap: bool,
    /// The name the firmware reports (`cpucp_info.card_name`); hwmon allows no `-` in it.
    pub card_name: String,
    /// The serial number the firmware reports.
    pub serial: String,
}

impl Default for ChipConfig {
    fn default() -> Self {
        Self {
            dram_size: 4 << 30,
            bar4_size: 512 << 20,
            mmap: false,
            card_name: "HL100".into(),
            serial: "EMU0000001".into(),
        }
    }
}

/// A card that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// DRAM of an impossible size.
    #[error("DRAM of {0} bytes: must be a power of two from 4 GiB to 64 GiB")]
    Dram(u64),
    /// BAR 4 of an impossible size.
    #[error("BAR 4 of {bar} bytes: must be a power of two from 2 MiB to the DRAM size ({dram})")]
    Bar4 {
        /// The size asked for.
        bar: u64,
        /// The DRAM size it may not exceed.
        dram: u64,
    },
    /// A client's mapping cannot follow a window that moves.
    #[error(
        "with mapped BARs, BAR 4 must show all of DRAM ({0} bytes): a mapping cannot follow a moving window"
    )]
    MmapBar4(u64),
    /// A card name that hwmon refuses.
    #[error("card name {0:?}: 1 to 15 letters and digits")]
    CardName(String),
    /// A serial number the firmware cannot report.
    #[error("serial {0:?}: 1 to 31 printable characters without blanks")]
    Serial(String),
}

impl ChipConfig {
    /// Checks that such a card can exist.
    pub fn check(&self) -> Result<(), ConfigError> {
        let dram = self.dram_size;
        if !dram.is_power_of_two() || !(DRAM_MIN..=DRAM_MAX).contains(&dram) {
            return Err(ConfigError::Dram(dram));
        }
        let bar = self.bar4_size;
        if !bar.is_power_of_two() || !(2 << 20..=dram).contains(&bar) {
            return Err(ConfigError::Bar4 { bar, dram });
        }
        if self.mmap && bar != dram {
            return Err(ConfigError::MmapBar4(dram));
        }
        let name = &self.card_name;
        if !(1..=15).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(ConfigError::CardName(name.clone()));
        }
        let serial = &self.serial;
        if !(1..=31).contains(&serial.len()) || !serial.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ConfigError::Serial(serial.clone()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_names_are_checked() {
        let ok = ChipConfig::default();
        assert_eq!(ok.check(), Ok(()));
        let with = |f: fn(&mut ChipConfig)| {
            let mut c = ChipConfig::default();
            f(&mut c);
            c.check()
        };
        assert!(matches!(with(|c| c.dram_size = 5 << 30), Err(ConfigError::Dram(_))));
        assert!(matches!(with(|c| c.dram_size = 2 << 30), Err(ConfigError::Dram(_))));
        assert!(matches!(with(|c| c.bar4_size = 8 << 30), Err(ConfigError::Bar4 { .. })));
        assert!(matches!(with(|c| c.mmap = true), Err(ConfigError::MmapBar4(_))));
        assert!(matches!(with(|c| c.card_name = "HL-100".into()), Err(ConfigError::CardName(_))));
        assert!(matches!(with(|c| c.serial = String::new()), Err(ConfigError::Serial(_))));
    }
}
