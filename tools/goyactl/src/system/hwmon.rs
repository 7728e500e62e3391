// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Sensors of a card, as hwmon has them.

use std::fs;
use std::path::{Path, PathBuf};

use goya::Card;
use schemars::JsonSchema;
use serde::Serialize;

use super::sysfs;

/// A sensor.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Sensor {
    /// Its name in hwmon, as `temp1`.
    pub name: String,
    /// What its numbers are.
    pub unit: &'static str,
    /// What it measures.
    pub input: Option<i64>,
    /// The most that it measured.
    pub highest: Option<i64>,
    /// The most that it should measure.
    pub max: Option<i64>,
    /// What is too much.
    pub crit: Option<i64>,
}

/// Kinds, with hwmon's units, but for power: that is firmware's number, in mW.
const KINDS: [(&str, &str); 6] =
    [("temp", "m°C"), ("in", "mV"), ("curr", "mA"), ("power", "mW"), ("fan", "rpm"), ("pwm", "of 255")];

impl Sensor {
    /// Whether it is of a kind.
    pub fn is(&self, kind: &str) -> bool {
        self.name.strip_prefix(kind).is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    }
}

/// All sensors of a card; none where hwmon is not there.
pub fn sensors(card: &Card) -> Vec<Sensor> {
    let devices = fs::read_dir(card.sysfs().join("hwmon")).into_iter().flatten().flatten();
    devices.flat_map(|device| of(&device.path())).collect()
}

/// All sensors of a hwmon device, by kind and number.
fn of(device: &Path) -> Vec<Sensor> {
    KINDS.iter().flat_map(|&(kind, unit)| of_kind(device, kind, unit)).collect()
}

fn of_kind(device: &Path, kind: &str, unit: &'static str) -> Vec<Sensor> {
    // Voltages are numbered from zero, all others from one, without gaps.
    let first = u32::from(kind != "in");
    let sensor = |number: u32| {
        let name = format!("{kind}{number}");
        let at = |what: &str| device.join(format!("{name}_{what}"));
        let input = if kind == "pwm" { device.join(&name) } else { at("input") };
        let number = |path: PathBuf| sysfs::read(&path).and_then(|text| text.parse().ok());
        input.exists().then(|| Sensor {
            unit,
            input: number(input.clone()),
            highest: number(at("highest")).or_else(|| number(at("input_highest"))),
            max: number(at("max")),
            crit: number(at("crit")),
            name: name.clone(),
        })
    };
    (first..).map_while(sensor).collect()
}

/// A measurement for people.
pub fn human(value: i64, unit: &str) -> String {
    let value = value as f64;
    match unit {
        "m°C" => format!("{:.1} °C", value / 1e3),
        "mV" => format!("{:.3} V", value / 1e3),
        "mA" => format!("{:.2} A", value / 1e3),
        "mW" => format!("{:.1} W", value / 1e3),
        _ => format!("{value} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_are_found_by_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let files = [
            ("temp1_input", "41000"),
            ("temp1_crit", "100000"),
            ("temp2_input", "-1500"),
            ("in0_input", "850"),
            ("power1_input", "25000"),
            ("power1_input_highest", "26000"),
            ("pwm1", "90"),
            ("name", "goya"),
        ];
        for (name, text) in files {
            fs::write(dir.path().join(name), format!("{text}\n")).unwrap();
        }
        let all = of(dir.path());
        let names: Vec<_> = all.iter().map(|s| (s.name.as_str(), s.input.unwrap())).collect();
        let expected = [("temp1", 41000), ("temp2", -1500), ("in0", 850), ("power1", 25_000), ("pwm1", 90)];
        assert_eq!(names, expected);
        assert_eq!((all[0].crit, all[0].max), (Some(100_000), None));
        assert_eq!(all[3].highest, Some(26_000));
        assert!(all[0].is("temp") && !all[0].is("tem") && !all[2].is("i"));
    }

    #[test]
    fn measurements_have_units() {
        assert_eq!(human(41_500, "m°C"), "41.5 °C");
        assert_eq!(human(25_000, "mW"), "25.0 W");
        assert_eq!(human(850, "mV"), "0.850 V");
        assert_eq!(human(2100, "rpm"), "2100 rpm");
    }
}
