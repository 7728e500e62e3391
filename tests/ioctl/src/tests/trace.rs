// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Trace points: `Documentation/ABI/testing/tracepoints-goya`.

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::{SRAM, SRAM_COMMANDS, chunk};
use goya_tests::packet::Packets;
use goya_tests::tracefs::Trace;
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;
use serde_json::json;

use super::{Test, fault, test};
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] =
    &[test("trace.submissions", submissions), test("trace.memory", memory), fault("trace.events", events)];

/// Those that reset the card.
pub const ROUGH: &[Test] = &[Test { name: "trace.resets", run: resets, seconds: 60, emulated: false }];

/// Traces all that the driver tells, where the kernel can.
fn trace() -> Result<Trace> {
    only_goya("has these trace points")?;
    if !Trace::has("goya") {
        skip("this kernel has no trace points");
    }
    Trace::of(&["goya"])
}

/// Numbers of a job's lines, from the trace: `goya_job_start: 0000:00:04.0: ctx: 1, seq: 4, job: 1, queue: dma1`.
fn jobs(trace: &Trace, event: &str, seq: u64) -> Result<Vec<String>> {
    let (name, seq) = (format!("{event}:"), format!("seq: {seq}, "));
    let lines = trace.lines()?.into_iter().filter(|line| line.starts_with(&name));
    let wanted = lines.filter(|line| line.contains(&seq));
    Ok(wanted.filter_map(|line| line.find("job: ").map(|at| line[at..].to_owned())).collect())
}

/// Each job begins and ends once, in order.
fn submissions() -> Result {
    let trace = trace()?;
    let card = Card::open()?;
    card.put(SRAM, &[0; 64])?;
    let tpc = Packets::default().msg_long(SRAM, 1);
    card.put(SRAM_COMMANDS, tpc.bytes())?;
    let internal = chunk(
        SRAM_COMMANDS,
        goya_queue_id::GOYA_QUEUE_ID_TPC3,
        tpc.bytes().len(),
        HL_CS_CHUNK_FLAGS_USER_ALLOC_CB,
    );
    let (one, two) = (card.job(1, &Packets::default().nop())?, card.job(4, &Packets::default().nop())?);
    let submit = |chunks: &[_]| card.submit(chunks, 0, 0).map_err(|e| e.to_string());
    let seq = submit(&[internal, one.chunk, two.chunk, one.chunk])?;
    card.finish(seq)?;
    let number = format!("seq: {seq},");
    trace.find("goya_cs_submit", &[&number, "external: 3, internal: 1"])?;
    trace.find("goya_cs_complete", &[&number, "error: 0"])?;
    let all = ["job: 1, queue: tpc3", "job: 2, queue: dma1", "job: 3, queue: dma4", "job: 4, queue: dma1"];
    for event in ["goya_job_start", "goya_job_complete"] {
        let mut told = jobs(&trace, event, seq)?;
        told.sort();
        check_eq!(told, all, format!("{event} of submission {seq}"));
    }
    // Of one queue's jobs each begins when the one before has ended.
    let last = (0..20).map(|_| submit(&[one.chunk])).collect::<Result<Vec<_>>>()?;
    card.finish(*last.last().ok_or("none")?)?;
    let lines = trace.lines()?;
    let order: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("goya_job_") && line.ends_with("dma1"))
        .filter(|line| last.iter().any(|seq| line.contains(&format!("seq: {seq},"))))
        .map(|line| line.starts_with("goya_job_start"))
        .collect();
    check_eq!(order.len(), 40, "begins and ends");
    check!(
        order.iter().enumerate().all(|(n, begins)| *begins == (n % 2 == 0)),
        "in another order: {order:?}"
    );
    Ok(())
}

/// What is mapped and unmapped.
fn memory() -> Result {
    let trace = trace()?;
    let card = Card::open()?;
    let host = card.host_memory(3 << 12)?;
    let address = format!("vaddr: {:#x},", host.device);
    trace.find("goya_mmu_map", &[&address, "size: 0x3000, psize: 0x1000"])?;
    check!(trace.find("goya_mmu_unmap", &[&address]).is_err(), "unmapped before its time");
    drop(host);
    trace.find("goya_mmu_unmap", &[&address, "size: 0x3000, psize: 0x1000"])?;
    trace.find("goya_mmu_invalidate", &["error: 0"])?;
    let dram = card.device_memory(4 << 20)?;
    let address = format!("vaddr: {:#x},", dram.device);
    trace.find("goya_mmu_map", &[&address, "size: 0x400000, psize: 0x200000"])?;
    // What a program leaves is unmapped, too.
    std::mem::forget(dram);
    drop(card);
    Card::open_control()?.wait_unused()?;
    trace.find("goya_mmu_unmap", &[&address]).map(drop)
}

/// Messages to firmware, and events.
fn events() -> Result {
    let trace = trace()?;
    let control = Card::open_control()?;
    let mut power = hl_power_info::default();
    control.info(HL_INFO_POWER, &mut power).map_err(|e| e.to_string())?;
    let message = trace.find("goya_fw_message", &["opcode: 32,", "argument: 0x80000,", "error: 0"])?;
    check!(message.contains(&format!("result: {:#x},", power.power)), "{message}: power is {}", power.power);
    let mut card = Control::open()?;
    // The power envelope is left, and kept again.
    for event in [507, 508] {
        let before = control.events(event)?;
        card.inject("event", &json!({"event": event}))?;
        control.wait_event(event, before)?;
        trace.find("goya_event", &[&format!("event: {event}")])?;
    }
    Ok(())
}

/// Resets, and what becomes of jobs then.
fn resets() -> Result {
    let trace = trace()?;
    let card = Card::open()?;
    // Nobody opens this fence.
    let job = card.job(1, &Packets::default().fence(0, 1, 1))?;
    let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    drop(job);
    drop(card);
    let node = Card::open_control()?;
    node.poll("a reset", |_| Ok(trace.find("goya_reset_done", &["hard, error: 0"]).is_ok()))?;
    node.wait_operational()?;
    let lines = trace.lines()?;
    let at = |text: &str| lines.iter().position(|line| line.starts_with(text));
    check!(at("goya_reset_start") < at("goya_reset_done"), "in another order: {lines:#?}");
    trace.find("goya_cs_complete", &[&format!("seq: {seq},"), "error: -5"])?;
    check_eq!(jobs(&trace, "goya_job_complete", seq)?, ["job: 1, queue: dma1"], "the job that was aborted");
    Ok(())
}
