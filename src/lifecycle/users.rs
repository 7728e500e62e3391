// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The end of those who have the card, by a hard reset or its removal (upstream `device_kill_open_processes()`).
//!
//! Who has it open is killed. But a descriptor may be where nobody can be killed for it: in a socket that nobody reads. So the
//! card is taken from whoever has not closed it by then; his file stays of no use. Before that, [`super::reset`] has refused new work
//! and ended all jobs with `EIO`.

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::Delta;

use super::bring_up;
use crate::abstractions::holders;
use crate::card::{Card, Node};
use crate::hw::reset::Unreachable;

/// How often to wait once more for those who were killed. Not often: one that cannot die may have the card.
pub(crate) const TRIALS: u32 = 1;
/// What users get to go by themselves before they are killed.
const GRACE: Delta = Delta::from_secs(1);
/// The time between two looks for those who were killed.
const LOOK: Delta = Delta::from_secs(1);
/// What those get who are just closing the card: that has an end.
const CLOSING: Delta = Delta::from_secs(600);

/// Kills the processes that have the card open and that whoever has opened it could have killed (see [`holders`]). Whether
/// there are any to wait for.
fn kill(node: &Node) -> bool {
    let card = node.data();
    let killed = holders::kill(node, |pid| {
        dev_info!(card.dev, "Killing user process pid={}\n", pid);
    });
    killed || card.users.any_closing()
}

/// Gives those who have the card open a moment to go, then kills them, and looks once a second, `seconds` times at most. Whether
/// nobody has it open, or nobody who was killed is left. Files may be open even then: in a socket, say.
pub(crate) fn end(node: &Node, seconds: u32) -> bool {
    let users = &node.data().users;
    let is_gone = |time| users.wait_gone(time) || !kill(node);
    is_gone(GRACE) || (0..seconds).any(|_| is_gone(LOOK))
}

/// Resets the card, takes it from those who have not closed it, and gives back what it could reach. If it can't be reset, it is
/// kept from the bus; and if nothing proves that it is, all that is kept until something does.
pub(crate) fn take_down(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    let disowned = card.users.disown();
    if disowned > 0 {
        dev_warn!(
            card.dev,
            "The device is taken from {} open files that nobody closes\n",
            disowned
        );
        card.trace.forget();
        card.history.disowned();
    }
    if !card.users.wait_gone(CLOSING) {
        dev_crit!(
            card.dev,
            "Somebody who closes the device does not come to an end\n"
        );
    }
    let done = bring_up::hard_reset(card, pdev);
    card.users.each(|context| context.phase.forget());
    let (proof, result) = match done {
        Ok(proof) => (Some(proof), Ok(())),
        Err(error) => (Unreachable::by_disconnecting(pdev), Err(error)),
    };
    card.resets.set_unproved(proof.is_none());
    let Some(proof) = proof else {
        dev_crit!(
            card.dev,
            "The device may reach memory that it has used, which is kept\n"
        );
        return result;
    };
    card.memory.tables.stop(&proof);
    card.queues.reset(proof.jobs());
    card.users.bury(&proof);
    result
}
