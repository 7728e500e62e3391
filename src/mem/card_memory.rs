// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How tables get to the card: by its own DMA if they are many, and through the window to its DRAM.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::Arc;

use super::hop::{PteSink, ENTRIES, ENTRY_SIZE};
use super::page_table::Run;
use super::tables::TableMemory;
use crate::hw::bars::Bars;
use crate::hw::mmu;
use crate::queue::driver_job::Job;
use crate::queue::trusted::Trusted;

/// Entries that are copied at once, at most and at least: a copy of fewer takes longer than to write them.
const MOST: usize = 16 * ENTRIES;
const LEAST: usize = 128;
/// Runs of entries that are copied at once.
const RUNS: usize = 64;

/// Where entries go that wait to be copied. They follow each other in the memory that they are copied from.
struct Batch {
    runs: KVec<Run>,
    entries: usize,
}

impl Batch {
    fn new() -> Result<Self> {
        Ok(Self {
            runs: KVec::with_capacity(RUNS, GFP_KERNEL)?,
            entries: 0,
        })
    }

    /// Adds `count` entries at `address`. Returns their place, or nothing if there is no room.
    fn push(&mut self, address: u64, count: usize) -> Option<usize> {
        let (first, size) = (self.entries, (count * ENTRY_SIZE) as u64);
        if count > MOST.saturating_sub(first) {
            return None;
        }
        match self.runs.last_mut() {
            Some(last) if last.address.wrapping_add(last.size) == address => last.size += size,
            _ => self.runs.push_within_capacity(Run { address, size }).ok()?,
        }
        self.entries += count;
        Some(first)
    }

    /// Each run, with the place of its first entry.
    fn places(&self) -> impl Iterator<Item = (usize, Run)> + '_ {
        self.runs.iter().scan(0, |next, run| {
            let first = *next;
            *next += run.size as usize / ENTRY_SIZE;
            Some((first, *run))
        })
    }

    fn clear(&mut self) {
        self.runs.clear();
        self.entries = 0;
    }
}

/// A card's memory for tables.
pub(crate) struct CardMemory {
    bars: Arc<Bars>,
    queue: Arc<Trusted>,
    /// Copies what waits; none if the host has no memory for it, or if one was lost.
    job: Option<Job>,
    waiting: Batch,
    /// A copy was lost: nobody knows what it has written, or will write yet.
    lost: bool,
}

impl CardMemory {
    /// The memory that `bars` shows, and that jobs on `queue` can write to.
    pub(crate) fn new(bars: Arc<Bars>, queue: Arc<Trusted>) -> Result<Self> {
        Ok(Self {
            bars,
            queue,
            job: None,
            waiting: Batch::new()?,
            lost: false,
        })
    }

    /// Whether `entries` wait to be copied now.
    fn wait(&mut self, address: u64, entries: &[u64]) -> bool {
        let Some(job) = &self.job else { return false };
        let Some(first) = self.waiting.push(address, entries.len()) else {
            return false;
        };
        // They fit: there is room for as many as can wait.
        (first..)
            .zip(entries)
            .all(|(n, entry)| job.write_data(n, *entry).is_ok())
    }

    fn flush(&mut self) {
        if self.waiting.entries == 0 {
            return;
        }
        if self.waiting.entries < LEAST || !self.copy() {
            self.write_waiting();
        }
        self.waiting.clear();
    }

    /// Has the card copy what waits. Whether it was asked to.
    fn copy(&mut self) -> bool {
        let Some(mut turn) = self.queue.take() else {
            return false;
        };
        let Some(mut job) = self.job.take() else {
            return false;
        };
        let ready = self.waiting.places().all(|(first, run)| {
            job.push_copy(first * ENTRY_SIZE, run.address, run.size as u32)
                .is_ok()
        });
        if !ready {
            self.job = Some(job);
            return false;
        }
        match turn.run(&self.bars, job) {
            Ok(job) => self.job = Some(job),
            Err(_) => self.lost = true,
        }
        true
    }

    /// Writes what waits through the window.
    fn write_waiting(&self) {
        let Some(job) = &self.job else { return };
        for (first, run) in self.waiting.places() {
            let addresses = (run.address..).step_by(ENTRY_SIZE);
            let count = run.size as usize / ENTRY_SIZE;
            for (n, address) in (first..).zip(addresses).take(count) {
                if let Ok(entry) = job.read_data(n) {
                    let _ = self.bars.write_dram64(address, &[entry]);
                }
            }
        }
    }
}

impl PteSink for CardMemory {
    fn write(&mut self, address: u64, entries: &[u64]) {
        self.flush();
        // An address outside of the window is none of the pool's.
        let _ = self.bars.write_dram64(address, entries);
    }

    fn create(&mut self, address: u64, entries: &[u64]) {
        if self.waiting.entries == 0 && entries.len() < LEAST / 2 {
            return self.write(address, entries);
        }
        if !self.wait(address, entries) {
            self.flush();
            if !self.wait(address, entries) {
                self.write(address, entries);
            }
        }
    }
}

impl TableMemory for CardMemory {
    fn begin(&mut self, dev: &Device<Bound>) {
        self.waiting.clear();
        self.lost = false;
        if self.job.is_none() {
            self.job = Job::new(dev, MOST * ENTRY_SIZE).ok();
        }
    }

    fn finish(&mut self) -> Result {
        self.flush();
        if self.lost {
            return Err(ETIMEDOUT);
        }
        Ok(())
    }

    fn forget(&mut self) -> Result {
        mmu::invalidate(&*self.bars)
    }
}

#[kunit_tests(goya_card_memory)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_run() -> Result {
        let mut batch = Batch::new()?;
        assert_eq!(batch.push(0x1000, 512), Some(0));
        assert_eq!(batch.push(0x2000, 512), Some(512));
        assert_eq!(batch.push(0x8000, 1), Some(1024));
        assert_eq!(batch.push(0x3000, 2), Some(1025));
        let run = |address, size| Run { address, size };
        let expected = [
            (0, run(0x1000, 0x2000)),
            (1024, run(0x8000, 8)),
            (1025, run(0x3000, 16)),
        ];
        assert!(batch.places().eq(expected));
        batch.clear();
        assert_eq!(batch.places().count(), 0);
        assert_eq!(batch.push(0x3010, 1), Some(0));
        Ok(())
    }

    /// What has no room changes nothing.
    #[test]
    fn room() -> Result {
        let mut batch = Batch::new()?;
        assert_eq!(batch.push(0, MOST + 1), None);
        assert_eq!(batch.push(0, MOST), Some(0));
        assert_eq!(batch.push((MOST * ENTRY_SIZE) as u64, 1), None);
        assert_eq!((batch.entries, batch.places().count()), (MOST, 1));
        batch.clear();
        for n in 0..RUNS {
            assert_eq!(batch.push(0x1000 * n as u64, 1), Some(n));
        }
        assert_eq!(batch.push(0x1000 * RUNS as u64, 1), None);
        assert_eq!(batch.push(0x1000 * RUNS as u64 - 0xff8, 1), Some(RUNS));
        assert_eq!(batch.entries, RUNS + 1);
        Ok(())
    }
}
