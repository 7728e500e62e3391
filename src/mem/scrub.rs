// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The overwriting of device memory that others have used: in the background while nobody has the card, and what is
//! left of it before its next user gets memory or runs anything. Upstream leaves device memory as it is.
//!
//! It goes by pieces, and what is done is done: no reset, no signal and no card that is slow makes it begin anew.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;

use super::device_memory::Dirt;
use crate::abstractions::signal::is_killed;
use crate::abstractions::task::{Run, Task};
use crate::device::Card;
use crate::link::Link;
use crate::queue::driver_job::{self, Fill};

/// Bytes that are overwritten in one go, while others wait for the queue.
const PIECE: u64 = 1 << 26;

/// Overwrites in the background.
pub(crate) struct Scrubber(Pin<KBox<Task<Worker>>>);

struct Worker(Arc<Link>);

impl Run for Worker {
    fn run(&self) {
        // The card may go in between.
        while self.0.with(|card, pdev| goes_on(card, pdev.as_ref())) == Some(true) {}
    }
}

impl Scrubber {
    pub(crate) fn new(link: &Arc<Link>) -> Result<Self> {
        let worker = Arc::new(Worker(link.clone()), GFP_KERNEL)?;
        Ok(Self(Task::new(
            worker,
            c"goya_scrub",
            static_lock_class!(),
        )?))
    }

    /// Overwrites what there is, as soon as nobody has the card.
    pub(crate) fn start(&self) {
        self.0.schedule(0);
    }

    /// Stops, and waits for the piece that is under way.
    pub(crate) fn stop(&self) {
        self.0.cancel();
    }
}

/// Overwrites a piece in the background. Whether there may be more to do.
fn goes_on(card: &Card, dev: &Device<Bound>) -> bool {
    let unused = card.status().operational() && !card.users.any();
    unused && piece(card, dev).unwrap_or(false)
}

/// Overwrites the next piece. Whether there was one.
fn piece(card: &Card, dev: &Device<Bound>) -> Result<bool> {
    card.dram.overwrite(PIECE, |run, dirt| {
        let value = match dirt {
            // The cheapest.
            Dirt::Unknown if !card.params.scrub => 0,
            _ => card.settings.scrub_value.load(Relaxed),
        };
        let fill = Fill {
            address: run.address,
            size: run.size,
            value,
            dram: true,
        };
        driver_job::fill(dev, &card.bars, &card.queues, [fill])
    })
}

/// Overwrites all that is left. No engine may be at work.
///
/// Errors: `EINTR`: the calling process is to end; those of [`driver_job::fill`].
pub(crate) fn finish(card: &Card, dev: &Device<Bound>) -> Result {
    while piece(card, dev)? {
        if is_killed() {
            return Err(EINTR);
        }
    }
    Ok(())
}
