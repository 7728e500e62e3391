// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the card has to tell to those who look at it from outside: the files of [`super::sysfs`].
//! Facts: upstream's `common/sysfs.c`, `goya/goya_hwmgr.c` and `common/firmware_if.c`.

use kernel::{device::Device, prelude::*};

use crate::fw::clocks::Pll;
use crate::fw::power::PmProfile;

/// A version that the firmware reports as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Linux of the device CPU; ends with a newline of its own.
    Kernel,
    /// The firmware's management application.
    Cpucp,
    /// Fuses.
    Fuse,
    /// Thermal management; ends with a newline of its own.
    Thermal,
    /// Operating system of the firmware; ends with a newline of its own.
    FwOs,
    /// Boot loader before U-Boot, as read from SRAM when booting.
    Preboot,
    /// U-Boot, as read from SRAM when booting.
    Uboot,
}

/// Text of the firmware's: the bytes before the first zero of at most 128.
pub(crate) struct VersionText {
    bytes: [u8; Self::MAX],
    length: usize,
}

impl VersionText {
    /// How long a text is at most, in bytes (`VERSION_MAX_LEN`).
    pub(crate) const MAX: usize = 128;

    /// The text in a field of the firmware's.
    pub(crate) fn new(field: &[u8]) -> Self {
        let mut bytes = [0; Self::MAX];
        let field = field.split(|&byte| byte == 0).next().unwrap_or_default();
        for (to, from) in bytes.iter_mut().zip(field) {
            *to = *from;
        }
        Self {
            bytes,
            length: field.len().min(Self::MAX),
        }
    }

    /// The bytes, not always UTF-8.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// What the card is and does, for those who look at it. Messages to the firmware may sleep.
pub(crate) trait CardStatus: Send + Sync + 'static {
    /// The PCI device, for its name and for messages.
    fn device(&self) -> &Device;

    /// Whether the card works: not in reset, not disabled.
    fn is_operational(&self) -> bool;

    /// What state the card is in: "operational", "in reset", "disabled", "needs reset", "in device
    /// creation", "in reset after device release".
    fn status(&self) -> &'static str;

    /// A version as read when the card came up; empty if it was not.
    fn version(&self, which: Version) -> VersionText;

    /// Time stamp and version of the CPLD, from the firmware's information.
    fn cpld(&self) -> (u32, u32);

    /// Version of the voltage regulator (`infineon_version`), from the firmware's information.
    fn infineon_version(&self) -> u32;

    /// Number of the slot (`card_location`), from the firmware's information.
    fn card_location(&self) -> u32;

    /// Whether the firmware runs in secure mode.
    fn security_enabled(&self) -> bool;

    /// How many soft resets there were since probe.
    fn soft_reset_count(&self) -> u32;

    /// How many hard resets there were since probe.
    fn hard_reset_count(&self) -> u32;

    /// Asks the firmware for a clock's rate, in Hz: the one of now if `current`, else the one that was
    /// set. Logs a failure.
    fn frequency(&self, pll: Pll, current: bool) -> Result<i64>;

    /// Tells the firmware a clock's rate, in Hz. Logs a failure, which upstream does not report to the user.
    fn set_frequency(&self, pll: Pll, hz: u64);

    /// Who chooses the clocks.
    fn pm_profile(&self) -> PmProfile;

    /// Changes who chooses the clocks. Nothing if it is so already. From manual to auto all clocks are
    /// set to low; from auto to manual no change of the driver's is under way any more on return.
    ///
    /// # Errors
    ///
    /// `EPERM`: a compute context is open. Not logged.
    fn set_pm_profile(&self, profile: PmProfile) -> Result;

    /// Whether a compute context is open. May change at any time.
    fn has_compute_context(&self) -> bool;

    /// The clocks' high rate, in Hz (at first 1575000000). Nothing in upstream 7.3 goes to it.
    fn high_pll(&self) -> u32;

    /// Changes the high rate, for the next time that the driver goes to it.
    fn set_high_pll(&self, hz: u32);

    /// Asks the firmware for the most power that the card may take, in mW. Logs a failure.
    fn max_power(&self) -> Result<i64>;

    /// Remembers the most power that the card may take, in mW (at first 200000), and tells the
    /// firmware: now, and when the card comes up at probe or after a hard reset, if it is not secure.
    /// Logs a failure, which upstream does not report to the user.
    fn set_max_power(&self, milliwatts: u64);

    /// Resets the compute engines. Logs a failure.
    fn soft_reset(&self);

    /// Resets the card. Logs a failure.
    fn hard_reset(&self);

    /// Asks the firmware for the card's EEPROM: fills the front of `data`, which is zero, with as much
    /// as there is. Nothing, and no error, if the CPU queue is not up. Logs a failure.
    fn eeprom(&self, data: &mut [u8]) -> Result;
}

#[kunit_tests(goya_card_status)]
mod tests {
    use super::*;

    #[test]
    fn versions_end_with_a_zero_or_the_field() {
        assert_eq!(VersionText::new(b"1.2\0x").bytes(), b"1.2");
        assert_eq!(VersionText::new(b"1.2").bytes(), b"1.2");
        assert_eq!(VersionText::new(&[b'x'; 200]).bytes().len(), 128);
        assert_eq!(VersionText::new(b"").bytes(), b"");
    }
}
