// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How long the driver waits for a job of its own: as long as the card gets on with it.
//!
//! Upstream gives every job a second, and a queue's test 100 milliseconds. On a machine under load a card that works
//! needs longer, so that it is not time alone which tells a slow host from a dead card, but whether anything moves.

use kernel::prelude::*;
use kernel::time::Delta;

use crate::hw::dma::Position;

/// How long a card may stand still. Milliseconds.
const LIMIT: i64 = 5000;
/// The time between two looks where it is. Milliseconds.
const PERIOD: i64 = 100;
/// The fewest looks that tell: whoever is not scheduled himself has seen nothing.
const LOOKS: u32 = 20;
/// How slow a card may be that always moves, beyond twice [`LIMIT`]. Bytes in a millisecond.
const SLOWEST: u64 = 1 << 10;

/// The wait for a job. All times are milliseconds since the job was sent.
pub(super) struct Patience {
    /// Where the card was last, since when, and how many looks have found it there again.
    position: Option<Position>,
    since: i64,
    in_vain: u32,
    /// All looks.
    looks: u32,
    /// When to look again, and when it has taken too long whatever it does.
    next: i64,
    end: i64,
}

impl Patience {
    /// For a job that moves `bytes`.
    pub(super) fn new(bytes: u64) -> Self {
        let slow = i64::try_from(bytes / SLOWEST).unwrap_or(i64::MAX);
        Self {
            position: None,
            since: 0,
            in_vain: 0,
            looks: 0,
            // A card that is quick is asked nothing.
            next: PERIOD,
            end: slow.saturating_add(2 * LIMIT),
        }
    }

    /// Whether there is no point in waiting any more, at time `now`; `look` says where the card is.
    pub(super) fn is_over(&mut self, now: Delta, look: impl FnOnce() -> Position) -> bool {
        let now = now.as_millis();
        if now < self.next {
            return false;
        }
        self.next = now.saturating_add(PERIOD);
        self.looks = self.looks.saturating_add(1);
        let position = Some(look());
        if self.position != position {
            (self.position, self.since, self.in_vain) = (position, now, 0);
        } else {
            self.in_vain = self.in_vain.saturating_add(1);
        }
        let still = now.saturating_sub(self.since) >= LIMIT && self.in_vain >= LOOKS;
        still || (now >= self.end && self.looks >= LOOKS)
    }
}

#[kunit_tests(goya_patience)]
mod tests {
    use super::*;

    /// When the wait is over for a card whose place at a time is what `at` says, for somebody who looks every `step`
    /// milliseconds.
    fn over(bytes: u64, step: usize, at: impl Fn(i64) -> u32) -> Option<i64> {
        let mut patience = Patience::new(bytes);
        let mut times = (0..70_000).step_by(step);
        times.find(|now| patience.is_over(Delta::from_millis(*now), || Position::at(at(*now))))
    }

    #[test]
    fn a_card_that_stands_still_is_dead() {
        assert_eq!(over(0, 10, |_| 0), Some(PERIOD + LIMIT));
        // It stops after a while.
        assert_eq!(
            over(1 << 30, 10, |now| now.min(8000) as u32),
            Some(8000 + LIMIT)
        );
    }

    #[test]
    fn one_that_moves_is_not() {
        assert_eq!(over(64 << 20, 50, |now| (now / 4000) as u32), None);
        // But not for ever.
        assert_eq!(
            over(1 << 20, 100, |now| now as u32),
            Some(2 * LIMIT + 1024 + 76)
        );
    }

    /// Who was away sees the same place twice, and nothing of what was between.
    #[test]
    fn who_does_not_look_sees_nothing() {
        let looks = i64::from(LOOKS);
        assert_eq!(over(1 << 30, 3000, |_| 0), Some(3000 * (looks + 1)));
    }

    /// Nothing is asked of a card that is quick.
    #[test]
    fn no_look_at_first() {
        let mut patience = Patience::new(0);
        let asked = core::cell::Cell::new(0);
        for now in 0..2 * PERIOD {
            patience.is_over(Delta::from_millis(now), || {
                asked.set(asked.get() + 1);
                Position::at(0)
            });
        }
        assert_eq!(asked.get(), 1);
    }
}
