// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The sensors that the firmware reports, and their attributes (`enum cpucp_*_attributes`,
//! `cpucp_if.h`). Units are hwmon's: m°C, mV, mA, µW, rpm; PWM from 0 to 255.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a sensor measures: the numbers of `enum hwmon_sensor_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Temperature, m°C.
    Temp = 1,
    /// Voltage, mV.
    In = 2,
    /// Current, mA.
    Curr = 3,
    /// Power, µW.
    Power = 4,
    /// Fan speed, rpm.
    Fan = 8,
    /// Fan drive, 0 to 255.
    Pwm = 9,
}

/// Attribute numbers and names of a kind; the first is its input.
fn attributes(kind: Kind) -> &'static [(u16, &'static str)] {
    match kind {
        Kind::Temp => &[
            (0, "input"),
            (4, "min"),
            (5, "min_hyst"),
            (6, "max"),
            (7, "max_hyst"),
            (8, "crit"),
            (9, "crit_hyst"),
            (19, "offset"),
            (21, "lowest"),
            (22, "highest"),
            (23, "reset_history"),
        ],
        Kind::In | Kind::Curr => {
            &[(0, "input"), (1, "min"), (2, "max"), (6, "lowest"), (7, "highest"), (8, "reset_history")]
        }
        Kind::Power => &[(8, "input"), (9, "highest"), (10, "lowest"), (11, "reset_history")],
        Kind::Fan => &[(0, "input"), (2, "min"), (3, "max")],
        Kind::Pwm => &[(0, "input"), (1, "enable")],
    }
}

/// Kind, what it is, then values for input, and for the limits in the order of the table above.
const SENSORS: &[(Kind, &str, i64, &[i64])] = &[
    (Kind::Temp, "die", 41_000, &[0, 0, 90_000, 85_000, 100_000, 95_000]),
    (Kind::Temp, "dram", 38_000, &[0, 0, 85_000, 80_000, 95_000, 90_000]),
    (Kind::Temp, "board", 34_000, &[0, 0, 75_000, 70_000, 85_000, 80_000]),
    (Kind::In, "core", 850, &[765, 935]),
    (Kind::In, "dram", 1_200, &[1_140, 1_260]),
    (Kind::In, "pcie-12v", 12_050, &[11_400, 12_600]),
    (Kind::Curr, "core", 18_500, &[0, 200_000]),
    (Kind::Curr, "pcie-12v", 2_080, &[0, 18_000]),
    (Kind::Power, "card", 25_000_000, &[]),
    (Kind::Fan, "fan", 2_100, &[500, 6_000]),
    (Kind::Pwm, "fan", 90, &[1]),
];

#[derive(Debug, Clone)]
struct Sensor {
    kind: Kind,
    label: &'static str,
    values: BTreeMap<u16, i64>,
}

/// A sensor as a person or a tool sees it.
#[derive(Debug, Clone, Serialize)]
pub struct SensorView {
    /// What it measures.
    pub kind: Kind,
    /// Its number among its kind, from zero.
    pub index: u16,
    /// What it is.
    pub label: &'static str,
    /// Its attributes by name.
    pub attributes: BTreeMap<&'static str, i64>,
}

/// All sensors.
#[derive(Debug, Clone)]
pub(crate) struct Sensors(Vec<Sensor>);

impl Default for Sensors {
    fn default() -> Self {
        let sensor = |&(kind, label, input, limits): &(Kind, &'static str, i64, &[i64])| {
            let mut limits = limits.iter().copied();
            let values = attributes(kind)
                .iter()
                .filter(|(_, name)| *name != "reset_history")
                .map(|&(number, name)| match name {
                    "input" | "lowest" | "highest" => (number, input),
                    "offset" => (number, 0),
                    _ => (number, limits.next().unwrap_or(0)),
                })
                .collect();
            Sensor { kind, label, values }
        };
        Self(SENSORS.iter().map(sensor).collect())
    }
}

impl Sensor {
    fn number(&self, name: &str) -> Option<u16> {
        attributes(self.kind).iter().find(|a| a.1 == name).map(|a| a.0)
    }

    fn name(&self, number: u16) -> Option<&'static str> {
        attributes(self.kind).iter().find(|a| a.0 == number).map(|a| a.1)
    }

    fn value(&self, name: &str) -> i64 {
        self.number(name).and_then(|n| self.values.get(&n)).copied().unwrap_or(0)
    }

    fn put(&mut self, name: &str, value: i64) {
        if let Some(number) = self.number(name) {
            self.values.insert(number, value);
        }
    }

    fn read(&self, number: u16) -> Option<i64> {
        let value = *self.values.get(&number)?;
        // An offset corrects what the sensor says, history included.
        let shown = matches!(self.name(number), Some("input" | "lowest" | "highest"));
        Some(if shown { value.saturating_add(self.value("offset")) } else { value })
    }

    fn measure(&mut self, value: i64) {
        self.put("input", value);
        self.put("lowest", self.value("lowest").min(value));
        self.put("highest", self.value("highest").max(value));
    }

    /// A write by the driver: limits, offset, history, and the drive of a fan.
    fn write(&mut self, number: u16, value: i64) -> Option<()> {
        match self.name(number)? {
            "reset_history" => {
                let input = self.value("input");
                self.put("lowest", input);
                self.put("highest", input);
            }
            "input" if self.kind == Kind::Pwm => self.put("input", value.clamp(0, 255)),
            "input" | "lowest" | "highest" => return None,
            name => self.put(name, value),
        }
        Some(())
    }
}

impl Sensors {
    fn get(&self, kind: Kind, index: u16) -> Option<&Sensor> {
        self.0.iter().filter(|s| s.kind == kind).nth(usize::from(index))
    }

    fn get_mut(&mut self, kind: Kind, index: u16) -> Option<&mut Sensor> {
        self.0.iter_mut().filter(|s| s.kind == kind).nth(usize::from(index))
    }

    /// Kind and attribute bits of each sensor (`struct cpucp_sensor`).
    pub(super) fn descriptors(&self) -> impl Iterator<Item = (u32, u32)> {
        self.0.iter().map(|s| (s.kind as u32, attributes(s.kind).iter().fold(0, |bits, a| bits | 1 << a.0)))
    }

    /// Attribute `number` of a sensor.
    pub(super) fn read(&self, kind: Kind, index: u16, number: u16) -> Option<i64> {
        self.get(kind, index)?.read(number)
    }

    /// Sets attribute `number` of a sensor, if the driver may.
    pub(super) fn write(&mut self, kind: Kind, index: u16, number: u16, value: i64) -> Option<()> {
        self.get_mut(kind, index)?.write(number, value)
    }

    /// All sensors.
    pub(super) fn view(&self) -> Vec<SensorView> {
        let mut seen = BTreeMap::<Kind, u16>::new();
        let view = |s: &Sensor| {
            let next = seen.entry(s.kind).or_default();
            let index = *next;
            *next += 1;
            let attributes = s.values.keys().filter_map(|&n| Some((s.name(n)?, s.read(n)?))).collect();
            SensorView { kind: s.kind, index, label: s.label, attributes }
        };
        self.0.iter().map(view).collect()
    }

    /// Makes a sensor measure `value`, or gives one of its limits a value.
    pub(super) fn set(&mut self, kind: Kind, index: u16, attribute: &str, value: i64) -> Result<(), String> {
        let sensor = self.get_mut(kind, index).ok_or_else(|| format!("no sensor {kind:?} {index}"))?;
        match sensor.number(attribute) {
            None => Err(format!("no attribute {attribute:?}; {kind:?} has {}", names(kind))),
            Some(_) if attribute == "input" => {
                sensor.measure(value);
                Ok(())
            }
            Some(number) => {
                sensor.write(number, value).ok_or_else(|| format!("{attribute} follows from the input"))
            }
        }
    }
}

fn names(kind: Kind) -> String {
    attributes(kind).iter().map(|a| a.1).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_follows_the_input_and_the_offset_corrects_it() {
        let mut s = Sensors::default();
        s.set(Kind::Temp, 0, "input", 70_000).unwrap();
        s.set(Kind::Temp, 0, "input", 50_000).unwrap();
        assert_eq!(s.read(Kind::Temp, 0, 22), Some(70_000));
        s.write(Kind::Temp, 0, 19, -2_000).unwrap();
        assert_eq!((s.read(Kind::Temp, 0, 0), s.read(Kind::Temp, 0, 22)), (Some(48_000), Some(68_000)));
        s.write(Kind::Temp, 0, 23, 1).unwrap();
        assert_eq!(s.read(Kind::Temp, 0, 22), Some(48_000));
        assert_eq!(s.write(Kind::Temp, 0, 0, 1), None);
        assert_eq!(s.read(Kind::Temp, 9, 0), None);
        assert!(s.set(Kind::Fan, 0, "crit", 1).is_err());
    }

    #[test]
    fn limits_can_be_written_and_pwm_is_clamped() {
        let mut s = Sensors::default();
        s.write(Kind::In, 1, 2, 1300).unwrap();
        s.write(Kind::Pwm, 0, 0, 1000).unwrap();
        assert_eq!((s.read(Kind::In, 1, 2), s.read(Kind::Pwm, 0, 0)), (Some(1300), Some(255)));
        assert_eq!(s.view().len(), SENSORS.len());
    }
}
