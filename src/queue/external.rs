// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! External queues: rings in host memory, read by the DMA engines' queue managers, with a completion
//! queue each (upstream `hw_queue.c`, `irq.c`).
//!
//! The copy of a job is free once a later job of the same queue is done, or after a reset: the card may not have fetched its
//! last packet when its end is seen ([`ExternalState::newest`]).

use core::hint::spin_loop;

use kernel::device::{Bound, Device};
use kernel::interrupt::{local_interrupt_disable, LocalInterruptDisabled};
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{Arc, LockClassKey, SpinLockGuard, SpinLockIrq};

use super::bell::Bell;
use super::busy::BusyTimes;
use super::index::EXTERNAL as LENGTH;
use super::job_copy::JobCopy;
use super::slots::{QueuedJob, Slots};
use super::submission::Submission;
use crate::abstractions::shared::{read_barrier, write_barrier, SharedMemory};
use crate::abstractions::time::Moment;
use crate::abstractions::trace;
use crate::hw::dma::Position;
use crate::hw::map::{self, HOST_BASE};
use crate::hw::packet::{self, MESSAGE_WORDS};
use crate::hw::qman::QueueManager;
use crate::hw::Io;

/// Bytes of a descriptor: address, size and control (`struct hl_bd`, `qman_if.h`).
const DESCRIPTOR: usize = map::RING_ENTRY_SIZE as usize;
/// Bytes of a completion (`struct hl_cq_entry`).
const COMPLETION: usize = 4;
/// In a completion: it is there; it names its descriptor, by place (`CQ_ENTRY_*`, `qman_if.h`).
const READY: u32 = 1 << 31;
const NAMED: u32 = 1 << 30;
const PLACE: u32 = 0xFFF;

/// A job on the queue.
struct Slot {
    /// None once a reset has ended it.
    submission: Option<Submission>,
    /// Which job of the submission it is, from 1.
    number: u32,
    /// It is the first of them on an external queue.
    first: bool,
    /// The card reads it until the job is done, and even then: see [`ExternalState::newest`].
    copy: JobCopy,
    /// Its end was announced. An interrupt frees nothing, so it stays until it is reclaimed.
    done: bool,
    /// Who traces the card knows that it is at this job.
    started: bool,
}

impl Slot {
    /// The submission, if the card has yet to end the job.
    fn at_work(&self) -> Option<&Submission> {
        self.submission.as_ref().filter(|_| !self.done)
    }
}

impl QueuedJob for Slot {
    fn is_done(&self) -> bool {
        self.done
    }
}

struct ExternalState {
    slots: Slots<Slot>,
    /// Where the next job that is pushed will announce its end. The driver's own jobs announce none, so it is
    /// not the descriptor's place.
    completion: u32,
    /// The card was not told of the latest jobs.
    put_off: bool,
    /// The copy of the newest job that was reclaimed.
    ///
    /// A job announces its end before it raises the interrupt, so the card may not have fetched its last packet when
    /// its end is seen; what lay there instead would run with the driver's rights. The card fetches one job after
    /// the other: the copy is free as soon as a later job is done.
    newest: Option<JobCopy>,
    /// What a job of the driver's own that did not end may still use.
    lost: Option<SharedMemory>,
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
    manager: QueueManager,
    ring: SharedMemory,
    completions: SharedMemory,
    /// The next announcement that is read, changed under the lock.
    consumer: Atomic<u32>,
    bell: Bell,
    dev: ARef<Device>,
    /// Interrupts take it.
    #[pin]
    state: SpinLockIrq<ExternalState>,
}

impl External {
    pub(super) fn new(dev: &Device<Bound>, number: usize) -> Result<Arc<Self>> {
        let entries = LENGTH.entries() as usize;
        let ring = SharedMemory::new(dev, entries * DESCRIPTOR, GFP_KERNEL)?;
        let completions = SharedMemory::new(dev, entries * COMPLETION, GFP_KERNEL)?;
        let state = ExternalState {
            slots: Slots::new()?,
            completion: 0,
            put_off: false,
            newest: None,
            lost: None,
        };
        let manager = QueueManager::of_external(number as u32).ok_or(EINVAL)?;
        let class = class(number);
        Arc::pin_init(
            pin_init!(Self {
                number,
                manager,
                ring,
                completions,
                consumer: Atomic::new(0),
                bell: Bell::new(),
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
    pub(super) fn hold<'a>(
        &'a self,
        count: u32,
        interrupts: &'a LocalInterruptDisabled,
    ) -> Result<Held<'a>> {
        let state = self.state.lock_with(interrupts);
        if state.slots.has_room(count) {
            Ok(Held { queue: self, state })
        } else {
            Err(EAGAIN)
        }
    }

    /// Sends `size` bytes of packets at `address` that announce their own end: a driver's job, while
    /// nobody else uses the queue.
    pub(crate) fn send_raw(&self, io: &impl Io, address: u64, size: u32) -> Result {
        let interrupts = local_interrupt_disable();
        let mut state = self.state.lock_with(&interrupts);
        self.describe(&state, address, size)?;
        state.slots.push(None);
        // Nobody waits for a completion of it: the descriptor is done when the caller has seen its effect.
        let first = self.note(&mut state);
        drop(state);
        if first {
            self.ring(io, &interrupts);
        }
        Ok(())
    }

    /// Where the card is on this queue.
    pub(super) fn position(&self, io: &impl Io) -> Position {
        Position::of(io, self.number as u32)
    }

    /// Writes the next descriptor.
    fn describe(&self, state: &ExternalState, address: u64, size: u32) -> Result {
        let producer = state.slots.producer();
        let at = LENGTH.place(producer) * DESCRIPTOR;
        let control = u64::from(size) | u64::from(producer & PLACE) << 32;
        self.ring.write64s(at, &[address, control])
    }

    /// Notes that the card is to be told of all jobs. Whether the caller has to do so.
    fn note(&self, state: &mut ExternalState) -> bool {
        state.put_off = false;
        self.trace_start(state);
        self.bell.note(state.slots.producer())
    }

    /// Tells the card of all jobs that were noted, the lock not being held.
    pub(super) fn ring(&self, io: &impl Io, interrupts: &LocalInterruptDisabled) {
        let write = |producer| {
            write_barrier();
            self.manager.ring(io, producer);
        };
        self.bell.ring(write, || self.state.lock_with(interrupts));
    }

    /// Tells the card of jobs of which it was not told, if that is `allowed` now.
    #[cfg_attr(not(CONFIG_IO_URING), allow(dead_code))]
    pub(super) fn ring_put_off(&self, io: &impl Io, allowed: impl FnOnce() -> bool) {
        let interrupts = local_interrupt_disable();
        let mut state = self.state.lock_with(&interrupts);
        let first = state.put_off && allowed() && self.note(&mut state);
        drop(state);
        if first {
            self.ring(io, &interrupts);
        }
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
            let slot = place.and_then(|place| state.slots.get_mut(place));
            if let Some(slot) = slot {
                if let Some(submission) = slot.at_work() {
                    self.ended(slot, submission, Ok(()));
                    slot.done = true;
                }
            }
            self.trace_start(&mut state);
        }
    }

    /// A job has ended, or will never. Called with the lock held.
    fn ended(&self, slot: &Slot, submission: &Submission, result: Result) {
        // Before anybody is told, who may look at once how long it took.
        if let Some(meter) = submission.owner.busy().external.get(self.number) {
            meter.end(1, Moment::now);
        }
        trace::goya_job_complete(&self.dev, || {
            submission.traced(slot.number, self.number as u32)
        });
        submission.job_ended(&self.dev, result);
    }

    /// Tells of the job that the card is at now, if anybody wants to know and has not heard of it: the oldest one that has not
    /// ended.
    #[inline(always)]
    fn trace_start(&self, state: &mut ExternalState) {
        if trace::goya_job_start_enabled() && !state.put_off {
            self.trace_oldest(state);
        }
    }

    #[cold]
    fn trace_oldest(&self, state: &mut ExternalState) {
        let Some(slot) = state.slots.oldest_at_work() else {
            return;
        };
        if let (Some(submission), false) = (&slot.submission, slot.started) {
            trace::goya_job_start(&self.dev, || {
                submission.traced(slot.number, self.number as u32)
            });
            slot.started = true;
        }
    }

    /// For how long it has had work of whoever has these `times`. Nanoseconds.
    pub(super) fn busy(&self, times: &BusyTimes) -> u64 {
        let _state = self.state.lock();
        let meter = times.external.get(self.number);
        meter.map_or(0, |meter| meter.total(Moment::now()))
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
        for slot in state.slots.iter() {
            if let Some(submission) = slot.at_work() {
                run(submission, slot.number, slot.first);
            }
        }
    }

    /// Frees what belongs to jobs that are done, but for one copy, which the next job may take. May sleep.
    pub(crate) fn reclaim(&self) -> Option<JobCopy> {
        let mut copy = None;
        loop {
            let mut state = self.state.lock();
            let Some(slot) = state.slots.pop(false) else {
                return copy;
            };
            let more = state.slots.is_oldest_done();
            let fetched = state.newest.replace(slot.copy);
            drop(state);
            // Without the lock, as what belongs to the submission.
            copy = fetched.or(copy);
            if !more {
                return copy;
            }
        }
    }

    /// Whether the card has nothing to do here, and there is room for a job.
    pub(super) fn is_idle(&self) -> bool {
        self.look();
        self.state.lock().slots.is_idle()
    }

    /// Ends all jobs with `result`. The card is being reset, so that no more are put here; their copies stay until that is
    /// done. Afterwards nobody rings.
    pub(super) fn abort(&self, result: Result) {
        for place in 0..LENGTH.entries() as usize {
            let mut state = self.state.lock();
            let Some(slot) = state.slots.get_mut(place) else {
                continue;
            };
            let submission = slot.submission.take();
            if let Some(submission) = submission.as_ref().filter(|_| !slot.done) {
                self.ended(slot, submission, result);
            }
            // It may be the last that knows of its context.
            drop(state);
            drop(submission);
        }
        // Interrupts are off for those who ring: they are soon done.
        while !self.bell.is_silent() {
            spin_loop();
        }
    }

    /// Keeps `memory`, which the card may use, until it was reset.
    pub(super) fn keep(&self, memory: SharedMemory) {
        let before = self.state.lock().lost.replace(memory);
        // A queue that has lost a job should get no other one. If it did, the card may use that one's memory, too.
        core::mem::forget(before);
    }

    /// The card was reset: it has no jobs any more, and uses nothing of theirs.
    pub(super) fn reset(&self) {
        while let Some(slot) = self.pop_any() {
            drop(slot);
        }
        let mut state = self.state.lock();
        self.completions.fill(0);
        state.slots.reset();
        state.completion = 0;
        state.put_off = false;
        self.bell.reset();
        self.consumer.store(0, Relaxed);
        let (newest, lost) = (state.newest.take(), state.lost.take());
        drop(state);
        drop((newest, lost));
    }

    fn pop_any(&self) -> Option<Slot> {
        self.state.lock().slots.pop(true)
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
    state: SpinLockGuard<'a, ExternalState>,
}

impl Held<'_> {
    /// Appends a job, which interrupts at its end if it is the last one. The doorbell is rung later.
    pub(super) fn push(&mut self, submission: &Submission, place: Place, copy: JobCopy) -> Result {
        let queue = self.queue;
        let (job, place) = (place, LENGTH.place(self.state.slots.producer()));
        let body = copy.size;
        let tail = tail(queue, place, LENGTH.place(self.state.completion));
        // Nobody waits for a part of a submission: one interrupt tells of all its jobs on a queue.
        let [silent, _] = &tail;
        let tail = if job.last {
            tail.as_flattened()
        } else {
            &silent[..]
        };
        copy.write64s(body as usize, tail)?;
        let size = body.checked_add(size_of_val(tail) as u32).ok_or(EINVAL)?;
        queue.describe(&self.state, copy.address(), size)?;
        self.state.slots.push(Some(Slot {
            submission: Some(submission.clone()),
            number: job.number,
            first: job.first,
            copy,
            done: false,
            started: false,
        }));
        if let (Some(meter), Some(now)) = (
            submission.owner.busy().external.get(queue.number),
            submission.fence.submitted(),
        ) {
            meter.begin(now);
        }
        self.state.completion = LENGTH.next(self.state.completion);
        Ok(())
    }

    /// The card is to be told of the jobs: by the caller, if this is true, with [`External::ring`] once the lock is given back.
    #[must_use]
    pub(super) fn note(&mut self) -> bool {
        self.queue.note(&mut self.state)
    }

    /// The card is told of them later: by [`External::ring_put_off`], or with others.
    pub(super) fn put_off(&mut self) {
        self.state.put_off = true;
    }
}

/// The packets that end a job: a completion, at place `completion`, that names the descriptor at `place`,
/// and the interrupt.
fn tail(queue: &External, place: usize, completion: usize) -> [[u64; MESSAGE_WORDS]; 2] {
    let at = (completion * COMPLETION) as u64;
    let address = queue
        .completions
        .dma_address()
        .wrapping_add(HOST_BASE)
        .wrapping_add(at);
    let entry = READY | NAMED | place as u32 & PLACE;
    packet::tail(address, entry, queue.number as u32)
}
