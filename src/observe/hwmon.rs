// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's sensors as a hwmon device. Facts: upstream's `common/hwmon.c`, and the numbers of
//! `linux/hwmon.h` (the kernel's) and `linux/habanalabs/cpucp_if.h` (the firmware's).
//!
//! The firmware tells what sensors there are, each by a kind and bits of its attributes. Its
//! attribute numbers are those of kernels before 5.6, which had no `enable` in front.

use crate::abstractions::{
    hwmon::{Channel, Kind, Registration, Sensors},
    name,
    ratelimit::RateLimit,
};
use crate::fw::{info::SENSORS_MAX, sensors::Quantity};

use kernel::{
    device::{Bound, Device},
    devres::Devres,
    prelude::*,
    sync::Arc,
};

/// What the firmware has messages for, of what hwmon knows.
fn quantity(kind: Kind) -> Option<Quantity> {
    // CAST: The number of a variant.
    Quantity::try_from(kind as u32).ok()
}

/// How the messages of failure begin: "Failed to ...".
const fn words(quantity: Quantity) -> (&'static str, &'static str) {
    match quantity {
        Quantity::Temperature => ("get temperature from", "set temperature of"),
        Quantity::Voltage => ("get voltage from", "set voltage of"),
        Quantity::Current => ("get current from", "set current of"),
        Quantity::FanSpeed => ("get fan speed from", "set fan speed of"),
        Quantity::Pwm => ("get pwm info from", "set pwm info to"),
        Quantity::Power => ("get power of", "set power of"),
    }
}

/// How to ask the card's firmware. Sending may sleep.
pub(crate) trait FirmwareSensors: Send + Sync + 'static {
    /// The device for messages.
    fn device(&self) -> &Device;

    /// Whether the card works: not in reset, not disabled.
    fn is_operational(&self) -> bool;

    /// Whether the firmware maps attribute numbers to its own (bit 26, `MAP_HWMON_EN`, of its boot
    /// status 0, if that is valid). If not, the kernel's numbers go to the firmware as they are.
    fn has_own_numbers(&self) -> bool;

    /// Asks for an attribute (a number of the firmware's) of sensor number `sensor` of its kind.
    ///
    /// Errors: `EAGAIN` if the card is disabled meanwhile, ...
    fn get(&self, quantity: Quantity, sensor: u16, attribute: u16) -> Result<i64>;

    /// Gives an attribute a value.
    fn set(&self, quantity: Quantity, sensor: u16, attribute: u16, value: i64) -> Result;
}

/// An attribute that we show.
struct Attribute {
    kind: Kind,
    /// Its number in the kernel.
    number: u32,
    /// Its number in the firmware.
    firmware: u16,
    mode: u16,
}

const RO: u16 = 0o444;
const RW: u16 = 0o644;
const WO: u16 = 0o200;

const fn row(kind: Kind, number: u32, firmware: u16, mode: u16) -> Attribute {
    Attribute {
        kind,
        number,
        firmware,
        mode,
    }
}

/// All attributes that we show, if the firmware says that a sensor has them.
#[rustfmt::skip]
const ATTRIBUTES: [Attribute; 26] = [
    row(Kind::Temp, 1, 0, RO),    // input
    row(Kind::Temp, 7, 6, RO),    // max
    row(Kind::Temp, 8, 7, RO),    // max_hyst
    row(Kind::Temp, 9, 8, RO),    // crit
    row(Kind::Temp, 10, 9, RO),   // crit_hyst
    row(Kind::Temp, 20, 19, RW),  // offset
    row(Kind::Temp, 23, 22, RO),  // highest
    row(Kind::Temp, 24, 23, WO),  // reset_history
    row(Kind::In, 1, 0, RO),      // input
    row(Kind::In, 2, 1, RO),      // min
    row(Kind::In, 3, 2, RO),      // max
    row(Kind::In, 8, 7, RO),      // highest
    row(Kind::In, 9, 8, WO),      // reset_history
    row(Kind::Curr, 1, 0, RO),    // input
    row(Kind::Curr, 2, 1, RO),    // min
    row(Kind::Curr, 3, 2, RO),    // max
    row(Kind::Curr, 8, 7, RO),    // highest
    row(Kind::Curr, 9, 8, WO),    // reset_history
    row(Kind::Fan, 1, 0, RO),     // input
    row(Kind::Fan, 3, 2, RO),     // min
    row(Kind::Fan, 4, 3, RO),     // max
    row(Kind::Pwm, 0, 0, RW),     // the drive itself
    row(Kind::Pwm, 1, 1, RW),     // enable
    row(Kind::Power, 9, 8, RO),   // input
    row(Kind::Power, 10, 9, RO),  // input_highest
    row(Kind::Power, 12, 11, WO), // reset_history
];

fn find(kind: Kind, number: u32) -> Option<&'static Attribute> {
    // Of a constant each use would be a new one: this is the one that stays.
    static TABLE: [Attribute; 26] = ATTRIBUTES;
    TABLE
        .iter()
        .find(|row| row.kind == kind && row.number == number)
}

/// Which message gets or sets the attribute, and its number there.
fn message(kind: Kind, row: &Attribute, own_numbers: bool) -> Result<(Quantity, u16)> {
    let quantity = quantity(kind).ok_or(EINVAL)?;
    let attribute = if own_numbers {
        row.firmware
    } else {
        u16::try_from(row.number)?
    };
    Ok((quantity, attribute))
}

/// Any user may read sensors, so any user can make these messages appear.
static FAILURES: RateLimit = RateLimit::new();

fn complain(dev: &Device, what: &str, sensor: u16, error: Error) {
    // EAGAIN: the card was disabled meanwhile, which says enough of itself.
    if error != EAGAIN && FAILURES.allows() {
        dev_err!(
            dev,
            "Failed to {} sensor {}, error {}\n",
            what,
            sensor,
            error.to_errno()
        );
    }
}

impl<F: FirmwareSensors> Sensors for F {
    fn visible(&self, kind: Kind, attribute: u32, _channel: usize) -> u16 {
        find(kind, attribute).map_or(0, |row| row.mode)
    }

    fn read(&self, kind: Kind, attribute: u32, channel: usize) -> Result<i64> {
        if !self.is_operational() {
            return Err(ENODEV);
        }
        let row = find(kind, attribute)
            .filter(|row| row.mode & RO != 0)
            .ok_or(EINVAL)?;
        let (quantity, attribute) = message(kind, row, self.has_own_numbers())?;
        let sensor = u16::try_from(channel)?;
        self.get(quantity, sensor, attribute)
            .inspect_err(|&error| complain(self.device(), words(quantity).0, sensor, error))
    }

    fn write(&self, kind: Kind, attribute: u32, channel: usize, value: i64) -> Result {
        if !self.is_operational() {
            return Err(ENODEV);
        }
        let row = find(kind, attribute)
            .filter(|row| row.mode & WO != 0)
            .ok_or(EINVAL)?;
        let (quantity, attribute) = message(kind, row, self.has_own_numbers())?;
        let sensor = u16::try_from(channel)?;
        // Upstream does not tell the user that the firmware refused, nor do we.
        let _ = self
            .set(quantity, sensor, attribute, value)
            .inspect_err(|&error| complain(self.device(), words(quantity).1, sensor, error));
        Ok(())
    }
}

/// The firmware's list of sensors as channels: `(type, flags)` of each `struct cpucp_sensor`, of which
/// a pair of zeros ends the list.
///
/// To be called when the firmware's information was read; upstream fails with `EFAULT` if this fails.
///
/// # Errors
///
/// `EINVAL`: a kind that does not exist, or too many; `ENOMEM`.
pub(crate) fn channels(
    dev: &Device,
    sensors: impl IntoIterator<Item = (u32, u32)>,
    own_numbers: bool,
) -> Result<KVec<Channel>> {
    let mut channels = KVec::with_capacity(SENSORS_MAX, GFP_KERNEL)?;
    for (number, flags) in sensors {
        if (number, flags) == (0, 0) {
            break;
        }
        let Some(kind) = Kind::from_number(number) else {
            dev_err!(dev, "Got wrong sensor type {} from device\n", number);
            return Err(EINVAL);
        };
        if own_numbers && quantity(kind).is_none() {
            dev_err!(dev, "unsupported h/w sensor type {}\n", number);
        }
        let attributes = kernel_bits(kind, flags, own_numbers);
        let channel = Channel { kind, attributes };
        channels.push_within_capacity(channel).map_err(|_| EINVAL)?;
    }
    Ok(channels)
}

/// Attribute bits of the kernel from those of the firmware.
fn kernel_bits(kind: Kind, flags: u32, own_numbers: bool) -> u32 {
    match quantity(kind) {
        // Bit 0 is `enable`, which we never show: it keeps a sensor without attributes in the list.
        Some(quantity) if own_numbers && quantity != Quantity::Pwm => flags << 1 | 1,
        _ => flags,
    }
}

/// Makes the hwmon device below the card's PCI device, named after the card (`card_name` of the
/// firmware; with a `-` or a blank in it the kernel complains in the log).
///
/// To be called when the card works; dropped before the card is taken down.
///
/// # Errors
///
/// `EINVAL`: the firmware has no sensors; `ENOMEM`, ...
pub(crate) fn register<F: FirmwareSensors>(
    dev: &Device<Bound>,
    card_name: &CStr,
    channels: &[Channel],
    firmware: Arc<F>,
) -> Result<Devres<Registration<F>>> {
    let registration =
        Registration::new(dev, card_name, channels, firmware).inspect_err(|error| {
            dev_err!(
                dev,
                "Unable to register hwmon device: {}\n",
                error.to_errno()
            );
        })?;
    dev_info!(
        dev,
        "{}: add sensors information\n",
        name(registration.access(dev)?.device())
    );
    Ok(registration)
}

#[kunit_tests(goya_hwmon)]
mod tests {
    use super::*;
    use kernel::{
        faux,
        sync::{
            aref::ARef,
            atomic::{Atomic, Relaxed},
        },
    };

    #[test]
    fn firmware_numbers_are_one_less() {
        for row in &ATTRIBUTES {
            let enable = u32::from(row.kind != Kind::Pwm);
            assert_eq!(u32::from(row.firmware) + enable, row.number);
            assert!(kernel_bits(row.kind, 1 << row.firmware, true) & 1 << row.number != 0);
        }
    }

    #[test]
    fn bits() {
        assert_eq!(kernel_bits(Kind::Temp, 0b101, true), 0b1011);
        assert_eq!(kernel_bits(Kind::Temp, 0b101, false), 0b101);
        assert_eq!(kernel_bits(Kind::Pwm, 0b11, true), 0b11);
        assert_eq!(kernel_bits(Kind::Humidity, 0b11, true), 0b11);
    }

    #[test]
    fn attributes() {
        let mode = |kind, number| find(kind, number).map(|row| row.mode);
        assert_eq!(mode(Kind::Temp, 20), Some(0o644));
        assert_eq!(mode(Kind::Power, 12), Some(0o200));
        assert_eq!(mode(Kind::Temp, 0), None);
        assert_eq!(mode(Kind::Humidity, 1), None);
    }

    #[test]
    fn messages() {
        let number = |own| {
            let row = find(Kind::Temp, 24)?;
            message(Kind::Temp, row, own).ok()
        };
        assert_eq!(number(true), Some((Quantity::Temperature, 23)));
        assert_eq!(number(false), Some((Quantity::Temperature, 24)));
    }

    /// Firmware that knows one value, and remembers the last message.
    struct Fake {
        dev: ARef<Device>,
        operational: bool,
        last: Atomic<u64>,
    }

    impl FirmwareSensors for Fake {
        fn device(&self) -> &Device {
            &self.dev
        }

        fn is_operational(&self) -> bool {
            self.operational
        }

        fn has_own_numbers(&self) -> bool {
            true
        }

        fn get(&self, quantity: Quantity, sensor: u16, attribute: u16) -> Result<i64> {
            let opcode = u64::from(quantity as u32);
            self.last.store(
                opcode << 32 | u64::from(sensor) << 16 | u64::from(attribute),
                Relaxed,
            );
            // No other error, so that the log stays clean.
            if sensor == 9 {
                Err(EAGAIN)
            } else {
                Ok(-40_000)
            }
        }

        fn set(&self, _: Quantity, sensor: u16, attribute: u16, value: i64) -> Result {
            self.last
                .store(u64::from(sensor) << 16 | u64::from(attribute), Relaxed);
            if value == 0 {
                Err(EAGAIN)
            } else {
                Ok(())
            }
        }
    }

    fn fake(dev: &Device<Bound>, operational: bool) -> Result<Arc<Fake>> {
        let fake = Fake {
            dev: dev.into(),
            operational,
            last: Atomic::new(0),
        };
        Ok(Arc::new(fake, GFP_KERNEL)?)
    }

    #[test]
    fn reads_and_writes() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-sensors", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let card = fake(dev, true)?;
        assert_eq!(card.read(Kind::Temp, 1, 2), Ok(-40_000));
        assert_eq!(card.last.load(Relaxed), 1 << 32 | 2 << 16);
        assert_eq!(card.read(Kind::Power, 10, 0), Ok(-40_000));
        assert_eq!(card.last.load(Relaxed), 4 << 32 | 9);
        assert_eq!(card.read(Kind::Temp, 1, 9), Err(EAGAIN));
        assert_eq!(card.read(Kind::Temp, 24, 0), Err(EINVAL));
        assert_eq!(card.read(Kind::Energy, 1, 0), Err(EINVAL));
        assert_eq!(card.write(Kind::Temp, 20, 1, 1500), Ok(()));
        assert_eq!(card.last.load(Relaxed), 1 << 16 | 19);
        assert_eq!(card.write(Kind::Pwm, 0, 0, 0), Ok(()));
        assert_eq!(card.write(Kind::Temp, 1, 0, 0), Err(EINVAL));
        let gone = fake(dev, false)?;
        assert_eq!(gone.read(Kind::Temp, 1, 0), Err(ENODEV));
        assert_eq!(gone.write(Kind::Temp, 1, 0, 0), Err(ENODEV));
        Ok(())
    }

    /// The kernel takes our description, and gives everything back, in either order.
    #[test]
    fn registers() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-hwmon", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let sensors = [
            (9, 3),
            (1, 0x180_0341),
            (1, 1),
            (2, 7),
            (4, 0xb00),
            (0, 0),
            (77, 1),
        ];
        let channels = channels(dev, sensors, true)?;
        assert_eq!(channels.len(), 5);
        let card = fake(dev, true)?;
        let hwmon = Registration::new(dev, c"goya_kunit", &channels, card.clone())?;
        assert!(hwmon
            .access(dev)?
            .device()
            .name()
            .to_bytes()
            .starts_with(b"hwmon"));
        drop(hwmon);
        let none = Registration::new(dev, c"goya_kunit", &[], card.clone());
        assert_eq!(none.err(), Some(EINVAL));
        let hwmon = Registration::new(dev, c"goya_kunit", &channels, card)?;
        drop(faux);
        assert!(hwmon.try_access().is_none());
        Ok(())
    }
}
