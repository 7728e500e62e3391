// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Data that the firmware writes to the host: `struct cpucp_info` (`cpucp_if.h`) and the EEPROM.

use super::sensors::Sensors;
use crate::config::ChipConfig;

/// Bytes of `struct cpucp_info` up to and with `sec_info`; what follows is zero.
const INFO: usize = 1616;
const VERSION: usize = 128;
const KERNEL_VERSION: usize = 1024;
const CARD_TYPE: usize = 1156;
const CARD_LOCATION: usize = 1160;
const CPLD_VERSION: usize = 1164;
const INFINEON_VERSION: usize = 1168;
const FUSE_VERSION: usize = 1172;
const THERMAL_VERSION: usize = FUSE_VERSION + VERSION;
const CPUCP_VERSION: usize = THERMAL_VERSION + VERSION;
const DRAM_SIZE: usize = 1560;
const CARD_NAME: usize = 1568;

/// Bytes of EEPROM.
const EEPROM: usize = 256;

fn put(buf: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(to) = buf.get_mut(at..at + bytes.len()) {
        to.copy_from_slice(bytes);
    }
}

/// `struct cpucp_info` of this card.
pub(super) fn info(config: &ChipConfig, sensors: &Sensors) -> Vec<u8> {
    let mut buf = vec![0; INFO];
    for (i, (kind, flags)) in sensors.descriptors().enumerate() {
        put(&mut buf, 8 * i, &kind.to_le_bytes());
        put(&mut buf, 8 * i + 4, &flags.to_le_bytes());
    }
    for (at, text) in [
        (KERNEL_VERSION, "Linux 4.9.0 hl-goya-fw-1.9.0 (emulated)"),
        (FUSE_VERSION, "00000000"),
        (THERMAL_VERSION, "thermal-1.0"),
        (CPUCP_VERSION, "hl-goya-cpucp-fw-1.9.0 (emulated)"),
        (CARD_NAME, &config.card_name),
    ] {
        put(&mut buf, at, text.as_bytes());
    }
    for (at, value) in [(CARD_TYPE, 0u32), (CARD_LOCATION, 0), (CPLD_VERSION, 0x12), (INFINEON_VERSION, 0x34)]
    {
        put(&mut buf, at, &value.to_le_bytes());
    }
    put(&mut buf, DRAM_SIZE, &config.dram_size.to_le_bytes());
    buf
}

/// The EEPROM: card name and serial number as text, the rest unwritten.
pub(super) fn eeprom(config: &ChipConfig) -> Vec<u8> {
    let mut buf = vec![0xFF; EEPROM];
    let text = format!("card={}\nserial={}\n\0", config.card_name, config.serial);
    put(&mut buf, 0, text.as_bytes());
    buf
}
