// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Which card a command is for, and opening it.

use goya::{Card, Control, Device};

use crate::failure::{Failure, Kind, Result};
use crate::system::holders::{self, Holder};

/// The card of a name: a number, a node, or a place on the bus; the first one without a name.
pub fn card(name: Option<&str>) -> Result<Card> {
    let Some(name) = name else { return Ok(Card::first()?) };
    match name.parse() {
        Ok(number) => Ok(Card::nth(number)?),
        Err(_) => Ok(Card::find(name)?),
    }
}

/// The card of a name, or all.
pub fn cards(name: Option<&str>) -> Result<Vec<Card>> {
    if name.is_some() {
        return Ok(vec![card(name)?]);
    }
    match goya::cards() {
        none if none.is_empty() => Err(Card::first().err().map_or_else(no_card, Failure::from)),
        all => Ok(all),
    }
}

fn no_card() -> Failure {
    Failure::new(Kind::NoCard, "no Goya card")
}

/// Opens a card for work.
pub fn open(card: &Card) -> Result<Device> {
    Device::open(card).map_err(|error| {
        let failure = Failure::from(error);
        let held = failure.code() == Kind::Busy as u8;
        let more = if held { who(&holders::of(card)) } else { String::new() };
        failure.with(&more)
    })
}

/// Opens a card for questions.
pub fn control(card: &Card) -> Result<Control> {
    Ok(Control::open(card)?)
}

/// Fails if questions about a card are not this user's to ask: who watches would see nothing, and take that for peace. A card
/// that cannot be asked now may be later.
pub fn permitted(card: &Card) -> Result {
    match control(card) {
        Err(failure) if failure.kind() == Kind::NoPermission => Err(failure),
        _ => Ok(()),
    }
}

/// The same card after its driver has let go of it: its nodes may have other numbers then.
pub fn again(card: &Card) -> Card {
    Card::find(card.pci_address()).unwrap_or_else(|_| card.clone())
}

/// Says who has a card.
pub fn who(holders: &[Holder]) -> String {
    if holders.is_empty() {
        return "Who has it is not to be seen; root sees more".to_owned();
    }
    let each: Vec<_> = holders.iter().map(|h| format!("{} (process {})", h.command, h.pid)).collect();
    format!("It is used by {}", each.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_named() {
        let holder = Holder { pid: 7, command: "train".into(), uid: 0, compute: true };
        assert_eq!(who(&[holder]), "It is used by train (process 7)");
        assert!(who(&[]).contains("root"));
    }
}
