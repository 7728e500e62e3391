// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the loaders on the card report of their progress and their failures.
//!
//! Facts: `fw_read_errors()`, `fw_report_boot_dev0()`, `fw_report_boot_dev1()` and
//! `detect_cpu_boot_status()` in `common/firmware_if.c`; `include/linux/habanalabs/hl_boot_if.h`.

use kernel::{bits::bit_u32, device::Device, prelude::*};

use crate::hw::{regs::cpu, Io};

codes! {
    /// How far the device's processor has come.
    Progress: u32 {
        /// Nothing has run since the reset.
        Reset = 0,
        WaitingForEvent = 1,
        DramReady = 2,
        /// The firmware runs.
        SramAvailable = 3,
        InBtl = 4,
        InPreboot = 5,
        InSpl = 6,
        InUboot = 7,
        DramInitFailed = 8,
        FitCorrupted = 9,
        UbootNotReady = 10,
        NicFirmwareReady = 11,
        ThermalSensorInitFailed = 12,
        DramSkipped = 13,
        BmcWaitSkipped = 14,
        ReadyToBoot = 15,
        WaitingForBootFit = 16,
        SecurityReady = 17,
        ShutdownPreparation = 18,
    }
}

impl Progress {
    /// Why the boot does not go on, for the log.
    fn obstacle(self) -> Option<&'static str> {
        Some(match self {
            Self::Reset => "BTL/ROM did NOT run",
            Self::WaitingForEvent => "Stuck inside WFE loop",
            Self::InBtl => "Stuck in BTL",
            Self::InPreboot => "Stuck in Preboot",
            Self::InSpl => "Stuck in SPL",
            Self::InUboot => "Stuck in u-boot",
            Self::DramInitFailed => "DRAM initialization failed",
            Self::UbootNotReady => "Cannot boot",
            Self::ThermalSensorInitFailed => "Thermal Sensor initialization failed",
            Self::SecurityReady => "Stuck in preboot after security initialization",
            Self::ShutdownPreparation => "Stuck in preparation for shutdown",
            _ => return None,
        })
    }
}

/// Says in the log where the boot is stuck; `status` is the register as read.
pub(super) fn progress(dev: &Device, status: u32) {
    match Progress::try_from(status).ok().and_then(Progress::obstacle) {
        Some(text) => dev_err!(dev, "Device boot progress - {}\n", text),
        None => dev_err!(
            dev,
            "Device boot progress - Invalid or unexpected status code {}\n",
            signed(status)
        ),
    }
}

/// A status as upstream prints it: all ones is -1.
pub(super) fn signed(status: u32) -> i32 {
    i32::from_ne_bytes(status.to_ne_bytes())
}

/// Set in an error or status register that the firmware fills.
pub(super) const ENABLED: u32 = bit_u32(31);

/// How bad an error bit is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Reported only.
    Warning,
    /// Reported as an error, but no reason to give up.
    Error,
    /// A reason to give up, if the user's mask does not say otherwise.
    Fatal,
    /// Means nothing, not even to the mask.
    Ignored,
}

/// Bits of the first error register, as a mask, in the order of the log.
const ERRORS: &[(u32, Level, &str)] = &[
    (
        bit_u32(0),
        Level::Fatal,
        "error - DRAM initialization failed",
    ),
    (bit_u32(1), Level::Error, "error - FIT image corrupted"),
    (
        bit_u32(2),
        Level::Error,
        "error - Thermal Sensor initialization failed",
    ),
    (bit_u32(4), Level::Error, "error - Skipped waiting for BMC"),
    (
        bit_u32(5),
        Level::Error,
        "error - Serdes data from BMC not available",
    ),
    (
        bit_u32(6),
        Level::Error,
        "error - NIC F/W initialization failed",
    ),
    (bit_u32(7), Level::Error, "warning - security not ready"),
    (bit_u32(8), Level::Error, "error - security failure"),
    (bit_u32(9), Level::Error, "error - eFuse failure"),
    (
        bit_u32(11),
        Level::Error,
        "error - Failed to load preboot secondary image",
    ),
    (bit_u32(12), Level::Fatal, "error - PLL failure"),
    (
        bit_u32(21),
        Level::Error,
        "error - Failed to set threshold for temperature sensor",
    ),
    (bit_u32(13), Level::Ignored, "device unusable status is set"),
    (bit_u32(19), Level::Fatal, "error - binning failure"),
    (
        bit_u32(3),
        Level::Fatal,
        "warning - Skipped DRAM initialization",
    ),
    (bit_u32(23), Level::Fatal, "error - ARC memory scrub failed"),
    (bit_u32(22), Level::Fatal, "error - EEPROM failure detected"),
    (
        bit_u32(10),
        Level::Warning,
        "warning - Failed to load preboot primary image",
    ),
    (bit_u32(20), Level::Warning, "warning - TPM failure"),
];

/// All bits of `level`.
fn bits_of(level: Level) -> u32 {
    ERRORS
        .iter()
        .filter(|error| error.1 == level)
        .fold(0, |bits, error| bits | error.0)
}

/// Whether the first error register is a reason to give up.
///
/// Any fatal bit is; but only if the mask has one of the bits that are set, not necessarily that one.
fn is_failure0(errors: u32, mask: u32) -> bool {
    let bits = errors & !(ENABLED | bits_of(Level::Ignored));
    errors & ENABLED != 0 && errors & bits_of(Level::Fatal) != 0 && bits & mask != 0
}

/// Whether the second error register is a reason to give up: no bit has a meaning yet.
fn is_failure1(errors: u32, mask: u32) -> bool {
    errors & ENABLED != 0 && errors & !ENABLED & mask != 0
}

/// Says the first register's errors in the log.
fn report0(dev: &Device, errors: u32, status: u32) {
    if errors & ENABLED == 0 {
        return;
    }
    for &(bit, level, text) in ERRORS {
        if errors & bit == 0 {
            continue;
        }
        match level {
            Level::Ignored => dev_dbg!(dev, "{}\n", text),
            Level::Warning => dev_warn!(dev, "Device boot {}\n", text),
            Level::Error | Level::Fatal => dev_err!(dev, "Device boot {}\n", text),
        }
    }
    if status & ENABLED != 0 {
        dev_dbg!(dev, "Device status0 {:#x}\n", status);
    }
}

/// Says the second register's errors in the log.
fn report1(dev: &Device, errors: u32, status: u32) {
    if errors & ENABLED == 0 {
        return;
    }
    if status & ENABLED != 0 {
        dev_dbg!(dev, "Device status1 {:#x}\n", status);
    }
    if errors & !ENABLED != 0 {
        dev_err!(
            dev,
            "Device boot error - unknown ERR1 error {:#010x}\n",
            errors
        );
    }
}

/// Reads the error registers, reports every error, and judges them.
///
/// `mask` is the module parameter `boot_error_status_mask`: the first register's bits low, the
/// second's high. Errors: `EIO` if the card should not be used.
pub(super) fn errors(dev: &Device, io: &impl Io, mask: u64) -> Result {
    let [a, b, c, d, e, f, g, h] = mask.to_le_bytes();
    let (mask0, mask1) = (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    );

    let errors0 = io.read(cpu::BOOT_ERR0).into_raw();
    report0(dev, errors0, io.read(cpu::BOOT_DEV_STS0).into_raw());
    let errors1 = io.read(cpu::BOOT_ERR1).into_raw();
    report1(dev, errors1, io.read(cpu::BOOT_DEV_STS1).into_raw());

    if is_failure0(errors0, mask0) || is_failure1(errors1, mask1) {
        return Err(EIO);
    }
    Ok(())
}

#[kunit_tests(goya_fw_boot_report)]
mod tests {
    use super::*;

    #[test]
    fn only_enabled_registers_count() {
        assert!(!is_failure0(1, u32::MAX));
        assert!(is_failure0(ENABLED | 1, u32::MAX));
        assert!(!is_failure1(1, u32::MAX));
        assert!(is_failure1(ENABLED | 1, u32::MAX));
        assert!(!is_failure1(ENABLED, u32::MAX));
    }

    #[test]
    fn fatal_bits_are_upstreams() {
        let fatal = 1 << 0 | 1 << 12 | 1 << 19 | 1 << 3 | 1 << 23 | 1 << 22;
        assert_eq!(bits_of(Level::Fatal), fatal);
        assert!(!is_failure0(ENABLED | bit_u32(8), u32::MAX));
        assert!(!is_failure0(ENABLED | bit_u32(20), u32::MAX));
    }

    #[test]
    fn the_mask_hides_failures() {
        assert!(!is_failure0(ENABLED | 1, 0));
        assert!(!is_failure0(ENABLED | 1, ENABLED));
        // Another bit that is set and not hidden lets the failure through.
        assert!(is_failure0(ENABLED | 1 | bit_u32(8), bit_u32(8)));
        // Not so the bit that is ignored.
        assert!(!is_failure0(ENABLED | 1 | bit_u32(13), bit_u32(13)));
        assert!(!is_failure1(ENABLED | 1, 2));
    }

    #[test]
    fn knows_progress() -> Result {
        assert_eq!(Progress::try_from(16)?, Progress::WaitingForBootFit);
        assert!(Progress::try_from(19).is_err());
        assert_eq!(Progress::InUboot.obstacle(), Some("Stuck in u-boot"));
        assert!(Progress::SramAvailable.obstacle().is_none());
        assert_eq!(signed(u32::MAX), -1);
        Ok(())
    }
}
