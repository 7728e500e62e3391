// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Listening as the card's user: the driver tells of events by a file descriptor, at once.

use goya::{Card, Device, Events, Notifications};

use super::{ROUND, Teller, What};
use crate::chosen;
use crate::failure::{Failure, Kind, Result};

/// The user of a card, who does nothing but listen.
pub struct Listener {
    card: Card,
    events: Option<Events>,
}

impl Listener {
    /// Opens a card to listen.
    pub fn new(card: Card) -> Result<Self> {
        let events = open(&card)?;
        Ok(Self { card, events: Some(events) })
    }

    /// Tells what it hears.
    pub fn run(mut self, teller: &mut Teller<'_>) -> Result {
        teller.tell(&self.card, &What::Listening { yes: true })?;
        while !teller.is_done() {
            let Some(events) = &self.events else {
                self.again(teller)?;
                continue;
            };
            match events.wait(ROUND) {
                Ok(heard) => {
                    for name in names(heard) {
                        teller.tell(&self.card, &What::Notification { name })?;
                    }
                    // Whoever has the card when a reset comes is killed.
                    if heard.intersects(Notifications::DEVICE_RESET | Notifications::DEVICE_UNAVAILABLE) {
                        self.leave(teller)?;
                    }
                }
                Err(error) if error.is_gone() => self.leave(teller)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn leave(&mut self, teller: &mut Teller<'_>) -> Result {
        self.events = None;
        teller.tell(&self.card, &What::Listening { yes: false })
    }

    /// Tries to open the card anew.
    fn again(&mut self, teller: &mut Teller<'_>) -> Result {
        self.card = chosen::again(&self.card);
        match open(&self.card) {
            Ok(events) => {
                self.events = Some(events);
                teller.tell(&self.card, &What::Listening { yes: true })
            }
            // It is being reset, or gone for a moment.
            Err(failure) if matches!(failure.kind(), Kind::NotReady | Kind::NoCard) => {
                std::thread::sleep(ROUND);
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The device lives as long as the events.
fn open(card: &Card) -> Result<Events> {
    let device: Device = chosen::open(card)?;
    device.events().map_err(Failure::from)
}

/// Names of notifications; a number for those that have none.
fn names(heard: Notifications) -> Vec<String> {
    let known = heard.iter_names().map(|(name, _)| name.to_lowercase());
    let rest = heard.bits() & !heard.iter_names().fold(0, |bits, (_, one)| bits | one.bits());
    let unknown = (0..u64::BITS).filter(|bit| rest >> bit & 1 != 0).map(|bit| format!("bit_{bit}"));
    known.chain(unknown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_have_names() {
        assert_eq!(
            names(Notifications::CS_TIMEOUT | Notifications::PAGE_FAULT),
            ["cs_timeout", "page_fault"]
        );
        assert_eq!(names(Notifications::from_bits_retain(1 << 3 | 1 << 40)), ["cs_timeout", "bit_40"]);
        assert!(names(Notifications::empty()).is_empty());
    }
}
