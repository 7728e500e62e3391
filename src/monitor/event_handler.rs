// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Events of the device CPU, and what is done about them (upstream `goya_handle_eqe()`).
//!
//! Runs in the event queue's interrupt thread, which may sleep, but must not wait for a reset.

use kernel::prelude::*;
use kernel::time::{delay::fsleep, Delta};

use crate::abstractions::ratelimit::{dev_err_ratelimited, dev_warn_ratelimited, RateLimit};
use crate::abstractions::trace;
use crate::abstractions::vec;
use crate::card::Card;
use crate::fw::messages;
use crate::hw::events::{engine, reaction, ClockEvent, Entry, Event, Reaction, COUNT};
use crate::hw::{dma, mmu};
use crate::mem::mapping::Mapping;
use crate::queue::index::EVENTS as LENGTH;
use crate::state::request::ResetRequest;
use crate::uapi::info_types::InfoUserMapping;

/// What others get of the processor from a card that always has one more event.
const PAUSE: Delta = Delta::from_millis(1);

/// Takes the events that have come, as many as the queue holds at most.
///
/// So this ends whatever the card does, and a reset need not wait for it. Nothing is left behind: what the
/// card adds while we take others comes with an interrupt of its own.
pub(crate) fn handle(card: &Card) {
    for _ in 0..LENGTH.entries() {
        let Some(event) = card.events.take(&card.dev) else {
            return;
        };
        let entry = Entry::new(event);
        if card.resets.is_disabled() && !card.resets.in_soft_reset() {
            dev_warn_ratelimited!(
                card.dev,
                "Device disabled but received an EQ event ({})\n",
                entry.event()
            );
        } else {
            react(card, &entry);
        }
    }
    fsleep(PAUSE);
}

fn react(card: &Card, entry: &Entry) {
    let number = entry.event();
    trace::goya_event(&card.dev, || (number.into(),));
    if number >= COUNT {
        const HIGHEST: u16 = COUNT - 1;
        dev_err_ratelimited!(
            card.dev,
            "Event type {} exceeds maximum of {}\n",
            number,
            HIGHEST
        );
        return;
    }
    card.history.count_event(number);
    match reaction(number) {
        Reaction::FatalReset => {
            report(card, number);
            card.resets.request(ResetRequest::FATAL);
        }
        Reaction::Reset => {
            report(card, number);
            card.resets.request_hard_reset();
        }
        Reaction::ReportAccess => {
            report(card, number);
            report_accesses(card, number);
            unmask(card, number);
        }
        Reaction::Report => {
            report(card, number);
            unmask(card, number);
        }
        Reaction::Clock(change) => {
            clock_changed(card, change);
            unmask(card, number);
        }
        Reaction::OutOfSync => {
            report(card, number);
            report_indices(card, entry);
            card.resets.request_hard_reset();
        }
        Reaction::Invalid => {
            dev_err_ratelimited!(card.dev, "Received invalid H/W interrupt {}\n", number);
        }
    }
}

/// Says that event `number` has come.
fn report(card: &Card, number: u16) {
    if let Ok(event) = Event::new(number) {
        dev_err_ratelimited!(
            card.dev,
            "Received H/W interrupt {} [\"{}\"]\n",
            number,
            event
        );
    }
}

/// Says what the card has caught of illegal accesses and page faults.
fn report_accesses(card: &Card, number: u16) {
    static ILLEGAL: [RateLimit; dma::ILLEGAL_KINDS] =
        [const { RateLimit::new() }; dma::ILLEGAL_KINDS];
    dma::take_illegal_accesses(&*card.bars, |kind, text| {
        if ILLEGAL.get(kind).is_some_and(RateLimit::allows) {
            dev_err!(card.dev, "{}\n", text);
        }
    });
    if let Some(address) = mmu::take_page_fault(&*card.bars) {
        card.history
            .page_fault(&card.dev, engine(number), address, || mapped(card));
        dev_err_ratelimited!(card.dev, "MMU page fault on va {:#x}\n", address);
    }
}

/// All that users have mapped.
fn mapped(card: &Card) -> Result<KVVec<InfoUserMapping>> {
    let (mut list, mut result) = (KVVec::new(), Ok(()));
    card.users.each(|context| {
        let add = |dev_va, mapping: &Mapping| {
            let size = mapping.user_size();
            vec::push(&mut list, InfoUserMapping { dev_va, size }, GFP_KERNEL)
        };
        result = result.and_then(|()| context.user_memory.each_mapping(add));
    });
    result.map(|()| list)
}

/// Says how both sides see the device CPU's queue.
fn report_indices(card: &Card, entry: &Entry) {
    let (producer, consumer) = entry.queue_indices();
    let (ours, done) = card.cpu.indices();
    dev_err_ratelimited!(
        card.dev,
        "Out of sync with FW, FW: pi={}, ci={}, LKD: pi={}, ci={}\n",
        producer,
        consumer,
        ours,
        done
    );
}

/// Says how the card's clock has changed.
fn clock_changed(card: &Card, change: ClockEvent) {
    static LIMITS: [RateLimit; 4] = [const { RateLimit::new() }; 4];
    card.history.clock_changed(change);
    if LIMITS.get(change as usize).is_some_and(RateLimit::allows) {
        dev_info!(card.dev, "{}\n", change.text());
    }
}

/// Lets event `number` come again.
fn unmask(card: &Card, number: u16) {
    // The callee has logged why not.
    let _ = messages::unmask_event(card.dev.as_ref(), &*card.cpu, number);
}
