// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What a card does in an interval.

use goya::info::text;
use goya::{Card, Control};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::chosen;
use crate::system::engines::NAMES;
use crate::system::holders::{self, Holder};
use crate::system::hwmon::{self, Sensor};
use crate::system::sysfs;

/// A card over an interval. What it does not tell is null.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct Sample {
    /// Seconds since 1970.
    pub time_s: u64,
    pub node: String,
    pub pci_address: String,
    pub name: Option<String>,
    pub status: String,
    /// How much of the time each engine was busy.
    pub engines: Vec<Engine>,
    /// How busy the busiest engine was, in percent of the interval.
    pub busy_percent: f64,
    pub memory_total_bytes: Option<u64>,
    pub memory_used_bytes: Option<u64>,
    pub clock_mhz: Option<u32>,
    pub clock_max_mhz: Option<u32>,
    pub slow_for: Vec<&'static str>,
    pub power_mw: Option<u64>,
    pub utilization_percent: Option<u32>,
    pub sensors: Vec<Sensor>,
    /// Whether somebody has the card, who need not be among those whom this user sees.
    pub in_use: Option<bool>,
    pub users: Vec<Holder>,
}

/// An engine over an interval.
#[derive(Debug, Clone, JsonSchema, Serialize)]
pub struct Engine {
    pub name: &'static str,
    pub busy_percent: f64,
}

impl Sample {
    /// The titles of [`cells`](Self::cells).
    pub fn titles() -> Vec<String> {
        let engines = NAMES.iter().map(|name| format!("{name}_percent"));
        FIELDS.iter().map(|name| (*name).to_owned()).chain(engines).collect()
    }

    /// The same for spreadsheets: what has one value, and the engines, which all cards have.
    pub fn cells(&self) -> Vec<String> {
        let json = serde_json::to_value(self).unwrap_or_default();
        let cell = |name: &&str| match &json[*name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let engines = self.engines.iter().map(|engine| engine.busy_percent.to_string());
        FIELDS.iter().map(cell).chain(engines).collect()
    }
}

/// Fields of a sample that have one value.
const FIELDS: [&str; 12] = [
    "time_s",
    "node",
    "pci_address",
    "name",
    "status",
    "busy_percent",
    "memory_total_bytes",
    "memory_used_bytes",
    "clock_mhz",
    "clock_max_mhz",
    "power_mw",
    "utilization_percent",
];

/// Looks at a card again and again.
#[derive(Debug)]
pub struct Meter {
    card: Card,
    control: Option<Control>,
    looks: Looks,
}

/// How often engines were looked at, and each was busy.
#[derive(Debug, Default)]
struct Looks {
    count: u32,
    busy: [u32; NAMES.len()],
}

impl Looks {
    fn count(&mut self, mask: u64) {
        self.count += 1;
        for (bit, busy) in self.busy.iter_mut().enumerate() {
            *busy += u32::from(mask >> bit & 1 != 0);
        }
    }

    /// How much of the looks found each engine busy; begins anew.
    fn take(&mut self) -> Vec<Engine> {
        let looks = std::mem::take(self);
        let share = |busy: u32| 100.0 * f64::from(busy) / f64::from(looks.count.max(1));
        NAMES.iter().zip(looks.busy).map(|(name, busy)| Engine { name, busy_percent: share(busy) }).collect()
    }
}

impl Meter {
    /// A meter for a card.
    pub fn new(card: &Card) -> Self {
        Self { card: card.clone(), control: Control::open(card).ok(), looks: Looks::default() }
    }

    /// Looks whether engines are busy.
    pub fn look(&mut self) {
        if self.control.is_none() {
            // A card that was away has a node again, at some time.
            self.card = chosen::again(&self.card);
            self.control = Control::open(&self.card).ok();
        }
        let Some(control) = &self.control else { return };
        match control.info().idle() {
            Ok(idle) => self.looks.count(idle.busy_engines_mask_ext[0]),
            Err(error) if error.is_gone() => self.control = None,
            Err(_) => {}
        }
    }

    /// What was seen since the last time, and all else.
    pub fn sample(&mut self) -> Sample {
        let engines = self.looks.take();
        let info = self.control.as_ref().map(Control::info);
        let hardware = info.and_then(|info| info.hardware().ok());
        let free = info.and_then(|info| info.dram_usage().ok()).map(|usage| usage.dram_free_mem);
        let clock = info.and_then(|info| info.clock_rate().ok());
        let slow = info.and_then(|info| info.throttling().ok()).map_or(0, |t| t.clk_throttling_reason);
        let status = info.and_then(|info| info.status().ok()).map(|status| status.to_string());
        let told = || sysfs::attribute(&self.card, "status").map(|status| status.to_lowercase());
        let sensors = hwmon::sensors(&self.card);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Sample {
            time_s: now.map_or(0, |time| time.as_secs()),
            node: self.card.compute_node().display().to_string(),
            pci_address: self.card.pci_address().to_owned(),
            name: hardware.map(|hardware| text(&hardware.card_name)),
            status: status.or_else(told).unwrap_or_else(|| "gone".to_owned()),
            busy_percent: engines.iter().map(|engine| engine.busy_percent).fold(0.0, f64::max),
            engines,
            memory_total_bytes: hardware.map(|hardware| hardware.dram_size),
            memory_used_bytes: hardware.zip(free).map(|(h, free)| h.dram_size.saturating_sub(free)),
            clock_mhz: clock.map(|clock| clock.cur_clk_rate_mhz),
            clock_max_mhz: clock.map(|clock| clock.max_clk_rate_mhz),
            slow_for: reasons(slow),
            power_mw: info.and_then(|info| info.power().ok()),
            utilization_percent: info.and_then(|info| info.utilization().ok()),
            sensors,
            in_use: info
                .and_then(|info| info.open_stats().ok())
                .map(|opens| opens.is_compute_ctx_active != 0),
            users: holders::of(&self.card),
        }
    }
}

/// Why a clock is slow.
fn reasons(bits: u32) -> Vec<&'static str> {
    ["power", "heat"]
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| bits >> bit & 1 != 0)
        .map(|(_, why)| why)
        .collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A card at work.
    pub fn example() -> Sample {
        let engine =
            |(n, name): (usize, &&'static str)| Engine { name, busy_percent: 100.0 * n as f64 / 13.0 };
        Sample {
            time_s: 1_700_000_000,
            node: "/dev/accel/accel0".into(),
            pci_address: "0000:01:00.0".into(),
            name: Some("HL-100".into()),
            status: "operational".into(),
            engines: NAMES.iter().enumerate().map(engine).collect(),
            busy_percent: 100.0,
            memory_total_bytes: Some(4 << 30),
            memory_used_bytes: Some(1 << 30),
            clock_mhz: Some(800),
            clock_max_mhz: Some(1600),
            slow_for: vec!["heat"],
            power_mw: Some(25_000),
            utilization_percent: Some(12),
            sensors: vec![
                Sensor {
                    name: "temp1".into(),
                    unit: "m°C",
                    input: Some(41_000),
                    highest: None,
                    max: Some(90_000),
                    crit: Some(100_000),
                },
                Sensor {
                    name: "fan1".into(),
                    unit: "rpm",
                    input: Some(2100),
                    highest: None,
                    max: None,
                    crit: None,
                },
            ],
            in_use: Some(true),
            users: vec![Holder { pid: 321, command: "train".into(), uid: 1000, compute: true }],
        }
    }

    #[test]
    fn looks_become_shares() {
        let mut looks = Looks::default();
        looks.count(1);
        looks.count(3);
        let engines = looks.take();
        let busy: Vec<_> = engines.iter().take(3).map(|engine| engine.busy_percent).collect();
        assert_eq!(busy, [100.0, 50.0, 0.0]);
        assert_eq!(looks.take()[0].busy_percent, 0.0);
    }

    #[test]
    fn spreadsheets_have_a_column_for_each_engine() {
        let (titles, cells) = (Sample::titles(), example().cells());
        assert_eq!(titles.len(), cells.len());
        let cell = |title: &str| titles.iter().position(|t| t == title).and_then(|at| cells.get(at));
        assert_eq!(cell("node").map(String::as_str), Some("/dev/accel/accel0"));
        assert_eq!(cell("clock_mhz").map(String::as_str), Some("800"));
        assert!(
            NAMES.iter().all(|name| cell(&format!("{name}_percent")).is_some_and(|cell| !cell.is_empty()))
        );
        let gone = Sample { name: None, ..example() };
        assert!(gone.cells().iter().any(String::is_empty));
    }

    #[test]
    fn clocks_are_slow_for_reasons() {
        assert_eq!(reasons(3), ["power", "heat"]);
        assert_eq!(reasons(2), ["heat"]);
    }
}
