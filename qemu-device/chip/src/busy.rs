// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! For how long queues have had work, and how much of the card's power that takes.
//!
//! A queue is busy from the doorbell until its ring is empty and all that came out of it is done, by its engine and by the command
//! queue that it feeds, too; while it waits for a fence it is busy as well.

use crate::chip::Chip;
use crate::queue::QueueId;

/// Queues, command queues among them.
const QUEUES: usize = 23;
/// The card's load is averaged over about so long. Nanoseconds.
const AVERAGED: f64 = 500e6;
/// Less than this is no load.
const NOTHING: f64 = 1e-3;

/// A sum of times.
#[derive(Debug, Clone, Copy, Default)]
struct Meter {
    since: Option<u64>,
    before: u64,
}

impl Meter {
    fn end(&mut self, now: u64) {
        self.before = self.total(now);
        self.since = None;
    }

    fn total(&self, now: u64) -> u64 {
        self.before + self.since.map_or(0, |since| now.saturating_sub(since))
    }
}

/// The busy times since power-on; no reset clears them.
#[derive(Debug, Default)]
pub(crate) struct BusyTimes {
    queues: [Meter; QUEUES],
    /// Queues that are busy, a bit each.
    busy: u32,
    /// The share of time in which any was, until `at`.
    load: f64,
    at: u64,
}

impl BusyTimes {
    /// A queue has got work.
    pub fn begin(&mut self, id: QueueId, now: u64) {
        let bit = 1 << id.index();
        if self.busy & bit == 0 {
            self.average(now);
            self.busy |= bit;
            self.queues[id.index()].since = Some(now);
        }
    }

    fn end(&mut self, id: QueueId, now: u64) {
        self.average(now);
        self.busy &= !(1 << id.index());
        self.queues[id.index()].end(now);
    }

    /// Until now, the load was as it is now.
    fn average(&mut self, now: u64) {
        self.load = self.load(now);
        self.at = now;
    }

    /// The share of the time until now in which there was work, recent times counting most.
    fn load(&self, now: u64) -> f64 {
        let kept = (-(now.saturating_sub(self.at) as f64) / AVERAGED).exp();
        let busy = if self.busy == 0 { 0.0 } else { 1.0 };
        let load = self.load * kept + busy * (1.0 - kept);
        if load < NOTHING { 0.0 } else { load }
    }
}

impl Chip {
    /// The queues whose work is done are busy no more.
    pub(crate) fn busy_look(&mut self) {
        if self.busy.busy == 0 {
            return;
        }
        for id in QueueId::all() {
            if self.busy.busy & 1 << id.index() != 0 && !self.queues.has_work(id) {
                self.busy.end(id, self.host.now_ns());
            }
        }
    }

    /// For how long a queue has been busy since power-on. Nanoseconds.
    pub(crate) fn busy_ns(&self, id: QueueId) -> u64 {
        self.busy.queues[id.index()].total(self.host.now_ns())
    }

    /// What the card draws now beside what it always does, if at full load that is `most`.
    pub(crate) fn load_of(&self, most: i64) -> i64 {
        (self.busy.load(self.host.now_ns()) * most.max(0) as f64) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up() {
        let mut busy = BusyTimes::default();
        let id = QueueId::Dma(2);
        busy.begin(id, 100);
        busy.begin(id, 150);
        assert_eq!(busy.queues[id.index()].total(160), 60);
        busy.end(id, 200);
        assert_eq!(busy.queues[id.index()].total(999), 100);
    }

    #[test]
    fn the_load_follows_and_goes() {
        let second = 1_000_000_000;
        let mut busy = BusyTimes::default();
        assert_eq!(busy.load(5 * second), 0.0);
        busy.begin(QueueId::Mme, 5 * second);
        assert!(busy.load(8 * second) > 0.99);
        busy.end(QueueId::Mme, 8 * second);
        // Every second millisecond.
        for n in 0..2000 {
            let at = 10 * second + n * 2_000_000;
            busy.begin(QueueId::Mme, at);
            busy.end(QueueId::Mme, at + 1_000_000);
        }
        let load = busy.load(14 * second);
        assert!((load - 0.5).abs() < 0.01, "{load}");
        assert_eq!(busy.load(18 * second), 0.0);
    }
}
