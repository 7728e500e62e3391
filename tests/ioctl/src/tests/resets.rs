// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Resets by sysfs.

use std::fs;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::{Result, check, check_eq, kmsg};
use serde_json::json;

use super::{Test, fault, test};
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("reset.soft", soft),
    test("reset.hard", hard),
    test("reset.power_limits", power_limits),
    fault("reset.slow_queue", slow_queue),
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
