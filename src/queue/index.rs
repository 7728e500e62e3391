// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Producer and consumer indices of rings.
//!
//! An index runs to twice the ring's length before it wraps, so that a full ring and an empty one differ
//! (upstream `hw_queue.c`).

use crate::hw::map;

/// Entries of a ring; a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length(u32);

/// Of the external queues' and the CPU queue's rings.
pub(crate) const EXTERNAL: Length = Length::new(map::QUEUE_LENGTH);
/// Of the internal queues' rings.
pub(crate) const INTERNAL: Length = Length::new(map::INTERNAL_QUEUE_LENGTH);
/// Of the event queue (`HL_EQ_LENGTH`).
pub(crate) const EVENTS: Length = Length::new(64);

impl Length {
    const fn new(entries: u32) -> Self {
        assert!(entries.is_power_of_two());
        Self(entries)
    }

    /// How many entries.
    pub(crate) const fn entries(self) -> u32 {
        self.0
    }

    /// The index after `index`.
    pub(crate) const fn next(self, index: u32) -> u32 {
        index.wrapping_add(1) & (self.0 * 2 - 1)
    }

    /// How far it is from index `from` to index `to`.
    pub(crate) const fn distance(self, from: u32, to: u32) -> u32 {
        to.wrapping_sub(from) & (self.0 * 2 - 1)
    }

    /// The place of `index` in the ring.
    pub(crate) const fn place(self, index: u32) -> usize {
        (index & (self.0 - 1)) as usize
    }
}

#[kunit_tests(goya_queue_index)]
mod tests {
    use super::*;

    #[test]
    fn indices_run_twice_round() {
        let (mut index, mut seen) = (0, 0);
        loop {
            assert_eq!(INTERNAL.place(index), seen % 64);
            index = INTERNAL.next(index);
            seen += 1;
            if index == 0 {
                break;
            }
        }
        assert_eq!(seen, 128);
        assert_eq!(EXTERNAL.next(8191), 0);
        assert_eq!(EXTERNAL.place(4096), 0);
    }

    #[test]
    fn a_full_ring_is_not_an_empty_one() {
        assert_eq!(INTERNAL.distance(5, 5), 0);
        assert_eq!(INTERNAL.distance(5, 69), 64);
        assert_eq!(INTERNAL.distance(127, 0), 1);
        assert_eq!(INTERNAL.distance(100, 36), 64);
    }
}

use kernel::prelude::kunit_tests;
