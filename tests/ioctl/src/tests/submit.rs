// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submitting and waiting.

use goya_tests::card::Card;
use goya_tests::device::{SRAM, SRAM_COMMANDS, Waited, chunk};
use goya_tests::packet::Packets;
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq, kmsg};
use goya_uapi::*;

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("submit.nop_external", nop_external),
    test("submit.nop_internal", nop_internal),
    test("submit.msg_long_external", msg_long_external),
    test("submit.msg_long_internal", msg_long_internal),
    test("submit.several_jobs", several_jobs),
    test("submit.ring_wrap", ring_wrap),
    test("wait.busy_then_done", busy_then_done),
    test("wait.time_stamp", time_stamp),
    test("wait.gone_and_unknown", gone_and_unknown),
];

/// The external queues that users have.
pub const EXTERNAL: std::ops::Range<u32> = 0..5;
/// The internal queues.
pub const INTERNAL: std::ops::Range<u32> =
    goya_queue_id::GOYA_QUEUE_ID_MME..goya_queue_id::GOYA_QUEUE_ID_SIZE;

fn nop_external() -> Result {
    let card = Card::open()?;
    for queue in EXTERNAL {
        card.run(queue, &Packets::default().nop())?;
    }
    Ok(())
}

fn nop_internal() -> Result {
    let card = Card::open()?;
    for queue in INTERNAL {
        card.run_internal(queue, &Packets::default().nop())?;
    }
    Ok(())
}

/// Every queue writes its own word into SRAM, and the words are read back by DMA.
fn messages(
    card: &Card,
    queues: std::ops::Range<u32>,
    run: impl Fn(u32, &Packets) -> Result<Waited>,
) -> Result {
    for queue in queues {
        let at = SRAM + 0x1000 + u64::from(queue) * 16;
        let value = 0xC0DE_0000 | queue;
        run(queue, &Packets::default().msg_long(at, value))?;
        check_eq!(card.get(at, 4)?, value.to_le_bytes(), format!("the word of queue {queue}"));
    }
    Ok(())
}

fn msg_long_external() -> Result {
    let card = Card::open()?;
    messages(&card, EXTERNAL, |queue, packets| card.run(queue, packets))
}

fn msg_long_internal() -> Result {
    let card = Card::open()?;
    messages(&card, INTERNAL, |queue, packets| {
        let waited = card.run_internal(queue, packets)?;
        // Internal jobs have no completion of their own: an external one behind them tells.
        settle(&card, queue)?;
        Ok(waited)
    })
}

/// Waits until internal queue `queue` has nothing to do.
pub fn settle(card: &Card, queue: u32) -> Result {
    let bit = 5 + (queue - goya_queue_id::GOYA_QUEUE_ID_MME);
    card.poll("an idle queue", |card| Ok(card.hw_idle()?.busy_engines_mask & (1 << bit) == 0))
}

/// One submission with a job for each external queue.
fn several_jobs() -> Result {
    let card = Card::open()?;
    let jobs = EXTERNAL.map(|q| card.job(q, &Packets::default().nop())).collect::<Result<Vec<_>>>()?;
    let chunks: Vec<_> = jobs.iter().map(|j| j.chunk).collect();
    let seq = card.submit(&chunks, 0, 0).map_err(|e| e.to_string())?;
    card.finish(seq).map(drop)
}

/// More jobs than an internal ring has entries, and sequence numbers that count.
fn ring_wrap() -> Result {
    let card = Card::open()?;
    card.put(SRAM_COMMANDS, Packets::default().nop().bytes())?;
    let mut last = None;
    for n in 0..150 {
        let job = chunk(SRAM_COMMANDS, goya_queue_id::GOYA_QUEUE_ID_TPC3, 8, HL_CS_CHUNK_FLAGS_USER_ALLOC_CB);
        let nop = card.job(2, &Packets::default().nop())?;
        let seq = card.submit(&[job, nop.chunk], 0, 0).map_err(|e| format!("submission {n}: {e}"))?;
        check!(last.is_none_or(|l| seq == l + 1), "{seq} after {last:?}");
        last = Some(seq);
        card.finish(seq)?;
    }
    Ok(())
}

/// A fence keeps a job busy until somebody opens it.
fn busy_then_done() -> Result {
    let card = Card::open()?;
    let waiting = Packets::default().monitor(7, 7, 1, goya_tests::packet::dma_fence(3, 0), 1).fence(0, 1, 1);
    let job = card.job(3, &waiting)?;
    let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    let waited = card.wait(seq, 50_000).map_err(|e| e.to_string())?;
    check_eq!(waited.status, HL_WAIT_CS_STATUS_BUSY, "a closed fence");
    check_eq!(card.wait(seq, 0).map_err(|e| e.to_string())?.status, HL_WAIT_CS_STATUS_BUSY, "a look");
    // The driver works on a copy: the user's buffer is free again.
    check_eq!(card.cb_usage(job.handle).map_err(|e| e.to_string())?, 0, "submissions that use the buffer");
    card.run(2, &Packets::default().sync_object(7, 1))?;
    card.finish(seq).map(drop)
}

fn time_stamp() -> Result {
    let card = Card::open()?;
    let job = card.job(1, &Packets::default().nop())?;
    let seq = card.submit(&[job.chunk], HL_CS_FLAGS_TIMESTAMP, 0).map_err(|e| e.to_string())?;
    let waited = card.finish(seq)?;
    check!(waited.flags & HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD != 0 && waited.time > 0, "{waited:?}");
    Ok(())
}

fn gone_and_unknown() -> Result {
    let card = Card::open()?;
    let first = {
        let job = card.job(1, &Packets::default().nop())?;
        let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
        card.finish(seq)?;
        seq
    };
    for _ in 0..80 {
        card.run(1, &Packets::default().nop())?;
    }
    let waited = card.wait(first, 0).map_err(|e| e.to_string())?;
    check_eq!(
        (waited.status, waited.flags & 1),
        (HL_WAIT_CS_STATUS_COMPLETED, HL_WAIT_CS_STATUS_FLAG_GONE),
        "an old one"
    );
    kmsg::expect("Can't wait on CS")?;
    check_eq!(errno(card.wait(first + 1_000_000, 0)), libc::EINVAL, "one that never was");
    Ok(())
}
