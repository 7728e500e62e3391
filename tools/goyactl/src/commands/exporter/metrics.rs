// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Metrics of cards in Prometheus' text form.

use std::fmt::Write;

use goya::{Card, Control, Info, Status};

use crate::chosen;
use crate::failure::Result;
use crate::system::engines::NAMES;
use crate::system::hwmon::Sensor;
use crate::system::{holders, hwmon, sysfs};

/// A family of metrics: all its samples stand together.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: Vec<(String, f64)>,
}

/// All families, in the order of their first sample.
#[derive(Default)]
struct Metrics(Vec<Family>);

impl Metrics {
    fn gauge(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        self.add("gauge", name, help, labels, value);
    }

    fn counter(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        self.add("counter", name, help, labels, value);
    }

    fn add(
        &mut self,
        kind: &'static str,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        value: f64,
    ) {
        let labels: Vec<_> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
        let sample = (labels.join(","), value);
        match self.0.iter_mut().find(|family| family.name == name) {
            Some(family) => family.samples.push(sample),
            None => self.0.push(Family { name, kind, help, samples: vec![sample] }),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for Family { name, kind, help, samples } in &self.0 {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in samples {
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
            }
        }
        text
    }
}

/// A label's value as it is written.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Metrics of these cards. A card that cannot be asked is down, but not because somebody else may ask it.
pub fn of(cards: &[Card]) -> Result<String> {
    let mut metrics = Metrics::default();
    for card in cards {
        chosen::permitted(card)?;
        add_card(&mut metrics, card);
    }
    Ok(metrics.text())
}

fn add_card(metrics: &mut Metrics, card: &Card) {
    let (name, address) = (card.name(), card.pci_address());
    let labels = [("card", name.as_str()), ("pci", address)];
    let control = Control::open(card).ok();
    let info = control.as_ref().map(Control::info);
    let status = info.and_then(|info| info.status().ok());
    let driver = card.driver().unwrap_or_default();
    let serial = sysfs::serial(card).unwrap_or_default();
    let about = [labels[0], labels[1], ("driver", driver.as_str()), ("serial", serial.as_str())];
    metrics.gauge("goya_info", "What card it is.", &about, 1.0);
    let up = f64::from(u8::from(status == Some(Status::Operational)));
    metrics.gauge("goya_up", "Whether the card is operational.", &labels, up);
    // Who is no root sees its own processes only, but is told that there is somebody.
    let in_use = info.and_then(|info| info.open_stats().ok()).is_some_and(|o| o.is_compute_ctx_active != 0);
    let users = holders::of(card).len().max(usize::from(in_use));
    metrics.gauge("goya_users", "Processes that have the card.", &labels, users as f64);
    if let Some(info) = info {
        add_answers(metrics, &labels, info);
    }
    let sensors = hwmon::sensors(card);
    if let Some(power) = info.and_then(|info| info.power().ok()) {
        metrics.gauge("goya_power_watts", "Power drawn.", &labels, power as f64 / 1e3);
    }
    add_sensors(metrics, &labels, &sensors);
}

/// What the driver answers; what it does not tell is left out.
fn add_answers(metrics: &mut Metrics, labels: &[(&str, &str)], info: Info<'_>) {
    if let (Ok(hardware), Ok(usage)) = (info.hardware(), info.dram_usage()) {
        let total = hardware.dram_size;
        metrics.gauge("goya_memory_bytes", "Device memory for users.", labels, total as f64);
        let used = total.saturating_sub(usage.dram_free_mem);
        metrics.gauge("goya_memory_used_bytes", "Device memory that is allocated.", labels, used as f64);
    }
    if let Ok(idle) = info.idle() {
        for (bit, engine) in NAMES.iter().enumerate() {
            let busy = idle.busy_engines_mask_ext[0] >> bit & 1;
            let labels = [labels, &[("engine", *engine)]].concat();
            metrics.gauge(
                "goya_engine_busy",
                "Whether an engine is busy at this moment.",
                &labels,
                busy as f64,
            );
        }
    }
    if let Ok(clock) = info.clock_rate() {
        let hertz = f64::from(clock.cur_clk_rate_mhz) * 1e6;
        metrics.gauge("goya_clock_hertz", "Clock of the matrix engine.", labels, hertz);
    }
    if let Ok(energy) = info.energy() {
        metrics.counter("goya_energy_joules_total", "Energy used.", labels, energy as f64 / 1e3);
    }
    if let Ok(slow) = info.throttling() {
        for (bit, why) in ["power", "heat"].into_iter().enumerate() {
            let labels = [labels, &[("reason", why)]].concat();
            let on = slow.clk_throttling_reason >> bit & 1;
            metrics.gauge("goya_throttled", "Whether the clock is slow.", &labels, f64::from(on));
        }
    }
    if let Ok(resets) = info.resets() {
        for (kind, count) in [("hard", resets.hard_reset_cnt), ("soft", resets.soft_reset_cnt)] {
            let labels = [labels, &[("kind", kind)]].concat();
            metrics.counter(
                "goya_resets_total",
                "Resets since the driver was loaded.",
                &labels,
                count.into(),
            );
        }
    }
    if let Ok(refused) = info.refused() {
        for (reason, count) in [
            ("out_of_memory", refused.total_out_of_mem_drop_cnt),
            ("wrong_packets", refused.total_parsing_drop_cnt),
            ("queue_full", refused.total_queue_full_drop_cnt),
            ("in_reset", refused.total_device_in_reset_drop_cnt),
            ("too_many", refused.total_max_cs_in_flight_drop_cnt),
            ("not_valid", refused.total_validation_drop_cnt),
        ] {
            let labels = [labels, &[("reason", reason)]].concat();
            let help = "Submissions that were refused.";
            metrics.counter("goya_refused_submissions_total", help, &labels, count as f64);
        }
    }
    if let Ok(events) = info.events_ever() {
        for (number, count) in events.iter().enumerate().filter(|(_, count)| **count > 0) {
            let number = number.to_string();
            let labels = [labels, &[("event", number.as_str())]].concat();
            metrics.counter(
                "goya_events_total",
                "Events since the driver was loaded.",
                &labels,
                (*count).into(),
            );
        }
    }
}

/// In the units that Prometheus wants.
fn add_sensors(metrics: &mut Metrics, labels: &[(&str, &str)], sensors: &[Sensor]) {
    for sensor in sensors {
        let Some(value) = sensor.input.map(|value| value as f64) else { continue };
        let labels = [labels, &[("sensor", sensor.name.as_str())]].concat();
        match sensor.unit {
            "m°C" => metrics.gauge("goya_temperature_celsius", "Temperatures.", &labels, value / 1e3),
            "mV" => metrics.gauge("goya_voltage_volts", "Voltages.", &labels, value / 1e3),
            "mA" => metrics.gauge("goya_current_amperes", "Currents.", &labels, value / 1e3),
            "rpm" => metrics.gauge("goya_fan_rpm", "Speeds of fans.", &labels, value),
            // Power is there already, and how fans are driven is no measurement.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_together() {
        let mut metrics = Metrics::default();
        metrics.gauge("a", "A.", &[("card", "0")], 1.0);
        metrics.counter("b_total", "B.", &[("card", "0")], 2.5);
        metrics.gauge("a", "A.", &[("card", "1\"\\")], 0.0);
        let expected = "# HELP a A.\n# TYPE a gauge\na{card=\"0\"} 1\na{card=\"1\\\"\\\\\"} 0\n\
                        # HELP b_total B.\n# TYPE b_total counter\nb_total{card=\"0\"} 2.5\n";
        assert_eq!(metrics.text(), expected);
        assert_eq!(of(&[]).unwrap(), "");
    }
}
