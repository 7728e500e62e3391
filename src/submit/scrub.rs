// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The overwriting of device memory that others have used: in the background while nobody has the card, and what is
//! left of it before its next user gets memory or runs anything. Upstream leaves device memory as it is.
//!
//! It goes by pieces, and what is done is done: no reset, no signal and no card that is slow makes it begin anew.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;

use crate::abstractions::signal::is_killed;
use crate::abstractions::task::Run;
use crate::card::{BoundCard, Card};
use crate::mem::device_memory::Dirt;
use crate::queue::driver_job::Fill;
use crate::queue::fill;

/// Bytes that are overwritten in one go, while others wait for the queue.
const PIECE: u64 = 1 << 26;

/// Overwrites what there is in the background, if nobody has the card; it is to run whenever that may be so again.
pub(crate) struct Scrubber(pub(crate) Arc<BoundCard>);

impl Run for Scrubber {
    fn run(&self) {
        // The card may go in between.
        while self
            .0
            .with(|node, pdev| goes_on(node.data(), pdev.as_ref()))
            == Some(true)
        {}
    }
}

/// Overwrites a piece in the background. Whether there may be more to do.
fn goes_on(card: &Card, dev: &Device<Bound>) -> bool {
    let unused = card.status().operational() && !card.users.any();
    if !unused {
        return false;
    }
    let result = piece(card, dev);
    if result == Err(ETIMEDOUT) {
        // The queue works no more, and its next user shall not be the one who finds that.
        card.resets.request_soft_reset();
    }
    result.unwrap_or(false)
}

/// Overwrites the next piece. Whether there was one.
fn piece(card: &Card, dev: &Device<Bound>) -> Result<bool> {
    card.memory.dram.overwrite(PIECE, |run, dirt| {
        let value = match dirt {
            // The cheapest.
            Dirt::Unknown if !card.params.scrub => 0,
            _ => card.settings.scrub_value.load(Relaxed),
        };
        let job = Fill {
            address: run.address,
            size: run.size,
            value,
            dram: true,
        };
        fill::fill(dev, &card.bars, &card.queues, [job])
    })
}

/// Overwrites all that is left. No engine may be at work.
///
/// Errors: `EINTR`: the calling process is to end; those of [`fill::fill`].
pub(crate) fn finish(card: &Card, dev: &Device<Bound>) -> Result {
    while piece(card, dev)? {
        if is_killed() {
            return Err(EINTR);
        }
    }
    Ok(())
}
