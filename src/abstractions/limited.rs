// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Counters that have a limit.

use kernel::sync::atomic::{Atomic, Relaxed};

/// Adds `amount` to `counter`. If the sum is more than `most`, nothing is added, and it is the error. The counter never says
/// more, not even for a moment, in which others would be refused.
pub(crate) fn add_within(counter: &Atomic<i64>, amount: i64, most: i64) -> Result<(), i64> {
    let mut before = counter.load(Relaxed);
    loop {
        let sum = before.saturating_add(amount);
        if sum > most {
            return Err(sum);
        }
        match counter.cmpxchg(before, sum, Relaxed) {
            Ok(_) => return Ok(()),
            Err(now) => before = now,
        }
    }
}
