// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is remembered of a card's past, and who is told of it. It needs no card: events, resets and time-outs tell it.
//!
//! | file | what it has |
//! |---|---|
//! | [`event_counters`] | how often each event came |
//! | [`records`] | the first error of each kind since the card was opened |
//! | [`state_dumps`] | when the card's state was dumped |
//! | [`throttling`] | when the card slowed its clock |
//! | [`opens`] | who had it, and since when |
//! | [`notify`] | who is told of events |

pub(crate) mod event_counters;
pub(crate) mod notify;
pub(crate) mod opens;
pub(crate) mod records;
pub(crate) mod state_dumps;
pub(crate) mod throttling;

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::Arc;

use self::event_counters::EventCounters;
use self::notify::{Notifier, Notifiers};
use self::opens::Opens;
use self::records::ErrorRecords;
use self::state_dumps::StateDumps;
use self::throttling::ClockThrottling;
use crate::abstractions::time::monotonic_ns;
use crate::hw::events::ClockEvent;
use crate::uapi::consts::HL_NOTIFIER_EVENT_PAGE_FAULT;
use crate::uapi::info_types::InfoUserMapping;

/// An engine that is none of those with a number (upstream `U16_MAX`).
const UNKNOWN_ENGINE: u16 = u16::MAX;

/// What is remembered of a card's past, and who wants to know.
#[pin_data]
pub(crate) struct History {
    pub(crate) events: EventCounters,
    #[pin]
    pub(crate) records: ErrorRecords,
    #[pin]
    pub(crate) dumps: StateDumps,
    #[pin]
    pub(crate) notifiers: Notifiers,
    #[pin]
    pub(crate) opens: Opens,
    #[pin]
    pub(crate) throttling: ClockThrottling,
}

impl History {
    /// Nothing has happened yet.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let events = EventCounters::new()?;
        Arc::pin_init(
            pin_init!(Self {
                events,
                records <- ErrorRecords::new(),
                dumps <- StateDumps::new(),
                notifiers <- Notifiers::new(),
                opens <- Opens::new(),
                throttling <- ClockThrottling::new(),
            }),
            GFP_KERNEL,
        )
    }

    /// The card was opened: errors are recorded anew, and `notifier` is told of events.
    pub(crate) fn opened(&self, notifier: &Arc<Notifier>) -> Result {
        self.notifiers.add(notifier)?;
        self.records.clear();
        self.opens.opened();
        Ok(())
    }

    /// The card was taken from whoever had it open.
    pub(crate) fn disowned(&self) {
        self.notifiers.clear();
        self.opens.closed();
    }

    /// Nothing is left of whoever had the card open; to be called before somebody else can open it.
    pub(crate) fn closed(&self, notifier: &Arc<Notifier>) {
        self.notifiers.remove(notifier);
        self.opens.closed();
    }

    /// Event `number` has come.
    pub(crate) fn count_event(&self, number: u16) {
        self.events.count(number);
    }

    /// The card was reset: events are counted anew, except for the sums since probe.
    pub(crate) fn forget_events(&self) {
        self.events.reset();
    }

    /// The card's clock has changed, or the reason of that.
    pub(crate) fn clock_changed(&self, change: ClockEvent) {
        self.throttling.changed(change);
    }

    /// Submission `sequence` takes too long. Whether it is the first one to be recorded.
    pub(crate) fn submission_timed_out(&self, sequence: u64) -> bool {
        self.dumps.take(monotonic_ns());
        self.records.capture_cs_timeout(sequence)
    }

    /// `engine` has used `address`, which is not mapped; `mapped` says what is.
    pub(crate) fn page_fault(
        &self,
        dev: &Device,
        engine: Option<u16>,
        address: u64,
        mapped: impl FnOnce() -> Result<KVVec<InfoUserMapping>>,
    ) {
        let engine = engine.unwrap_or(UNKNOWN_ENGINE);
        // Without memory for the record there is none.
        if let Ok(true) = self.records.capture_page_fault(address, engine, mapped) {
            self.notify(dev, HL_NOTIFIER_EVENT_PAGE_FAULT);
        }
    }

    /// The firmware does not answer.
    pub(crate) fn heartbeat_lost(&self) {
        self.records.capture_heartbeat();
    }

    /// Tells all users of events (`HL_NOTIFIER_EVENT_*`). May sleep.
    pub(crate) fn notify(&self, dev: &Device, events: u64) {
        self.notifiers.send(dev, events);
    }

    /// Whether a program that has the card open wants to be told of events.
    pub(crate) fn listens(&self) -> bool {
        self.notifiers.has_eventfd()
    }
}
