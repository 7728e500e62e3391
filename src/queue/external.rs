// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! External queues: rings in host memory, read by the DMA engines' queue managers, with a completion
//! queue each (upstream `hw_queue.c`, `irq.c`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::lock::spinlock::SpinLockBackend;
use kernel::sync::lock::Guard;
use kernel::sync::{Arc, LockClassKey, SpinLock};

use super::index::EXTERNAL as LENGTH;
use crate::abstractions::shared::{read_barrier, write_barrier, SharedMemory};
use crate::hw::map::HOST_BASE;
use crate::hw::Io;
use crate::submit::buffer::JobCopy;
use crate::submit::packet::{self, TAIL_SIZE};
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
/// Completions that are taken under one lock.
const BATCH: usize = 32;

struct Slot {
    submission: Arc<Submission>,
    /// The card reads it until the job is done.
    copy: JobCopy,
}

struct State {
    /// Next descriptor, and descriptors that are not done.
    producer: u32,
    in_flight: u32,
    /// Where the next job that is pushed will announce its end, and the next such announcement that is
    /// read. The driver's own jobs announce none, so these are not the descriptors' places.
    completion: u32,
    consumer: u32,
    slots: KVec<Option<Slot>>,
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
    #[pin]
    state: SpinLock<State>,
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
            in_flight: 0,
            completion: 0,
            consumer: 0,
            slots,
        };
        let class = class(number);
        Arc::pin_init(
            pin_init!(Self { number, ring, completions, state <- SpinLock::new(state, c"goya_queue", class) }),
            GFP_KERNEL,
        )
    }

    /// Its number.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Where the card finds the ring.
    pub(crate) fn ring_address(&self) -> u64 {
        self.ring.dma_address().wrapping_add(HOST_BASE)
    }

    /// Takes the queue for `count` jobs; `EAGAIN` if there is no room.
    pub(super) fn hold(&self, count: u32) -> Result<Held<'_>> {
        let state = self.state.lock();
        match state.in_flight.checked_add(count) {
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

    /// Takes everything that has completed.
    pub(crate) fn interrupt(&self) {
        loop {
            let mut done: [Option<Slot>; BATCH] = [const { None }; BATCH];
            let taken = self.take(&mut done);
            // Ended outside of the lock, and after it: each may wake somebody and free memory.
            for slot in done.into_iter().flatten() {
                let Slot { submission, copy } = slot;
                // Back in the pool before the waiter asks for the next one.
                drop(copy);
                submission.job_ended(Ok(()));
            }
            if taken < BATCH {
                return;
            }
        }
    }

    /// Takes completions out of their ring; returns how many there were, at most as many as fit.
    fn take(&self, done: &mut [Option<Slot>; BATCH]) -> usize {
        let mut state = self.state.lock();
        for (n, room) in done.iter_mut().enumerate() {
            let at = LENGTH.place(state.consumer) * COMPLETION;
            let Ok(entry) = self.completions.read32(at) else {
                return n;
            };
            if entry & READY == 0 {
                return n;
            }
            read_barrier();
            // Cannot fail: it was just read.
            let _ = self.completions.write32(at, 0);
            state.consumer = LENGTH.next(state.consumer);
            if entry & NAMED == 0 {
                continue;
            }
            // What the card names may be anything: an empty place, or one that was aborted.
            let place = (entry & PLACE) as usize;
            if let Some(slot) = state.slots.get_mut(place).and_then(Option::take) {
                *room = Some(slot);
                state.in_flight = state.in_flight.saturating_sub(1);
            }
        }
        BATCH
    }

    /// Ends all jobs with `result`. The card must not read the ring any more.
    pub(super) fn abort(&self, result: Result) {
        for place in 0..LENGTH.entries() as usize {
            let slot = {
                let mut state = self.state.lock();
                let slot = state.slots.get_mut(place).and_then(Option::take);
                if slot.is_some() {
                    state.in_flight = state.in_flight.saturating_sub(1);
                }
                slot
            };
            if let Some(slot) = slot {
                slot.submission.job_ended(result);
            }
        }
    }

    pub(super) fn reset(&self) {
        let mut state = self.state.lock();
        self.completions.fill(0);
        (state.producer, state.completion, state.consumer) = (0, 0, 0);
    }

    pub(super) fn idle(&self) -> bool {
        self.state.lock().in_flight == 0
    }
}

/// A queue with its lock held.
pub(super) struct Held<'a> {
    queue: &'a External,
    state: Guard<'a, State, SpinLockBackend>,
}

impl Held<'_> {
    /// Appends a job. The doorbell is rung later.
    pub(super) fn push(&mut self, submission: &Arc<Submission>, copy: JobCopy) -> Result {
        let queue = self.queue;
        let place = LENGTH.place(self.state.producer);
        let body = copy.size;
        let tail = tail(queue, place, LENGTH.place(self.state.completion));
        copy.write(body as usize, &tail)?;
        let size = body.checked_add(TAIL_SIZE as u32).ok_or(EINVAL)?;
        queue.describe(&mut self.state, copy.address(), size)?;
        if let Some(slot) = self.state.slots.get_mut(place) {
            *slot = Some(Slot {
                submission: submission.clone(),
                copy,
            });
        }
        self.state.completion = LENGTH.next(self.state.completion);
        self.state.in_flight = self.state.in_flight.saturating_add(1);
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
