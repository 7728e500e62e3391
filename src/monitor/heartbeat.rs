// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether the firmware lives, every ten seconds (upstream `hl_device_heartbeat()`).

use kernel::device::Bound;
use kernel::io::Io as _;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::Delta;

use super::conditional_reset;
use crate::abstractions::task::Run;
use crate::card::{BoundCard, Card, Node};
use crate::fw::messages;
use crate::state::request::ResetRequest;
use crate::state::status::Status;
use crate::uapi::consts::{
    HL_NOTIFIER_EVENT_CRITICL_FW_ERR, HL_NOTIFIER_EVENT_DEVICE_RESET,
    HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE,
};

/// Time between two checks.
const PERIOD: Delta = Delta::from_secs(10);
/// Where the device's number is in configuration space.
const PCI_DEVICE_ID: usize = 2;

/// Asks the firmware for a sign of life.
pub(crate) struct Beat(pub(crate) Arc<BoundCard>);

impl Run for Beat {
    fn run(&self) {
        self.0.with(beat);
    }
}

/// The first question comes in ten seconds.
pub(crate) fn start(card: &Card) {
    card.heartbeat.schedule(PERIOD.as_millis() as u32);
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Check again after [`PERIOD`].
    Alive {
        /// Forget what the last reset was for: the next fatal error is not one of a series.
        forget_reset_trigger: bool,
    },
    /// Reset the card, and tell users of a firmware error.
    Dead {
        /// Whether to say so in the log.
        announce: bool,
    },
}

/// Sends a `beat` to a card that works, as its `status` says.
///
/// Other cards' firmware sends an event for every beat. This one has none, whatever it says of itself: upstream would wait
/// for it in vain.
fn check(status: impl Fn() -> Status, beat: impl FnOnce() -> Result) -> Verdict {
    if status() == Status::Operational && beat().is_err() {
        return Verdict::Dead {
            // A reset that began meanwhile explains the failure.
            announce: status().operational(),
        };
    }
    Verdict::Alive {
        forget_reset_trigger: !matches!(status(), Status::InReset | Status::InResetAfterRelease),
    }
}

fn beat(node: &Node, pdev: &pci::Device<Bound>) {
    let card = node.data();
    let ask = || messages::heartbeat(card.dev.as_ref(), &*card.cpu);
    match check(|| card.status(), ask) {
        Verdict::Alive {
            forget_reset_trigger,
        } => {
            if forget_reset_trigger {
                card.resets.forget_trigger();
            }
            start(card);
        }
        Verdict::Dead { announce } => {
            if announce {
                let link = if link_is_healthy(pdev) {
                    "healthy"
                } else {
                    "broken"
                };
                dev_err!(card.dev, "Device heartbeat failed! PCI link is {}\n", link);
            }
            card.history.heartbeat_lost();
            let events = HL_NOTIFIER_EVENT_DEVICE_RESET
                | HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE
                | HL_NOTIFIER_EVENT_CRITICL_FW_ERR;
            conditional_reset::request(card, ResetRequest::HEARTBEAT, events);
        }
    }
}

/// Whether the card still answers on the bus.
fn link_is_healthy(pdev: &pci::Device<Bound>) -> bool {
    pdev.config_space().read16(PCI_DEVICE_ID) == pdev.device_id()
}

#[kunit_tests(goya_heartbeat)]
mod tests {
    use super::*;
    use core::cell::Cell;

    /// What a card with `before` is found to be that answers `result`, and has status `after` then; and whether it was asked.
    fn checked(before: Status, result: Result, after: Status) -> (Verdict, bool) {
        let asked = Cell::new(false);
        let status = || if asked.get() { after } else { before };
        let beat = || {
            asked.set(true);
            result
        };
        (check(status, beat), asked.get())
    }

    const fn alive(forget_reset_trigger: bool) -> Verdict {
        Verdict::Alive {
            forget_reset_trigger,
        }
    }

    #[test]
    fn no_answer_is_death() {
        use Status::{InReset, Operational};

        let found = |result, after| checked(Operational, result, after);
        assert_eq!(found(Ok(()), Operational), (alive(true), true));
        let dead = |announce| (Verdict::Dead { announce }, true);
        assert_eq!(found(Err(EIO), Operational), dead(true));
        assert_eq!(found(Err(EIO), InReset), dead(false));
    }

    #[test]
    fn nothing_is_sent_out_of_service() {
        for (status, forget) in [
            (Status::InReset, false),
            (Status::InResetAfterRelease, false),
            (Status::Malfunction, true),
            (Status::InCreation, true),
        ] {
            assert_eq!(checked(status, Err(EIO), status), (alive(forget), false));
        }
    }
}
