// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Internal queues: the matrix engine's and the TPCs', whose rings lie in SRAM (upstream `hw_queue.c`).
//!
//! They announce nothing: their places are free again when the submission ends that the jobs belong to.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::{new_spinlock_irq, Arc, SpinLockIrq, SpinLockIrqGuard, UniqueArc};

use super::busy::{Busy, BusyTimes};
use super::id::{self, INTERNAL};
use super::index::INTERNAL as LENGTH;
use crate::abstractions::time::Moment;
use crate::abstractions::trace;
use crate::abstractions::vec;
use crate::hw::bars::Bars;
use crate::hw::map;
use crate::hw::qman::QueueManager;

/// Bytes of a descriptor.
const DESCRIPTOR: usize = map::RING_ENTRY_SIZE as usize;

type Counts = [u32; INTERNAL];

/// Jobs of a submission for internal queues.
#[derive(Default)]
pub(crate) struct Jobs {
    /// For each of the queues.
    counts: Counts,
    /// Which of the submission's they are, and their queues.
    numbers: KVec<(u32, usize)>,
}

impl Jobs {
    /// Jobs by their numbers in the submission, and the queues that they are for.
    pub(crate) fn of(jobs: impl Iterator<Item = (u32, usize)>) -> Result<Self> {
        let mut found = Self::default();
        for (number, queue) in jobs {
            let count = found.counts.get_mut(queue).ok_or(EINVAL)?;
            *count = count.saturating_add(1);
            vec::push(&mut found.numbers, (number, queue), GFP_KERNEL)?;
        }
        Ok(found)
    }

    /// The first queue that is too short for its jobs even when it is empty, and how many these are.
    pub(crate) fn too_many(&self) -> Option<(usize, u32)> {
        let mut counts = self.counts.iter().copied().enumerate();
        counts.find(|(_, count)| *count > LENGTH.entries())
    }
}

#[derive(Clone, Copy, Default)]
struct RingState {
    /// Next descriptor, and descriptors whose submission has not ended.
    producer: u32,
    in_flight: u32,
}

/// All internal queues, under one lock: what a job costs is two writes to SRAM. It is taken inside of external
/// queues' locks, which interrupts take.
#[pin_data]
pub(crate) struct Internal {
    dev: ARef<Device>,
    #[pin]
    states: SpinLockIrq<[RingState; INTERNAL]>,
}

impl Internal {
    pub(super) fn new(dev: &Device) -> Result<Arc<Self>> {
        let states = [RingState::default(); INTERNAL];
        Arc::pin_init(
            pin_init!(Self {
                dev: dev.into(),
                states <- new_spinlock_irq!(states),
            }),
            GFP_KERNEL,
        )
    }

    /// Takes places for the jobs on each queue; `EAGAIN` if one is full.
    pub(crate) fn reserve(self: &Arc<Self>, jobs: &Jobs) -> Result<Arc<RingReservation>> {
        let counts = &jobs.counts;
        // Allocated before the lock is taken.
        let mut numbers = KVec::new();
        numbers.extend_from_slice(&jobs.numbers, GFP_KERNEL)?;
        let places = UniqueArc::new_uninit(GFP_KERNEL)?;
        let mut states = self.states.lock();
        let full = |(state, count): (&RingState, &u32)| {
            state
                .in_flight
                .checked_add(*count)
                .is_none_or(|sum| sum > LENGTH.entries())
        };
        if states.iter().zip(counts).any(full) {
            return Err(EAGAIN);
        }
        for (state, count) in states.iter_mut().zip(counts) {
            state.in_flight = state.in_flight.saturating_add(*count);
        }
        drop(states);
        let reservation = places.write(RingReservation {
            queues: self.clone(),
            counts: *counts,
            numbers,
        });
        Ok(reservation.into())
    }

    pub(super) fn hold(&self) -> Held<'_> {
        Held(self.states.lock())
    }

    /// The card, for messages.
    pub(super) fn dev(&self) -> &Device {
        &self.dev
    }

    /// For how long each queue has had work of whoever has these `times`.
    pub(super) fn busy(&self, times: &BusyTimes, busy: &mut Busy) {
        let meters = times.internal.lock();
        let now = Moment::now();
        for (busy, meter) in busy.internal.iter_mut().zip(&*meters) {
            *busy = meter.total(now);
        }
    }

    pub(super) fn reset(&self) {
        for state in self.states.lock().iter_mut() {
            state.producer = 0;
        }
    }
}

/// Places that a submission has taken; free again when dropped.
pub(crate) struct RingReservation {
    queues: Arc<Internal>,
    counts: Counts,
    numbers: KVec<(u32, usize)>,
}

impl RingReservation {
    /// The jobs: which of the submission's they are, from 1, and their queues.
    pub(crate) fn jobs(&self) -> &[(u32, usize)] {
        &self.numbers
    }

    /// The submission, whose places these are, has ended, and its jobs with it.
    ///
    /// Its owner has these `times`; `traced` is what trace points say of a job, by its number and its queue.
    pub(super) fn ended(
        &self,
        times: &BusyTimes,
        traced: impl Fn(u32, u32) -> (u32, u64, u32, u32),
    ) {
        let meters = times.internal.lock();
        for (meter, count) in meters.iter().zip(self.counts).filter(|pair| pair.1 > 0) {
            meter.end(count, Moment::now);
        }
        drop(meters);
        if trace::goya_job_complete_enabled() {
            for (job, n) in &self.numbers {
                trace::goya_job_complete(&self.queues.dev, || traced(*job, id::of_internal(*n)));
            }
        }
    }
}

impl Drop for RingReservation {
    fn drop(&mut self) {
        for (state, count) in self.queues.states.lock().iter_mut().zip(self.counts) {
            state.in_flight = state.in_flight.saturating_sub(count);
        }
    }
}

/// The queues with their lock held.
pub(super) struct Held<'a>(SpinLockIrqGuard<'a, [RingState; INTERNAL]>);

impl Held<'_> {
    /// Whoever has these `times` has a job for queue `n`, `now`.
    pub(super) fn begin(&self, n: usize, times: &BusyTimes, now: Moment) {
        if let Some(meter) = times.internal.lock().get(n) {
            meter.begin(now);
        }
    }

    /// Puts a command buffer in the card's memory on queue `n`. Its place was taken by [`RingReservation`].
    pub(super) fn push(&mut self, bars: &Bars, n: usize, address: u64, size: u32) -> Result {
        let state = self.0.get_mut(n).ok_or(EINVAL)?;
        let manager = QueueManager::of_internal(n as u32).ok_or(EINVAL)?;
        let ring = map::internal_ring(n as u32);
        let mut descriptor = [0; DESCRIPTOR];
        for (to, word) in descriptor
            .chunks_exact_mut(8)
            .zip([address, u64::from(size)])
        {
            to.copy_from_slice(&word.to_le_bytes());
        }
        bars.write_sram(
            ring as usize + LENGTH.place(state.producer) * DESCRIPTOR,
            &descriptor,
        )?;
        state.producer = LENGTH.next(state.producer);
        // Writes to the card stay in order: the descriptor is there before the doorbell.
        manager.ring(bars, state.producer);
        Ok(())
    }
}
