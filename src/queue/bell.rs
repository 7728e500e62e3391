// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A queue's doorbell, rung outside of the queue's lock.
//!
//! The write crosses the bus, and others want the lock meanwhile. So whoever has put jobs on the queue notes that with the lock
//! held, and rings without it; who finds somebody at it leaves it to him. The register gets the newest index each time, so that it
//! never goes back.

use kernel::prelude::*;
use kernel::sync::atomic::{ordering::Acquire, ordering::Full, ordering::Release, Atomic, Relaxed};

/// How often one rings for others before they have to wait for him.
const ROUNDS: usize = 4;

/// What the card has to be told.
pub(super) struct Bell {
    /// The producer index. Changes under the queue's lock.
    producer: Atomic<u32>,
    /// Who has noted something of which the card was not told: the first of them rings. Grows under the queue's lock.
    waiting: Atomic<u32>,
}

impl Bell {
    pub(super) const fn new() -> Self {
        Self {
            producer: Atomic::new(0),
            waiting: Atomic::new(0),
        }
    }

    /// There are jobs up to `producer`. Called with the queue's lock held. Whether the caller has to [`Bell::ring`], before he lets
    /// interrupts in: others rely on him.
    #[must_use]
    pub(super) fn note(&self, producer: u32) -> bool {
        // Whoever reads it has the jobs before it, too.
        self.producer.store(producer, Release);
        self.waiting.fetch_add(1, Full) == 0
    }

    /// Has the index written until nobody has noted another one. `last` is the queue's lock: it is taken when others never
    /// stop.
    pub(super) fn ring<G>(&self, mut write: impl FnMut(u32), last: impl FnOnce() -> G) {
        for _ in 0..ROUNDS {
            if self.round(&mut write) {
                return;
            }
        }
        let _nobody = last();
        self.round(&mut write);
    }

    /// Whether nobody has noted another one meanwhile.
    fn round(&self, write: &mut impl FnMut(u32)) -> bool {
        let told = self.waiting.load(Acquire);
        write(self.producer.load(Acquire));
        self.waiting.fetch_sub(told, Full) == told
    }

    /// Whether nobody rings or is about to. With the queue's lock held, nobody begins to either.
    pub(super) fn is_silent(&self) -> bool {
        self.waiting.load(Acquire) == 0
    }

    /// The ring is empty, as the card's is. It must be silent.
    pub(super) fn reset(&self) {
        self.producer.store(0, Relaxed);
    }
}

#[kunit_tests(goya_queue_bell)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn one_rings_for_all_who_come_meanwhile() -> Result {
        let bell = Bell::new();
        assert!(bell.is_silent() && bell.note(1) && !bell.is_silent());
        let mut told = KVec::new();
        bell.ring(
            |index| {
                let _ = told.push(index, GFP_KERNEL);
                // Two others come while he is at it the first time.
                if index == 1 {
                    assert!(!bell.note(2));
                    assert!(!bell.note(3));
                }
            },
            || (),
        );
        assert_eq!(&told[..], &[1, 3]);
        assert!(bell.is_silent() && bell.note(4));
        bell.ring(|index| assert_eq!(index, 4), || assert!(false));
        Ok(())
    }

    #[test]
    fn others_who_never_stop_have_to_wait() {
        let bell = Bell::new();
        let (locked, index) = (Cell::new(false), Cell::new(1));
        assert!(bell.note(1));
        let write = |told| {
            assert_eq!(told, index.get());
            if !locked.get() {
                index.set(told + 1);
                assert!(!bell.note(told + 1));
            }
        };
        bell.ring(write, || locked.set(true));
        assert!(locked.get() && bell.is_silent());
        assert_eq!(index.get(), ROUNDS as u32 + 1);
    }
}
