// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The hardware queues, their completions, and events.

pub(crate) mod cpu;
pub(crate) mod driver_job;
pub(crate) mod event;
pub(crate) mod external;
pub(crate) mod index;
pub(crate) mod internal;
mod patience;
mod slots;
pub(crate) mod trusted;

use core::mem;

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::Arc;

use crate::hw::bars::Bars;
use crate::submit::buffer::JobCopy;
use crate::submit::submission::Submission;
use external::{External, Held, Place};
use internal::Internal;
use trusted::Trusted;

/// Queues that programs can name (`enum goya_queue_id`).
pub(crate) const COUNT: usize = 15;
/// External queues, each a DMA engine with a completion queue: 0 to 4.
pub(crate) const EXTERNAL: usize = 5;
/// The device CPU's queue, which is the driver's own.
pub(crate) const CPU: usize = 5;
/// Internal queues: the matrix engine's, and the TPCs'.
pub(crate) const INTERNAL: usize = COUNT - CPU - 1;
/// What a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Number of an external queue.
    External(usize),
    /// Number of an internal queue, from 0.
    Internal(usize),
    /// The driver's own.
    Cpu,
}

impl Kind {
    /// Of queue `index`, if there is one.
    pub(crate) fn of(index: u32) -> Option<Self> {
        match usize::try_from(index).ok()? {
            n @ 0..EXTERNAL => Some(Self::External(n)),
            CPU => Some(Self::Cpu),
            n @ 0..COUNT => n.checked_sub(CPU + 1).map(Self::Internal),
            _ => None,
        }
    }
}

/// The bit of external queue `n` among others.
const fn bit(n: usize) -> u32 {
    1u32.wrapping_shl(n as u32)
}

/// A job that is ready for its queue.
pub(crate) enum Job {
    /// For an external queue: the driver's copy of the command buffer, without its tail.
    External { queue: usize, copy: JobCopy },
    /// For an internal queue: a command buffer in the card's memory.
    Internal {
        queue: usize,
        address: u64,
        size: u32,
    },
}

/// The queues that take jobs.
pub(crate) struct Queues {
    external: KVec<Arc<External>>,
    internal: Arc<Internal>,
    trusted: Arc<Trusted>,
}

impl Queues {
    /// Allocates the external queues' rings.
    pub(crate) fn new(dev: &Device<Bound>) -> Result<Self> {
        let mut external = KVec::with_capacity(EXTERNAL, GFP_KERNEL)?;
        for n in 0..EXTERNAL {
            external.push_within_capacity(External::new(dev, n)?)?;
        }
        let trusted = Trusted::new(dev, external.get(trusted::NUMBER).ok_or(EINVAL)?)?;
        Ok(Self {
            external,
            trusted,
            internal: Internal::new()?,
        })
    }

    /// External queue `n`.
    pub(crate) fn external(&self, n: usize) -> Option<&Arc<External>> {
        self.external.get(n)
    }

    /// All external queues.
    pub(crate) fn externals(&self) -> impl Iterator<Item = &Arc<External>> {
        self.external.iter()
    }

    /// The queue that can be trusted.
    pub(crate) fn trusted(&self) -> &Arc<Trusted> {
        &self.trusted
    }

    /// The internal queues.
    pub(crate) fn internal(&self) -> &Arc<Internal> {
        &self.internal
    }

    /// Puts all jobs of `submission` on their queues, or none. `EAGAIN` when a queue is full.
    ///
    /// Two submissions that share queues are in the same order on all of them: each takes the locks of
    /// all its queues first, in the order of their numbers.
    pub(crate) fn submit(
        &self,
        io: &Bars,
        submission: &Submission,
        jobs: &mut [Option<Job>],
        allowed: impl FnOnce() -> Result,
    ) -> Result {
        let mut counts = [0u32; EXTERNAL];
        let (mut external, mut queues) = (0i32, 0);
        for job in jobs.iter().flatten() {
            if let Job::External { queue, .. } = job {
                let count = counts.get_mut(*queue).ok_or(EINVAL)?;
                *count = count.saturating_add(1);
                external = external.saturating_add(1);
                queues |= bit(*queue);
            }
        }
        submission.fence.expect(external, queues);
        let _turn = (queues & bit(trusted::NUMBER) != 0).then(|| self.trusted.hold());
        let mut held: [Option<Held<'_>>; EXTERNAL] = [const { None }; EXTERNAL];
        for ((slot, queue), count) in held.iter_mut().zip(&self.external).zip(counts) {
            if count > 0 {
                *slot = Some(queue.hold(count)?);
            }
        }
        let mut internal = submission.internal.as_ref().map(|_| self.internal.hold());
        allowed()?;
        let mut first = true;
        for (number, job) in (1..u32::MAX).zip(jobs) {
            let Some(job) = job.take() else { continue };
            match job {
                Job::External { queue, copy } => {
                    if let (Some(Some(held)), Some(left)) =
                        (held.get_mut(queue), counts.get_mut(queue))
                    {
                        *left = left.saturating_sub(1);
                        let (first, last) = (mem::take(&mut first), *left == 0);
                        let place = Place {
                            number,
                            first,
                            last,
                        };
                        held.push(submission, place, copy)?;
                    }
                }
                Job::Internal {
                    queue,
                    address,
                    size,
                } => {
                    if let Some(internal) = &mut internal {
                        internal.push(io, queue, address, size)?;
                    }
                }
            }
        }
        // One doorbell a queue, however many jobs it got.
        for queue in held.iter_mut().flatten() {
            queue.ring(io);
        }
        Ok(())
    }

    /// Ends jobs whose completions have come on some external queues, a bit each, before the interrupt that tells
    /// of them.
    pub(crate) fn look(&self, queues: u32) {
        for (n, queue) in self.external.iter().enumerate() {
            if queues & bit(n) != 0 {
                queue.look();
            }
        }
    }

    /// Frees what belongs to jobs that are done. May sleep.
    pub(crate) fn reclaim(&self) {
        self.external.iter().for_each(|queue| drop(queue.reclaim()));
    }

    /// Ends every job that is on a queue with `result`. The card is being reset.
    pub(crate) fn abort(&self, result: Result) {
        for queue in &self.external {
            queue.abort(result);
        }
    }

    /// Empties all rings, as the card's are, and gives back what jobs may have used. The card was reset.
    pub(crate) fn reset(&self) {
        for queue in &self.external {
            queue.reset();
        }
        self.internal.reset();
    }
}
