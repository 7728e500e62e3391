// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Taking a card down (upstream `hl_device_fini()`).

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::Delta;

use crate::bringup;
use crate::device::Card;
use crate::fw::messages;
use crate::hw::timestamp;
use crate::reset;

/// What users get to go by themselves before they are killed.
const GRACE: Delta = Delta::from_secs(1);
/// What killed users get to go. Seconds.
const PATIENCE: u32 = 600;

/// Ends everything that the card and its users do.
pub(crate) fn remove(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    card.resets.stop(card);
    // It has said why, and the reset does it anyway.
    let _ = messages::set_pci_access(card.dev.as_ref(), &*card.cpu, false);
    card.synchronize_interrupts();
    card.cpu.stop();
    card.state.disabled.set(true);
    card.users.flush();
    reset::stop_all(card);
    dev_info!(
        card.dev,
        "Waiting for all processes to exit (timeout of {} seconds)\n",
        PATIENCE
    );
    if !card.users.wait_gone(GRACE) {
        card.users.kill(card.dev.as_ref());
        if !card.users.wait_gone(Delta::from_secs(i64::from(PATIENCE))) {
            dev_crit!(
                card.dev,
                "Failed to kill all open processes ({})\n",
                EBUSY.to_errno()
            );
        }
    }
    reset_for_good(card, pdev);
    card.link.cut();
}

/// Stops the card and resets it, so that it reaches no memory of the host's any more.
pub(crate) fn shut_down(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    card.state.disabled.set(true);
    card.cpu.stop();
    reset::halt(card);
    timestamp::stop(&*card.bars);
    card.queues.abort(Err(EIO));
    card.disable_interrupts();
    reset_for_good(card, pdev);
}

/// The card keeps nothing.
fn reset_for_good(card: &Card, pdev: &pci::Device<Bound>) {
    if let Err(error) = bringup::hard_reset(card, pdev) {
        dev_err!(
            pdev,
            "hw_fini failed in device fini while removing device {}\n",
            error.to_errno()
        );
    }
    card.tables.stop();
}
