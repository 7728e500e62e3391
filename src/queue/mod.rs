// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The hardware queues, their completions, and events.
//!
//! | file | question it answers |
//! |---|---|
//! | [`id`], [`index`] | which queues there are, and where in its ring one is |
//! | [`external`], [`slots`], [`bell`] | rings in host memory with completions, and their doorbells |
//! | [`internal`] | rings in SRAM |
//! | [`submission`], [`fence`] | what its jobs know of a submission, and how its end is told |
//! | [`busy`] | how long a queue has had work of a context |
//! | [`polling`] | how long a waiter looks before it sleeps |
//! | [`job_copy`], [`budget`] | the driver's copies of command buffers, and how much memory they may take |
//! | [`kernel_queue`], [`driver_job`], [`patience`] | jobs of the driver's own, and when one is lost |
//! | [`fill`], [`used`] | tests of queues, and the filling of the card's memory, for which the engines must be idle |
//! | [`cpu`], [`event_queue`] | messages to the device CPU, and its events |
//!
//! # Words
//!
//! - **job**: a command buffer for one queue; **submission** (upstream: command submission, CS): jobs that end together.
//! - **external queue**: a ring in host memory, of a DMA channel's; its jobs say themselves that they have ended.
//!   **internal queue**: a ring in SRAM, of TPC or MME; a submission with jobs of those has one on an external queue, too.
//! - **PI, CI**: producer and consumer index. A **doorbell** is the register that a new PI is written to.
//! - **completion queue**: a ring that the card writes to when a job has ended; **event queue**: one for what it tells.
//! - **fence**: the end of a submission, as waiters see it. Packets of the same name wait for a sync object's monitor.
//! - **kernel queue**: queue 0, to which the driver sends jobs of its own, too.

mod bell;
pub(crate) mod budget;
pub(crate) mod busy;
pub(crate) mod cpu;
pub(crate) mod driver_job;
pub(crate) mod event_queue;
pub(crate) mod external;
pub(crate) mod fence;
pub(crate) mod fill;
pub(crate) mod id;
pub(crate) mod index;
pub(crate) mod internal;
pub(crate) mod job_copy;
pub(crate) mod kernel_queue;
mod patience;
pub(crate) mod polling;
mod slots;
pub(crate) mod submission;
mod used;

use core::mem;

use kernel::device::{Bound, Device};
use kernel::interrupt::local_interrupt_disable;
use kernel::prelude::*;
use kernel::sync::Arc;

use crate::abstractions::time::Moment;
use crate::abstractions::trace;
use crate::hw::bars::Bars;
use crate::hw::reset::JobsForgotten;
use busy::{Busy, BusyTimes};
use external::{External, Held, Place};
use id::EXTERNAL;
use internal::Internal;
use job_copy::JobCopy;
use kernel_queue::KernelQueue;
use submission::Submission;
use used::Used;

#[cfg(CONFIG_PREEMPT_RT)]
compile_error!("goya.ko takes spin locks with interrupts off, and those of PREEMPT_RT sleep: use a kernel without it");

/// The bit of external queue `n` among others.
const fn bit(n: usize) -> u32 {
    1u32.wrapping_shl(n as u32)
}

/// The numbers of the queues whose bits are set, in order.
fn numbers(queues: u32) -> impl Iterator<Item = usize> {
    let mut left = queues;
    core::iter::from_fn(move || {
        let n = left.trailing_zeros();
        left &= left.wrapping_sub(1);
        (n < u32::BITS).then_some(n as usize)
    })
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

/// When the card is told of jobs on external queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doorbell {
    /// At once.
    Now,
    /// When whoever submits them has no more: he calls [`Queues::ring_put_off`]. Not so for jobs on the driver's own queue.
    #[cfg_attr(not(CONFIG_IO_URING), allow(dead_code))]
    Later,
}

/// Jobs for external queues.
#[derive(Default)]
struct Counts {
    /// For each queue.
    each: [u32; EXTERNAL],
    all: u32,
    /// Queues that have some, a bit each.
    queues: u32,
}

impl Counts {
    /// Of `jobs`.
    fn of(jobs: &[Option<Job>]) -> Result<Self> {
        let mut counts = Self::default();
        for job in jobs.iter().flatten() {
            if let Job::External { queue, .. } = job {
                let count = counts.each.get_mut(*queue).ok_or(EINVAL)?;
                *count = count.saturating_add(1);
                counts.all = counts.all.saturating_add(1);
                counts.queues |= bit(*queue);
            }
        }
        Ok(counts)
    }
}

/// The queues that take jobs.
pub(crate) struct Queues {
    external: KVec<Arc<External>>,
    internal: Arc<Internal>,
    kernel_queue: Arc<KernelQueue>,
    used: Used,
}

impl Queues {
    /// Allocates the external queues' rings.
    pub(crate) fn new(dev: &Device<Bound>) -> Result<Self> {
        let mut external = KVec::with_capacity(EXTERNAL, GFP_KERNEL)?;
        for n in 0..EXTERNAL {
            external.push_within_capacity(External::new(dev, n)?)?;
        }
        let kernel_queue =
            KernelQueue::new(dev, external.get(kernel_queue::NUMBER).ok_or(EINVAL)?)?;
        Ok(Self {
            external,
            kernel_queue,
            internal: Internal::new(dev)?,
            used: Used::new(),
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

    /// The queue on which the driver's own jobs run.
    pub(crate) fn kernel_queue(&self) -> &Arc<KernelQueue> {
        &self.kernel_queue
    }

    /// The internal queues.
    pub(crate) fn internal(&self) -> &Arc<Internal> {
        &self.internal
    }

    /// Whether all external queues have room for `jobs` now; `EAGAIN` if not.
    pub(crate) fn room(&self, jobs: &[Option<Job>]) -> Result {
        for (queue, count) in self.external.iter().zip(Counts::of(jobs)?.each) {
            drop(queue.hold(count, &local_interrupt_disable())?);
        }
        Ok(())
    }

    /// Puts all jobs of `submission` on their queues, or none. `EAGAIN` when a queue is full, unless `allowed` says why they
    /// may not be there.
    ///
    /// Two submissions that share queues are in the same order on all of them: each takes the locks of
    /// all its queues first, in the order of their numbers.
    pub(crate) fn submit(
        &self,
        io: &Bars,
        submission: &Submission,
        jobs: &mut [Option<Job>],
        doorbell: Doorbell,
        allowed: impl Fn() -> Result,
    ) -> Result {
        let Counts {
            each: mut counts,
            all: external,
            queues,
        } = Counts::of(jobs)?;
        let _turn = (queues & bit(kernel_queue::NUMBER) != 0).then(|| self.kernel_queue.hold());
        // Whoever rings a doorbell does so for others, who are not to wait for anything else.
        let interrupts = local_interrupt_disable();
        let mut held: [Option<Held<'_>>; EXTERNAL] = [const { None }; EXTERNAL];
        for n in numbers(queues) {
            if let (Some(slot), Some(queue), Some(count)) =
                (held.get_mut(n), self.external.get(n), counts.get(n))
            {
                // Why it is full does not matter to who may not have it at all.
                let held = queue.hold(*count, &interrupts);
                *slot = Some(held.or_else(|full| allowed().and(Err(full)))?);
            }
        }
        let mut internal = submission.internal.as_ref().map(|_| self.internal.hold());
        allowed()?;
        self.used.begin();
        let (now, dev, times) = (Moment::now(), self.internal.dev(), submission.owner.busy());
        submission.fence.expect(external as i32, queues, now);
        trace::goya_cs_submit(dev, || {
            let (asid, sequence) = (submission.owner.asid(), submission.fence.sequence());
            let internal = submission.internal.as_ref();
            let internal = internal.map_or(0, |internal| internal.jobs().len() as u32);
            (asid, sequence, external, internal)
        });
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
                        internal.begin(queue, times, now);
                        trace::goya_job_start(dev, || {
                            submission.traced(number, id::of_internal(queue))
                        });
                        internal.push(io, queue, address, size)?;
                    }
                }
            }
        }
        // One doorbell a queue, however many jobs it got.
        let mut bells = 0;
        for n in numbers(queues) {
            let Some(Some(queue)) = held.get_mut(n) else {
                continue;
            };
            // The driver's own jobs on its queue run with rights that no user's job may have. Whether there is one the
            // driver asks the card, which so has to know of all.
            if doorbell == Doorbell::Now || n == kernel_queue::NUMBER {
                if queue.note() {
                    bells |= bit(n);
                }
            } else {
                queue.put_off();
            }
        }
        drop(internal);
        drop(held);
        for queue in numbers(bells).filter_map(|n| self.external.get(n)) {
            queue.ring(io, &interrupts);
        }
        Ok(())
    }

    /// Rings the doorbells that were put off, if that is `allowed` now.
    #[cfg_attr(not(CONFIG_IO_URING), allow(dead_code))]
    pub(crate) fn ring_put_off(&self, io: &Bars, allowed: impl Fn() -> bool) {
        for queue in &self.external {
            queue.ring_put_off(io, &allowed);
        }
    }

    /// Ends jobs whose completions have come on some external queues, a bit each, before the interrupt that tells
    /// of them.
    pub(crate) fn look(&self, queues: u32) {
        for queue in numbers(queues).filter_map(|n| self.external.get(n)) {
            queue.look();
        }
    }

    /// Whether the engines are idle, as `see` sees, or as it has seen if no program had anything to do since.
    fn idle(&self, see: impl FnOnce() -> bool) -> bool {
        let empty = |queue: &Arc<External>| queue.is_idle();
        // Each submission has a job on one of these. Doorbells of internal queues are rung with its lock held.
        self.used.idle(|| !self.external.iter().all(empty), see)
    }

    /// For how long each queue has had work of whoever has these `times`.
    pub(crate) fn busy(&self, times: &BusyTimes) -> Busy {
        let mut busy = Busy::default();
        for (busy, queue) in busy.external.iter_mut().zip(&self.external) {
            *busy = queue.busy(times);
        }
        self.internal.busy(times, &mut busy);
        busy
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

    /// Empties all rings, as the card's are, and gives back what jobs may have used.
    pub(crate) fn reset(&self, _proof: &JobsForgotten) {
        for queue in &self.external {
            queue.reset();
        }
        self.internal.reset();
    }
}

#[kunit_tests(goya_queues)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bits() {
        assert!(numbers(0).next().is_none());
        assert!(numbers(0b1_0110).eq([1, 2, 4]));
        assert!(numbers(1 << 31 | 1).eq([0, 31]));
    }
}
