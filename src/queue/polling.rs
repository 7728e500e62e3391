// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How long a waiter looks before it sleeps.
//!
//! Going to sleep and being woken costs more than a short job takes. So waiters look for a while first, as long
//! as that pays: the time grows while submissions end soon, and goes when they don't, as KVM's halt polling
//! (`grow_halt_poll_ns()`, `virt/kvm/kvm_main.c`).

use core::hint::spin_loop;

use kernel::prelude::*;
use kernel::sync::atomic::{ordering::Acquire, ordering::Release, Atomic, Relaxed};
use kernel::time::Delta;

use crate::abstractions::time::Moment;

/// The longest look, and the first one after none. Nanoseconds.
const LONGEST: i64 = 200_000;
const SHORTEST: i64 = 10_000;
/// Looks between two at the clock, and pauses between two looks.
const LOOKS: usize = 8;
const PAUSES: usize = 8;

/// The look of a context's waiters: of one at a time, the others sleep.
pub(crate) struct Polling {
    /// Nanoseconds.
    time: Atomic<i64>,
    taken: Atomic<bool>,
}

impl Polling {
    pub(crate) const fn new() -> Self {
        Self {
            time: Atomic::new(0),
            taken: Atomic::new(false),
        }
    }

    /// Looks whether something is `done`, at most `longest_us` microseconds. Whether it is.
    pub(crate) fn look(&self, start: Moment, longest_us: u64, done: impl Fn() -> bool) -> bool {
        let longest = i64::try_from(longest_us.saturating_mul(1000)).unwrap_or(i64::MAX);
        let time = self.time.load(Relaxed).min(longest);
        if time == 0 || self.taken.xchg(true, Acquire) {
            return false;
        }
        let seen = loop {
            let late = start.elapsed() >= Delta::from_nanos(time);
            let look = |_| {
                let seen = done();
                if !seen {
                    (0..PAUSES).for_each(|_| spin_loop());
                }
                seen
            };
            if (0..LOOKS).any(look) {
                break true;
            }
            if late {
                break false;
            }
        };
        self.taken.store(false, Release);
        seen
    }

    /// A waiter had to sleep: it was done `after` it began to look.
    pub(crate) fn slept(&self, after: Delta) {
        let time = self.time.load(Relaxed);
        self.time.store(next(time, after.as_nanos()), Relaxed);
    }
}

/// The time to look when `time` was too short, and `after` would have done. Nanoseconds.
fn next(time: i64, after: i64) -> i64 {
    if after > LONGEST {
        // No look is worth it.
        let half = time / 2;
        return if half < SHORTEST { 0 } else { half };
    }
    time.saturating_mul(2).clamp(SHORTEST, LONGEST)
}

#[kunit_tests(goya_polling)]
mod tests {
    use super::*;

    #[test]
    fn the_time_grows_while_it_pays_and_goes_when_it_does_not() {
        let mut time = 0;
        for expected in [10_000, 20_000, 40_000, 80_000, 160_000, 200_000, 200_000] {
            time = next(time, 150_000);
            assert_eq!(time, expected);
        }
        for expected in [100_000, 50_000, 25_000, 12_500, 0, 0] {
            time = next(time, 1_000_000);
            assert_eq!(time, expected);
        }
    }

    #[test]
    fn one_looks_at_a_time() {
        let polling = Polling::new();
        let now = Moment::now;
        // Nobody looks before it has paid.
        assert!(!polling.look(now(), 1000, || true));
        polling.slept(Delta::from_micros(5));
        assert!(!polling.look(now(), 0, || true));
        assert!(!polling.look(now(), 1000, || false));
        assert!(polling.look(now(), 1000, || !polling.look(now(), 1000, || true)));
    }
}
