// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! For how long queues have had work of a context: the busy times of `fdinfo`.
//!
//! A queue is at work for a context from the first of its jobs that is put there until the last one has ended, whatever the
//! card does meanwhile: it may wait for a fence. Jobs that overlap are one time. An internal queue tells nothing of the ends of its
//! jobs: they end with their submission.
//!
//! What is counted of an external queue changes under its lock, which whoever submits or ends a job holds anyway; so a job costs some
//! additions, and the time when a queue has run empty is the only one that is asked of the clock for this.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_spinlock_irq, SpinLockIrq};

use super::id::{EXTERNAL, INTERNAL};
use crate::abstractions::time::Moment;

/// How long one queue has had work of one context. To be used with the lock held that says so.
pub(super) struct Meter {
    /// Jobs that have not ended.
    at_work: Atomic<u32>,
    /// Since when there are any. Nanoseconds of the monotonic clock, as what follows.
    since: Atomic<i64>,
    /// The sum of the times before.
    before: Atomic<i64>,
}

impl Meter {
    const fn new() -> Self {
        Self {
            at_work: Atomic::new(0),
            since: Atomic::new(0),
            before: Atomic::new(0),
        }
    }

    /// The queue gets a job, `now`.
    pub(super) fn begin(&self, now: Moment) {
        let at_work = self.at_work.load(Relaxed);
        if at_work == 0 {
            self.since.store(now.as_ns(), Relaxed);
        }
        self.at_work.store(at_work.wrapping_add(1), Relaxed);
    }

    /// `count` of its jobs have ended, when `now` says.
    pub(super) fn end(&self, count: u32, now: impl FnOnce() -> Moment) {
        let at_work = self.at_work.load(Relaxed);
        let left = at_work.saturating_sub(count);
        self.at_work.store(left, Relaxed);
        if at_work != 0 && left == 0 {
            let sum = self.before.load(Relaxed).saturating_add(self.last(now()));
            self.before.store(sum, Relaxed);
        }
    }

    /// All of it until `now`. Nanoseconds.
    pub(super) fn total(&self, now: Moment) -> u64 {
        let mut sum = self.before.load(Relaxed);
        if self.at_work.load(Relaxed) != 0 {
            sum = sum.saturating_add(self.last(now));
        }
        u64::try_from(sum).unwrap_or(0)
    }

    fn last(&self, now: Moment) -> i64 {
        now.as_ns().saturating_sub(self.since.load(Relaxed)).max(0)
    }
}

/// The busy times of a context.
#[pin_data]
pub(crate) struct BusyTimes {
    pub(super) external: [Meter; EXTERNAL],
    /// With a lock of their own, since submissions end in interrupts, and the queues' lock is held while SRAM is written to.
    #[pin]
    pub(super) internal: SpinLockIrq<[Meter; INTERNAL]>,
}

impl BusyTimes {
    /// Nothing was submitted yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            external: [const { Meter::new() }; EXTERNAL],
            internal <- new_spinlock_irq!([const { Meter::new() }; INTERNAL]),
        })
    }
}

/// The busy times of a context, in nanoseconds, as a program reads them: by external and by internal queue.
#[derive(Clone, Copy, Default)]
pub(crate) struct Busy {
    pub(crate) external: [u64; EXTERNAL],
    pub(crate) internal: [u64; INTERNAL],
}

#[kunit_tests(goya_busy)]
mod tests {
    use super::*;

    fn at(ns: i64) -> Moment {
        Moment::from_ns(ns)
    }

    #[test]
    fn jobs_that_overlap_are_one_time() {
        let meter = Meter::new();
        meter.begin(at(100));
        meter.begin(at(150));
        assert_eq!(meter.total(at(160)), 60);
        meter.end(1, || at(170));
        assert_eq!(meter.total(at(180)), 80);
        meter.end(1, || at(200));
        assert_eq!(meter.total(at(900)), 100);
        meter.begin(at(1000));
        meter.begin(at(1000));
        meter.end(2, || at(1007));
        assert_eq!(meter.total(at(2000)), 107);
    }

    /// What has ended once too often, or at an earlier time, adds nothing.
    #[test]
    fn times_never_fall() {
        let meter = Meter::new();
        meter.end(1, || at(5));
        assert_eq!(meter.total(at(10)), 0);
        meter.begin(at(100));
        assert_eq!(meter.total(at(90)), 0);
        meter.end(3, || at(90));
        assert_eq!(meter.total(at(200)), 0);
    }

    /// The clock is asked only when a queue has run empty.
    #[test]
    fn the_clock_is_asked_at_the_end() {
        let meter = Meter::new();
        meter.begin(at(1));
        meter.begin(at(1));
        let mut asked = 0;
        for _ in 0..2 {
            meter.end(1, || {
                asked += 1;
                at(3)
            });
        }
        assert_eq!((asked, meter.total(at(9))), (1, 2));
    }
}
