// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The ways by which [`super::table_writer`] gets tables to a card.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::Arc;

use super::extent::Run;
use super::hop::ENTRY_SIZE;
use crate::abstractions::trace::{self, errno};
use crate::hw::bars::Bars;
use crate::hw::mmu;
use crate::queue::driver_job::DriverJob;
use crate::queue::kernel_queue::KernelQueue;

/// What became of a copy.
pub(crate) enum Copied {
    /// It is there.
    Yes(DriverJob),
    /// The card has other things to do.
    No(DriverJob),
    /// Nobody knows what it has written, or will write yet: the card needs a reset.
    Lost,
}

/// The ways to a card's tables.
pub(crate) trait Access: Unpin {
    /// Writes entries through the window. They may be on their way for a while.
    ///
    /// An error: nobody knows what is there now.
    fn write(&self, address: u64, entries: &[u64]) -> Result;

    /// Waits until all that was written through the window is there, with `entry` at `address` last.
    ///
    /// An error: nobody knows what is there now.
    fn arrive(&self, address: u64, entry: u64) -> Result;

    /// Has the card copy entries from the data of `job`: for each run, from a place on.
    fn copy(&self, job: DriverJob, runs: impl Iterator<Item = (usize, Run)>) -> Copied;

    /// Makes the card forget all translations.
    fn forget(&self) -> Result;
}

/// Those to the tables of a card.
pub(crate) struct Paths {
    pub(crate) dev: ARef<Device>,
    pub(crate) bars: Arc<Bars>,
    /// Where the copies are made.
    pub(crate) queue: Arc<KernelQueue>,
}

impl Access for Paths {
    fn write(&self, address: u64, entries: &[u64]) -> Result {
        self.bars.window().write64(address, entries)
    }

    fn arrive(&self, address: u64, entry: u64) -> Result {
        if self.bars.window().read64(address)? == entry {
            Ok(())
        } else {
            Err(EIO)
        }
    }

    fn copy(&self, mut job: DriverJob, mut runs: impl Iterator<Item = (usize, Run)>) -> Copied {
        let Some(mut turn) = self.queue.take() else {
            return Copied::No(job);
        };
        job.clear();
        let pushed = runs.try_for_each(|(first, run)| {
            let offset = first.saturating_mul(ENTRY_SIZE);
            job.push_copy(offset, run.address, run.size as u32)
        });
        if pushed.is_err() {
            return Copied::No(job);
        }
        match turn.run(&self.bars, job) {
            Ok(job) => Copied::Yes(job),
            Err(_) => Copied::Lost,
        }
    }

    fn forget(&self) -> Result {
        let result = mmu::invalidate(&*self.bars);
        trace::goya_mmu_invalidate(&self.dev, || (errno(result),));
        result
    }
}
