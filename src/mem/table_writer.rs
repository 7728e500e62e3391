// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How tables get to the card: by its own DMA if they are many, which has arrived when the job has ended, and through the window
//! to its DRAM, after a read back ([`crate::hw::window`]). [`super::tables`] asks for both before old translations are forgotten.

use kernel::device::{Bound, Device};
use kernel::prelude::*;

use super::extent::Run;
use super::hop::{entries_size, PteSink, ENTRIES, ENTRY_SIZE};
use super::table_memory::TableMemory;
use super::table_paths::{Access, Copied, Paths};
use crate::queue::driver_job::DriverJob;

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
        let (first, size) = (self.entries, entries_size(count));
        if count > MOST.saturating_sub(first) {
            return None;
        }
        match self.runs.last_mut() {
            Some(last) if last.address.wrapping_add(last.size) == address => {
                last.size = last.size.saturating_add(size);
            }
            _ => self.runs.push_within_capacity(Run { address, size }).ok()?,
        }
        self.entries = first.saturating_add(count);
        Some(first)
    }

    /// Each run, with the place of its first entry.
    fn places(&self) -> impl Iterator<Item = (usize, Run)> + '_ {
        self.runs.iter().scan(0usize, |next, run| {
            let first = *next;
            *next = first.saturating_add(run.size as usize / ENTRY_SIZE);
            Some((first, *run))
        })
    }

    fn clear(&mut self) {
        self.runs.clear();
        self.entries = 0;
    }
}

/// Writes a card's tables.
pub(crate) struct TableWriter<A = Paths> {
    access: A,
    /// Copies what waits; none if the host has no memory for it, or if one was lost.
    job: Option<DriverJob>,
    waiting: Batch,
    /// Where the last write through the window began, and with which entry, unless all of it is known to be there.
    posted: Option<(u64, u64)>,
    /// A copy or a write was lost. Nothing is written any more, so that nothing leads to what is not there.
    lost: bool,
}

impl<A: Access> TableWriter<A> {
    /// The memory that `access` leads to.
    pub(crate) fn new(access: A) -> Result<Self> {
        Ok(Self {
            access,
            job: None,
            waiting: Batch::new()?,
            posted: None,
            lost: false,
        })
    }

    /// Whether `entries` wait to be copied now.
    fn wait(&mut self, address: u64, entries: &[u64]) -> bool {
        let Some(job) = &self.job else { return false };
        // They fit: there is room for as many as can wait.
        self.waiting
            .push(address, entries.len())
            .is_some_and(|first| job.write_data(first, entries).is_ok())
    }

    /// Writes what waits. Whether it, and all before it, is there.
    fn flush(&mut self) -> bool {
        if self.waiting.entries > 0 {
            if let Some(job) = self.job.take() {
                self.job = self.flush_by(job);
                self.lost |= self.job.is_none();
            }
            self.waiting.clear();
        }
        !self.lost
    }

    /// Writes `entries` through the window.
    fn post(&mut self, address: u64, entries: &[u64]) {
        self.lost |= self.access.write(address, entries).is_err();
        self.posted = entries.first().map(|entry| (address, *entry));
    }

    /// Writes what waits in `job`, which is returned unless it was lost.
    fn flush_by(&mut self, mut job: DriverJob) -> Option<DriverJob> {
        if self.waiting.entries >= LEAST {
            match self.access.copy(job, self.waiting.places()) {
                Copied::Yes(job) => return Some(job),
                Copied::No(back) => job = back,
                Copied::Lost => return None,
            }
        }
        for (first, run) in self.waiting.places() {
            let addresses = run.address..run.address.saturating_add(run.size);
            for (n, address) in (first..MOST).zip(addresses.step_by(ENTRY_SIZE)) {
                if let Ok(entry) = job.read_data(n) {
                    self.lost |= self.access.write(address, &[entry]).is_err();
                    self.posted = Some((address, entry));
                }
            }
        }
        Some(job)
    }
}

impl<A: Access> PteSink for TableWriter<A> {
    fn write(&mut self, address: u64, entries: &[u64]) {
        if self.flush() {
            self.post(address, entries);
        }
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

impl<A: Access> TableMemory for TableWriter<A> {
    fn begin(&mut self, dev: &Device<Bound>) {
        self.waiting.clear();
        self.posted = None;
        self.lost = false;
        if self.job.is_none() {
            self.job = DriverJob::new(dev, MOST * ENTRY_SIZE).ok();
        }
    }

    fn finish(&mut self) -> Result {
        if let (true, Some((address, entry))) = (self.flush(), self.posted.take()) {
            self.lost |= self.access.arrive(address, entry).is_err();
        }
        if self.lost {
            return Err(ETIMEDOUT);
        }
        Ok(())
    }

    fn forget(&mut self) -> Result {
        self.access.forget()
    }
}

#[kunit_tests(goya_table_writer)]
mod tests {
    use super::*;
    use crate::abstractions::shared::reach_all;
    use core::cell::{Cell, RefCell};
    use kernel::faux;

    /// A card that remembers what came when: copied or not, where, and what was there last.
    struct Fake {
        busy: Cell<bool>,
        broken: Cell<bool>,
        /// The window shows something else.
        elsewhere: Cell<bool>,
        /// How often it was asked whether writes have arrived.
        asked: Cell<usize>,
        seen: RefCell<KVec<(bool, u64, u64)>>,
    }

    impl Fake {
        fn see(&self, copied: bool, address: u64, entry: u64) {
            let _ = self
                .seen
                .borrow_mut()
                .push((copied, address, entry), GFP_KERNEL);
        }

        /// Entries that were copied, and that were not.
        fn counts(&self) -> (usize, usize) {
            let seen = self.seen.borrow();
            let copied = seen.iter().filter(|seen| seen.0).count();
            (copied, seen.len() - copied)
        }

        fn last(&self) -> Option<(bool, u64, u64)> {
            self.seen.borrow().last().copied()
        }
    }

    impl Access for Fake {
        fn write(&self, address: u64, entries: &[u64]) -> Result {
            for (address, entry) in (address..).step_by(ENTRY_SIZE).zip(entries) {
                self.see(false, address, *entry);
            }
            Ok(())
        }

        fn arrive(&self, address: u64, entry: u64) -> Result {
            self.asked.set(self.asked.get() + 1);
            let seen = self.seen.borrow();
            let there = seen.iter().rev().find(|seen| seen.1 == address);
            if !self.elsewhere.get() && there == Some(&(false, address, entry)) {
                Ok(())
            } else {
                Err(EIO)
            }
        }

        fn copy(&self, job: DriverJob, runs: impl Iterator<Item = (usize, Run)>) -> Copied {
            if self.busy.get() {
                return Copied::No(job);
            }
            for (first, run) in runs {
                let places = first..first + run.size as usize / ENTRY_SIZE;
                for (n, address) in places.zip((run.address..).step_by(ENTRY_SIZE)) {
                    self.see(true, address, job.read_data(n).unwrap_or(!0));
                }
            }
            if self.broken.get() {
                return Copied::Lost;
            }
            Copied::Yes(job)
        }

        fn forget(&self) -> Result {
            Ok(())
        }
    }

    fn memory(test: impl FnOnce(TableWriter<Fake>, &Device<Bound>) -> Result) -> Result {
        let faux = faux::Registration::new(c"goya-kunit-card-memory", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        reach_all(dev)?;
        let mut memory = TableWriter::new(Fake {
            busy: Cell::new(false),
            broken: Cell::new(false),
            elsewhere: Cell::new(false),
            asked: Cell::new(0),
            seen: RefCell::new(KVec::new()),
        })?;
        memory.begin(dev);
        test(memory, dev)
    }

    /// Tables are there before what leads to them; few entries are not worth a copy.
    #[test]
    fn order() -> Result {
        memory(|mut memory, _| {
            memory.create(0x1000, &[1; 100]);
            memory.create(0x5000, &[2; 100]);
            memory.create(0x9000, &[3]);
            assert!(memory.access.last().is_none());
            memory.write(0x8000, &[4]);
            assert_eq!(memory.access.last(), Some((false, 0x8000, 4)));
            assert_eq!(memory.access.counts(), (201, 1));
            let third = memory.access.seen.borrow().get(200).copied();
            assert_eq!(third, Some((true, 0x9000, 3)));
            memory.create(0xA000, &[5]);
            assert_eq!(memory.access.last(), Some((false, 0xA000, 5)));
            memory.create(0xB000, &[6; LEAST - 1]);
            assert_eq!(memory.access.last(), Some((false, 0xA000, 5)));
            memory.finish()?;
            assert_eq!(memory.access.counts().1, 2 + LEAST - 1);
            let last = 0xB000 + (ENTRY_SIZE * (LEAST - 2)) as u64;
            assert_eq!(memory.access.last(), Some((false, last, 6)));
            Ok(())
        })
    }

    /// The end of a change asks once whether what was written has arrived, and not for what was copied. If it has
    /// not, nothing is written any more.
    #[test]
    fn arrival() -> Result {
        memory(|mut memory, _| {
            memory.finish()?;
            memory.create(0x1000, &[1; LEAST]);
            memory.finish()?;
            assert_eq!(memory.access.asked.get(), 0);
            memory.create(0x2000, &[2; LEAST]);
            memory.write(0x8000, &[3, 4]);
            memory.write(0x8008, &[5]);
            memory.finish()?;
            memory.finish()?;
            assert_eq!(memory.access.asked.get(), 1);
            memory.access.elsewhere.set(true);
            memory.write(0x8000, &[6]);
            assert_eq!(memory.finish(), Err(ETIMEDOUT));
            memory.write(0x8000, &[7]);
            assert_eq!(memory.finish(), Err(ETIMEDOUT));
            assert_eq!(memory.access.last(), Some((false, 0x8000, 6)));
            Ok(())
        })
    }

    /// More than can wait are copied in parts; nothing is left out, or done twice.
    #[test]
    fn parts() -> Result {
        memory(|mut memory, _| {
            let tables = 2 * MOST / ENTRIES + 3;
            let entries = KVec::from_elem(9u64, ENTRIES, GFP_KERNEL)?;
            for table in 0..tables {
                memory.create((table * ENTRIES * ENTRY_SIZE) as u64, &entries);
            }
            memory.finish()?;
            assert_eq!(memory.access.counts().0, tables * ENTRIES);
            let seen = memory.access.seen.borrow();
            let addresses = (0u64..).step_by(ENTRY_SIZE);
            let all = addresses.map(|address| (true, address, 9));
            assert!(seen.iter().copied().eq(all.take(seen.len())));
            Ok(())
        })
    }

    /// What the card has no time to copy is written.
    #[test]
    fn busy() -> Result {
        memory(|mut memory, _| {
            memory.access.busy.set(true);
            memory.create(0x1000, &[7; 2 * LEAST]);
            memory.finish()?;
            assert_eq!(memory.access.counts(), (0, 2 * LEAST));
            memory.access.busy.set(false);
            memory.create(0x1000, &[8; 2 * LEAST]);
            memory.finish()?;
            assert_eq!(memory.access.counts().0, 2 * LEAST);
            Ok(())
        })
    }

    /// Nothing leads to tables whose copy was lost, and nothing else is written until the card was reset.
    #[test]
    fn lost() -> Result {
        memory(|mut memory, dev| {
            memory.access.broken.set(true);
            memory.create(0x1000, &[1; 2 * LEAST]);
            memory.write(0x8000, &[2]);
            memory.create(0x9000, &[3; 2 * LEAST]);
            memory.create(0xB000, &[4]);
            memory.write(0x8008, &[5]);
            assert_eq!(memory.finish(), Err(ETIMEDOUT));
            assert_eq!(memory.finish(), Err(ETIMEDOUT));
            assert_eq!(memory.access.counts(), (2 * LEAST, 0));
            memory.access.broken.set(false);
            memory.begin(dev);
            memory.write(0x8000, &[6]);
            memory.finish()?;
            assert_eq!(memory.access.last(), Some((false, 0x8000, 6)));
            Ok(())
        })
    }

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
