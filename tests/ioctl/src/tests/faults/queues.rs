// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Lost interrupts, and what stops a queue.

use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::{SRAM, SRAM_COMMANDS};
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::packet::{CFG, Packets};
use goya_tests::sys::Mapping;
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use serde_json::json;

use super::{PATIENCE, expect_reset};
use crate::child::UNMAPPED;
use crate::run::only_goya;
use crate::tests::{Test, fault};

pub const TESTS: &[Test] = &[
    fault("fault.lost_completion_interrupt", lost_completion_interrupt),
    fault("fault.lost_interrupt_in_time", lost_interrupt_in_time),
    fault("fault.unfetched_end", unfetched_end),
    fault("fault.lost_event_interrupt", lost_event_interrupt),
    fault("fault.undefined_opcode", undefined_opcode),
    fault("fault.stop_packet", stop_packet),
    fault("fault.protected_register", protected_register),
    fault("fault.registers_of_the_drivers_queue", registers_of_the_drivers_queue),
    fault("fault.internal_page_fault", internal_page_fault),
    fault("fault.mme_page_fault", mme_page_fault),
    fault("fault.protected_host", protected_host),
    fault("fault.stuck_internal_queue", stuck_internal_queue),
    fault("fault.hung_internal_queue", hung_internal_queue),
];

/// A write of a vector raises it (`mmPCIE_DBI_MSIX_DOORBELL_OFF`).
const INTERRUPT: u64 = 0xC0_2948;
/// Where queue 1's fences are opened (`mmDMA_QM_1_CP_FENCE0_RDATA`); the state of its command processor is 0x20 further.
const FENCES_OF_1: u64 = 0x40_8158;
const AT_FENCE: u64 = 1 << 22;

/// The first of two completions has no interrupt: the second brings both.
fn lost_completion_interrupt() -> Result {
    // The first wait of a context: a later one may look by itself what has ended (Documentation/differences.rst).
    let card = Card::open()?;
    let mut control = Control::open()?;
    control.inject("lose-interrupt", &json!({"vector": 1}))?;
    let job = card.job(1, &Packets::default().nop())?;
    let first = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    let waited = card.wait(first, 300_000).map_err(|e| e.to_string())?;
    check_eq!(waited.status, HL_WAIT_CS_STATUS_BUSY, "a job whose interrupt was lost");
    card.run(1, &Packets::default().nop())?;
    card.finish(first).map(drop)
}

/// Work that has ended is not late, although nobody was told of its end.
fn lost_interrupt_in_time() -> Result {
    only_goya("looks once more before work is late")?;
    let card = Card::open()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    control.inject("lose-interrupt", &json!({"vector": 1}))?;
    let job = card.job(1, &Packets::default().nop())?;
    let seq = card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, 1).map_err(|e| e.to_string())?;
    card.finish(seq)?;
    check_eq!(card.resets()?, before, "resets");
    card.run(1, &Packets::default().nop()).map(drop)
}

/// What the card has not fetched of a job that has ended is not replaced by what the next user wants: it would run
/// as the driver's own.
fn unfetched_end() -> Result {
    only_goya("keeps what the card may fetch")?;
    let at = SRAM + 0x9000;
    let card = Card::open()?;
    card.put(at, &[0; 4])?;
    let mut control = Control::open()?;
    control.inject("stop-after-completion", &json!({"queue": "dma1"}))?;
    // These and the completion are what the card fetches at a time, 256 bytes; the interrupt's packet comes behind.
    let nops = |packets| (0..30).fold(packets, |packets: Packets, _| packets.nop());
    let first = card.job(1, &nops(Packets::default()))?;
    let seq = card.submit(&[first.chunk], 0, 0).map_err(|e| e.to_string())?;
    card.poll("a queue that has stopped", |_| control.hung("dma1"))?;
    control.set_register(INTERRUPT, 1)?;
    card.finish(seq)?;
    // A fill's value and address, at the place of that packet, are a MSG_PROT and its address.
    let message = u64::from(0x6666_6666u32) | 7 << 56;
    let crafted = nops(Packets::default().fence(0, 1, 1));
    let crafted = crafted.fill(hl_goya_dma_direction::HL_DMA_HOST_TO_SRAM, message, at, 8);
    check_eq!(crafted.bytes().len(), 256 + 16, "bytes");
    let second = card.job(1, &crafted)?;
    let seq = card.submit(&[second.chunk], 0, 0).map_err(|e| e.to_string())?;
    control.clear()?;
    card.poll("a queue at its fence", |_| Ok(control.register(FENCES_OF_1 + 0x20)? & AT_FENCE != 0))?;
    let found = control.memory(at, 4)?;
    control.set_register(FENCES_OF_1, 1)?;
    card.finish(seq)?;
    check_eq!(found, "00000000", "what a user could have the driver's queue write");
    Ok(())
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

/// Counter and name of the event of an internal queue.
fn event_of(queue: u32) -> (usize, String) {
    match queue {
        goya_queue_id::GOYA_QUEUE_ID_MME => (447, "MME_qm".into()),
        _ => {
            let n = queue - goya_queue_id::GOYA_QUEUE_ID_TPC0;
            (438 + n as usize, format!("TPC{n}_qm"))
        }
    }
}

/// Closes a card of which an engine is stuck: the driver notices, and resets the engines.
fn close_stuck(card: Card, queue: u32) -> Result {
    expect_reset()?;
    kmsg::expect("device is not idle after user context is closed")?;
    let before = card.resets()?;
    let mut log = Kmsg::here()?;
    drop(card);
    let engine = 5 + queue - goya_queue_id::GOYA_QUEUE_ID_MME;
    let text = format!("device is not idle after user context is closed (mask {:#x})", 1u32 << engine);
    log.wait_for(&text, PATIENCE)?;
    let card = Card::open()?;
    check_eq!(card.resets()?, (before.0, before.1 + 1), "hard and soft resets");
    card.run_internal(queue, &Packets::default().nop()).map(drop)
}

/// Lets an internal queue execute something that stops it: event, log line, and the end of `close_stuck`.
fn stopped(queue: u32, packets: &Packets, texts: &[&str], then: impl FnOnce(&Card) -> Result) -> Result {
    stopped_on(Card::open()?, queue, packets, texts, then)
}

fn stopped_on(
    card: Card,
    queue: u32,
    packets: &Packets,
    texts: &[&str],
    then: impl FnOnce(&Card) -> Result,
) -> Result {
    for text in ["Received H/W interrupt", "MMU page fault on va"] {
        kmsg::expect(text)?;
    }
    let (id, name) = event_of(queue);
    let before = card.events(id)?;
    let mut log = Kmsg::here()?;
    card.submit_internal(queue, packets, SRAM_COMMANDS, 0, 0)?;
    card.wait_event(id, before)?;
    log.wait_for(&format!("Received H/W interrupt {id} [\"{name}\"]"), PATIENCE)?;
    for text in texts {
        log.wait_for(text, PATIENCE)?;
    }
    then(&card)?;
    close_stuck(card, queue)
}

/// The packet behind the bad one is not executed.
fn undefined_opcode() -> Result {
    let at = SRAM + 0x9000;
    let packets = Packets::default().msg_long(at, 1).undefined().msg_long(at, 2);
    stopped(goya_queue_id::GOYA_QUEUE_ID_TPC0, &packets, &[], |card| {
        check_eq!(card.get(at, 4)?, 1u32.to_le_bytes(), "the word before the bad packet");
        Ok(())
    })
}

fn stop_packet() -> Result {
    let at = SRAM + 0x9000;
    let packets = Packets::default().msg_long(at, 1).stop().msg_long(at, 2);
    stopped(goya_queue_id::GOYA_QUEUE_ID_TPC1, &packets, &[], |card| {
        check_eq!(card.get(at, 4)?, 1u32.to_le_bytes(), "the word before the packet");
        Ok(())
    })
}

/// A TPC's queue may not write its own ring's base: refused, stopped, reported, and not written.
fn protected_register() -> Result {
    let register = 0xE0_8060 + 4 * 0x4_0000;
    let mut control = Control::open()?;
    let before = control.register(register)?;
    let packets = Packets::default().msg_long(CFG + register, 0x6666_6666);
    stopped(goya_queue_id::GOYA_QUEUE_ID_TPC4, &packets, &[], |_| {
        check_eq!(control.register(register)?, before, "the ring's base");
        Ok(())
    })
}

/// No engine of a user's reaches the queue that the driver trusts, not even what it reports and its debug registers.
fn registers_of_the_drivers_queue() -> Result {
    only_goya("protects all of a DMA queue manager but its fences")?;
    // CP_BARRIER_CFG.
    let register = 0x40_0184;
    let mut control = Control::open()?;
    let before = control.register(register)?;
    let packets = Packets::default().msg_long(CFG + register, 0x666);
    stopped(goya_queue_id::GOYA_QUEUE_ID_TPC5, &packets, &[], |_| {
        check_eq!(control.register(register)?, before, "how long the driver's queue waits for its engine");
        Ok(())
    })
}

/// A message to where nothing is mapped.
fn internal_page_fault() -> Result {
    let packets = Packets::default().msg_long(UNMAPPED, 1);
    let text = format!("MMU page fault on va {UNMAPPED:#x}");
    stopped(goya_queue_id::GOYA_QUEUE_ID_TPC2, &packets, &[&text], |_| Ok(()))
}

fn mme_page_fault() -> Result {
    let packets = Packets::default().msg_long(UNMAPPED + 0x40, 1);
    let text = format!("MMU page fault on va {:#x}", UNMAPPED + 0x40);
    stopped(goya_queue_id::GOYA_QUEUE_ID_MME, &packets, &[&text], |_| Ok(()))
}

/// The engines may not reach the host, even where its memory is mapped: only DMA may.
fn protected_host() -> Result {
    let card = Card::open()?;
    let host = Mapping::anonymous(4096).map_err(|e| e.to_string())?;
    let device = card.map_host_range(host.address(), 4096).map_err(|e| e.to_string())?;
    let packets = Packets::default().msg_long(device, 0x6666_6666);
    stopped_on(card, goya_queue_id::GOYA_QUEUE_ID_TPC6, &packets, &[], |_| {
        check_eq!(host.word(0), 0, "the host's memory");
        Ok(())
    })
}

/// An internal queue that waits for ever holds up nobody: the submission ends with its external job. It
/// shows when the user goes.
fn stuck_internal_queue() -> Result {
    let queue = goya_queue_id::GOYA_QUEUE_ID_TPC7;
    let card = Card::open()?;
    card.run_internal(queue, &Packets::default().fence(0, 1, 1))?;
    close_stuck(card, queue)
}

/// A hung queue executes nothing, until it goes on.
fn hung_internal_queue() -> Result {
    let at = SRAM + 0x9000;
    let card = Card::open()?;
    card.put(at, &[0; 4])?;
    let mut control = Control::open()?;
    control.inject("hang-queue", &json!({"queue": "tpc7"}))?;
    card.run_internal(goya_queue_id::GOYA_QUEUE_ID_TPC7, &Packets::default().msg_long(at, 7))?;
    std::thread::sleep(Duration::from_millis(50));
    check_eq!(card.get(at, 4)?, [0; 4], "a word that a hung queue was to write");
    control.clear()?;
    card.poll("the word of a queue that goes on", |card| Ok(card.get(at, 4)? == 7u32.to_le_bytes()))
}
