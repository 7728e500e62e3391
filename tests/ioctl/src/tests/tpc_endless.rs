// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Kernels without an end, on all cores at once.

use goya_tests::card::Card;
use goya_tests::device::SRAM_COMMANDS;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::packet::Packets;
use goya_tests::sys::errno;
use goya_tests::tpc::{CORES, COUNT_UP, ONE, Tensor, launch_at, wait_for_done};
use goya_tests::{Result, check, check_eq, device, sys};
use goya_uapi::goya_queue_id::GOYA_QUEUE_ID_TPC0;
use goya_uapi::*;

use super::faults::{PATIENCE, expect_reset, reset_happened};
use super::tpc_reach::works_for_the_next;
use super::{Test, test};
use crate::card_user::CardUser;
use crate::child::until_killed;

pub const TESTS: &[Test] = &[
    Test { seconds: 60, ..test("tpc.endless", endless) },
    Test { seconds: 60, ..test("tpc.endless_left", left) },
];

/// How long the card may take to answer someone while all its cores are busy.
const ANSWER_MS: u64 = 500;

/// Loops that have no end, one kind for each core in turn: a jump to itself, a loop that never leaves, one that stores.
const PROGRAMS: [&str; 3] = [
    "here: nop; jmpr here; nop; nop\nnop\nnop\nnop",
    "here: loop 0, 1, 0, <, there\nnop\nnop\nnop\nnop\nnop\nthere: nop\nnop",
    "set_indx I2, b11111, 0; nop; nop; nop\nnop\nnop\nhere: nop; nop; nop; st_tnsr 0, I2, V1\nnop; jmpr here; nop; nop\nnop\nnop",
];

/// Has all cores execute kernels without an end; with `waits`, in a submission that waits for it, and is late soon.
pub fn spin(waits: bool) -> Result {
    let card = Card::open()?;
    card.run(4, &Packets::default().nop())?;
    let mut chunks = Vec::new();
    let place = Tensor::new(device::SRAM + 0x80_0000, 4, [64, 1, 1, 1, 1]);
    for core in 0..CORES {
        let code = device::SRAM + 0x20_0000 + u64::from(core) * 0x1_0000;
        let text = PROGRAMS[core as usize % PROGRAMS.len()];
        let program = goya_tpc_isa::asm::assemble(text).map_err(|e| format!("{e:?}"))?;
        card.put(code, &program.to_bytes())?;
        let packets = launch_at(code, &[place.clone()], &[], ONE, COUNT_UP)?;
        let at = SRAM_COMMANDS + u64::from(core) * 0x1000;
        card.put(at, packets.bytes())?;
        let flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
        chunks.push(device::chunk(at, GOYA_QUEUE_ID_TPC0 + core, packets.bytes().len(), flags));
    }
    let last = if waits { wait_for_done(CORES) } else { Packets::default().nop() };
    let job = card.job(3, &last)?;
    chunks.push(job.chunk);
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
    let (flags, seconds) = if waits { (HL_CS_FLAGS_CUSTOM_TIMEOUT, 2) } else { (0, 0) };
    let seq = card.submit(&chunks, flags, seconds).map_err(|e| e.to_string())?;
    // The card answers meanwhile.
    let start = sys::monotonic();
    card.run(1, &Packets::default().nop())?;
    println!("{}", (sys::monotonic() - start) / 1_000_000);
    if waits {
        check_eq!(errno(card.wait(seq, 60_000_000)), libc::ETIMEDOUT, "waiting for kernels without an end");
        return until_killed();
    }
    card.finish(seq).map(drop)
}

/// Milliseconds that the user says an answer took.
fn answered(user: &mut CardUser) -> Result {
    let said = user.line()?;
    let took: u64 = said.parse().map_err(|_| format!("the user says {said:?}"))?;
    check!(took <= ANSWER_MS, "a NOP took {took} ms beside kernels without an end");
    Ok(())
}

/// The driver's time-out ends them, and the card computes for the next.
fn endless() -> Result {
    expect_reset()?;
    kmsg::expect("Received H/W interrupt")?;
    let card = Card::open_control()?;
    let before = card.resets()?;
    let mut user = CardUser::start("spin")?;
    let mut log = Kmsg::here()?;
    user.go()?;
    answered(&mut user)?;
    log.wait_for("has not finished in", PATIENCE)?;
    user.ends_killed()?;
    reset_happened(&card, before)?;
    works_for_the_next()
}

/// Nobody waits for them, and their user goes: so do they.
fn left() -> Result {
    expect_reset()?;
    kmsg::expect("device is not idle after user context is closed")?;
    let card = Card::open_control()?;
    let mut user = CardUser::start("spin-left")?;
    user.go()?;
    answered(&mut user)?;
    check!(user.line()?.is_empty(), "the user says more than was asked");
    drop(user);
    let next = Card::open()?;
    let idle = next.hw_idle()?;
    check!(idle.is_idle != 0, "the next user finds engines at work: {:#x}", idle.busy_engines_mask);
    drop(next);
    card.wait_unused()?;
    works_for_the_next()
}
