// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-kexec`: what the driver of one kernel leaves of the card to the driver of the next, with KTAP.
//!
//! Each kernel of a row has this program run twice. The first time it judges what the kernel before has left, and what becomes
//! of that, and puts the next kernel in place, which takes its time; the second time it has the card used, and boots that kernel.
//! The init script tells the runner in between, and its environment has `GOYA_BOOTS`, which is how many kernels there were
//! before. `--user` is who uses the card.

mod next;
mod user;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::packet::Packets;
use goya_tests::{Result, check, check_eq, device, kmsg, nodes, noise, sys};
use goya_uapi::hl_device_status;
use serde_json::json;

use next::{BOOTS, How};

/// A way to leave the card to another kernel.
struct Case {
    name: &'static str,
    /// Whether somebody uses the card.
    used: bool,
    how: How,
}

const CASES: [Case; 3] = [
    Case { name: "kexec.idle", used: false, how: How::Kexec },
    Case { name: "kexec.busy", used: true, how: How::Kexec },
    Case { name: "kexec.crash", used: true, how: How::Crash },
];

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|arg| arg == "--user") {
        return user::run();
    }
    let boots = std::env::var(BOOTS).ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    match if next::in_place() { leave(boots) } else { step(boots) } {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            println!("# {what}");
            ExitCode::FAILURE
        }
    }
}

/// Judges the kernel before, and gets the next one ready. There were `boots` before.
fn step(boots: usize) -> Result {
    match boots.checked_sub(1).and_then(|n| CASES.get(n)) {
        None => println!("KTAP version 1\n1..{}", CASES.len()),
        Some(case) => tell(boots, case, judge(case)),
    }
    // One that does not apply here is the last one, since no kernel would come after it.
    match CASES.get(boots) {
        Some(case) if case.how == How::Crash && nodes::module()? != "goya" => {
            println!("ok {} {} # SKIP only goya.ko resets a card that runs", boots + 1, case.name);
            Ok(())
        }
        Some(case) => prepare(case).and_then(|()| next::load(case.how, boots + 1)),
        None => Ok(()),
    }
}

fn tell(number: usize, case: &Case, result: Result<u128>) {
    match result {
        Ok(ms) => println!("ok {number} {} # {ms} ms", case.name),
        Err(what) => println!("# {what}\nnot ok {number} {}", case.name),
    }
}

/// The card works in this kernel, too.
fn prepare(case: &Case) -> Result {
    begin(case)?;
    works()?;
    if case.used {
        // What the shutdown says of those who use the card, and of what they submit meanwhile.
        for text in [
            // "Killing CS 1.55", of which the console was once seen to lose three bytes.
            "illing CS 1.",
            "open files that nobody closes",
            "has been aborted while user process",
            "device is disabled, CS rejected!",
            "Failed to submit CS",
        ] {
            kmsg::expect(text)?;
        }
    }
    Ok(())
}

/// Gives way to the next kernel.
fn leave(boots: usize) -> Result {
    if CASES.get(boots).is_some_and(|case| case.used) {
        user::start()?;
    }
    next::boot()
}

/// What the kernel before has left, and whether this one can use it. Returns how long loading the driver took.
fn judge(case: &Case) -> Result<u128> {
    begin(case)?;
    let found = found(case);
    let path = nodes::module_file()?;
    let start = Instant::now();
    sys::load_module(&path, &nodes::module_parameters()).map_err(|e| format!("load {path}: {e}"))?;
    let ms = start.elapsed().as_millis();
    works()?;
    check_eq!(Card::open_control()?.resets()?, (0, 0), "hard and soft resets since the driver came");
    // Not earlier: the next case wants a driver.
    found.map(|()| ms)
}

/// The kernel log tells which case its lines belong to.
fn begin(case: &Case) -> Result {
    std::fs::write("/dev/kmsg", format!("<6>goya-tests: begin {}\n", case.name)).map_err(|e| e.to_string())
}

/// The card without a driver: as after a reset, if the kernel before could do that; at work, if not.
fn found(case: &Case) -> Result {
    if !Control::exists() {
        return Ok(());
    }
    let mut control = Control::open()?;
    let stage = control.ask(&json!({"cmd": "status"}))?["boot"]["stage"].clone();
    if case.how == How::Crash {
        check_eq!(stage, "linux", "the firmware of a card that nobody has shut down");
        return Ok(());
    }
    check_eq!(stage, "preboot", "the firmware of a card that was shut down");
    let mut moved = || -> Result<u64> {
        let counters = control.ask(&json!({"cmd": "counters"}))?;
        counters["dma_bytes"].as_u64().ok_or_else(|| format!("no dma_bytes: {counters}"))
    };
    let before = moved()?;
    std::thread::sleep(Duration::from_millis(200));
    check_eq!(moved()?, before, "bytes that a card has moved that was shut down");
    Ok(())
}

/// The card is up, and does what it should.
fn works() -> Result {
    let card = Card::open()?;
    check_eq!(card.status()?, hl_device_status::HL_DEVICE_STATUS_OPERATIONAL, "status");
    (0..5).try_for_each(|queue| card.run(queue, &Packets::default().nop()).map(drop))?;
    let data = noise(36, 64 << 10);
    card.put(device::SRAM, &data)?;
    check!(card.get(device::SRAM, data.len())? == data, "the data differ");
    Ok(())
}
