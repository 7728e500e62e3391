// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The event queue: what the device CPU has to tell (upstream `hl_irq_handler_eq()`).

use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};

use super::cpu::{CpuQueue, EVENT_QUEUE, EVENT_SIZE};
use super::index::EVENTS as LENGTH;
use crate::abstractions::shared::read_barrier;

/// In an event's header: it is there; its number is in bits 27:16 (`cpucp_if.h`).
const READY: u32 = 1 << 31;
const CONTROL: usize = 4;

/// An event, copied out of the queue.
pub(crate) type Event = [u8; EVENT_SIZE];

/// The number of an event.
pub(crate) fn number(event: &Event) -> u16 {
    let control = event
        .get(CONTROL..CONTROL + 4)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u32::from_le_bytes);
    (control >> 16 & 0xFFF) as u16
}

/// The queue.
#[pin_data]
pub(crate) struct EventQueue {
    cpu: Arc<CpuQueue>,
    /// Next event.
    #[pin]
    consumer: Mutex<u32>,
}

impl EventQueue {
    pub(crate) fn new(cpu: Arc<CpuQueue>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { cpu, consumer <- new_mutex!(0) }),
            GFP_KERNEL,
        )
    }

    /// Begins at the first place, as the CPU does when the queues start.
    pub(crate) fn reset(&self) {
        *self.consumer.lock() = 0;
    }

    /// Takes the next event, if there is one, and lets the CPU use its place again.
    pub(crate) fn take(&self) -> Option<Event> {
        let mut consumer = self.consumer.lock();
        let at = EVENT_QUEUE + (*consumer as usize % LENGTH.entries() as usize) * EVENT_SIZE;
        let memory = self.cpu.memory();
        let control = memory.read32(at + CONTROL).ok()?;
        if control & READY == 0 {
            return None;
        }
        read_barrier();
        let mut event = [0; EVENT_SIZE];
        memory.read(at, &mut event).ok()?;
        memory.write32(at + CONTROL, control & !READY).ok()?;
        // This index does not run twice round.
        *consumer = (*consumer).wrapping_add(1) & (LENGTH.entries() - 1);
        self.cpu.set_event_consumer(*consumer);
        Some(event)
    }
}
