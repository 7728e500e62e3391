// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a user may do without end, and still harms nobody else.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::sys::{self, errno};
use goya_tests::{Result, check, check_eq, nodes};
use goya_uapi::*;
use serde_json::json;

use super::{Test, fault, test};

pub const TESTS: &[Test] = &[fault("endless.messages", messages), test("endless.log", log)];

/// More than the driver ever had places for messages to firmware.
const SENDERS: usize = 70;

/// However many wait for firmware at the same time, each gets an answer, and nobody takes firmware for dead.
fn messages() -> Result {
    const EVENT: usize = 450;

    kmsg::expect("Received H/W interrupt")?;
    let card = Card::open_control()?;
    card.wait_operational()?;
    let (resets, events) = (card.resets()?, card.events(EVENT)?);
    let answered = AtomicUsize::new(0);
    let ask = || {
        let error = errno(card.info(HL_INFO_POWER, &mut hl_power_info::default()));
        answered.fetch_add(1, Ordering::Relaxed);
        error
    };
    let mut control = Control::open()?;
    control.inject("stop-heartbeat", &json!({}))?;
    let worst = thread::scope(|scope| -> Result<i32> {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(ask)).collect();
        card.poll("senders that wait", |_| Ok(asleep()? >= SENDERS || answered.load(Ordering::Relaxed) > 0))?;
        control.clear()?;
        Ok(senders.into_iter().map(|sender| sender.join().unwrap_or(-1)).max().unwrap_or_default())
    })?;
    check_eq!(worst, 0, format!("the worst that one of {SENDERS} senders was told"));
    // The event comes again only if the driver could say that it may.
    for n in 0..2 {
        control.inject("event", &json!({"event": EVENT}))?;
        card.wait_event(EVENT, events + n)?;
    }
    check_eq!(card.resets()?, resets, "resets");
    Ok(())
}

/// How many of our threads wait in the kernel for something that no signal ends.
fn asleep() -> Result<usize> {
    let tasks = fs::read_dir("/proc/self/task").map_err(|e| e.to_string())?.flatten();
    let waits = |task: &fs::DirEntry| {
        // The state comes after the name, which is in brackets.
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('D'))
    };
    Ok(tasks.filter(waits).count())
}

/// How often each request is refused.
const REFUSALS: usize = 100;
/// Lines that these may leave: ten in five seconds, and refusing them takes no longer than two such windows.
const LINES: usize = 30;

/// Who is refused again and again leaves a few lines only.
fn log() -> Result {
    let card = Card::open()?;
    let mut wait = [0u64; 7];
    let flags = |flags: u32| u64::from(flags) << 32;
    let mut requests = vec![("Can't wait on CS", 1000, 0)];
    if nodes::module()? == "goya" {
        // Upstream's driver has a line for each.
        requests.push(("no user interrupts allowed", 0, flags(HL_WAIT_CS_FLAGS_INTERRUPT)));
        requests.push(("Wait for multi CS is not supported", 0, flags(HL_WAIT_CS_FLAGS_MULTI_CS)));
    }
    for (text, sequence, flags) in requests {
        kmsg::expect(text)?;
        let mut log = Kmsg::here()?;
        for _ in 0..REFUSALS {
            (wait[0], wait[2]) = (sequence, flags);
            check!(sys::ioctl(&card, HL_IOCTL_WAIT_CS, &mut wait).is_err(), "{text:?} is no error");
        }
        let lines = log.count(text)?;
        check!((1..=LINES).contains(&lines), "{lines} lines of {text:?} for {REFUSALS} refusals");
    }
    if nodes::module()? != "goya" {
        return Ok(());
    }
    for (text, address, size) in [("size to pin is invalid", 0x1000, 0), ("Failed (", 0x1000, 4096)] {
        kmsg::expect(text)?;
        kmsg::expect("failed to get user memory")?;
        let mut log = Kmsg::here()?;
        for _ in 0..REFUSALS {
            check!(card.map_host_range(address, size).is_err(), "{size} bytes at {address:#x} are mapped");
        }
        let lines = log.count(text)?;
        check!((1..=LINES).contains(&lines), "{lines} lines of {text:?} for {REFUSALS} refusals");
    }
    Ok(())
}
