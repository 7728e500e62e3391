// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The event queue: what the device CPU has to tell (upstream `hl_irq_handler_eq()`).

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_mutex, Arc, Mutex};

use super::cpu::{CpuQueue, EVENT_QUEUE};
use super::index::EVENTS as LENGTH;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::abstractions::shared::read_barrier;
use crate::hw::events::Entry;

/// An event, copied out of the queue.
pub(crate) type Event = [u8; Entry::LEN];

/// The queue.
#[pin_data]
pub(crate) struct EventQueue {
    cpu: Arc<CpuQueue>,
    /// The CPU counts its events.
    counted: Atomic<bool>,
    #[pin]
    state: Mutex<EventQueueState>,
}

#[derive(Default)]
struct EventQueueState {
    /// Next event.
    consumer: u32,
    /// The CPU's count of the last one.
    previous: u16,
}

impl EventQueue {
    pub(crate) fn new(cpu: Arc<CpuQueue>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                cpu,
                counted: Atomic::new(false),
                state <- new_mutex!(EventQueueState::default()),
            }),
            GFP_KERNEL,
        )
    }

    /// Begins at the first place, as the CPU does when the queues start.
    pub(crate) fn reset(&self) {
        *self.state.lock() = EventQueueState::default();
    }

    /// Whether the CPU counts its events, so that a lost one shows.
    pub(crate) fn set_counted(&self, yes: bool) {
        self.counted.store(yes, Relaxed);
    }

    /// Takes the next event, if there is one, and lets the CPU use its place again.
    pub(crate) fn take(&self, dev: &Device) -> Option<Event> {
        let mut state = self.state.lock();
        let at = EVENT_QUEUE + (state.consumer as usize % LENGTH.entries() as usize) * Entry::LEN;
        let memory = self.cpu.memory();
        let control = memory.read32(at + Entry::CTL_OFFSET).ok()?;
        if control & Entry::READY == 0 {
            return None;
        }
        let expected = state.previous.wrapping_add(1);
        // The lower half of the word.
        let index = control as u16;
        if self.counted.load(Relaxed) && index != expected {
            dev_err_ratelimited!(
                dev,
                "EQE {:#x} in queue is ready but index does not match {}!={}\n",
                control,
                expected,
                index
            );
            return None;
        }
        state.previous = expected;
        read_barrier();
        let mut event = [0; Entry::LEN];
        memory.read(at, &mut event).ok()?;
        memory
            .write32(at + Entry::CTL_OFFSET, control & !Entry::READY)
            .ok()?;
        // This index does not run twice round.
        state.consumer = state.consumer.wrapping_add(1) & (LENGTH.entries() - 1);
        self.cpu.set_event_consumer(state.consumer);
        Some(event)
    }
}
