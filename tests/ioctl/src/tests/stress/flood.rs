// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Very many submissions, by one thread and by very many.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use goya_tests::card::Card;
use goya_tests::device::Job;
use goya_tests::packet::{ADD, Packets, SYNC_OBJECT};
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq};

use super::rounds;
use crate::tests::submit::EXTERNAL;

/// Submissions in flight at most (`GOYA_MAX_PENDING_CS`).
const WINDOW: usize = 64;
/// The ring of an external queue (`HL_QUEUE_LENGTH`).
const RING: u32 = 4096;

/// The window is full all the time, of NOPs for one external queue after the other. Each submission has the
/// number after the last one's, and each completes.
pub fn nops() -> Result {
    let count = rounds(500_000, 1000);
    let card = Card::open()?;
    let jobs = EXTERNAL.map(|q| card.job(q, &Packets::default().nop())).collect::<Result<Vec<_>>>()?;
    let mut in_flight = VecDeque::with_capacity(WINDOW + 1);
    let (mut first, mut refused, mut most) = (None, 0u32, 0);
    let start = Instant::now();
    for (n, job) in (0..count).zip(jobs.iter().cycle()) {
        let seq = loop {
            match card.submit(&[job.chunk], 0, 0) {
                Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => {
                    refused += 1;
                    let oldest = in_flight.pop_front();
                    card.finish(oldest.ok_or("refused with nothing in flight")?)?;
                }
                result => break result.map_err(|e| format!("submission {n}: {e}"))?,
            }
        };
        let expected = *first.get_or_insert(seq) + u64::from(n);
        check_eq!(seq, expected, format!("the number of submission {n}"));
        in_flight.push_back(seq);
        most = most.max(in_flight.len());
        if in_flight.len() > WINDOW {
            // It was in the way of this one, so it is done.
            in_flight.pop_front().map_or(Ok(()), |oldest| card.finish(oldest).map(drop))?;
        }
    }
    in_flight.into_iter().try_for_each(|seq| card.finish(seq).map(drop))?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{count} submissions in {seconds:.1} s, {:.0} a second; {refused} refused, {most} in flight at most; \
         each ring wrapped {} times",
        f64::from(count) / seconds,
        count / EXTERNAL.end / RING
    );
    Ok(())
}

const THREADS: u32 = 256;
/// The sync object that the first thread counts in.
const OBJECTS: u32 = 100;

/// Threads submit to the same file at once and wait, some of them for somebody else's work.
pub fn threads() -> Result {
    let each = rounds(400, 2);
    let card = Card::open()?;
    let nop = card.job(0, &Packets::default().nop())?;
    let first = card.submit(&[nop.chunk], 0, 0).map_err(|e| e.to_string())?;
    let (refused, latest) = (AtomicU64::new(0), AtomicU64::new(first));
    // How many submissions somebody has seen the end of. Whoever is refused waits for one more: if all tried again
    // at once, nobody else would come to run.
    let (ended, one_more) = (Mutex::new(0u64), Condvar::new());
    let count = || *ended.lock().unwrap_or_else(PoisonError::into_inner);
    let finish = |seq: u64| -> Result {
        card.finish(seq)?;
        *ended.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        one_more.notify_one();
        Ok(())
    };
    // With what is in flight of the caller's own, which he ends first: so somebody always waits for the card.
    let submit = |job: &Job<'_>, own: &mut Vec<u64>| -> Result<u64> {
        loop {
            let before = count();
            match card.submit(&[job.chunk], 0, 0) {
                Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => {
                    refused.fetch_add(1, Ordering::Relaxed);
                    if own.is_empty() {
                        let guard = ended.lock().unwrap_or_else(PoisonError::into_inner);
                        drop(one_more.wait_while(guard, |ended| *ended == before));
                    }
                    own.drain(..).try_for_each(finish)?;
                }
                result => return result.map_err(|e| e.to_string()),
            }
        }
    };
    let run = |thread: u32| -> Result<Vec<u64>> {
        let packets = Packets::default().sync_object(OBJECTS + thread, ADD | 1);
        let job = card.job(thread % EXTERNAL.end, &packets)?;
        let (mut mine, mut own) = (Vec::new(), Vec::new());
        for n in 0..each {
            let seq =
                submit(&job, &mut own).map_err(|e| format!("submission {n} of thread {thread}: {e}"))?;
            latest.fetch_max(seq, Ordering::Relaxed);
            mine.push(seq);
            own.push(seq);
            // Some have one in flight, some have two, some wait for the last one of all, too.
            let keep = usize::from(thread % 4 >= 2);
            own.drain(..own.len() - keep).try_for_each(finish)?;
            if thread % 4 == 0 {
                card.finish(latest.load(Ordering::Relaxed))?;
            }
        }
        own.into_iter().try_for_each(finish)?;
        Ok(mine)
    };
    let start = Instant::now();
    let mut all = std::thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || run(thread))).collect();
        let ended = running.into_iter().map(|t| t.join().map_err(|_| "a thread panicked".to_owned())?);
        ended.collect::<Result<Vec<_>>>()
    })?
    .concat();
    let seconds = start.elapsed().as_secs_f64();
    all.sort_unstable();
    check!(all.iter().zip(first + 1..).all(|(seq, expected)| *seq == expected), "numbers with gaps or twice");
    let counts = card.get(SYNC_OBJECT + 4 * u64::from(OBJECTS), 4 * THREADS as usize)?;
    for (thread, count) in counts.chunks_exact(4).enumerate() {
        check_eq!(count, each.to_le_bytes(), format!("what thread {thread} counted"));
    }
    check_eq!(errno(card.wait(first + all.len() as u64, 0)), 0, "a wait for the last one");
    println!(
        "{} submissions of {THREADS} threads in {seconds:.1} s, {:.0} a second; {} refused",
        all.len(),
        all.len() as f64 / seconds,
        refused.load(Ordering::Relaxed)
    );
    Ok(())
}
