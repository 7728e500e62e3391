// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Taking a card down (upstream `hl_device_fini()`).

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::Delta;

use crate::abstractions::pci_power;
use crate::bringup;
use crate::device::Card;
use crate::hw::timestamp;
use crate::reset;

/// What users get to go by themselves before they are killed.
const GRACE: Delta = Delta::from_secs(1);
/// What killed users get to go. Seconds.
const PATIENCE: u32 = 600;

/// Ends everything that the card and its users do.
pub(crate) fn remove(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    stop(card, pdev);
    dev_info!(
        card.dev,
        "Waiting for all processes to exit (timeout of {} seconds)\n",
        PATIENCE
    );
    let late = !card.users.wait_gone(GRACE)
        && reset::kill_users(card)
        && !card.users.wait_gone(Delta::from_secs(i64::from(PATIENCE)));
    if late {
        dev_crit!(
            card.dev,
            "Failed to kill all open processes ({})\n",
            EBUSY.to_errno()
        );
    }
    reset_for_good(card, pdev);
    part(card);
}

/// Ends everything that the card does before another kernel takes over, or the power goes.
///
/// Nobody is killed or waited for: who has the machine go down may be one of the users. The card is taken from them.
pub(crate) fn retire(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    stop(card, pdev);
    reset_for_good(card, pdev);
    pci_power::disconnect(pdev);
}

/// Stops the card for good.
fn stop(card: &Card, pdev: &pci::Device<Bound>) {
    card.resets.stop(card);
    card.scrubber.stop();
    let _ = bringup::wake(card, pdev);
    reset::take_out_of_use(card, true);
}

/// Nobody finds the card any more by its link; who is at it yet is waited for, so that no task drops the last reference.
fn part(card: &Card) {
    card.link.cut();
    card.resets.stop(card);
    card.heartbeat.stop();
    card.watchdog.stop();
    card.scrubber.stop();
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
    part(card);
}

/// The card keeps nothing.
fn reset_for_good(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    if let Err(error) = reset::take_down(card, pdev) {
        dev_err!(
            pdev,
            "hw_fini failed in device fini while removing device {}\n",
            error.to_errno()
        );
    }
}
