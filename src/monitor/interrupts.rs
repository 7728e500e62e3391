// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's interrupts (upstream `goya_enable_msix()`, `hl_irq_handler_cq()`, `hl_irq_handler_eq()`).
//!
//! A completion goes from here to [`crate::queue::external::External::collect`], to the job's submission, and to its fence, which
//! wakes who waits.

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;

use super::event_handler;
use crate::abstractions::msix::{Handler, Line, Runs, Vectors};
use crate::card::Card;
use crate::hw::map;

/// The vectors with handlers (`goya_irq_name`). A completion wakes its waiter in the interrupt; events take
/// their time.
const VECTORS: [Line; 6] = [
    completions(c"goya cq 0"),
    completions(c"goya cq 1"),
    completions(c"goya cq 2"),
    completions(c"goya cq 3"),
    completions(c"goya cq 4"),
    Line {
        name: c"goya cpu eq",
        runs: Runs::InThread,
    },
];

const fn completions(name: &'static CStr) -> Line {
    Line {
        name,
        runs: Runs::InInterrupt,
    }
}

/// Handles the card's interrupts.
struct Interrupts(Arc<Card>);

impl Handler for Interrupts {
    fn interrupt(&self, vector: u32) {
        if vector == map::EVENT_QUEUE_MSIX {
            event_handler::handle(&self.0);
        } else if let Some(queue) = self.0.queues.external(vector as usize) {
            queue.collect();
        }
    }
}

/// Turns interrupts on.
pub(crate) fn enable(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    let mut vectors = card.vectors.lock();
    if vectors.is_none() {
        let handler = Arc::new(Interrupts(card.clone()), GFP_KERNEL)?;
        *vectors = Some(Vectors::new(pdev, map::MSIX_ENTRIES, &VECTORS, handler)?);
    }
    Ok(())
}

/// Turns interrupts off, and waits for their handlers.
pub(crate) fn disable(card: &Card) {
    // Outside of the lock, which nobody should have to wait for as long as a handler runs.
    let vectors = card.vectors.lock().take();
    drop(vectors);
}

/// Waits for the handlers of interrupts that have come.
pub(crate) fn synchronize(card: &Card) {
    if let Some(vectors) = &*card.vectors.lock() {
        vectors.synchronize();
    }
}
