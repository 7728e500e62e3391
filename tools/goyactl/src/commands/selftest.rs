// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl selftest`: whether a card does its work.

use std::time::{Duration, Instant};

use goya::tpc::{Program, Tensor, find};
use goya::{Commands, Device, Queue, Submission};
use schemars::JsonSchema;
use serde::Serialize;

use super::copies::{Places, noise};
use super::internal;
use crate::chosen;
use crate::failure::{Failure, Result};
use crate::output::{BAD, Format, GOOD, Output, paint};
use crate::signals;
use crate::system::engines;

/// A check, and how it went.
#[derive(Debug, JsonSchema, Serialize)]
struct Check {
    name: String,
    ok: bool,
    us: u64,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    ok: bool,
    checks: Vec<Check>,
}

/// A check for spreadsheets, where each row has all cells.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    ok: bool,
    us: u64,
    error: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(check: &'a Check) -> Self {
        Self { name: &check.name, ok: check.ok, us: check.us, error: check.error.as_deref() }
    }
}

/// How long a queue may take for a word.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tries everything.
pub fn run(name: Option<&str>, output: &Output) -> Result {
    signals::watch()?;
    let card = chosen::card(name)?;
    let device = chosen::open(&card)?;
    let mut checks = Vec::new();
    let mut check = |name: String, what: &dyn Fn() -> Result| -> Result {
        signals::check()?;
        let start = Instant::now();
        let error = what().err().map(|failure| failure.text().to_owned());
        let us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let check = Check { name, ok: error.is_none(), us, error };
        if output.is_text() {
            output.line(line(&check))?;
        }
        checks.push(check);
        Ok(())
    };
    for queue in Queue::all() {
        check(format!("queue {queue}"), &|| word(&device, queue))?;
    }
    check("copy 2 MiB there and back".into(), &|| round(&device))?;
    check("kernel add_f32 on all tensor cores".into(), &|| kernel(&device))?;
    check("all engines idle".into(), &|| idle(&device))?;
    let ok = checks.iter().all(|check| check.ok);
    let failed = checks.iter().filter(|check| !check.ok).count();
    match output.format() {
        Format::Json => output.json("selftest", &Answer { ok, checks })?,
        Format::Csv => output.csv(&checks.iter().map(Line::of).collect::<Vec<_>>())?,
        Format::Text => {}
    }
    if ok {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{failed} checks failed on {}: dmesg may say why; \"goyactl reset\" as root resets the card",
        card.name()
    )))
}

fn line(check: &Check) -> String {
    let verdict = if check.ok { paint(GOOD, "ok") } else { paint(BAD, "FAILED") };
    let error = check.error.as_ref().map_or(String::new(), |error| format!("  {error}"));
    format!("{:<38}{:>9} us  {verdict}{error}", check.name, check.us)
}

fn same<T: PartialEq>(got: &T, expected: &T, what: &str) -> Result {
    if got == expected { Ok(()) } else { Err(Failure::failed(format!("{what} is not what it should be"))) }
}

/// A queue writes a word of its own.
fn word(device: &Device, queue: Queue) -> Result {
    let at = goya::sram(u64::from(queue.number()) * 64, 4)?;
    device.put(&at, &[0; 4])?;
    let value = 0x600D_0000 | queue.number();
    let mut packets = Commands::new();
    packets.write(&at, value)?;
    if queue.is_external() {
        let buffer = device.command_buffer(&packets)?;
        let submission = Submission::new().job(queue, &buffer).timeout(PATIENCE);
        device.submit(submission)?.wait()?;
    } else {
        internal::run(device, queue, &packets, PATIENCE)?;
    }
    let mut got = [0; 4];
    device.get(&at, &mut got)?;
    same(&got, &value.to_le_bytes(), "the word")
}

/// An ordinary user may pin 8 MiB; this takes half of it.
fn round(device: &Device) -> Result {
    let (good, _) = Places::new(device, 2 << 20)?.round(1)?;
    same(&good, &true, "what came back")
}

/// A sum of vectors on all cores, compared with the host's.
fn kernel(device: &Device) -> Result {
    const SIZES: goya::tpc::Index = [1000, 24, 1, 1, 1];
    const COUNT: usize = 1000 * 24;
    const BYTES: u64 = COUNT as u64 * 4;
    let floats = |seed| -> Vec<f32> {
        let bytes = noise(seed, COUNT * 4);
        bytes.chunks_exact(4).map(|b| f32::from(b[0]) - f32::from(b[1]) / 16.0).collect()
    };
    let to_bytes = |floats: &[f32]| floats.iter().flat_map(|f| f.to_le_bytes()).collect::<Vec<u8>>();
    let (a, b) = (floats(1), floats(2));
    let sums: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let memory = device.device_memory(3 * BYTES)?;
    let place = |n: u64| memory.at(n * BYTES, BYTES);
    device.put(place(0)?, &to_bytes(&a))?;
    device.put(place(1)?, &to_bytes(&b))?;
    device.put(place(2)?, &vec![0xEE; BYTES as usize])?;
    let tensor = |n| place(n).map(|place| Tensor::new(place, 4, SIZES));
    let program = Program::load(device, find("add_f32")?)?;
    let mut launch = program.bind(&[tensor(0)?, tensor(1)?, tensor(2)?], &[], goya::tpc::CORES)?;
    launch.start_with(|submission| submission.timeout(PATIENCE))?.wait()?;
    let mut got = vec![0; BYTES as usize];
    device.get(place(2)?, &mut got)?;
    same(&got, &to_bytes(&sums), "the sum")
}

/// Nothing is left at work.
fn idle(device: &Device) -> Result {
    // A core may be busy for a moment after it has said that it is done.
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        let idle = device.info().idle()?;
        if idle.is_idle != 0 {
            return Ok(());
        }
        if Instant::now() >= end {
            let busy = engines::busy(idle.busy_engines_mask_ext[0]);
            return Err(Failure::failed(format!("busy: {}", busy.join(", "))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_why() {
        let check = Check { name: "x".into(), ok: false, us: 3, error: Some("late".into()) };
        assert!(line(&check).ends_with("late") && line(&check).contains("FAILED"));
        assert_eq!(serde_json::to_value(&check).unwrap()["error"], "late");
        assert!(same(&1, &2, "it").is_err() && same(&1, &1, "it").is_ok());
    }
}
