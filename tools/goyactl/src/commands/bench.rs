// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl bench`: how fast copies and submissions are.

use std::fs;
use std::time::{Duration, Instant};

use goya::{Commands, Device, Queue, Submission};
use schemars::JsonSchema;
use serde::Serialize;

use super::chart;
use super::copies::{Places, Way, progress, rate};
use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::Bench;
use crate::output::{Format, Output, table};
use crate::signals;

/// Bytes of a copy, if the user has no other wish and may pin so much.
const USUAL: u64 = 16 << 20;

/// What was measured, so many times.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "Measurement")]
pub struct Row {
    /// What.
    pub name: String,
    /// What the numbers are.
    pub unit: &'static str,
    /// The one in the middle.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// How many.
    pub count: usize,
}

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    bytes: u64,
    rows: Vec<Row>,
}

impl Row {
    fn new(name: &str, unit: &'static str, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
        let count = values.len();
        let median = (at(count / 2) + at(count.saturating_sub(1) / 2)) / 2.0;
        Self { name: name.into(), unit, median, min: at(0), max: at(count.saturating_sub(1)), count }
    }
}

/// Measures.
pub fn run(name: Option<&str>, what: &Bench, output: &Output) -> Result {
    signals::watch()?;
    let device = chosen::open(&chosen::card(name)?)?;
    let places = match what.size {
        Some(size) => Places::new(&device, size)?,
        None => Places::up_to(&device, USUAL)?,
    };
    let bytes = places.size();
    let mut rows = copies(places, what.count)?;
    rows.extend(submissions(&device, what.submissions)?);
    if let Some(path) = &what.svg {
        fs::write(path, chart::svg(&rows)).map_err(|e| Failure::file(path, e))?;
    }
    match output.format() {
        Format::Json => output.json("bench", &Answer { bytes, rows }),
        Format::Csv => output.csv(&rows),
        Format::Text => output.text(show(&rows)),
    }
}

fn copies(places: Places, count: u32) -> Result<Vec<Row>> {
    let size = places.size();
    // No more than SRAM has, a number of 32 bits, and few: that is no overflow.
    let bar = progress(size * u64::from(count) * Way::ALL.len() as u64);
    let mut rows = Vec::new();
    for way in Way::ALL {
        // The first time is of pages and translations that are new.
        places.copy(way)?;
        let mut rates = Vec::new();
        for _ in 0..count {
            signals::check()?;
            rates.push(rate(size, places.copy(way)?));
            bar.inc(size);
        }
        rows.push(Row::new(way.name(), "GB/s", rates));
    }
    bar.finish_and_clear();
    Ok(rows)
}

/// How long a NOP takes from its submission to its end, and how many go through when nobody waits for each.
fn submissions(device: &Device, count: u32) -> Result<Vec<Row>> {
    const PARTS: u32 = 5;
    let mut nop = Commands::new();
    nop.nop();
    let buffer = device.command_buffer(&nop)?;
    let submit = || device.submit(Submission::new().job(Queue::Dma1, &buffer));
    let timed = |start: Instant| start.elapsed().max(Duration::from_nanos(1)).as_secs_f64();
    let mut latencies = Vec::new();
    for _ in 0..count {
        signals::check()?;
        let start = Instant::now();
        submit()?.wait()?;
        latencies.push(timed(start) * 1e6);
    }
    let mut rates = Vec::new();
    for _ in 0..PARTS {
        let part = count.div_ceil(PARTS);
        let start = Instant::now();
        for _ in 0..part {
            signals::check()?;
            submit()?;
        }
        device.finish()?;
        rates.push(f64::from(part) / timed(start));
    }
    Ok(vec![Row::new("nop_latency", "us", latencies), Row::new("nop_rate", "1/s", rates)])
}

fn show(rows: &[Row]) -> String {
    let number = |value: f64| if value < 100.0 { format!("{value:.3}") } else { format!("{value:.0}") };
    let cells = |row: &Row| {
        let numbers = [row.median, row.min, row.max].map(number);
        [row.name.clone()]
            .into_iter()
            .chain(numbers)
            .chain([row.unit.to_owned(), row.count.to_string()])
            .collect()
    };
    table(&["WHAT", "MEDIAN", "MIN", "MAX", "UNIT", "TIMES"], &rows.iter().map(cells).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_a_middle_and_ends() {
        let row = Row::new("x", "us", vec![3.0, 1.0, 2.0, 10.0]);
        assert_eq!((row.median, row.min, row.max, row.count), (2.5, 1.0, 10.0, 4));
        assert_eq!(Row::new("x", "us", vec![7.0]).median, 7.0);
        let text = anstream::adapter::strip_str(&show(&[row])).to_string();
        assert_eq!(text, "WHAT  MEDIAN  MIN    MAX     UNIT  TIMES\nx     2.500   1.000  10.000  us    4\n");
    }
}
