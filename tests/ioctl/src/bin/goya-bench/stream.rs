// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions in a row: jobs that are made once and submitted again and again.

use std::collections::VecDeque;

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::device::{Job, input};
use goya_tests::packet::Packets;
use goya_tests::uring::{self, Ring};
use goya_uapi::{GOYA_EXTENSION_URING_CS, HL_WAIT_CS_STATUS_COMPLETED, hl_cs_chunk};
use io_uring::squeue::Flags;

/// How long a submission may take, in microseconds; one that does nothing takes less than a millisecond.
const PATIENCE_US: u64 = 5_000_000;
/// How often a submission is tried again while the driver has no room, with nothing to wait for.
const TRIES: u32 = 100_000;

/// What is submitted, again and again.
pub struct Stream<'a> {
    card: &'a Card,
    chunks: Vec<hl_cs_chunk>,
    /// The command buffers live as long as they are used.
    _jobs: Vec<Job<'a>>,
}

impl<'a> Stream<'a> {
    /// `count` jobs that do nothing, on queue 1.
    pub fn nops(card: &'a Card, count: usize) -> Result<Self> {
        Self::new(card, &vec![1; count], &Packets::default().nop())
    }

    /// A job with `packets` for each of `queues`.
    pub fn new(card: &'a Card, queues: &[u32], packets: &Packets) -> Result<Self> {
        let jobs = queues.iter().map(|queue| card.job(*queue, packets)).collect::<Result<Vec<_>>>()?;
        Ok(Self { card, chunks: jobs.iter().map(|job| job.chunk).collect(), _jobs: jobs })
    }

    /// Submits once; there is room.
    pub fn submit_now(&self) -> Result<u64> {
        self.card.submit(&self.chunks, 0, 0).map_err(|e| format!("submit: {e}"))
    }

    /// Submits once and waits.
    pub fn run(&self) -> Result {
        self.wait(self.submit_now()?)
    }

    /// Submits `count` times, with at most `depth` submissions under way.
    pub fn stream(&self, count: usize, depth: usize) -> Result {
        let mut left = count;
        self.stream_while(depth, || left.checked_sub(1).inspect(|rest| left = *rest).is_some()).map(drop)
    }

    /// Submits for as long as `more` says so, with at most `depth` submissions under way, and waits for all.
    /// Returns how many there were.
    pub fn stream_while(&self, depth: usize, mut more: impl FnMut() -> bool) -> Result<usize> {
        let mut under_way = VecDeque::with_capacity(depth);
        let mut count = 0;
        while more() {
            if under_way.len() >= depth {
                under_way.pop_front().map_or(Ok(()), |seq| self.wait(seq))?;
            }
            let seq = self.submit(&mut under_way)?;
            under_way.push_back(seq);
            count += 1;
        }
        under_way.into_iter().try_for_each(|seq| self.wait(seq))?;
        Ok(count)
    }

    /// Submits; while the driver has no room, waits for the oldest of those under way.
    fn submit(&self, under_way: &mut VecDeque<u64>) -> Result<u64> {
        for _ in 0..TRIES {
            match self.card.submit(&self.chunks, 0, 0) {
                Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => match under_way.pop_front() {
                    Some(seq) => self.wait(seq)?,
                    // The last one is done with, but the driver has still to clean up after it.
                    None => std::thread::yield_now(),
                },
                result => return result.map_err(|e| format!("submit: {e}")),
            }
        }
        Err("submit: there is no room, with nothing under way".to_owned())
    }

    /// A ring to submit `batch` at a time by.
    pub fn ring(&self, batch: u32) -> Result<Ring> {
        let extensions = uring::extensions(self.card).unwrap_or_default();
        if extensions & u64::from(GOYA_EXTENSION_URING_CS) == 0 {
            return Err("the driver takes no submissions by io_uring".to_owned());
        }
        Ring::new(batch).map_err(|e| format!("a ring: {e}"))
    }

    /// Submits `batch` times in one call, and waits for all.
    pub fn run_batch(&self, ring: &mut Ring, batch: usize) -> Result {
        for _ in 0..batch {
            ring.push(self.card, input(&[], &self.chunks, 0, 0), 0, Flags::empty());
        }
        let mut left = batch;
        while left > 0 {
            ring.wait(left).map_err(|e| format!("io_uring_enter: {e}"))?;
            while let Some(told) = ring.take() {
                if told.result != 0 {
                    return Err(format!("a submission by io_uring: {told:?}"));
                }
                left = left.saturating_sub(1);
            }
        }
        Ok(())
    }

    /// Waits for a submission.
    pub fn wait(&self, seq: u64) -> Result {
        let waited = self.card.wait(seq, PATIENCE_US).map_err(|e| format!("wait: {e}"))?;
        if waited.status == HL_WAIT_CS_STATUS_COMPLETED { Ok(()) } else { Err(format!("wait: {waited:?}")) }
    }
}
