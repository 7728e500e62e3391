// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Injected faults, and how the driver reacts: the log lines, counters and resets that upstream's
//! source promises.

mod events;
mod lockups;
mod queues;

use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::packet::Packets;
use goya_tests::{Result, kmsg};

use super::Test;

/// All of them, those with the most messages and the longest last.
pub const TESTS: &[&[Test]] =
    &[events::TESTS, queues::TESTS, lockups::TESTS, events::LOUD, lockups::HEARTBEAT];

/// How long a driver may take to notice something.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Messages that come with every reset under a user.
pub(super) fn expect_reset() -> Result {
    for text in [
        "has not finished in",
        "has timed-out while user process is waiting for it",
        "has been aborted while user process is waiting for it",
    ] {
        kmsg::expect(text)?;
    }
    Ok(())
}

pub(super) fn reset_happened(card: &Card, before: (u32, u32)) -> Result {
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()
}

/// The card does a job.
fn works() -> Result {
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}
