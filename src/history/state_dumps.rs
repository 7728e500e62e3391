// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! When the card's state was dumped (upstream `common/state_dump.c`).
//!
//! Upstream dumps it at every submission that takes too long. Of Goya it knows no sync objects, monitors or
//! fences to show, so all that a dump has is its time.

use kernel::prelude::*;
use kernel::sync::{new_spinlock, SpinLock};

/// Dumps that are kept (`HL_STATE_DUMP_HIST_LEN`).
pub(crate) const KEPT: usize = 5;

/// When each was taken, the latest first, in nanoseconds of the monotonic clock; `None` for a dump that was
/// skipped.
type Taken = [Option<i64>; KEPT];

/// The latest dumps.
#[pin_data]
pub(crate) struct StateDumps {
    #[pin]
    taken: SpinLock<Taken>,
}

impl StateDumps {
    /// None yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self { taken <- new_spinlock!([None; KEPT]) })
    }

    /// Takes one, in place of the oldest.
    pub(crate) fn take(&self, now: i64) {
        let mut taken = self.taken.lock();
        let [a, b, c, d, _] = *taken;
        *taken = [Some(now), a, b, c, d];
    }

    /// When the latest was taken that was not skipped.
    pub(crate) fn latest(&self) -> Option<i64> {
        let [latest, ..] = *self.taken.lock();
        latest
    }

    /// Forgets the latest `count`, if there is one.
    pub(crate) fn skip(&self, count: u32) {
        let mut taken = self.taken.lock();
        for _ in 0..count {
            let [Some(_), b, c, d, e] = *taken else {
                return;
            };
            *taken = [b, c, d, e, None];
        }
    }
}

#[kunit_tests(goya_state_dumps)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept_and_can_be_skipped() -> Result {
        let dumps = KBox::pin_init(StateDumps::new(), GFP_KERNEL)?;
        dumps.skip(1);
        assert_eq!(dumps.latest(), None);
        (1..=7).for_each(|now| dumps.take(now));
        assert_eq!(dumps.latest(), Some(7));
        dumps.skip(2);
        assert_eq!(dumps.latest(), Some(5));
        dumps.skip(3);
        assert_eq!(dumps.latest(), None);
        dumps.take(8);
        assert_eq!(dumps.latest(), Some(8));
        Ok(())
    }
}
