// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Injected faults, and how the driver reacts: the log lines, counters and resets that upstream's
//! source promises (`goya_handle_eqe()`, `cs_timedout()`, `hl_device_heartbeat()`).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::{SRAM, SRAM_COMMANDS};
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::packet::{CFG, Packets};
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;
use serde_json::json;

use super::reload::reload;
use super::{Test, fault};
use crate::victim::UNMAPPED;

pub const TESTS: &[Test] = &[
    fault("fault.thermal", thermal),
    fault("fault.power", power),
    fault("fault.ecc", || fatal("TPC3_ECC", 45, "TPC3_ecc")),
    fault("fault.sram_ecc", || fatal("SRAM7", 88, "SRAM7")),
    fault("fault.pll", || fatal("PLL1", 144, "PLL1")),
    fault("fault.pcie", || fatal("PCIE_IF", 33, "PCIe_if")),
    fault("fault.gpio_reset", || fatal("PSOC_GPIO_05_SW_RESET", 356, "PSOC_gpio_05_sw_res")),
    fault("fault.out_of_sync", || fatal("PKT_QUEUE_OUT_SYNC", 506, "QUEUE_OUT_OF_SYNC")),
    fault("fault.lost_completion_interrupt", lost_completion_interrupt),
    fault("fault.lost_event_interrupt", lost_event_interrupt),
    fault("fault.undefined_opcode", undefined_opcode),
    fault("fault.stop_packet", stop_packet),
    fault("fault.protected_register", protected_register),
    fault("fault.internal_page_fault", internal_page_fault),
    fault("fault.dma_page_fault", dma_page_fault),
    fault("fault.hung_queue", hung_queue),
    fault("fault.corrupt_completion", corrupt_completion),
    fault("fault.closed_fence", closed_fence),
    // Its many messages silence the driver's rate-limited ones for a while: just before the longest wait.
    fault("fault.events", events),
    fault("fault.heartbeat", heartbeat),
];

const PATIENCE: Duration = Duration::from_secs(40);

/// Every event that the driver only notes: log line, counter, no reset; and again, as it unmasks them.
fn events() -> Result {
    let card = Card::open_control()?;
    let mut control = Control::open()?;
    kmsg::expect("Received H/W interrupt")?;
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
    expect_reset()?;
    kmsg::expect("Received H/W interrupt")?;
    kmsg::expect("Out of sync with FW")?;
    let card = Card::open_control()?;
    let before = (card.resets()?, card.events(id)?);
    let mut log = Kmsg::here()?;
    let mut control = Control::open()?;
    control.inject("event", &json!({"event": event}))?;
    log.wait_for(&format!("Received H/W interrupt {id} [\"{name}\"]"), PATIENCE)?;
    card.wait_event(id, before.1)?;
    reset_happened(&card, before.0)?;
    drop(card);
    works()?;
    // Upstream gives up a card that has two such resets between heartbeats: begin anew.
    reload()
}

/// Messages that come with every hard reset under a user.
fn expect_reset() -> Result {
    for text in [
        "Going to reset device",
        "Killing",
        "user process",
        "Resetting device",
        "aborted",
        "has not finished in",
        "has timed-out",
        "Failed to",
        "Cmd ",
        "Command submission",
        "Save",
        "State dump",
        "state dump",
    ] {
        kmsg::expect(text)?;
    }
    Ok(())
}

fn reset_happened(card: &Card, before: (u32, u32)) -> Result {
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()
}

/// The card does a job.
fn works() -> Result {
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// The first of two completions has no interrupt: the second brings both.
fn lost_completion_interrupt() -> Result {
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    let mut control = Control::open()?;
    control.inject("lose-interrupt", &json!({"vector": 1}))?;
    let job = card.job(1, &Packets::default().nop())?;
    let first = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    let waited = card.wait(first, 300_000).map_err(|e| e.to_string())?;
    check_eq!(waited.status, HL_WAIT_CS_STATUS_BUSY, "a job whose interrupt was lost");
    card.run(1, &Packets::default().nop())?;
    card.finish(first).map(drop)
}

fn lost_event_interrupt() -> Result {
    let card = Card::open_control()?;
    let mut control = Control::open()?;
    kmsg::expect("Received H/W interrupt")?;
    let before = card.events(361)?;
    control.inject("lose-interrupt", &json!({"vector": 5}))?;
    control.inject("event", &json!({"event": 361}))?;
    std::thread::sleep(Duration::from_millis(200));
    check_eq!(card.events(361)?, before, "an event whose interrupt was lost");
    control.inject("event", &json!({"event": 190}))?;
    card.wait_event(361, before)
}

/// Lets TPC queue `n` execute something that stops it, sees event and log line, and resets the engines.
fn tpc_error(n: u32, packets: &Packets, text: &str) -> Result {
    expect_reset()?;
    kmsg::expect("Received H/W interrupt")?;
    kmsg::expect("MMU page fault on va")?;
    kmsg::expect("Illegal")?;
    kmsg::expect("Soft-Reset requested")?;
    kmsg::expect("device is not idle after user context is closed")?;
    let id = 438 + n as usize;
    let card = Card::open()?;
    let before = card.events(id)?;
    let mut log = Kmsg::here()?;
    card.submit_internal(goya_queue_id::GOYA_QUEUE_ID_TPC0 + n, packets, SRAM_COMMANDS, 0, 0)?;
    card.wait_event(id, before)?;
    log.wait_for(text, PATIENCE)?;
    drop(card);
    super::resets::soft()?;
    let card = Card::open()?;
    card.run_internal(goya_queue_id::GOYA_QUEUE_ID_TPC0 + n, &Packets::default().nop()).map(drop)
}

fn undefined_opcode() -> Result {
    let packets = Packets::default().raw(0, 0x1F << 24).msg_long(SRAM + 0x9000, 0xBAD);
    tpc_error(0, &packets, "Received H/W interrupt 438 [\"TPC0_qm\"]")
}

fn stop_packet() -> Result {
    tpc_error(1, &Packets::default().stop(), "Received H/W interrupt 439 [\"TPC1_qm\"]")
}

/// A TPC's queue may not write its own ring's base: refused, stopped, reported, and not written.
fn protected_register() -> Result {
    let register = 0xE0_8060 + 4 * 0x4_0000;
    let read = || -> Result<u64> {
        let answer = Control::open()?.ask(&json!({"cmd": "read-register", "register": register}))?;
        answer["value"].as_u64().ok_or_else(|| "no value".into())
    };
    let before = read()?;
    let packets = Packets::default().msg_long(CFG + register, 0x6666_6666);
    let card = Card::open()?;
    let events = card.events(442)?;
    kmsg::expect("Received H/W interrupt")?;
    kmsg::expect("device is not idle after user context is closed")?;
    card.submit_internal(goya_queue_id::GOYA_QUEUE_ID_TPC4, &packets, SRAM_COMMANDS, 0, 0)?;
    card.wait_event(442, events)?;
    check_eq!(read()?, before, "the ring's base");
    drop(card);
    tpc_error(4, &packets, "Received H/W interrupt 442 [\"TPC4_qm\"]")
}

/// A buffer where nothing is mapped.
fn internal_page_fault() -> Result {
    let packets = Packets::default().msg_long(UNMAPPED, 1);
    tpc_error(2, &packets, &format!("MMU page fault on va {UNMAPPED:#x}"))
}

/// Lets a process submit `work` that never ends, after `prepare`; sees the time-out, the reset and the
/// process's end.
fn time_out(work: &str, prepare: impl FnOnce(&mut Control) -> Result, seen: &[&str]) -> Result {
    expect_reset()?;
    kmsg::expect("Received H/W interrupt")?;
    kmsg::expect("MMU page fault on va")?;
    let card = Card::open_control()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    let mut victim = start(work)?;
    prepare(&mut control)?;
    let mut log = Kmsg::here()?;
    if let Some(stdin) = &mut victim.stdin {
        stdin.write_all(b"go\n").map_err(|e| e.to_string())?;
    }
    for text in seen {
        log.wait_for(text, PATIENCE)?;
    }
    log.wait_for("has not finished in", PATIENCE)?;
    control.clear()?;
    reset_happened(&card, before)?;
    let status = victim.wait().map_err(|e| e.to_string())?;
    check!(!status.success(), "the submitting process ended well");
    works()
}

fn start(work: &str) -> Result<Child> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut child = Command::new(program)
        .args(["--victim", work])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
    }
    if line.trim() == "ready" { Ok(child) } else { Err(format!("the submitting process says {line:?}")) }
}

fn dma_page_fault() -> Result {
    let id = 455 + 3;
    let card = Card::open_control()?;
    let before = card.events(id)?;
    time_out(
        "fault3",
        |_| Ok(()),
        &["Received H/W interrupt 458 [\"DMA3_ch\"]", "MMU page fault on va 0x3000000000"],
    )?;
    check!(card.events(id)? > before, "no event");
    Ok(())
}

fn hung_queue() -> Result {
    time_out("nop1", |c| c.inject("hang-queue", &json!({"queue": "dma1"})), &[])
}

fn corrupt_completion() -> Result {
    time_out("nop2", |c| c.inject("corrupt-completion", &json!({"queue": "dma2"})), &[])
}

fn closed_fence() -> Result {
    time_out("fence2", |_| Ok(()), &[])
}

/// The firmware stops answering: the next heartbeat fails and the card is reset.
fn heartbeat() -> Result {
    expect_reset()?;
    for text in ["Device CPU packet timeout", "heartbeat failed", "Pkt info", "Failed"] {
        kmsg::expect(text)?;
    }
    let card = Card::open_control()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    let mut log = Kmsg::here()?;
    control.inject("stop-heartbeat", &json!({}))?;
    log.wait_for("Device heartbeat failed!", PATIENCE)?;
    control.clear()?;
    reset_happened(&card, before)?;
    drop(card);
    works()?;
    reload()
}
