// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The event queue: what the firmware tells the driver unasked (`struct hl_eq_entry`, `cpucp_if.h`).

use std::collections::{BTreeSet, VecDeque};

use crate::chip::Chip;
use crate::events;
use crate::psoc::SCRATCHPAD;

const EQ_BASE_LOW: u32 = SCRATCHPAD + 4 * 2;
const EQ_LENGTH: u32 = SCRATCHPAD + 4 * 4;
/// Bytes of an entry.
const ENTRY: usize = 64;
/// `EQ_CTL_READY_MASK`.
const READY: u32 = 1 << 31;
const TYPE_SHIFT: u32 = 16;
/// The event queue's MSI-X vector (`GOYA_EVENT_QUEUE_MSIX_IDX`).
const VECTOR: u16 = 5;
/// Events held back while the ring is full; more are lost.
const BACKLOG: usize = 256;

/// What an event says beside its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    None,
    /// `struct cpucp_pkt_sync_err`: the firmware's indices of the CPU queue.
    SyncError {
        pi: u32,
        ci: u32,
    },
}

impl Payload {
    fn words(self) -> [u32; 2] {
        match self {
            Self::None => [0, 0],
            Self::SyncError { pi, ci } => [pi, ci],
        }
    }
}

/// State of the event queue.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    entries: u32,
    pi: u32,
    backlog: VecDeque<(u16, Payload)>,
    /// Reported, and not to be reported again before the driver says so.
    masked: BTreeSet<u16>,
    /// Raised while masked.
    pending: BTreeSet<u16>,
}

impl Chip {
    /// Takes the ring that the driver describes; says whether it makes sense.
    pub(super) fn events_set_up(&mut self) -> bool {
        let entries = self.regs.get(EQ_LENGTH) / ENTRY as u32;
        if !entries.is_power_of_two()
            || entries > 1 << 16
            || self.cpu_read(self.event_at(0), &mut [0; 8]).is_err()
        {
            return false;
        }
        self.cpu.events = EventQueue { entries, ..EventQueue::default() };
        true
    }

    /// Reports event `id`, or keeps it until it is unmasked.
    pub(crate) fn raise_event(&mut self, id: u16) {
        self.raise_event_with(id, Payload::None);
    }

    /// Reports event `id` with a payload.
    pub(super) fn raise_event_with(&mut self, id: u16, payload: Payload) {
        let queue = &mut self.cpu.events;
        if queue.masked.contains(&id) {
            queue.pending.insert(id);
            return;
        }
        if events::masked_when_reported(id) {
            queue.masked.insert(id);
        }
        if queue.backlog.len() < BACKLOG {
            queue.backlog.push_back((id, payload));
        }
        self.events_send();
    }

    /// Events that the driver has not been told of yet.
    #[cfg(test)]
    pub(crate) fn events_waiting(&self) -> usize {
        self.cpu.events.backlog.len()
    }

    /// Lets event `id` be reported again, at once if it was raised meanwhile.
    pub(super) fn event_unmask(&mut self, id: u16) {
        self.cpu.events.masked.remove(&id);
        if self.cpu.events.pending.remove(&id) {
            self.raise_event(id);
        }
    }

    /// Forgets what was masked, and what was raised meanwhile.
    pub(super) fn events_unmask_all(&mut self) {
        self.cpu.events.masked.clear();
        self.cpu.events.pending.clear();
    }

    /// Writes what is held back, as far as the driver has taken earlier entries: it clears their
    /// ready bit.
    pub(super) fn events_send(&mut self) {
        let mut sent = false;
        // Once round the ring: a storm must not keep the card busy as long as the driver makes room.
        for _ in 0..self.cpu.events.entries {
            let storm = self.faults.event_storm().map(|id| (id, Payload::None));
            let Some((id, payload)) = self.cpu.events.backlog.front().copied().or(storm) else { break };
            let pi = self.cpu.events.pi;
            let at = self.event_at(pi);
            let mut header = [0; 8];
            if self.cpu_read(at, &mut header).is_err() {
                break;
            }
            let ctl = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
            if ctl & READY != 0 {
                break;
            }
            let mut body = [0; ENTRY - 8];
            for (to, word) in body.chunks_exact_mut(4).zip(payload.words()) {
                to.copy_from_slice(&word.to_le_bytes());
            }
            // The ready bit comes last.
            let ctl = READY | u32::from(id) << TYPE_SHIFT | pi & 0xFFFF;
            if self
                .cpu_write(at + 8, &body)
                .and_then(|()| self.cpu_write(at + 4, &ctl.to_le_bytes()))
                .is_err()
            {
                break;
            }
            tracing::debug!(target: "goya::event", id, name = %events::name(id), index = pi);
            let queue = &mut self.cpu.events;
            queue.backlog.pop_front();
            queue.pi = (pi + 1) & (queue.entries - 1);
            self.counters.events += 1;
            sent = true;
        }
        if sent {
            self.interrupt(VECTOR);
        }
    }

    fn event_at(&self, index: u32) -> u64 {
        let base = self.regs.pair(EQ_BASE_LOW);
        base.wrapping_add(u64::from(index) * ENTRY as u64)
    }
}
