// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Sensors of the card: which message reads or sets what.
//!
//! The firmware's attribute numbers are those of hwmon before an `enable` attribute came first there:
//! hwmon's minus one, except for pulse-width modulation. Firmware with numbers of its own
//! (`CPU_BOOT_DEV_STS0_MAP_HWMON_EN`) uses the very same ones, so there is one table.
//! Facts: `common/hwmon.c`, `include/linux/habanalabs/cpucp_if.h`, `include/linux/hwmon.h`.

use kernel::{device::Device, prelude::*};

use super::{
    mailbox::{Mailbox, TIMEOUT},
    message::{Opcode, Packet},
};

codes! {
    /// A kind of sensor; the numbers are hwmon's (`enum hwmon_sensor_types`).
    Kind: u32 {
        Temperature = 1,
        Voltage = 2,
        Current = 3,
        Power = 4,
        Fan = 8,
        Pwm = 9,
    }
}

/// Sensor types below this are hwmon's, whether this driver knows them or not.
pub(crate) const TYPES: u32 = 11;

/// What can be known about a sensor, or set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Input,
    Min,
    Max,
    MaxHysteresis,
    Critical,
    CriticalHysteresis,
    Offset,
    Highest,
    /// Whether pulse-width modulation is under manual control.
    Enable,
    /// Written only: forget the extremes.
    ResetHistory,
}

impl Kind {
    /// The firmware's number for `attribute`. Errors: `EINVAL` if this kind has no such attribute.
    pub(crate) fn code(self, attribute: Attribute) -> Result<u16> {
        use Attribute as A;

        Ok(match (self, attribute) {
            (Self::Temperature, A::Input) => 0,
            (Self::Temperature, A::Max) => 6,
            (Self::Temperature, A::MaxHysteresis) => 7,
            (Self::Temperature, A::Critical) => 8,
            (Self::Temperature, A::CriticalHysteresis) => 9,
            (Self::Temperature, A::Offset) => 19,
            (Self::Temperature, A::Highest) => 22,
            (Self::Temperature, A::ResetHistory) => 23,
            (Self::Voltage | Self::Current, A::Input) => 0,
            (Self::Voltage | Self::Current, A::Min) => 1,
            (Self::Voltage | Self::Current, A::Max) => 2,
            (Self::Voltage | Self::Current, A::Highest) => 7,
            (Self::Voltage | Self::Current, A::ResetHistory) => 8,
            (Self::Power, A::Input) => 8,
            (Self::Power, A::Highest) => 9,
            (Self::Power, A::ResetHistory) => 11,
            (Self::Fan, A::Input) => 0,
            (Self::Fan, A::Min) => 2,
            (Self::Fan, A::Max) => 3,
            (Self::Pwm, A::Input) => 0,
            (Self::Pwm, A::Enable) => 1,
            _ => return Err(EINVAL),
        })
    }

    /// Whether hwmon may write `attribute`.
    pub(crate) fn is_writable(self, attribute: Attribute) -> bool {
        use Attribute as A;

        matches!(
            (self, attribute),
            (Self::Temperature, A::Offset | A::ResetHistory)
                | (Self::Voltage | Self::Current | Self::Power, A::ResetHistory)
                | (Self::Pwm, A::Input | A::Enable)
        )
    }

    fn get_opcode(self) -> Opcode {
        match self {
            Self::Temperature => Opcode::TemperatureGet,
            Self::Voltage => Opcode::VoltageGet,
            Self::Current => Opcode::CurrentGet,
            Self::Power => Opcode::PowerGet,
            Self::Fan => Opcode::FanSpeedGet,
            Self::Pwm => Opcode::PwmGet,
        }
    }

    fn set_opcode(self) -> Result<Opcode> {
        match self {
            Self::Temperature => Ok(Opcode::TemperatureSet),
            Self::Voltage => Ok(Opcode::VoltageSet),
            Self::Current => Ok(Opcode::CurrentSet),
            // Goya's firmware resets the history by the message that reads.
            Self::Power => Ok(Opcode::PowerGet),
            Self::Fan => Err(EINVAL),
            Self::Pwm => Ok(Opcode::PwmSet),
        }
    }

    /// For the log: what is read, and how it relates to its sensor.
    fn get_text(self) -> &'static str {
        match self {
            Self::Temperature => "temperature from",
            Self::Voltage => "voltage from",
            Self::Current => "current from",
            Self::Power => "power of",
            Self::Fan => "fan speed from",
            Self::Pwm => "pwm info from",
        }
    }

    fn set_text(self) -> &'static str {
        match self {
            Self::Temperature => "temperature of",
            Self::Voltage => "voltage of",
            Self::Current => "current of",
            Self::Power => "power of",
            Self::Fan => "fan speed of",
            Self::Pwm => "pwm info to",
        }
    }
}

/// Reads `attribute` of the sensor `index` of its kind, in hwmon's units.
///
/// Errors: `EINVAL` if the kind has no such attribute; those of [`Mailbox::send`].
pub(crate) fn get(
    dev: &Device,
    mailbox: &impl Mailbox,
    kind: Kind,
    index: u16,
    attribute: Attribute,
) -> Result<i64> {
    let code = kind.code(attribute)?;
    if attribute == Attribute::ResetHistory {
        return Err(EINVAL);
    }
    let packet = Packet::new(kind.get_opcode()).halves(index, code);
    let reply = mailbox.send(&packet, TIMEOUT).inspect_err(|&error| {
        if error != EAGAIN {
            dev_err!(
                dev,
                "Failed to get {} sensor {}, error {}\n",
                kind.get_text(),
                index,
                error.to_errno()
            );
        }
    })?;
    // The wire's 64 bits are a signed number.
    Ok(i64::from_le_bytes(reply.result.to_le_bytes()))
}

/// Sets `attribute` of the sensor `index` of its kind, in hwmon's units.
///
/// Errors: `EINVAL` if the kind's attribute can't be set; those of [`Mailbox::send`], of which upstream
/// tells hwmon's user none.
pub(crate) fn set(
    dev: &Device,
    mailbox: &impl Mailbox,
    kind: Kind,
    index: u16,
    attribute: Attribute,
    value: i64,
) -> Result {
    if !kind.is_writable(attribute) {
        return Err(EINVAL);
    }
    let packet = Packet::new(kind.set_opcode()?)
        .halves(index, kind.code(attribute)?)
        .value(u64::from_le_bytes(value.to_le_bytes()));
    mailbox
        .send(&packet, TIMEOUT)
        .map(|_| ())
        .inspect_err(|&error| {
            if error != EAGAIN {
                dev_err!(
                    dev,
                    "Failed to set {} sensor {}, error {}\n",
                    kind.set_text(),
                    index,
                    error.to_errno()
                );
            }
        })
}

#[kunit_tests(goya_fw_sensors)]
mod tests {
    use super::*;
    use crate::fw::fake::{device, Fake};

    #[test]
    fn reads_signed_values() -> Result {
        let dev = device()?;
        let fake = Fake::answering(u64::MAX - 4);
        let value = get(
            dev.as_ref().as_ref(),
            &fake,
            Kind::Temperature,
            3,
            Attribute::MaxHysteresis,
        )?;
        assert_eq!(value, -5);
        assert_eq!(fake.opcode(), Some(3));
        assert_eq!(fake.argument(), Some(3 | 7 << 16));
        Ok(())
    }

    #[test]
    fn resets_power_by_the_reading_message() -> Result {
        let dev = device()?;
        let fake = Fake::answering(0);
        let history = Attribute::ResetHistory;
        set(dev.as_ref().as_ref(), &fake, Kind::Power, 1, history, 1)?;
        assert_eq!(fake.opcode(), Some(32));
        assert_eq!(fake.argument(), Some(1 | 11 << 16));
        assert!(get(dev.as_ref().as_ref(), &fake, Kind::Power, 1, history).is_err());
        Ok(())
    }

    #[test]
    fn refuses_what_a_kind_has_not() -> Result {
        assert!(Kind::Fan.code(Attribute::Offset).is_err());
        assert!(Kind::Pwm.code(Attribute::ResetHistory).is_err());
        assert!(!Kind::Temperature.is_writable(Attribute::Max));
        assert!(!Kind::Fan.is_writable(Attribute::Input));
        assert!(Kind::try_from(5).is_err());
        Ok(())
    }
}
