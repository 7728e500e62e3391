// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The first external queue, where the driver runs jobs of its own among those of users: its DMA channel can
//! be trusted with addresses that nothing translates, while no user's job is there.
//!
//! Users' engines may be at work meanwhile, unlike upstream, which waits for all of them. They reach nothing of
//! what such a job depends on: the ring, the packets and the data are in host memory that no user can map, and all
//! registers of the channel and of its queue manager are protected but the fences ([`crate::hw::security`]), which no
//! packet of the driver's waits for. The driver's tail of a user's job that ran before waits until the channel is done, and
//! the packets after that wait are the driver's own ([`super::external`]).

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{
    ordering::{Acquire, Release},
    Atomic, //
};
use kernel::sync::{new_mutex, Arc, Mutex, MutexGuard};

use super::driver_job::DriverJob;
use super::external::External;
use crate::hw::bars::Bars;
use crate::hw::qman;

/// Its number.
pub(super) const NUMBER: usize = 0;

/// The queue, for the driver and for whoever submits to it.
#[pin_data]
pub(crate) struct KernelQueue {
    dev: ARef<Device>,
    queue: Arc<External>,
    /// The driver's jobs may run.
    works: Atomic<bool>,
    /// Nobody else uses the queue while this is locked.
    #[pin]
    turn: Mutex<()>,
}

impl KernelQueue {
    pub(super) fn new(dev: &Device, queue: &Arc<External>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                dev: dev.into(),
                queue: queue.clone(),
                works: Atomic::new(false),
                turn <- new_mutex!(()),
            }),
            GFP_KERNEL,
        )
    }

    /// The queue works from now on.
    pub(crate) fn start(&self) {
        self.works.store(true, Release);
    }

    /// The card is about to be reset, or of no use any more: no job of the driver's begins. Waits for the one that is
    /// under way, not for what its owner would do next.
    pub(crate) fn stop(&self) {
        self.works.store(false, Release);
        drop(self.turn.lock());
    }

    /// The queue, once nobody else uses it. There may be jobs of users on it.
    pub(crate) fn hold(&self) -> QueueGuard<'_> {
        QueueGuard {
            of: self,
            _guard: self.turn.lock(),
        }
    }

    /// The queue, if it works, and nobody else uses it, and nothing is on it.
    pub(crate) fn take(&self) -> Option<QueueGuard<'_>> {
        let guard = self.turn.try_lock()?;
        let free = self.works.load(Acquire) && self.queue.is_idle();
        free.then_some(QueueGuard {
            of: self,
            _guard: guard,
        })
    }
}

/// The queue, which nobody else uses meanwhile.
pub(crate) struct QueueGuard<'a> {
    of: &'a KernelQueue,
    _guard: MutexGuard<'a, ()>,
}

impl QueueGuard<'_> {
    /// Whether the driver's jobs may run. A job that begins now is over before the card is reset.
    pub(crate) fn works(&self) -> bool {
        self.of.works.load(Acquire)
    }

    /// Runs `job`, whose addresses nothing translates, and returns it without packets. There must be nothing else on
    /// the queue.
    ///
    /// Errors: `ETIMEDOUT`: the queue does not work any more, the card needs a reset.
    pub(crate) fn run(&mut self, bars: &Bars, job: DriverJob) -> Result<DriverJob> {
        let of = self.of;
        qman::trust_dma_0(bars, true);
        let result = job.run(bars, &of.queue);
        if result.is_err() {
            // Nor may it go on with what is left of the job, when that leads elsewhere.
            qman::stop_dma_0(bars);
        }
        qman::trust_dma_0(bars, false);
        result.inspect_err(|_| {
            dev_err!(of.dev, "QMAN0 Job timeout\n");
            of.works.store(false, Release);
        })
    }
}
