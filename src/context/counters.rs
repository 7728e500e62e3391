// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions that were refused, counted by reason (`HL_INFO_CS_COUNTERS`).

use kernel::sync::atomic::{Atomic, Relaxed};

/// Why a submission was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// No memory.
    Memory,
    /// A packet may not be sent.
    Parsing,
    /// A queue is full.
    QueueFull,
    /// The card is being reset.
    InReset,
    /// The window is full.
    InFlight,
    /// An argument is wrong.
    Validation,
}

/// A counter for each reason.
#[derive(Default)]
pub(crate) struct DropCounters([Counter; 6]);

struct Counter(Atomic<u64>);

impl Default for Counter {
    fn default() -> Self {
        Self(Atomic::new(0))
    }
}

impl DropCounters {
    /// Counts one more.
    pub(crate) fn count(&self, reason: Reason) {
        if let Some(counter) = self.0.get(reason as usize) {
            counter.0.add(1u64, Relaxed);
        }
    }

    /// How many there were.
    pub(crate) fn get(&self, reason: Reason) -> u64 {
        self.0
            .get(reason as usize)
            .map_or(0, |counter| counter.0.load(Relaxed))
    }
}
