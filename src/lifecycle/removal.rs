// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Taking a card down (upstream `hl_device_fini()`).

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;

use super::{bring_up, reset, users};
use crate::abstractions::{memory::keep_for_ever, pci_power, shared};
use crate::card::{BoundCard, Card};
use crate::hw::timestamp;
use crate::monitor::interrupts;

/// What killed users get to go, before the card is taken from them. Seconds.
const PATIENCE: u32 = 20;

/// Ends everything that the card and its users do.
pub(crate) fn remove(card: &Arc<Card>, bound: &BoundCard, pdev: &pci::Device<Bound>) {
    stop(card, pdev);
    dev_info!(
        card.dev,
        "Waiting for all processes to exit (timeout of {} seconds)\n",
        PATIENCE
    );
    if bound
        .device()
        .is_some_and(|node| !users::end(&node, PATIENCE))
    {
        dev_crit!(
            card.dev,
            "Failed to kill all open processes ({})\n",
            EBUSY.to_errno()
        );
    }
    reset_for_good(card, pdev);
    part(card, bound, pdev);
}

/// Ends everything that the card does before another kernel takes over, or the power goes.
///
/// Nobody is killed, nor waited for unless he is just closing the card: who has the machine go down may be one of the users.
/// The card is taken from them.
pub(crate) fn retire(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    stop(card, pdev);
    reset_for_good(card, pdev);
    pci_power::disconnect(pdev);
}

/// Stops the card for good.
fn stop(card: &Card, pdev: &pci::Device<Bound>) {
    card.resets.stop();
    card.scrubber.cancel();
    let _ = bring_up::wake(card, pdev);
    reset::take_out_of_use(card, true);
}

/// Nobody finds the card any more; who is at it yet is waited for, so that no task drops the last reference.
fn part(card: &Arc<Card>, bound: &BoundCard, pdev: &pci::Device<Bound>) {
    bound.detach();
    card.resets.stop();
    card.heartbeat.cancel();
    card.watchdog.cancel();
    card.scrubber.cancel();
    if card.resets.is_unproved() {
        // The card leads to all users' memory that it may reach, and so does not go either.
        shared::keep(pdev.as_ref());
        keep_for_ever(card.clone());
    }
}

/// Stops the card and resets it, so that it reaches no memory of the host's any more, as far as it lets itself be stopped.
pub(crate) fn shut_down(card: &Arc<Card>, bound: &BoundCard, pdev: &pci::Device<Bound>) {
    card.resets.set_disabled(true);
    card.cpu.stop();
    reset::halt(card);
    timestamp::stop(&*card.bars);
    card.queues.abort(Err(EIO));
    interrupts::disable(card);
    reset_for_good(card, pdev);
    part(card, bound, pdev);
}

/// The card keeps nothing.
fn reset_for_good(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    if let Err(error) = users::take_down(card, pdev) {
        dev_err!(
            pdev,
            "hw_fini failed in device fini while removing device {}\n",
            error.to_errno()
        );
    }
}
