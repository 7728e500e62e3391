// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Every ring wraps, and no job of it is lost or done twice.

use std::time::Instant;

use goya_tests::card::Card;
use goya_tests::device::{SRAM, SRAM_COMMANDS, chunk};
use goya_tests::packet::{ADD, Packets, SYNC_OBJECT, dma_fence};
use goya_tests::{Result, check_eq};
use goya_uapi::{HL_CS_CHUNK_FLAGS_USER_ALLOC_CB, goya_queue_id};

use super::rounds;
use crate::tests::submit::{EXTERNAL, INTERNAL};

/// Entries of an external ring (`HL_QUEUE_LENGTH`) and of an internal one (`MME_QMAN_LENGTH`).
const EXTERNAL_RING: u32 = 4096;
const INTERNAL_RING: u32 = 64;
/// Jobs of a submission, less than any ring has entries, and no divisor of those.
const JOBS: u32 = 59;
/// Where the words are that jobs write.
const WORDS: u64 = SRAM + 0x2_0000;
/// The sync object that external jobs count in.
const OBJECT: u32 = 90;
/// The one with which internal jobs open the fence of an external one.
const OPENER: u32 = 91;
/// Bytes of a MSG_LONG.
const MESSAGE: usize = 16;

fn message(n: u32, queue: u32) -> Packets {
    Packets::default().msg_long(WORDS + u64::from(n) * 4, word(n, queue))
}

/// The word that says that part `n` of the work was done by `queue`.
fn word(n: u32, queue: u32) -> u32 {
    (queue << 24) | (n + 1)
}

fn check_words(card: &Card, queue: u32, count: u32) -> Result {
    let words = card.get(WORDS, count as usize * 4)?;
    for (n, found) in (0..).zip(words.chunks_exact(4)) {
        check_eq!(found, word(n, queue).to_le_bytes(), format!("word {n} of queue {queue}"));
    }
    Ok(())
}

/// Each external queue gets submissions of jobs that count, and one that writes a word of its own.
pub fn external() -> Result {
    let wraps = rounds(6, 2);
    let submissions = (wraps * EXTERNAL_RING).div_ceil(JOBS);
    let card = Card::open()?;
    let start = Instant::now();
    for queue in EXTERNAL {
        card.run(queue, &Packets::default().sync_object(OBJECT, 0))?;
        let counting = card.job(queue, &Packets::default().sync_object(OBJECT, ADD | 1))?;
        let handle = card.create_cb(4096).map_err(|e| e.to_string())?;
        let writing = card.map_cb(handle, 4096).map_err(|e| e.to_string())?;
        let mut chunks = vec![counting.chunk; JOBS as usize - 1];
        chunks.push(chunk(handle, queue, MESSAGE, 0));
        let mut last = None;
        for n in 0..submissions {
            writing.write(0, message(n, queue).bytes());
            // One is at work while the next is submitted.
            let seq = card.submit(&chunks, 0, 0).map_err(|e| format!("submission {n}: {e}"))?;
            last.replace(seq).map_or(Ok(()), |last| card.finish(last).map(drop))?;
        }
        last.map_or(Ok(()), |last| card.finish(last).map(drop))?;
        check_words(&card, queue, submissions)?;
        let count = card.get(SYNC_OBJECT + 4 * u64::from(OBJECT), 4)?;
        check_eq!(count, (submissions * (JOBS - 1)).to_le_bytes(), format!("the count of queue {queue}"));
        drop(writing);
        card.destroy_cb(handle).map_err(|e| e.to_string())?;
    }
    println!(
        "{} jobs on each of {} queues, whose rings wrapped {wraps} times, in {:.1} s",
        submissions * JOBS,
        EXTERNAL.end,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Each internal queue gets jobs that write a word each; the last of a submission opens the fence on which its
/// external job waits, for only that has a completion.
pub fn internal() -> Result {
    let wraps = rounds(100, 2);
    let submissions = (wraps * INTERNAL_RING).div_ceil(JOBS - 1);
    let writing = submissions * (JOBS - 1);
    let opening_at = SRAM_COMMANDS + u64::from(writing) * MESSAGE as u64;
    let card = Card::open()?;
    let waiting =
        Packets::default().monitor(30, OPENER, 1, dma_fence(3, 0), 1).fence(0, 1, 1).sync_object(OPENER, 0);
    let waiting = card.job(goya_queue_id::GOYA_QUEUE_ID_DMA_3, &waiting)?;
    let opening = Packets::default().msg_long(SYNC_OBJECT + 4 * u64::from(OPENER), 1);
    let start = Instant::now();
    for queue in INTERNAL {
        let mut commands = Vec::new();
        (0..writing).for_each(|n| commands.extend_from_slice(message(n, queue).bytes()));
        commands.extend_from_slice(opening.bytes());
        card.put(SRAM_COMMANDS, &commands)?;
        let job = |at| chunk(at, queue, MESSAGE, HL_CS_CHUNK_FLAGS_USER_ALLOC_CB);
        for n in 0..submissions {
            let first = n * (JOBS - 1);
            let mut chunks: Vec<_> = (first..first + JOBS - 1)
                .map(|n| job(SRAM_COMMANDS + u64::from(n) * MESSAGE as u64))
                .collect();
            chunks.extend([job(opening_at), waiting.chunk]);
            let seq = card.submit(&chunks, 0, 0);
            card.finish(seq.map_err(|e| format!("submission {n} to queue {queue}: {e}"))?)?;
        }
        check_words(&card, queue, writing)?;
    }
    println!(
        "{} jobs on each of {} queues, whose rings wrapped {wraps} times, in {:.1} s",
        submissions * JOBS,
        INTERNAL.end - INTERNAL.start,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
