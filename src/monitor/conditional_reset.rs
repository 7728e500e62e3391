// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Resets that wait until their user goes by himself (upstream `hl_device_cond_reset()`).

use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;

use crate::abstractions::task::Run;
use crate::card::{BoundCard, Card};
use crate::queue::fence::Fence;
use crate::state::request::ResetRequest;
use crate::state::stage::PutOff;
use crate::uapi::consts::HL_NOTIFIER_EVENT_DEVICE_RESET;

/// Ends the time that a user was given to go.
pub(crate) struct ReleaseWatchdog(pub(crate) Arc<BoundCard>);

impl Run for ReleaseWatchdog {
    fn run(&self) {
        self.0.with(|node, _| {
            let card = node.data();
            if let Some(wanted) = card.resets.waiting_for_user() {
                dev_dbg!(
                    card.dev,
                    "Device wasn't released in time. Initiate hard-reset.\n"
                );
                card.resets.request(wanted.harder());
            }
        });
    }
}

/// Resets the card; a user who wants to know of it is told, and given time to go by himself.
///
/// `events` are what happened.
pub(crate) fn request(card: &Card, wanted: ResetRequest, events: u64) {
    if events & HL_NOTIFIER_EVENT_DEVICE_RESET == 0 {
        dev_err!(
            card.dev,
            "Resetting device without a reset indication to user\n"
        );
    } else if put_off(card, wanted) {
        card.history.notify(&card.dev, events);
        abort_waits(card);
        return;
    }
    if events != 0 {
        card.history.notify(&card.dev, events);
    }
    card.resets.request(ResetRequest {
        hard: true,
        ..wanted
    });
}

/// Lets a reset wait for its user, if it may.
fn put_off(card: &Card, wanted: ResetRequest) -> bool {
    let awaited = card.resets.release_awaited();
    if !card.users.any_context() || !(card.history.listens() || awaited) {
        return false;
    }
    match card.resets.put_off(wanted) {
        PutOff::Late => return false,
        PutOff::Again => return true,
        PutOff::First => {}
    }
    // Who goes first gives up his context, then looks whether he is waited for: one of both sees the other.
    if !card.users.any_context() {
        return !card.resets.release_awaited();
    }
    let seconds = card.settings.release_timeout.load(Relaxed);
    dev_dbg!(
        card.dev,
        "Device is going to be hard-reset in {} sec unless being released\n",
        seconds
    );
    card.resets.limit_release(seconds.saturating_mul(1000));
    true
}

/// Ends all waits: the card is given up.
pub(crate) fn abort_waits(card: &Card) {
    card.users
        .each(|context| context.each_at_work(Fence::abort_waiters));
}
