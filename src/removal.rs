// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Taking a card down (upstream `hl_device_fini()`).

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;

use crate::bringup;
use crate::device::Card;
use crate::hw::engines::{self, Started};
use crate::hw::timestamp;

/// Ends everything that the card and its users do. Programs cannot reach it any more.
pub(crate) fn remove(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    card.state.disabled.set(true);
    shut_down(card, pdev);
}

/// Stops the card and resets it, so that it reaches no memory of the host's any more.
pub(crate) fn shut_down(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    let bars = &*card.bars;
    card.state.disabled.set(true);
    card.cpu.stop();
    engines::halt(card.dev.as_ref(), bars, Started::ALL);
    timestamp::stop(bars);
    card.queues.abort(Err(EIO));
    card.disable_interrupts();
    if let Err(error) = bringup::hard_reset(card, pdev) {
        dev_err!(
            pdev,
            "hw_fini failed in device fini while removing device {}\n",
            error.to_errno()
        );
    }
    card.tables.stop();
}
