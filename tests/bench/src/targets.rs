// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is wanted of a report's rows, and which fall short of it. No test looks: times depend on the machine.

use serde_json::Value;

use crate::rows::{self, Row};

/// How far a ratio may be on the wrong side of 1 before the row counts as slower: what the medians of two runs differ by.
const NOISE: f64 = 0.03;

/// A ratio (goya.ko's value by upstream's) that a row is to reach, from the wrong side.
const TARGETS: &[(&str, f64)] = &[
    ("nop_latency_us", 0.25),
    ("nop_per_second_depth16", 2.0),
    ("nop_per_second_depth64", 2.0),
    ("nop_per_second_depth16_queues5", 2.0),
    ("nop_per_second_depth1_jobs16", 2.0),
    ("nop_per_second_depth16_jobs16", 2.0),
    ("nop_per_second_depth64_jobs16", 2.0),
    ("submit_guest_instructions", 0.5),
    ("nop_guest_instructions_depth64", 0.35),
    ("map_64m_guest_instructions", 0.3),
];

/// A row of goya.ko's that is to reach a ratio to another one of its own.
const OWN: &[(&str, &str, f64)] = &[
    ("uring_guest_instructions_depth64", "nop_guest_instructions_depth64", 0.4),
    ("uring_per_second_depth64", "nop_per_second_depth64", 2.0),
    ("nop_latency_us", "bare_latency_us", 1.5),
    ("nop_per_second_depth16", "bare_per_second_depth16", 1.0 / 1.2),
    ("nop_per_second_depth64", "bare_per_second_depth64", 1.0 / 1.2),
];

/// The rows of `report` that fall short, a line each.
pub fn missed(report: &Value) -> Vec<String> {
    rows::all()
        .filter_map(|row| miss(report, row))
        .chain(OWN.iter().filter_map(|own| miss_own(report, own)))
        .collect()
}

/// A field of a row, if it is a number.
fn number(report: &Value, row: &str, field: &str) -> Option<f64> {
    report.as_array()?.iter().find(|object| object["name"] == row)?[field].as_f64()
}

/// Whether `ratio` does not reach `target`.
fn short(row: &Row, ratio: f64, target: f64) -> bool {
    if row.lower_is_better { ratio > target } else { ratio < target }
}

fn miss(report: &Value, row: &Row) -> Option<String> {
    let ratio = number(report, row.name, "ratio")?;
    let target = TARGETS.iter().find(|(name, _)| *name == row.name).map(|(_, target)| *target);
    let slower = if row.lower_is_better { 1.0 + NOISE } else { 1.0 - NOISE };
    let word = if short(row, ratio, slower) {
        "worse than upstream's"
    } else if short(row, ratio, target?) {
        "short of its target"
    } else {
        return None;
    };
    let target = target.map_or(String::new(), |target| format!(", target {target:.2}"));
    Some(format!("{}: {word}: {ratio:.2}{target}", row.name))
}

fn miss_own(report: &Value, (name, of, target): &(&str, &str, f64)) -> Option<String> {
    let row = rows::all().find(|row| row.name == *name)?;
    let ratio = number(report, name, "goya")? / number(report, of, "goya")?;
    short(row, ratio, *target)
        .then(|| format!("{name}: short of its target: {ratio:.2} of {of}, target {target:.2}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_falls_short_is_named() {
        let report = json!([
            {"name": "nop_latency_us", "ratio": 0.3, "goya": 30.0},
            {"name": "nop_per_second_depth64", "ratio": 0.9, "goya": 100.0},
            {"name": "uring_per_second_depth64", "ratio": null, "goya": 150.0},
            {"name": "remove_ms", "ratio": 1.02, "goya": 1.0},
            {"name": "open_ms", "ratio": 1.1, "goya": 1.0},
        ]);
        assert_eq!(
            missed(&report),
            [
                "nop_latency_us: short of its target: 0.30, target 0.25",
                "nop_per_second_depth64: worse than upstream's: 0.90, target 2.00",
                "open_ms: worse than upstream's: 1.10",
                "uring_per_second_depth64: short of its target: 1.50 of nop_per_second_depth64, target 2.00",
            ]
        );
    }

    #[test]
    fn every_target_is_that_of_a_row() {
        let is_row = |name| rows::all().any(|row| row.name == name);
        assert!(TARGETS.iter().all(|(name, _)| is_row(*name)));
        assert!(OWN.iter().all(|(name, of, _)| is_row(*name) && is_row(*of)));
    }
}
