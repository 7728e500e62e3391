// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Resets by sysfs.

use std::fs;
use std::thread;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::{Result, check, check_eq, sys};
use goya_uapi::*;
use serde_json::json;

use super::{Test, fault, test};
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    test("reset.soft", soft),
    test("reset.hard", hard),
    test("reset.power_limits", power_limits),
    fault("reset.traced", traced),
    fault("reset.slow_queue", slow_queue),
    fault("reset.lost", lost),
];

/// Asks for a reset and waits until the card is back.
pub fn reset(file: &str) -> Result<((u32, u32), (u32, u32))> {
    kmsg::expect("Reset requested through sysfs")?;
    let card = Card::open_control()?;
    let before = card.resets()?;
    fs::write(format!("{}/{file}", Nodes::chosen().sysfs()), "1").map_err(|e| format!("{file}: {e}"))?;
    card.poll("a reset", |card| Ok(card.resets()? != before))?;
    card.wait_operational()?;
    Ok((before, card.resets()?))
}

/// Resets the engines; the rest of the card goes on.
pub fn soft() -> Result {
    // The previous user has to be gone.
    drop(Card::open()?);
    let (before, after) = reset("soft_reset")?;
    check_eq!(after, (before.0, before.1 + 1), "hard and soft resets");
    works()
}

fn hard() -> Result {
    drop(Card::open()?);
    let (before, after) = reset("hard_reset")?;
    check_eq!(after, (before.0 + 1, before.1), "hard and soft resets");
    works()
}

/// The firmware is told anew how much power the card may take; the clocks' high rate is as at first.
fn power_limits() -> Result {
    let at = |name: &str| format!("{}/{name}", Nodes::chosen().sysfs());
    let read = |name: &str| -> Result<String> {
        fs::read_to_string(at(name)).map(|text| text.trim().to_owned()).map_err(|e| format!("{name}: {e}"))
    };
    let write = |name: &str, text: &str| fs::write(at(name), text).map_err(|e| format!("{name}: {e}"));
    let (power, rate) = (read("max_power")?, read("high_pll")?);
    write("max_power", "150000")?;
    write("high_pll", "1000000000")?;
    drop(Card::open()?);
    reset("hard_reset")?;
    let after = (read("max_power")?, read("high_pll")?);
    write("max_power", &power)?;
    check_eq!(after, ("150000".to_owned(), rate), "max_power and high_pll after a hard reset");
    Ok(())
}

fn works() -> Result {
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    card.put(goya_tests::device::SRAM, b"after reset")?;
    check!(card.get(goya_tests::device::SRAM, 11)? == b"after reset", "the data differ");
    Ok(())
}

/// Who closes the card during a reset of its engines leaves no trace unit at work: that reset does not stop them.
fn traced() -> Result {
    /// The trace buffer's lock (`PSOC_ETR`), and what opens it.
    const LOCK: u64 = 0x2c4_3fb0;
    const KEY: u64 = 0xC5AC_CE55;
    for text in
        ["Timeout while waiting for coresight", "Failed to disable ET", "Reset requested through sysfs"]
    {
        kmsg::expect(text)?;
    }
    let control_node = Card::open_control()?;
    control_node.wait_unused()?;
    let mut control = Control::open()?;
    let card = Card::open()?;
    let mut on = [0u64, 0, 0, HL_DEBUG_OP_SET_MODE.into(), 1];
    sys::ioctl(&card, HL_IOCTL_DEBUG, &mut on).map_err(|e| e.to_string())?;
    control.set_register(LOCK, 0)?;
    let before = card.resets()?;
    let path = format!("{}/soft_reset", Nodes::chosen().sysfs());
    let closed_in_time = thread::scope(|scope| -> Result<bool> {
        let reset = scope.spawn(|| fs::write(&path, "1").map_err(|e| e.to_string()));
        let operational = hl_device_status::HL_DEVICE_STATUS_OPERATIONAL;
        control_node.poll("a reset", |card| Ok(card.status()? != operational || card.resets()? != before))?;
        let in_time = control_node.status()? != operational;
        drop(card);
        reset.join().map_err(|_| "a thread has panicked".to_owned())??;
        Ok(in_time)
    })?;
    control_node.wait_unused()?;
    control_node.wait_operational()?;
    if !closed_in_time {
        skip("the reset was over before the card was closed");
    }
    check_eq!(control.register(LOCK)?, KEY, "what the driver wrote to the trace buffer");
    works()
}

/// A queue that takes its time passes the test of the queues.
fn slow_queue() -> Result {
    only_goya("waits for a card that gets on")?;
    drop(Card::open()?);
    let mut control = Control::open()?;
    control.inject("slow-queue", &json!({"queue": "dma1", "ms": 150}))?;
    let (before, after) = reset("soft_reset")?;
    check_eq!(after, (before.0, before.1 + 1), "hard and soft resets");
    control.clear()?;
    works()
}

/// A reset of the engines that does not reach them gives nothing back that a queue may use which did not stop: a hard one
/// follows.
fn lost() -> Result {
    only_goya("looks whether the engines were reset")?;
    for text in [
        "Timeout while waiting for QMAN to stop",
        "failed to stop DMA QMAN 1",
        "The reset has not reached the device",
        "Failed to do compute reset",
    ] {
        kmsg::expect(text)?;
    }
    drop(Card::open()?);
    let mut control = Control::open()?;
    control.inject("hang-queue", &json!({"queue": "dma1"}))?;
    control.inject("ignore-reset", &json!({"count": 1}))?;
    let mut log = Kmsg::here()?;
    let (before, after) = thread::scope(|scope| {
        let reset = scope.spawn(|| reset("soft_reset"));
        let failed = log.wait_for("The reset has not reached the device", Duration::from_secs(20));
        // Queues hang over any reset.
        control.clear()?;
        failed?;
        reset.join().map_err(|_| "a thread has panicked".to_owned())?
    })?;
    check_eq!(after, (before.0 + 1, before.1 + 1), "hard and soft resets");
    works()
}
