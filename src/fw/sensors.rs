// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Sensors of the card: which message reads or sets what.
//!
//! Which attributes there are, and what hwmon calls them: [`crate::observe::hwmon`].
//! Facts: `common/hwmon.c`, `include/linux/habanalabs/cpucp_if.h`, `include/linux/hwmon.h`.

use kernel::prelude::*;

use super::{
    mailbox::{Mailbox, TIMEOUT},
    message::{Opcode, Packet},
};

codes! {
    /// What a sensor measures; the numbers are hwmon's (`enum hwmon_sensor_types`).
    Quantity: u32 {
        /// m°C.
        Temperature = 1,
        /// mV.
        Voltage = 2,
        /// mA.
        Current = 3,
        /// µW.
        Power = 4,
        /// rpm; can't be set.
        FanSpeed = 8,
        /// 0 to 255, and whether it is on.
        Pwm = 9,
    }
}

/// Sensor types below this are hwmon's, whether this driver knows them or not.
pub(crate) const TYPES: u32 = 11;

impl Quantity {
    fn get_opcode(self) -> Opcode {
        match self {
            Self::Temperature => Opcode::TemperatureGet,
            Self::Voltage => Opcode::VoltageGet,
            Self::Current => Opcode::CurrentGet,
            Self::Power => Opcode::PowerGet,
            Self::FanSpeed => Opcode::FanSpeedGet,
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
            Self::FanSpeed => Err(EINVAL),
            Self::Pwm => Ok(Opcode::PwmSet),
        }
    }
}

/// Reads `attribute`, a number of the firmware's, of the sensor `index` of its kind, in hwmon's units.
///
/// Errors: those of [`Mailbox::send`]; not logged.
pub(crate) fn get(
    mailbox: &impl Mailbox,
    quantity: Quantity,
    index: u16,
    attribute: u16,
) -> Result<i64> {
    let packet = Packet::new(quantity.get_opcode()).halves(index, attribute);
    let reply = mailbox.send(&packet, TIMEOUT)?;
    // The wire's 64 bits are a signed number.
    Ok(i64::from_le_bytes(reply.result.to_le_bytes()))
}

/// Sets `attribute`, a number of the firmware's, of the sensor `index` of its kind, in hwmon's units.
///
/// Errors: `EINVAL` if there is no message for it; those of [`Mailbox::send`]; not logged.
pub(crate) fn set(
    mailbox: &impl Mailbox,
    quantity: Quantity,
    index: u16,
    attribute: u16,
    value: i64,
) -> Result {
    let packet = Packet::new(quantity.set_opcode()?)
        .halves(index, attribute)
        .value(u64::from_le_bytes(value.to_le_bytes()));
    mailbox.send(&packet, TIMEOUT).map(|_| ())
}

#[kunit_tests(goya_fw_sensors)]
mod tests {
    use super::*;
    use crate::fw::fake::Fake;

    #[test]
    fn reads_signed_values() -> Result {
        let fake = Fake::answering(u64::MAX - 4);
        assert_eq!(get(&fake, Quantity::Temperature, 3, 7)?, -5);
        assert_eq!(fake.opcode(), Some(3));
        assert_eq!(fake.argument(), Some(3 | 7 << 16));
        Ok(())
    }

    #[test]
    fn resets_power_by_the_reading_message() -> Result {
        let fake = Fake::answering(0);
        set(&fake, Quantity::Power, 1, 11, -1)?;
        assert_eq!(fake.opcode(), Some(32));
        assert_eq!(fake.argument(), Some(1 | 11 << 16));
        assert_eq!(fake.value(), Some(u64::MAX));
        Ok(())
    }

    #[test]
    fn refuses_what_a_kind_has_not() {
        let fake = Fake::answering(0);
        assert_eq!(set(&fake, Quantity::FanSpeed, 0, 0, 1), Err(EINVAL));
        assert_eq!(fake.count.get(), 0);
        assert!(Quantity::try_from(5).is_err());
    }
}
