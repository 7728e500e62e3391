// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Loading the driver and removing it, and its size.

use std::fs;
use std::time::{Duration, Instant};

use goya_tests::Result;
use goya_tests::card::{Card, open_node};
use goya_tests::control::Control;
use goya_tests::nodes::{self, Nodes};
use goya_tests::sys::{load_module, remove_module};

use crate::context::wait_unused;
use crate::row::{self, Traffic};

/// How long a card may take to come up.
const PROBE: Duration = Duration::from_secs(30);
/// How long the driver may be busy before it can be removed.
const BUSY: Duration = Duration::from_secs(10);

/// Loads the driver and waits until the card can be opened.
pub fn load() -> Result {
    let result = measure_load();
    let tell = |name, what: fn(&(f64, Option<Traffic>)) -> Result<f64>| {
        let sample = result.as_ref().map_err(Clone::clone).and_then(|r| what(r).map(|n| vec![n]));
        row::samples(name, &sample);
    };
    tell("probe_ms", |(time, _)| Ok(*time));
    tell("probe_register_reads", |(_, t)| t.map(|t| t.reads).ok_or_else(no_counters));
    tell("probe_register_writes", |(_, t)| t.map(|t| t.writes).ok_or_else(no_counters));
    tell("probe_bar_accesses", |(_, t)| t.map(|t| t.memory).ok_or_else(no_counters));
    result.map(drop)
}

fn no_counters() -> String {
    "only an emulated card counts".to_owned()
}

/// Milliseconds, and what went across PCIe.
fn measure_load() -> Result<(f64, Option<Traffic>)> {
    let mut control = Control::exists().then(Control::open).transpose()?;
    let before = control.as_mut().map(Traffic::now).transpose()?;
    let start = Instant::now();
    only_load()?;
    let time = start.elapsed().as_secs_f64() * 1e3;
    let after = control.as_mut().map(Traffic::now).transpose()?;
    Ok((time, before.zip(after).map(|(before, after)| after.since(before, 1.0))))
}

/// Loads the driver and waits until the card can be opened.
pub fn only_load() -> Result {
    let path = nodes::module_file()?;
    load_module(&path, "").map_err(|e| format!("load {path}: {e}"))?;
    let end = Instant::now() + PROBE;
    loop {
        match Nodes::all().first().map(|nodes| open_node(&nodes.compute())) {
            Some(Ok(_)) => return Ok(()),
            Some(Err(e)) if Instant::now() > end => return Err(format!("the card cannot be opened: {e}")),
            None if Instant::now() > end => return Err("the driver makes no node".to_owned()),
            _ => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Removes the driver.
pub fn unload() -> Result {
    let removed = remove();
    row::samples("remove_ms", &removed.as_ref().map(|ms| vec![*ms]).map_err(Clone::clone));
    removed.map(drop)
}

fn remove() -> Result<f64> {
    let module = nodes::module()?;
    // The last context's end is not the time of the removal.
    drop(Card::open()?);
    wait_unused()?;
    let start = Instant::now();
    loop {
        match remove_module(&module) {
            Ok(()) => return Ok(start.elapsed().as_secs_f64() * 1e3),
            Err(e) if e.raw_os_error() == Some(libc::EAGAIN) && start.elapsed() < BUSY => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(e) => return Err(format!("remove {module}: {e}")),
        }
    }
}

/// KiB of kernel memory that the loaded module takes: code and data.
pub fn size() {
    let read = |module: String| {
        let path = format!("/sys/module/{module}/coresize");
        let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        text.trim().parse::<f64>().map(|bytes| vec![bytes / 1024.0]).map_err(|e| format!("{path}: {e}"))
    };
    row::samples("module_kib", &nodes::module().and_then(read));
}
