// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What resets, events and time-outs have to tell to those who watch the card: counters, records and
//! notifications.

use crate::device::Card;
use crate::hw::events::ClockEvent;
use crate::observe::notify::notify_all;
use crate::observe::records::FirmwareError;

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
    card.observed.records.capture_cs_timeout(sequence)
}

/// The firmware does not answer.
pub(crate) fn heartbeat_lost(card: &Card) {
    card.observed
        .records
        .capture_firmware(FirmwareError::Heartbeat);
}

/// Tells programs of events (`HL_NOTIFIER_EVENT_*`).
pub(crate) fn notify(card: &Card, events: u64) {
    notify_all(card, events);
}

/// Whether a program that has the card open wants to be told of events.
pub(crate) fn listens(card: &Card) -> bool {
    card.observed.notifiers.has_eventfd()
}
