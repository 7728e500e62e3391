// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A submission on its way through the queues (upstream `hl_cs`).

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::Arc;

use super::busy::BusyTimes;
use super::fence::{Fence, Outcome};
use super::internal::RingReservation;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::abstractions::time::monotonic_ns;
use crate::abstractions::trace;

/// Who submits.
pub(crate) trait Owner: Send + Sync {
    /// The number of its address space.
    fn asid(&self) -> u32;

    /// For how long queues have had its work.
    fn busy(&self) -> &BusyTimes;

    /// Remembers the end of submission `sequence` for those who ask late. May be called in an interrupt.
    fn remember(&self, sequence: u64, outcome: Outcome);
}

/// What each job knows of the submission that it belongs to.
#[derive(Clone)]
pub(crate) struct Submission {
    /// Who submitted it. What is mapped there stays mapped as long as the card may be at a job.
    pub(crate) owner: Arc<dyn Owner>,
    /// Signalled at its end, which is that of its last external job.
    pub(crate) fence: Arc<Fence>,
    /// Its places in the internal queues' rings, free again when the last of its jobs is forgotten.
    pub(crate) internal: Option<Arc<RingReservation>>,
}

impl Submission {
    /// What trace points say of job `number` on queue `queue`.
    pub(super) fn traced(&self, number: u32, queue: u32) -> (u32, u64, u32, u32) {
        (self.owner.asid(), self.fence.sequence(), number, queue)
    }

    /// One of its external jobs is done, or will never be. May be called in an interrupt.
    pub(crate) fn job_ended(&self, dev: &Device, result: Result) {
        let fence = &self.fence;
        if !fence.job_ended(result) {
            return;
        }
        // Before anybody is told, who may look at once how long it took.
        if let Some(internal) = &self.internal {
            internal.ended(self.owner.busy(), |job, queue| self.traced(job, queue));
        }
        trace::goya_cs_complete(dev, || {
            // As waiters are told.
            let result = if fence.is_overdue() {
                Err(ETIMEDOUT)
            } else {
                result
            };
            (self.owner.asid(), fence.sequence(), trace::errno(result))
        });
        let now = if fence.options.timestamp {
            monotonic_ns()
        } else {
            0
        };
        if fence.options.skip_reset {
            dev_err_ratelimited!(
                dev,
                "Command submission {} completed after {} (s)\n",
                fence.sequence(),
                fence
                    .submitted()
                    .map_or(0, |submitted| submitted.elapsed().as_millis() / 1000)
            );
        }
        let Some(outcome) = fence.signal(result, now) else {
            return;
        };
        if fence.options.timestamp {
            self.owner.remember(fence.sequence(), outcome);
        }
    }
}
