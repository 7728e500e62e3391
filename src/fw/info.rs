// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the firmware says about the card.
//!
//! Facts: `struct cpucp_info` in `include/linux/habanalabs/cpucp_if.h`, `hl_fw_cpucp_info_get()`,
//! `goya_cpucp_info_get()`, `hl_build_hwmon_channel_info()`.

use kernel::{device::Device, prelude::*};

use super::{
    boot_report,
    capabilities::Capabilities,
    mailbox::{Mailbox, TIMEOUT_LONG},
    message::{Buffer, Opcode, Packet},
    sensors,
    text::{Text, VERSION_LEN},
    wire,
};
use crate::hw::{map, Io};

/// Bytes of the whole structure.
pub(crate) const INFO_LEN: usize = 1768;
/// Bytes of the map of PLLs.
pub(crate) const PLL_MAP_LEN: usize = 16;

/// Sensors that it has at most.
pub(crate) const SENSORS_MAX: usize = 128;
const SENSOR_LEN: usize = 8;
const CARD_NAME_LEN: usize = 16;
/// The name of a card whose firmware gives none.
pub(crate) const CARD_NAME_DEFAULT: &[u8] = b"HL1000";
/// Bytes of DRAM that every card has.
pub(crate) const DRAM_SIZE_DEFAULT: u64 = 0x1_0000_0000;
/// Bytes of DRAM that a card can have at most: what comes after it in its addresses is SRAM.
const DRAM_SIZE_MOST: u64 = 1 << map::SRAM_BASE.ilog2();

/// Where the fields are.
mod at {
    pub(super) const KERNEL_VERSION: usize = 1024;
    pub(super) const CARD_LOCATION: usize = 1160;
    pub(super) const CPLD_VERSION: usize = 1164;
    pub(super) const INFINEON_VERSION: usize = 1168;
    pub(super) const FUSE_VERSION: usize = 1172;
    pub(super) const THERMAL_VERSION: usize = 1300;
    pub(super) const CPUCP_VERSION: usize = 1428;
    pub(super) const DRAM_SIZE: usize = 1560;
    pub(super) const CARD_NAME: usize = 1568;
    pub(super) const CPLD_TIMESTAMP: usize = 1612;
    pub(super) const PLL_MAP: usize = 1616;
    pub(super) const FW_OS_VERSION: usize = 1640;
}

/// One sensor of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sensor {
    /// hwmon's number of the type, below [`sensors::TYPES`]; perhaps one that [`sensors::Quantity`] doesn't know.
    pub(crate) kind: u32,
    /// Which attributes it has: bit n is the firmware's attribute n.
    pub(crate) attributes: u32,
}

/// What the firmware says about the card, checked and owned.
///
/// Versions are shown to users as they are; masks are the firmware's, 1 for what does not work.
pub(crate) struct CpuInfo {
    pub(crate) sensors: KVec<Sensor>,
    pub(crate) kernel_version: Text,
    pub(crate) fuse_version: Text,
    pub(crate) thermal_version: Text,
    pub(crate) cpucp_version: Text,
    pub(crate) fw_os_version: Text,
    /// Up to 16 bytes; empty if the firmware gives none: see [`CpuInfo::card_name`].
    name: Text,
    pub(crate) card_location: u32,
    pub(crate) cpld_version: u32,
    pub(crate) cpld_timestamp: u32,
    pub(crate) infineon_version: u32,
    dram_size: u64,
    /// Which PLLs there are, for firmware with its own numbers of them.
    pub(crate) pll_map: [u8; PLL_MAP_LEN],
}

impl CpuInfo {
    /// Decodes the structure.
    ///
    /// Errors: `EINVAL` if it is cut off; `EFAULT` for a sensor that hwmon can't have; `ENOMEM`.
    pub(crate) fn decode(dev: &Device, bytes: &[u8]) -> Result<Self> {
        let version = |offset: usize| {
            wire::array::<VERSION_LEN>(bytes, offset).and_then(|field| Text::from_field(&field))
        };
        let number = |offset: usize| wire::u32_at(bytes, offset);

        Ok(Self {
            sensors: decode_sensors(dev, bytes)?,
            kernel_version: version(at::KERNEL_VERSION)?,
            fuse_version: version(at::FUSE_VERSION)?,
            thermal_version: version(at::THERMAL_VERSION)?,
            cpucp_version: version(at::CPUCP_VERSION)?,
            fw_os_version: version(at::FW_OS_VERSION)?,
            name: Text::from_field(&wire::array::<CARD_NAME_LEN>(bytes, at::CARD_NAME)?)?,
            card_location: number(at::CARD_LOCATION)?,
            cpld_version: number(at::CPLD_VERSION)?,
            cpld_timestamp: number(at::CPLD_TIMESTAMP)?,
            infineon_version: number(at::INFINEON_VERSION)?,
            dram_size: wire::u64_at(bytes, at::DRAM_SIZE)?,
            pll_map: wire::array(bytes, at::PLL_MAP)?,
        })
    }

    /// The card's name, never empty.
    pub(crate) fn card_name(&self) -> &[u8] {
        if self.name.is_empty() {
            CARD_NAME_DEFAULT
        } else {
            self.name.bytes()
        }
    }

    /// Bytes of DRAM, a power of two, from 4 GiB to 256 GiB; 4 GiB if the firmware says nothing or nonsense.
    pub(crate) fn dram_size(&self, dev: &Device) -> u64 {
        match self.dram_size {
            0 => DRAM_SIZE_DEFAULT,
            size if size.is_power_of_two()
                && (DRAM_SIZE_DEFAULT..=DRAM_SIZE_MOST).contains(&size) =>
            {
                size
            }
            size => {
                dev_err!(
                    dev,
                    "F/W reported invalid DRAM size {}. Trying to use default size\n",
                    size
                );
                DRAM_SIZE_DEFAULT
            }
        }
    }
}

/// The sensors up to the first empty place.
fn decode_sensors(dev: &Device, bytes: &[u8]) -> Result<KVec<Sensor>> {
    let mut sensors = KVec::with_capacity(SENSORS_MAX, GFP_KERNEL)?;
    let places = bytes.get(..SENSORS_MAX * SENSOR_LEN).ok_or(EINVAL)?;
    for place in places.chunks_exact(SENSOR_LEN) {
        let sensor = Sensor {
            kind: wire::u32_at(place, 0)?,
            attributes: wire::u32_at(place, 4)?,
        };
        if sensor.kind == 0 && sensor.attributes == 0 {
            break;
        }
        if sensor.kind >= sensors::TYPES {
            dev_err!(dev, "Got wrong sensor type {} from device\n", sensor.kind);
            dev_err!(
                dev,
                "Failed to build hwmon channel info, error {}\n",
                EINVAL.to_errno()
            );
            return Err(EFAULT);
        }
        // Cannot fail: there is room for all of them.
        sensors.push_within_capacity(sensor).map_err(|_| ENOMEM)?;
    }
    Ok(sensors)
}

/// Asks the firmware for the card's description, checks the boot errors again, and reads anew what the
/// firmware can do.
///
/// `error_mask` is the module parameter `boot_error_status_mask`.
///
/// Errors: `EIO` for a boot error that counts, `EFAULT` for a sensor that hwmon can't have, `ENOMEM`,
/// and those of [`Mailbox::send`].
pub(crate) fn get_info(
    dev: &Device,
    mailbox: &impl Mailbox,
    io: &impl Io,
    error_mask: u64,
    capabilities: &mut Capabilities,
) -> Result<CpuInfo> {
    let buffer = mailbox.reserved(INFO_LEN).inspect_err(|_| {
        dev_err!(
            dev,
            "Failed to allocate DMA memory for CPU-CP info packet\n"
        );
    })?;
    let packet = Packet::new(Opcode::InfoGet).buffer(&buffer)?;
    mailbox.send(&packet, TIMEOUT_LONG).inspect_err(|error| {
        dev_err!(
            dev,
            "Failed to handle CPU-CP info pkt, error {}\n",
            error.to_errno()
        );
    })?;

    boot_report::errors(dev, io, error_mask).inspect_err(|_| {
        dev_err!(dev, "Errors in device boot\n");
    })?;

    let mut bytes = KVec::from_elem(0u8, INFO_LEN, GFP_KERNEL)?;
    buffer.read(0, &mut bytes)?;
    let info = CpuInfo::decode(dev, &bytes)?;
    if let Some(version) = info.kernel_version.firmware_version() {
        dev_info!(dev, "Linux version {}\n", version);
    }
    capabilities.refresh(io);
    Ok(info)
}

#[kunit_tests(goya_fw_info)]
mod tests {
    use super::*;
    use crate::fw::{fake::device, sensors::Quantity};

    fn example() -> Result<KVec<u8>> {
        let mut bytes = KVec::from_elem(0u8, INFO_LEN, GFP_KERNEL)?;
        wire::put(&mut bytes, 0, &[1, 0, 0, 0, 0xC1, 3, 0, 0])?;
        wire::put(&mut bytes, 8, &[9, 0, 0, 0, 3, 0, 0, 0])?;
        wire::put(&mut bytes, 24, &[1, 0, 0, 0, 1, 0, 0, 0])?;
        wire::put(&mut bytes, at::KERNEL_VERSION, b"Linux fw-1.9.0 x")?;
        wire::put(&mut bytes, at::CPLD_VERSION, &[0x12])?;
        wire::put(&mut bytes, at::DRAM_SIZE, &0x4_0000_0000u64.to_le_bytes())?;
        wire::put(&mut bytes, at::CARD_NAME, b"0123456789ABCDEF")?;
        Ok(bytes)
    }

    #[test]
    fn decodes_the_structure() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let info = CpuInfo::decode(dev, &example()?)?;
        // The third place is empty: what follows does not count.
        assert_eq!(info.sensors.len(), 2);
        assert_eq!(info.sensors[0].kind, Quantity::Temperature as u32);
        assert_eq!(info.sensors[0].attributes, 0x3C1);
        assert_eq!(info.sensors[1].kind, Quantity::Pwm as u32);
        assert_eq!(info.cpld_version, 0x12);
        assert_eq!(info.dram_size(dev), 0x4_0000_0000);
        assert_eq!(info.card_name(), b"0123456789ABCDEF");
        Ok(())
    }

    #[test]
    fn replaces_nonsense() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let mut bytes = example()?;
        wire::put(&mut bytes, at::CARD_NAME, &[0; 16])?;
        // No power of two, too small, and so large that registers and SRAM would be DRAM.
        for size in [0x3_0000_0000, 1u64 << 31, 1 << 39, 1 << 63] {
            wire::put(&mut bytes, at::DRAM_SIZE, &size.to_le_bytes())?;
            let info = CpuInfo::decode(dev, &bytes)?;
            assert_eq!(info.dram_size(dev), DRAM_SIZE_DEFAULT);
        }
        let info = CpuInfo::decode(dev, &bytes)?;
        assert_eq!(info.card_name(), CARD_NAME_DEFAULT);
        Ok(())
    }

    #[test]
    fn refuses_unknown_types_and_short_data() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let mut bytes = example()?;
        assert!(CpuInfo::decode(dev, &bytes[..INFO_LEN - 1]).is_err());
        wire::put(&mut bytes, 8, &[11])?;
        assert_eq!(CpuInfo::decode(dev, &bytes).err(), Some(EFAULT));
        Ok(())
    }
}
