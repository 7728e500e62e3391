// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether a program may have given the engines something to do since they were seen idle: if not, nobody has to ask them.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};

/// A program's jobs were put on queues since the engines were seen idle.
pub(super) struct Used(Atomic<bool>);

impl Used {
    /// Of a card that comes up, with idle engines.
    pub(super) const fn new() -> Self {
        Self(Atomic::new(false))
    }

    /// Jobs are about to be put on queues, whose locks are held.
    pub(super) fn begin(&self) {
        if !self.0.load(Relaxed) {
            self.0.store(true, Relaxed);
        }
    }

    /// Whether the engines are idle, as `see` sees, or as it has seen if no program had anything to do since.
    ///
    /// Jobs that were begun before may still be put on their queues, or the card may not have been told of them: it is idle then,
    /// but will not stay so. `wait` takes the queues' locks and says whether something is there.
    pub(super) fn idle(&self, wait: impl FnOnce() -> bool, see: impl FnOnce() -> bool) -> bool {
        if !self.0.xchg(false, Relaxed) {
            return true;
        }
        // In this order: what is gone from the queues has reached the engines.
        let waiting = wait();
        let idle = see();
        if waiting || !idle {
            self.0.store(true, Relaxed);
        }
        idle
    }
}

#[kunit_tests(goya_used)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn engines_are_asked_only_if_they_were_used() {
        let (used, asked) = (Used::new(), Cell::new(0));
        let look = |idle| {
            asked.set(asked.get() + 1);
            idle
        };
        assert!(used.idle(|| false, || look(true)) && asked.get() == 0);
        used.begin();
        assert!(!used.idle(|| false, || look(false)) && !used.idle(|| false, || look(false)));
        assert!(used.idle(|| false, || look(true)) && asked.get() == 3);
        assert!(used.idle(|| false, || look(false)) && asked.get() == 3);
    }

    #[test]
    fn jobs_that_the_card_does_not_know_yet_are_not_forgotten() {
        let used = Used::new();
        used.begin();
        // Their doorbell is rung after the engines were seen idle.
        assert!(used.idle(|| true, || true));
        assert!(!used.idle(|| false, || false));
        // One more is begun in between.
        let begun = || {
            used.begin();
            false
        };
        assert!(used.idle(begun, || true));
        assert!(!used.idle(|| false, || false));
    }
}
