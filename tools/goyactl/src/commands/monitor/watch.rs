// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Watching a card that others may have: its control node is looked at every now and then.

use goya::{Card, Control};

use super::What;
use crate::chosen;
use crate::system::sysfs;

/// The state of a card that no driver has.
const GONE: &str = "gone";

/// What was seen last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    status: String,
    events: Vec<u32>,
    resets: (u32, u32),
    late: Option<u64>,
    page_fault: Option<u64>,
    firmware: Option<u16>,
}

/// Looks at a card, and tells what is new.
pub struct Watcher {
    card: Card,
    control: Option<Control>,
    seen: Option<Seen>,
}

impl Watcher {
    /// A watcher of a card.
    pub fn new(card: Card) -> Self {
        let mut watcher = Self { card, control: None, seen: None };
        // What was before is no news.
        watcher.look();
        watcher
    }

    /// The card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What is new since the last time.
    pub fn look(&mut self) -> Vec<What> {
        if self.control.is_none() {
            self.card = chosen::again(&self.card);
            self.control = Control::open(&self.card).ok();
        }
        let now = self.see();
        let news = self.seen.as_ref().map_or_else(Vec::new, |before| compare(before, &now));
        self.seen = Some(now);
        news
    }

    /// Asks the card; what it does not tell, a reset being under way, is as it was.
    fn see(&mut self) -> Seen {
        let mut seen = self.seen.clone().unwrap_or_default();
        let told = || sysfs::attribute(&self.card, "status").map(|status| status.to_lowercase());
        let status = self.control.as_ref().map(|control| control.info().status());
        let control = match (&self.control, status) {
            (Some(control), Some(Ok(status))) => {
                seen.status = status.to_string();
                control
            }
            (_, Some(Err(error))) if error.is_gone() => {
                // Its driver has let go of it: the next one counts from zero.
                self.control = None;
                return Seen { status: GONE.to_owned(), ..Seen::default() };
            }
            _ => {
                seen.status = told().unwrap_or_else(|| GONE.to_owned());
                return seen;
            }
        };
        let info = control.info();
        if let Ok(events) = info.events_ever() {
            seen.events = events;
        }
        if let Ok(resets) = info.resets() {
            seen.resets = (resets.hard_reset_cnt, resets.soft_reset_cnt);
        }
        if let Ok(late) = info.cs_timeout() {
            seen.late = late.map(|late| late.seq);
        }
        if let Ok(fault) = info.page_fault() {
            seen.page_fault = fault.map(|fault| fault.addr);
        }
        if let Ok(error) = info.firmware_error() {
            seen.firmware = error.map(|error| error.event_id);
        }
        seen
    }
}

/// What has happened between two looks.
fn compare(before: &Seen, now: &Seen) -> Vec<What> {
    let mut news = Vec::new();
    let counts = before.events.iter().chain(std::iter::repeat(&0)).zip(&now.events).enumerate();
    for (number, (before, now)) in counts {
        if now > before {
            news.push(What::Event { number, count: now - before });
        }
    }
    if let Some(number) = now.late.filter(|_| before.late != now.late) {
        news.push(What::LateSubmission { number });
    }
    if let Some(address) = now.page_fault.filter(|_| before.page_fault != now.page_fault) {
        news.push(What::PageFault { address });
    }
    if let Some(event) = now.firmware.filter(|_| before.firmware != now.firmware) {
        news.push(What::FirmwareError { event });
    }
    // Of a card that is gone there is nothing to count.
    if now.resets != before.resets && now.status != GONE {
        news.push(What::Reset { hard: now.resets.0, soft: now.resets.1 });
    }
    if now.status != before.status {
        news.push(What::Status { status: now.status.clone() });
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_told_once() {
        let before = Seen { status: "operational".into(), events: vec![0, 2, 0], ..Seen::default() };
        assert!(compare(&before, &before).is_empty());
        let now = Seen {
            status: "in reset".into(),
            events: vec![1, 2, 3],
            resets: (1, 0),
            late: Some(9),
            page_fault: Some(0x1000),
            firmware: None,
        };
        let news = [
            What::Event { number: 0, count: 1 },
            What::Event { number: 2, count: 3 },
            What::LateSubmission { number: 9 },
            What::PageFault { address: 0x1000 },
            What::Reset { hard: 1, soft: 0 },
            What::Status { status: "in reset".into() },
        ];
        assert_eq!(compare(&before, &now), news);
        assert!(compare(&now, &now).is_empty());
        // Records go when the card is opened anew: that is no news.
        let later = Seen { late: None, page_fault: None, ..now.clone() };
        assert!(compare(&now, &later).is_empty());
        // A driver that lets go of a card takes its counters with it.
        let gone = Seen { status: GONE.into(), ..Seen::default() };
        assert_eq!(compare(&now, &gone), [What::Status { status: "gone".into() }]);
    }
}
