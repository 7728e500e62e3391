// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What people and programs see of a card beside the user API, and what the user API tells of its past.
//!
//! [`sysfs`] and [`hwmon`] know a card by traits only; [`glue`] is what joins them to it. [`power`]
//! holds what is set there. [`coresight`] drives the card's trace units.

pub(crate) mod card_status;
pub(crate) mod coresight;
#[cfg(CONFIG_DEBUG_FS)]
pub(crate) mod debugfs;
pub(crate) mod event_counters;
pub(crate) mod glue;
pub(crate) mod hwmon;
pub(crate) mod notify;
pub(crate) mod opens;
pub(crate) mod power;
pub(crate) mod records;
pub(crate) mod state_dumps;
pub(crate) mod sysfs;
pub(crate) mod throttling;

use kernel::prelude::*;
use kernel::sync::Arc;

use event_counters::EventCounters;
use notify::{Notifier, Notifiers};
use opens::Opens;
use records::ErrorRecords;
use state_dumps::StateDumps;
use throttling::ClockThrottling;

/// What is remembered of a card's past, and who wants to know.
#[pin_data]
pub(crate) struct Observed {
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

impl Observed {
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
}
