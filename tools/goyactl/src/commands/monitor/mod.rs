// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl monitor`: what happens to cards, a line each.

mod listen;
mod watch;

use std::time::{Duration, Instant, SystemTime};

use goya::Card;
use schemars::JsonSchema;
use serde::Serialize;

use crate::chosen;
use crate::failure::Result;
use crate::options::Monitor;
use crate::output::{DIM, Format, Output, Titles, paint};
use listen::Listener;
use watch::Watcher;

/// How often is looked at what nobody tells of.
const ROUND: Duration = Duration::from_millis(200);

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum What {
    /// The driver tells the card's user (`HL_NOTIFIER_EVENT_*`).
    Notification { name: String },
    /// The card has sent events of a number.
    Event { number: usize, count: u32 },
    /// It is in another state.
    Status { status: String },
    /// It was reset.
    Reset { hard: u32, soft: u32 },
    /// A submission was late, the first since the card was opened.
    LateSubmission { number: u64 },
    /// It used an address that nothing is mapped at.
    PageFault { address: u64 },
    /// Firmware has made an error.
    FirmwareError { event: u16 },
    /// It is listened to, or not any more.
    Listening { yes: bool },
}

/// A notice, with the card and the time.
#[derive(JsonSchema, Serialize)]
pub struct Line<'a> {
    time: String,
    card: &'a str,
    #[serde(flatten)]
    what: &'a What,
}

impl What {
    /// What programs call it.
    fn kind(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        json["kind"].as_str().unwrap_or_default().to_owned()
    }

    /// For people.
    fn text(&self) -> String {
        match self {
            Self::Notification { name } => format!("notification {name}"),
            Self::Event { number, count } => format!("event {number}, {count} times; dmesg has its name"),
            Self::Status { status } => format!("is {status}"),
            Self::Reset { hard, soft } => format!("was reset: {hard} hard and {soft} soft ones so far"),
            Self::LateSubmission { number } => format!("submission {number} is late"),
            Self::PageFault { address } => format!("used {address:#x}, where nothing is mapped"),
            Self::FirmwareError { event } => format!("firmware has made an error, event {event}"),
            Self::Listening { yes: true } => "is listened to".to_owned(),
            Self::Listening { yes: false } => "is not listened to".to_owned(),
        }
    }
}

/// Tells what happens, until enough has, or time is over.
struct Teller<'a> {
    output: &'a Output,
    titles: Titles,
    left: Option<u64>,
    end: Option<Instant>,
}

impl Teller<'_> {
    fn tell(&mut self, card: &Card, what: &What) -> Result {
        let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        match self.output.format() {
            Format::Json => self.output.json_line("monitor", &Line { time, card: &card.name(), what })?,
            Format::Csv => {
                let cells = [time, card.name(), what.kind(), what.text()];
                self.output.csv_line(&mut self.titles, &["time", "card", "kind", "text"], &cells)?;
            }
            Format::Text => {
                self.output.line(format_args!("{}  {}  {}", paint(DIM, time), card.name(), what.text()))?;
            }
        }
        // That somebody listens is no event.
        if !matches!(what, What::Listening { .. }) {
            self.left = self.left.map(|left| left.saturating_sub(1));
        }
        Ok(())
    }

    /// Whether enough was told.
    fn is_done(&self) -> bool {
        self.left == Some(0) || self.end.is_some_and(|end| Instant::now() >= end)
    }
}

/// Tells what happens.
pub fn run(name: Option<&str>, how: &Monitor, output: &Output) -> Result {
    let end = how.time.map(|time| Instant::now() + time);
    let mut teller = Teller { output, titles: Titles::default(), left: how.count, end };
    if how.own {
        return Listener::new(chosen::card(name)?)?.run(&mut teller);
    }
    let cards = chosen::cards(name)?;
    cards.iter().try_for_each(chosen::permitted)?;
    let mut watchers: Vec<_> = cards.into_iter().map(Watcher::new).collect();
    for watcher in &watchers {
        teller.tell(watcher.card(), &What::Listening { yes: true })?;
    }
    while !teller.is_done() {
        for watcher in &mut watchers {
            for what in watcher.look() {
                teller.tell(watcher.card(), &what)?;
            }
        }
        std::thread::sleep(ROUND);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_for_programs() {
        let json =
            |what: &What| serde_json::to_string(&Line { time: "t".into(), card: "accel0", what }).unwrap();
        assert_eq!(
            json(&What::Event { number: 3, count: 2 }),
            r#"{"time":"t","card":"accel0","kind":"event","number":3,"count":2}"#
        );
        assert_eq!(
            json(&What::LateSubmission { number: 7 }),
            r#"{"time":"t","card":"accel0","kind":"late_submission","number":7}"#
        );
    }

    #[test]
    fn events_have_names() {
        assert_eq!(What::LateSubmission { number: 7 }.kind(), "late_submission");
        assert_eq!(What::Listening { yes: true }.kind(), "listening");
    }

    #[test]
    fn there_is_an_end() {
        let output = Output::new(crate::output::Format::Json);
        let teller = |left, end| Teller { output: &output, titles: Titles::default(), left, end };
        assert!(teller(Some(0), None).is_done() && !teller(Some(1), None).is_done());
        assert!(teller(None, Some(Instant::now())).is_done() && !teller(None, None).is_done());
    }
}
