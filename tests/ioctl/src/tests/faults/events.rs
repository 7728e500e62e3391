// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Events that the firmware reports (`goya_handle_eqe()`).

use std::fs;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::nodes::Nodes;
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;
use serde_json::json;

use super::{PATIENCE, expect_reset, reset_happened, works};
use crate::card_user::CardUser;
use crate::run::only_goya;
use crate::tests::reload::{Binding, reload};
use crate::tests::{Test, fault};

pub const TESTS: &[Test] = &[
    fault("fault.thermal", thermal),
    fault("fault.power", power),
    fault("fault.ecc", || fatal("TPC3_ECC", 45, "TPC3_ecc")),
    fault("fault.sram_ecc", || fatal("SRAM7", 88, "SRAM7")),
    fault("fault.ecc_under_a_user", fatal_under_a_user),
    fault("fault.pll", || fatal("PLL1", 144, "PLL1")),
    fault("fault.pcie", || fatal("PCIE_IF", 33, "PCIe_if")),
    fault("fault.gpio_reset", || fatal("PSOC_GPIO_05_SW_RESET", 356, "PSOC_gpio_05_sw_res")),
    fault("fault.out_of_sync", || fatal("PKT_QUEUE_OUT_SYNC", 506, "QUEUE_OUT_OF_SYNC")),
    fault("fault.two_in_a_row", two_in_a_row),
    Test { name: "fault.event_storm", run: storm, seconds: 120, emulated: true },
];

/// These silence the driver's rate-limited messages for a while: they run after all tests that read them.
pub const LOUD: &[Test] = &[fault("fault.events", events), fault("fault.unknown_event", unknown_event)];

/// Every event that the driver only notes: log line, counter, no reset; and again, as it unmasks them.
fn events() -> Result {
    let card = Card::open_control()?;
    let mut control = Control::open()?;
    kmsg::expect("Received H/W interrupt")?;
    card.wait_operational()?;
    let resets = card.resets()?;
    let mut ids: Vec<u16> = vec![115, 141, 142, 155, 159, 160, 361, 447, 448];
    ids.extend((0..8).flat_map(|n| [117 + 3 * n, 190 + 10 * n, 191 + 10 * n, 430 + n, 438 + n]));
    ids.extend((0..5).flat_map(|n| [290 + n, 449 + n, 455 + n]));
    for round in 0..2 {
        for &id in &ids {
            let before = card.events(usize::from(id))?;
            control.inject("event", &json!({"event": id}))?;
            card.wait_event(usize::from(id), before).map_err(|e| format!("round {round}: {e}"))?;
        }
    }
    check_eq!(card.resets()?, resets, "resets");
    Ok(())
}

/// An event that the driver does not know is counted and named, no more.
fn unknown_event() -> Result {
    kmsg::expect("Received invalid H/W interrupt")?;
    let card = Card::open_control()?;
    let (resets, before) = (card.resets()?, card.events(300)?);
    let mut log = Kmsg::here()?;
    Control::open()?.inject("event", &json!({"event": "DDR0_PHY_DFI"}))?;
    log.wait_for("Received invalid H/W interrupt 300", PATIENCE)?;
    check_eq!(card.events(300)?, before + 1, "the event's counter");
    check_eq!(card.resets()?, resets, "resets");
    Ok(())
}

fn throttle(card: &Card) -> Result<u32> {
    let mut info = hl_info_clk_throttle::default();
    card.info(HL_INFO_CLK_THROTTLE_REASON, &mut info).map_err(|e| e.to_string())?;
    Ok(info.clk_throttling_reason)
}

fn throttled(start: &str, end: &str, bit: u32, started: &str, ended: &str) -> Result {
    let card = Card::open_control()?;
    let mut control = Control::open()?;
    let mut log = Kmsg::here()?;
    control.inject("event", &json!({"event": start}))?;
    log.wait_for(started, PATIENCE)?;
    check_eq!(throttle(&card)? & bit, bit, "throttling");
    control.inject("event", &json!({"event": end}))?;
    log.wait_for(ended, PATIENCE)?;
    check_eq!(throttle(&card)? & bit, 0, "throttling afterwards");
    Ok(())
}

fn thermal() -> Result {
    throttled(
        "FIX_THERMAL_ENV_S",
        "FIX_THERMAL_ENV_E",
        1 << hl_clk_throttling_type::HL_CLK_THROTTLE_TYPE_THERMAL,
        "overheating",
        "Thermal envelop is safe",
    )
}

fn power() -> Result {
    throttled(
        "FIX_POWER_ENV_S",
        "FIX_POWER_ENV_E",
        1 << hl_clk_throttling_type::HL_CLK_THROTTLE_TYPE_POWER,
        "power consumption",
        "Power envelop is safe",
    )
}

/// An event that resets the card.
fn fatal(event: &str, id: usize, name: &str) -> Result {
    let card = Card::open_control()?;
    card.wait_unused()?;
    fatal_seen(&card, event, id, name)?;
    works()?;
    // Upstream gives up a card that has two such resets in a row, without any other between.
    crate::tests::resets::soft()
}

/// The same under a user, who is killed.
fn fatal_under_a_user() -> Result {
    let card = Card::open_control()?;
    let user = CardUser::start("nop0")?;
    fatal_seen(&card, "MME_ECC", 60, "MME_ecc")?;
    user.ends_killed()?;
    works()
}

fn fatal_seen(card: &Card, event: &str, id: usize, name: &str) -> Result {
    expect_reset()?;
    kmsg::expect("Received H/W interrupt")?;
    kmsg::expect("Out of sync with FW")?;
    let before = (card.resets()?, card.events(id)?);
    let mut log = Kmsg::here()?;
    let mut control = Control::open()?;
    control.inject("event", &json!({"event": event}))?;
    log.wait_for(&format!("Received H/W interrupt {id} [\"{name}\"]"), PATIENCE)?;
    card.wait_event(id, before.1)?;
    reset_happened(card, before.0)
}

/// A card that never stops sending events is reset and removed all the same, and does not fill the log.
fn storm() -> Result {
    const EVENT: usize = 190;
    // Ten in five seconds of each kind, for the longest that this takes.
    const LINES: usize = 250;

    only_goya("leaves a card that never stops sending events")?;
    expect_reset()?;
    for text in ["Received H/W interrupt", "Received invalid H/W interrupt"] {
        kmsg::expect(text)?;
    }
    let card = Card::open_control()?;
    card.wait_unused()?;
    let mut log = Kmsg::here()?;
    let mut control = Control::open()?;
    let wait = |id: usize| card.wait_event(id, card.events(id)? + 1000);
    control.inject("event-storm", &json!({"event": 300}))?;
    wait(300)?;
    // This one is answered with a message each time, so that the card is always ahead of the driver.
    control.inject("event-storm", &json!({"event": EVENT}))?;
    wait(EVENT)?;
    let before = card.resets()?;
    fs::write(format!("{}/hard_reset", Nodes::chosen().sysfs()), "1").map_err(|e| e.to_string())?;
    reset_happened(&card, before)?;
    wait(EVENT)?;
    crate::tests::resets::soft()?;
    wait(EVENT)?;
    drop(card);
    let binding = Binding::current()?;
    binding.end()?;
    binding.renew()?;
    Card::open_control()?.wait_event(EVENT, 1000)?;
    control.clear()?;
    let lines = log.count("H/W interrupt")?;
    check!(lines < LINES, "{lines} lines in the log");
    // The tests behind this one read such lines.
    Card::open_control()?.poll("events that are logged again", |_| {
        control.inject("event", &json!({"event": EVENT}))?;
        Ok(log.count("H/W interrupt")? > 0)
    })?;
    works()
}

/// Two fatal events one after the other, while nobody uses the card: upstream gives it up.
fn two_in_a_row() -> Result {
    expect_reset()?;
    for text in
        ["Received H/W interrupt", "Consecutive fatal errors", "Failed to reset! Device is NOT usable"]
    {
        kmsg::expect(text)?;
    }
    let card = Card::open_control()?;
    card.wait_unused()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    let mut log = Kmsg::here()?;
    control.inject("event", &json!({"event": "L2_RAM_ECC"}))?;
    reset_happened(&card, before)?;
    control.inject("event", &json!({"event": "AXI_ECC"}))?;
    log.wait_for("Consecutive fatal errors, stopping hard reset", PATIENCE)?;
    card.poll("a card that was given up", |card| {
        Ok(card.status()? == hl_device_status::HL_DEVICE_STATUS_MALFUNCTION)
    })?;
    let error =
        goya_tests::sys::errno(goya_tests::card::open_node(&goya_tests::nodes::Nodes::chosen().compute()));
    check_eq!(error, libc::EPERM, "opening it");
    check!(card.hw_ip()?.device_id == 1, "the control node does not answer any more");
    drop(card);
    reload()
}
