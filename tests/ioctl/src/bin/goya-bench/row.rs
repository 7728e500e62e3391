// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is told to the host, a line of JSON for each:
//!
//! - `{"row": NAME, "samples": [...]}`: what was measured, in the row's unit;
//! - `{"row": NAME, "label": L, "per": N}`: instructions between marks L and L + 1, each time for N things;
//! - `{"row": NAME, "reason": TEXT}`: the driver cannot do it;
//! - `{"end": TEXT}`: no further row can be measured.
//!
//! Units and titles are the host's business (`tests/bench/src/rows.rs`).

use goya_tests::Result;
use goya_tests::control::Control;
use serde_json::{Value, json};

fn tell(line: &Value) {
    println!("{line}");
}

/// Tells the samples of a row, or why there are none.
pub fn samples(name: &str, samples: &Result<Vec<f64>>) {
    match samples {
        Ok(samples) => tell(&json!({"row": name, "samples": samples})),
        Err(reason) => tell(&json!({"row": name, "reason": reason})),
    }
}

/// Tells that a row's samples lie between marks `label` and `label + 1`, or why they do not.
pub fn marked(name: &str, label: u16, per: u32, result: &Result) {
    match result {
        Ok(()) => tell(&json!({"row": name, "label": label, "per": per})),
        Err(reason) => tell(&json!({"row": name, "reason": reason})),
    }
}

/// Tells that nothing more can be measured.
pub fn end(reason: &str) {
    tell(&json!({"end": reason}));
}

/// The middle of some samples.
pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

/// What the card has done.
#[derive(Debug, Clone, Copy)]
pub struct Traffic {
    /// Register reads across PCIe.
    pub reads: f64,
    /// Register writes across PCIe.
    pub writes: f64,
    /// Accesses to the card's memory across PCIe.
    pub memory: f64,
    /// Interrupts of all vectors.
    pub interrupts: f64,
}

impl Traffic {
    /// Since the card was switched on.
    pub fn now(control: &mut Control) -> Result<Self> {
        let answer = control.ask(&json!({"cmd": "counters"}))?;
        let counters = &answer;
        let number = |name: &str| counters[name].as_f64().ok_or(format!("the card does not count {name}"));
        let interrupts = counters["interrupts"].as_array().ok_or("the card does not count interrupts")?;
        Ok(Self {
            reads: number("register_reads")?,
            writes: number("register_writes")?,
            memory: number("memory_accesses")?,
            interrupts: interrupts.iter().filter_map(Value::as_f64).sum(),
        })
    }

    /// Since `earlier`, for each of `count` things.
    pub fn since(self, earlier: Self, count: f64) -> Self {
        Self {
            reads: (self.reads - earlier.reads) / count,
            writes: (self.writes - earlier.writes) / count,
            memory: (self.memory - earlier.memory) / count,
            interrupts: (self.interrupts - earlier.interrupts) / count,
        }
    }
}
