// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The first external queue, where the driver runs jobs of its own among those of users: its DMA channel can
//! be trusted with addresses that nothing translates, while no user's job is there.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::{new_mutex, Arc, Mutex, MutexGuard};

use super::driver_job::Job;
use super::external::External;
use crate::hw::bars::Bars;
use crate::hw::qman::{self, JOB_TIMEOUT};

/// Its number.
pub(super) const NUMBER: usize = 0;

/// The queue, for the driver and for whoever submits to it.
#[pin_data]
pub(crate) struct Trusted {
    dev: ARef<Device>,
    queue: Arc<External>,
    /// Whether the queue works. Nobody else uses the queue while this is locked.
    #[pin]
    works: Mutex<bool>,
}

impl Trusted {
    pub(super) fn new(dev: &Device, queue: &Arc<External>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                dev: dev.into(),
                queue: queue.clone(),
                works <- new_mutex!(false),
            }),
            GFP_KERNEL,
        )
    }

    /// The queue works from now on.
    pub(crate) fn start(&self) {
        *self.works.lock() = true;
    }

    /// The card is about to be reset. Waits for a job of the driver's that is under way.
    pub(crate) fn stop(&self) {
        *self.works.lock() = false;
    }

    /// The queue, once nobody else uses it. There may be jobs of users on it.
    pub(crate) fn hold(&self) -> Turn<'_> {
        Turn {
            of: self,
            works: self.works.lock(),
        }
    }

    /// The queue, if it works, and nobody else uses it, and nothing is on it.
    pub(crate) fn take(&self) -> Option<Turn<'_>> {
        let works = self.works.try_lock()?;
        (*works && self.queue.is_idle()).then_some(Turn { of: self, works })
    }
}

/// The queue, which nobody else uses meanwhile.
pub(crate) struct Turn<'a> {
    of: &'a Trusted,
    works: MutexGuard<'a, bool>,
}

impl Turn<'_> {
    /// Runs `job`, whose addresses nothing translates, and returns it without packets. There must be nothing else on
    /// the queue.
    ///
    /// Errors: `ETIMEDOUT`: the queue does not work any more, the card needs a reset.
    pub(crate) fn run(&mut self, bars: &Bars, job: Job) -> Result<Job> {
        qman::trust_dma_0(bars, true);
        let result = job.run(bars, &self.of.queue, JOB_TIMEOUT);
        qman::trust_dma_0(bars, false);
        result.inspect_err(|_| {
            dev_err!(self.of.dev, "QMAN0 Job timeout\n");
            *self.works = false;
        })
    }
}
