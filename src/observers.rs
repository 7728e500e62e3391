// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What resets, events and time-outs have to tell to those who watch the card: counters, records and
//! notifications.

use kernel::prelude::*;

use crate::abstractions::{time::monotonic_ns, vec};
use crate::device::Card;
use crate::hw::events::ClockEvent;
use crate::mem::mapping::Mapping;
use crate::observe::notify::notify_all;
use crate::uapi::consts::HL_NOTIFIER_EVENT_PAGE_FAULT;
use crate::uapi::info_types::InfoUserMapping;

/// An engine that is none of those with a number (upstream `U16_MAX`).
const UNKNOWN_ENGINE: u16 = u16::MAX;

/// Event `number` has come.
pub(crate) fn count_event(card: &Card, number: u16) {
    card.observed.events.count(number);
}

/// The card was reset: events are counted anew, except for the sums since probe.
pub(crate) fn forget_events(card: &Card) {
    card.observed.events.reset();
}

/// The card's clock has changed, or the reason of that.
pub(crate) fn clock_changed(card: &Card, change: ClockEvent) {
    card.observed.throttling.changed(change);
}

/// Submission `sequence` takes too long. Whether it is the first one to be recorded.
pub(crate) fn submission_timed_out(card: &Card, sequence: u64) -> bool {
    card.observed.dumps.take(monotonic_ns());
    card.observed.records.capture_cs_timeout(sequence)
}

/// `engine` has used `address`, which is not mapped.
pub(crate) fn page_fault(card: &Card, engine: Option<u16>, address: u64) {
    let mapped = || {
        let (mut list, mut result) = (KVVec::new(), Ok(()));
        card.users.each(|context| {
            let add = |dev_va, mapping: &Mapping| {
                let size = mapping.user_size();
                vec::push(&mut list, InfoUserMapping { dev_va, size }, GFP_KERNEL)
            };
            result = result.and_then(|()| context.user_memory.each_mapping(add));
        });
        result.map(|()| list)
    };
    let engine = engine.unwrap_or(UNKNOWN_ENGINE);
    // Without memory for the record there is none.
    if let Ok(true) = card
        .observed
        .records
        .capture_page_fault(address, engine, mapped)
    {
        notify(card, HL_NOTIFIER_EVENT_PAGE_FAULT);
    }
}

/// The firmware does not answer.
pub(crate) fn heartbeat_lost(card: &Card) {
    card.observed.records.capture_heartbeat();
}

/// Tells programs of events (`HL_NOTIFIER_EVENT_*`).
pub(crate) fn notify(card: &Card, events: u64) {
    notify_all(card, events);
}

/// Whether a program that has the card open wants to be told of events.
pub(crate) fn listens(card: &Card) -> bool {
    card.observed.notifiers.has_eventfd()
}
