// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The end of those who have the card, by a hard reset or its removal (upstream `device_kill_open_processes()`).
//!
//! Who has it open is killed. But a descriptor may be where nobody can be killed for it: in a socket that nobody reads. So the
//! card is taken from whoever has not closed it by then; his file stays of no use.

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;

use crate::abstractions::{holders, name};
use crate::bringup;
use crate::device::Card;
use crate::hw::reset::Unreachable;

/// How often to wait for those who were killed.
pub(super) const TRIALS: u32 = 60;

/// Kills all processes that have the card open. Whether there are any to wait for.
pub(crate) fn kill(card: &Card) -> bool {
    let killed = card.link.node().is_some_and(|node| {
        holders::kill(&node, |pid| {
            dev_info!(card.dev, "Killing user process pid={}\n", pid);
        })
    });
    killed || card.users.any_closing()
}

/// Resets the card, takes it from those who have not closed it, and gives back what it could reach. If it can't be reset, it is
/// kept from the bus.
pub(crate) fn take_down(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    let disowned = card.users.disown().inspect_err(|_| {
        dev_crit!(
            card.dev,
            "{} Failed to kill all open processes, stopping hard reset\n",
            name(&card.dev)
        );
    })?;
    if !disowned.is_empty() {
        dev_warn!(
            card.dev,
            "The device is taken from {} open files that nobody closes\n",
            disowned.len()
        );
        card.trace.forget();
        card.observed.disowned();
    }
    let done = bringup::hard_reset(card, pdev);
    card.users.each(|context| context.set_switched(false));
    let (proof, result) = match done {
        Ok(proof) => (Some(proof), Ok(())),
        Err(error) => (Unreachable::by_disconnecting(pdev), Err(error)),
    };
    let Some(proof) = proof else {
        dev_crit!(
            card.dev,
            "The device may reach memory that it has used, which is kept\n"
        );
        core::mem::forget(disowned);
        return result;
    };
    card.tables.stop(&proof);
    card.queues.reset();
    disowned.iter().for_each(|context| context.bury());
    result
}
