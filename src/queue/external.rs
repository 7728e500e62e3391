// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! External queues: rings in host memory, read by the DMA engines' queue managers, with a completion
//! queue each (upstream `hw_queue.c`, `irq.c`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{Arc, LockClassKey, SpinLockIrq, SpinLockIrqGuard};

use super::index::EXTERNAL as LENGTH;
use crate::abstractions::shared::{read_barrier, write_barrier, SharedMemory};
use crate::hw::map::HOST_BASE;
use crate::hw::Io;
use crate::submit::buffer::JobCopy;
use crate::submit::packet::{self, SILENT_TAIL_SIZE, TAIL_SIZE};
use crate::submit::submission::Submission;

/// Bytes of a descriptor: address, size and control (`struct hl_bd`, `qman_if.h`).
const DESCRIPTOR: usize = 16;
/// Bytes of a completion (`struct hl_cq_entry`).
const COMPLETION: usize = 4;
/// In a completion: it is there; it names its descriptor, by place (`CQ_ENTRY_*`, `qman_if.h`).
const READY: u32 = 1 << 31;
const NAMED: u32 = 1 << 30;
const PLACE: u32 = 0xFFF;
/// First queue manager's doorbell, and the distance to the next (`dma_qm_0_regs.h`).
const DOORBELL: u32 = 0x40_006C;
const STRIDE: u32 = 0x8000;

/// A job on the queue.
struct Slot {
    submission: Submission,
    /// Which job of the submission it is, from 1.
    number: u32,
    /// It is the first of them on an external queue.
    first: bool,
    /// The card reads it until the job is done.
    copy: JobCopy,
    /// Its end was announced. An interrupt frees nothing, so it stays until it is reclaimed.
    done: bool,
}

struct State {
    /// Next descriptor, and the oldest one that was not reclaimed.
    producer: u32,
    oldest: u32,
    /// Where the next job that is pushed will announce its end. The driver's own jobs announce none, so it is
    /// not the descriptor's place.
    completion: u32,
    slots: KVec<Option<Slot>>,
    /// What a job of the driver's own that did not end may still use.
    lost: Option<SharedMemory>,
}

impl State {
    /// Takes the oldest job off the queue if `all` or it is done. The driver's own jobs have left by the time
    /// somebody else uses the queue.
    fn pop(&mut self, all: bool) -> Option<Slot> {
        while self.oldest != self.producer {
            let slot = self.slots.get_mut(LENGTH.place(self.oldest))?;
            if slot.as_ref().is_some_and(|slot| !all && !slot.done) {
                return None;
            }
            self.oldest = LENGTH.next(self.oldest);
            if slot.is_some() {
                return slot.take();
            }
        }
        None
    }

    /// Whether all jobs are done, and there is room for one of the driver's own, which have left by then. Takes off
    /// nothing that would have to be freed.
    fn is_idle(&mut self) -> bool {
        let job = |slots: &[Option<Slot>], index| {
            let slot = slots.get(LENGTH.place(index))?.as_ref()?;
            Some(slot.done)
        };
        while self.oldest != self.producer && job(&self.slots, self.oldest).is_none() {
            self.oldest = LENGTH.next(self.oldest);
        }
        let mut index = self.oldest;
        while index != self.producer && job(&self.slots, index) != Some(false) {
            index = LENGTH.next(index);
        }
        index == self.producer && LENGTH.distance(self.oldest, index) < LENGTH.entries()
    }

    /// Whether the oldest job is done, so that it can be taken.
    fn done(&self) -> bool {
        let oldest = self.slots.get(LENGTH.place(self.oldest));
        oldest.is_some_and(|slot| slot.as_ref().is_some_and(|slot| slot.done))
    }
}

/// A lock class for each queue: a submission takes the locks of several, in order.
fn class(number: usize) -> Pin<&'static LockClassKey> {
    match number {
        0 => static_lock_class!(),
        1 => static_lock_class!(),
        2 => static_lock_class!(),
        3 => static_lock_class!(),
        _ => static_lock_class!(),
    }
}

/// An external queue.
#[pin_data]
pub(crate) struct External {
    number: usize,
    ring: SharedMemory,
    completions: SharedMemory,
    /// The next announcement that is read, changed under the lock.
    consumer: Atomic<u32>,
    dev: ARef<Device>,
    /// Interrupts take it.
    #[pin]
    state: SpinLockIrq<State>,
}

impl External {
    pub(super) fn new(dev: &Device<Bound>, number: usize) -> Result<Arc<Self>> {
        let entries = LENGTH.entries() as usize;
        let ring = SharedMemory::new(dev, entries * DESCRIPTOR, GFP_KERNEL)?;
        let completions = SharedMemory::new(dev, entries * COMPLETION, GFP_KERNEL)?;
        let mut slots = KVec::with_capacity(entries, GFP_KERNEL)?;
        for _ in 0..entries {
            slots.push(None, GFP_KERNEL)?;
        }
        let state = State {
            producer: 0,
            oldest: 0,
            completion: 0,
            slots,
            lost: None,
        };
        let class = class(number);
        Arc::pin_init(
            pin_init!(Self {
                number,
                ring,
                completions,
                consumer: Atomic::new(0),
                dev: dev.into(),
                state <- SpinLockIrq::new(state, c"goya_queue", class),
            }),
            GFP_KERNEL,
        )
    }

    /// Where the card finds the ring.
    pub(crate) fn ring_address(&self) -> u64 {
        self.ring.dma_address().wrapping_add(HOST_BASE)
    }

    /// Takes the queue for `count` jobs; `EAGAIN` if there is no room.
    pub(super) fn hold(&self, count: u32) -> Result<Held<'_>> {
        let state = self.state.lock();
        let used = LENGTH.distance(state.oldest, state.producer);
        match used.checked_add(count) {
            Some(sum) if sum <= LENGTH.entries() => Ok(Held { queue: self, state }),
            _ => Err(EAGAIN),
        }
    }

    /// Sends `size` bytes of packets at `address` that announce their own end: a driver's job, while
    /// nobody else uses the queue.
    pub(crate) fn send_raw(&self, io: &impl Io, address: u64, size: u32) -> Result {
        let mut state = self.state.lock();
        self.describe(&mut state, address, size)?;
        // Nobody waits for a completion of it: the descriptor is done when the caller has seen its effect.
        self.ring(&state, io);
        Ok(())
    }

    /// Writes the next descriptor; returns its place.
    fn describe(&self, state: &mut State, address: u64, size: u32) -> Result<usize> {
        let place = LENGTH.place(state.producer);
        let at = place * DESCRIPTOR;
        self.ring.write64(at, address)?;
        let control = state.producer & PLACE;
        self.ring
            .write64(at + 8, u64::from(size) | u64::from(control) << 32)?;
        state.producer = LENGTH.next(state.producer);
        Ok(place)
    }

    fn ring(&self, state: &State, io: &impl Io) {
        write_barrier();
        io.write(
            DOORBELL.wrapping_add(STRIDE.wrapping_mul(self.number as u32)),
            state.producer,
        );
    }

    /// The next completion, if it has come: where it is, and what it says.
    fn announced(&self) -> Option<(usize, u32)> {
        let at = LENGTH.place(self.consumer.load(Relaxed)) * COMPLETION;
        let entry = self.completions.read32(at).ok()?;
        (entry & READY != 0).then_some((at, entry))
    }

    /// Ends the jobs whose completions have come. Called in an interrupt, and by those who look for one
    /// ([`super::Queues::look`]); what belongs to the jobs is freed later, by [`External::reclaim`].
    pub(crate) fn collect(&self) {
        let mut state = self.state.lock();
        // A card that never stops announcing must not keep the processor: it interrupts again.
        for _ in 0..LENGTH.entries() {
            let Some((at, entry)) = self.announced() else {
                return;
            };
            read_barrier();
            // Cannot fail: it was just read.
            let _ = self.completions.write32(at, 0);
            let next = LENGTH.next(self.consumer.load(Relaxed));
            self.consumer.store(next, Relaxed);
            // What the card names may be anything: an empty place, or a job that is done.
            let place = (entry & NAMED != 0).then_some((entry & PLACE) as usize);
            let slot = place.and_then(|place| state.slots.get_mut(place)?.as_mut());
            if let Some(slot) = slot.filter(|slot| !slot.done) {
                slot.done = true;
                slot.submission.job_ended(&self.dev, Ok(()));
            }
        }
    }

    /// [`External::collect`], without the lock if there is nothing.
    pub(super) fn look(&self) {
        if self.announced().is_some() {
            self.collect();
        }
    }

    /// Does something to each job that is not done, its number, and whether it is the submission's first on an
    /// external queue. May not sleep.
    pub(crate) fn each_job(&self, mut run: impl FnMut(&Submission, u32, bool)) {
        let state = self.state.lock();
        let jobs = state.slots.iter().flatten().filter(|slot| !slot.done);
        jobs.for_each(|slot| run(&slot.submission, slot.number, slot.first));
    }

    /// Frees what belongs to jobs that are done, but for one copy, which the next job may take. May sleep.
    pub(crate) fn reclaim(&self) -> Option<JobCopy> {
        let mut copy = None;
        loop {
            let mut state = self.state.lock();
            let slot = state.pop(false);
            let more = state.done();
            drop(state);
            let Some(slot) = slot else { return copy };
            copy = Some(slot.copy);
            if !more {
                return copy;
            }
        }
    }

    /// Whether the card has nothing to do here, and there is room for a job.
    pub(super) fn is_idle(&self) -> bool {
        self.look();
        self.state.lock().is_idle()
    }

    /// Ends all jobs with `result`. The card must not read the ring any more.
    pub(super) fn abort(&self, result: Result) {
        while let Some(slot) = self.pop(true) {
            if !slot.done {
                slot.submission.job_ended(&self.dev, result);
            }
        }
    }

    fn pop(&self, all: bool) -> Option<Slot> {
        self.state.lock().pop(all)
    }

    /// Keeps `memory` until the card is reset.
    pub(super) fn keep(&self, memory: SharedMemory) {
        let before = self.state.lock().lost.replace(memory);
        // There is none: a queue that has lost a job gets no other one. If there were, the card might use it.
        core::mem::forget(before);
    }

    pub(super) fn reset(&self) {
        let mut state = self.state.lock();
        self.completions.fill(0);
        (state.producer, state.oldest) = (0, 0);
        state.completion = 0;
        self.consumer.store(0, Relaxed);
        let lost = state.lost.take();
        drop(state);
        // Without the lock.
        drop(lost);
    }
}

/// Which job of its submission a job is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its number, from 1.
    pub(super) number: u32,
    /// It is the first one on an external queue.
    pub(super) first: bool,
    /// It is the last one on its queue.
    pub(super) last: bool,
}

/// A queue with its lock held.
pub(super) struct Held<'a> {
    queue: &'a External,
    state: SpinLockIrqGuard<'a, State>,
}

impl Held<'_> {
    /// Appends a job, which interrupts at its end if it is the last one. The doorbell is rung later.
    pub(super) fn push(&mut self, submission: &Submission, place: Place, copy: JobCopy) -> Result {
        let queue = self.queue;
        let (job, place) = (place, LENGTH.place(self.state.producer));
        let body = copy.size;
        let tail = tail(queue, place, LENGTH.place(self.state.completion));
        // Nobody waits for a part of a submission: one interrupt tells of all its jobs on a queue.
        let tail = tail.get(
            ..if job.last {
                TAIL_SIZE
            } else {
                SILENT_TAIL_SIZE
            },
        );
        let tail = tail.ok_or(EINVAL)?;
        copy.write(body as usize, tail)?;
        let size = body.checked_add(tail.len() as u32).ok_or(EINVAL)?;
        queue.describe(&mut self.state, copy.address(), size)?;
        if let Some(slot) = self.state.slots.get_mut(place) {
            *slot = Some(Slot {
                submission: submission.clone(),
                number: job.number,
                first: job.first,
                copy,
                done: false,
            });
        }
        self.state.completion = LENGTH.next(self.state.completion);
        Ok(())
    }

    pub(super) fn ring(&mut self, io: &impl Io) {
        self.queue.ring(&self.state, io);
    }
}

/// The packets that end a job: a completion, at place `completion`, that names the descriptor at `place`,
/// and the interrupt.
fn tail(queue: &External, place: usize, completion: usize) -> [u8; TAIL_SIZE] {
    let at = (completion * COMPLETION) as u64;
    let address = queue
        .completions
        .dma_address()
        .wrapping_add(HOST_BASE)
        .wrapping_add(at);
    let entry = READY | NAMED | place as u32 & PLACE;
    packet::tail(address, entry, queue.number as u32)
}

#[kunit_tests(goya_external_queue)]
mod tests {
    use super::*;

    /// The driver's own jobs, which are in no slot, take up no room once they are done.
    #[test]
    fn own_jobs_leave() -> Result {
        let mut slots = KVec::with_capacity(LENGTH.entries() as usize, GFP_KERNEL)?;
        for _ in 0..LENGTH.entries() {
            slots.push(None, GFP_KERNEL)?;
        }
        let mut state = State {
            producer: 0,
            oldest: 0,
            completion: 0,
            slots,
            lost: None,
        };
        for _ in 0..3 * LENGTH.entries() {
            assert!(state.is_idle());
            state.producer = LENGTH.next(state.producer);
        }
        Ok(())
    }
}
