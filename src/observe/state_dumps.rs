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

struct Ring {
    /// In nanoseconds of the monotonic clock; `None` for a dump that was skipped.
    taken: [Option<i64>; KEPT],
    latest: usize,
}

/// The latest dumps.
#[pin_data]
pub(crate) struct StateDumps {
    #[pin]
    ring: SpinLock<Ring>,
}

impl StateDumps {
    /// None yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        let ring = Ring {
            taken: [None; KEPT],
            latest: 0,
        };
        pin_init!(Self { ring <- new_spinlock!(ring) })
    }

    /// Takes one, in place of the oldest.
    pub(crate) fn take(&self, now: i64) {
        let mut ring = self.ring.lock();
        ring.latest = (ring.latest + 1) % KEPT;
        let latest = ring.latest;
        ring.taken[latest % KEPT] = Some(now);
    }

    /// When the latest was taken that was not skipped.
    pub(crate) fn latest(&self) -> Option<i64> {
        let ring = self.ring.lock();
        ring.taken[ring.latest % KEPT]
    }

    /// Forgets the latest `count`, if there is one.
    pub(crate) fn skip(&self, count: u32) {
        let mut ring = self.ring.lock();
        if ring.taken[ring.latest % KEPT].is_none() {
            return;
        }
        for _ in 0..count {
            let latest = ring.latest % KEPT;
            ring.taken[latest] = None;
            ring.latest = (latest + KEPT - 1) % KEPT;
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
