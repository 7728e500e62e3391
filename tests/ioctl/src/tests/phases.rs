// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A context's beginning: the switch of the card to its user, and the restore phase.

use std::thread;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::{Job, SRAM};
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::packet::{Packets, SYNC_OBJECT, dma_fence};
use goya_tests::sys::{Interrupter, errno};
use goya_tests::{Result, check, check_eq, noise};
use goya_uapi::HL_CS_FLAGS_FORCE_RESTORE;
use serde_json::json;

use super::tables::PRODUCER;
use super::{Test, fault, test};
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("context.nothing_is_left", nothing_is_left),
    test("context.device_memory_of_another", device_memory_of_another),
    fault("context.overwritten_in_background", overwritten_in_background),
    fault("context.lost_in_background", lost_in_background),
    test("context.restore_phase", restore_phase),
    test("context.forced_restore", forced_restore),
    fault("context.interrupted_switch", interrupted_switch),
    fault("context.interrupted_restore", interrupted_restore),
    test("context.restored_by_another", restored_by_another),
    fault("context.slow_switch", slow_switch),
];

/// What SRAM holds after a switch (`goya_context_switch()`).
const CLEARED: u8 = 0x77;
/// And what device memory does that others have used (`memory_scrub_val` in debugfs).
const SCRUBBED: u64 = 0x1122_3344_5566_7788;

/// A new user finds neither the last one's data in SRAM, nor its sync objects, nor its DRAM.
fn nothing_is_left() -> Result {
    let at = SRAM + 0x10_0000;
    let card = Card::open()?;
    card.put(at, b"secret")?;
    card.run(1, &Packets::default().sync_object(50, 77))?;
    drop(card);
    let card = Card::open()?;
    check_eq!(card.get(at, 6)?, [CLEARED; 6], "SRAM");
    check_eq!(card.get(SYNC_OBJECT + 4 * 50, 4)?, [0; 4], "a sync object");
    Ok(())
}

/// Nor is device memory, wherever it was, nor what was written where nothing is mapped. Upstream's driver
/// leaves both (Documentation/differences.rst).
fn device_memory_of_another() -> Result {
    only_goya("overwrites device memory")?;
    const UNMAPPED: u64 = 0x1F_0000_0000;
    // Three pieces, each of which is written at both ends.
    let sizes = [2 << 20, 4 << 20, 6 << 20];
    let secret = noise(9, 4096);
    let card = Card::open()?;
    {
        let pieces = sizes.map(|size| card.device_memory(size));
        for (piece, size) in pieces.iter().zip(sizes) {
            let at = piece.as_ref().map_err(Clone::clone)?.device;
            card.put(at, &secret)?;
            card.put(at + size - 4096, &secret)?;
        }
        card.put(UNMAPPED, &secret)?;
        check!(card.get(UNMAPPED, 4096)? == secret, "the page for what is not mapped cannot be written");
    }
    drop(card);
    let card = Card::open()?;
    let all = card.device_memory(sizes.iter().sum())?;
    for at in (all.device..).step_by(1 << 20).take(12) {
        for at in [at, at + (1 << 20) - 4096] {
            check!(card.get(at, 4096)? != secret, "the memory at {at:#x} was another user's");
            let word = &card.get(at, 8)?[..];
            check_eq!(word, SCRUBBED.to_le_bytes(), format!("what is at {at:#x}"));
        }
    }
    check_eq!(card.get(UNMAPPED, 8)?, [0x99; 8], "what is where nothing is mapped");
    // What is this user's own stays.
    card.put(all.device, &secret)?;
    check!(card.get(all.device, 4096)? == secret, "the user's own memory");
    Ok(())
}

/// What a user has left is overwritten as soon as nobody has the card, whether somebody comes or not, and all of it
/// though one job could not do that in its time.
fn overwritten_in_background() -> Result {
    only_goya("overwrites device memory")?;
    const SIZE: u64 = 160 << 20;
    let mut control = Control::open()?;
    let secret = noise(10, 8);
    let mut places = Vec::new();
    {
        let card = Card::open()?;
        let memory = card.device_memory(SIZE)?;
        for at in (memory.device..memory.device + SIZE).step_by(8 << 20) {
            card.put(at, &secret)?;
            let walk = control.ask(&json!({"cmd": "walk", "asid": 1, "address": at}))?;
            places.push(walk["physical"].as_u64().ok_or_else(|| format!("no address in {walk}"))?);
        }
    }
    let card = Card::open_control()?;
    let expected = format!("{:016x}", SCRUBBED.swap_bytes());
    for address in places {
        card.poll(&format!("other data at {address:#x}"), |_| {
            let data = control.ask(&json!({"cmd": "read-memory", "address": address, "size": 8}))?;
            Ok(data["data"].as_str() == Some(&expected))
        })?;
    }
    Ok(())
}

/// A job that is lost in the background is nothing that the next user could see.
fn lost_in_background() -> Result {
    only_goya("overwrites device memory")?;
    kmsg::expect("QMAN0 Job timeout")?;
    let control_node = Card::open_control()?;
    let before = control_node.resets()?;
    let mut control = Control::open()?;
    let card = Card::open()?;
    card.put(card.device_memory(64 << 20)?.device, b"left")?;
    // Idle as yet, and then at work long enough.
    control.inject("slow-queue", &json!({"queue": "dma0", "ms": 200}))?;
    let mut log = Kmsg::here()?;
    let sent = control.register(PRODUCER)?;
    drop(card);
    control_node.poll("a job", |_| Ok(control.register(PRODUCER)? != sent))?;
    control.inject("hang-queue", &json!({"queue": "dma0"}))?;
    log.wait_for("QMAN0 Job timeout", Duration::from_secs(25))?;
    control.clear()?;
    control_node.poll("a soft reset", |card| Ok(card.resets()? == (before.0, before.1 + 1)))?;
    control_node.wait_operational()?;
    let card = Card::open()?;
    card.alloc(2 << 20, 0).map_err(|e| format!("the next user's memory: {e}"))?;
    check_eq!(card.resets()?, (before.0, before.1 + 1), "hard and soft resets");
    Ok(())
}

/// The first submission's restore phase runs before the other; a later one's does not run.
fn restore_phase() -> Result {
    let card = Card::open()?;
    let at = SRAM + 0x10_0000;
    let copy = |to: u64| Packets::default().copy(7, at, to, 4);
    let submit = |value: u32, to: u64| -> Result {
        let restore = card.job(4, &Packets::default().msg_long(at, value))?;
        let execute = card.job(1, &copy(to))?;
        let seq = card.submit_phases(&[restore.chunk], &[execute.chunk], 0, 0).map_err(|e| e.to_string())?;
        card.finish(seq).map(drop)
    };
    submit(0x1111, at + 16)?;
    submit(0x2222, at + 32)?;
    check_eq!(card.get(at + 16, 4)?, 0x1111u32.to_le_bytes(), "what the first submission found");
    check_eq!(card.get(at + 32, 4)?, 0x1111u32.to_le_bytes(), "what the second one found");
    Ok(())
}

fn forced_restore() -> Result {
    let card = Card::open()?;
    let at = SRAM + 0x10_0000;
    card.run(1, &Packets::default().nop())?;
    let restore = card.job(4, &Packets::default().msg_long(at, 0x3333))?;
    let execute = card.job(1, &Packets::default().copy(7, at, at + 16, 4))?;
    let seq = card.submit_phases(&[restore.chunk], &[execute.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0);
    card.finish(seq.map_err(|e| e.to_string())?)?;
    check!(card.get(at + 16, 4)? == 0x3333u32.to_le_bytes(), "the restore phase did not run first");
    // Without jobs it is nothing but a flag.
    let seq = card.submit(&[execute.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0).map_err(|e| e.to_string())?;
    card.finish(seq).map(drop)
}

/// Queue 3's first fence (`mmDMA_QM_3_CP_FENCE0_RDATA`), and its command processor's state.
const FENCE: u64 = 0x41_8158;
const STATE: u64 = FENCE + 0x20;

/// Whether queue 3 waits for its fence.
fn waits(control: &mut Control) -> Result<bool> {
    Ok(control.register(STATE)? & 1 << 22 != 0)
}

/// Who waits for another thread's switch, and that for a restore phase that does not end, can be interrupted.
fn interrupted_switch() -> Result {
    only_goya("lets those who wait for a switch be interrupted")?;
    let card = Card::open()?;
    let mut control = Control::open()?;
    let restore = card.job(3, &Packets::default().fence(0, 1, 1))?;
    let execute = card.job(1, &Packets::default().nop())?;
    let interrupter = Interrupter::new().map_err(|e| e.to_string())?;
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            let seq = card.submit_phases(&[restore.chunk], &[execute.chunk], 0, 0);
            card.finish(seq.map_err(|e| e.to_string())?)
        });
        let begun = card.poll("a restore phase", |_| waits(&mut control));
        let second = scope.spawn(|| {
            let this = interrupter.this_thread();
            let result = card.submit(&[execute.chunk], 0, 0);
            drop(this);
            errno(result)
        });
        // Until the thread is in there, signals change nothing.
        let interrupted = card.poll("a submission that is interrupted", |_| {
            interrupter.interrupt();
            Ok(second.is_finished())
        });
        control.set_register(FENCE, 1)?;
        let panicked = |_| "a thread has panicked".to_owned();
        let second = second.join().map_err(panicked)?;
        first.join().map_err(panicked)??;
        begun?;
        interrupted?;
        check_eq!(second, libc::EINTR, "what who waited for the switch is told");
        card.run(1, &Packets::default().nop()).map(drop)
    })
}

/// A restore phase that its program does not wait for any more goes on: the card need not be cleaned again for the
/// next one, and memory can be had meanwhile.
fn interrupted_restore() -> Result {
    kmsg::expect("Restore CS for context")?;
    let card = Card::open()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    let restore = card.job(3, &Packets::default().fence(0, 1, 1))?;
    let execute = card.job(1, &Packets::default().nop())?;
    let interrupter = Interrupter::new().map_err(|e| e.to_string())?;
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            let this = interrupter.this_thread();
            let result = card.submit_phases(&[restore.chunk], &[execute.chunk], 0, 0);
            drop(this);
            errno(result)
        });
        let begun = card.poll("a restore phase", |_| waits(&mut control));
        let memory = scope.spawn(|| card.alloc(2 << 20, 0).map(drop));
        let had = card.poll("memory", |_| Ok(memory.is_finished()));
        let interrupted = card.poll("a restore phase that is interrupted", |_| {
            interrupter.interrupt();
            Ok(first.is_finished())
        });
        // Whatever was found, nobody waits for ever.
        let next = card.submit(&[execute.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0);
        control.set_register(FENCE, 1)?;
        let panicked = |_| "a thread has panicked".to_owned();
        check_eq!(
            first.join().map_err(panicked)?,
            libc::ENOEXEC,
            "what who waited for the restore phase is told"
        );
        memory.join().map_err(panicked)?.map_err(|e| format!("alloc: {e}"))?;
        begun?;
        had?;
        interrupted?;
        card.finish(next.map_err(|e| format!("the next submission: {e}"))?)?;
        check_eq!(card.resets()?, before, "resets");
        Ok(())
    })
}

/// What one thread restores another one's may wait for.
fn restored_by_another() -> Result {
    let card = Card::open()?;
    let before = card.resets()?;
    let nop = card.job(1, &Packets::default().nop())?;
    card.finish(card.submit(&[nop.chunk], 0, 0).map_err(|e| e.to_string())?)?;
    let gate = Packets::default().monitor(7, 7, 1, dma_fence(3, 0), 1).fence(0, 1, 1);
    let gate = card.job(3, &gate)?;
    let key = card.job(4, &Packets::default().sync_object(7, 1))?;
    let run = |restore: &Job<'_>| {
        let seq = card.submit_phases(&[restore.chunk], &[nop.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0);
        card.finish(seq.map_err(|e| e.to_string())?).map(drop)
    };
    thread::scope(|scope| {
        let first = scope.spawn(|| run(&gate));
        let status = |seq| card.wait(seq, 0).map(|waited| waited.status);
        // The first submission was 1, and a number that was not given out is an error.
        card.poll("a restore phase", |_| Ok(status(2).is_ok()))?;
        let second = run(&key);
        first.join().map_err(|_| "a thread has panicked".to_owned())??;
        second
    })?;
    check_eq!(card.resets()?, before, "resets");
    Ok(())
}

/// The card may take as long as it likes to be made ready for its user, as long as it gets on.
fn slow_switch() -> Result {
    only_goya("waits for a card that gets on")?;
    let card = Card::open()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    // Filling SRAM alone takes 50 steps.
    control.inject("slow-queue", &json!({"queue": "dma0", "ms": 30}))?;
    card.run(1, &Packets::default().nop())?;
    check_eq!(card.resets()?, before, "resets");
    Ok(())
}
