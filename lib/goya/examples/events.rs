// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Lists the cards, and tells the events of the first for so many seconds (one, unless the argument says else).

use std::time::{Duration, Instant};

use goya::{Card, Control, Device, cards, info};

fn main() -> goya::Result {
    for card in cards() {
        let control = Control::open(&card)?;
        let hardware = control.info().hardware()?;
        let (name, driver) = (info::text(&hardware.card_name), card.driver().unwrap_or_default());
        println!("{} {}: {name}, {driver}, {}", card.name(), card.pci_address(), control.info().status()?);
    }
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let device = Device::open(&Card::first()?)?;
    let events = device.events()?;
    loop {
        let happened = events.wait(end.saturating_duration_since(Instant::now()))?;
        if happened.is_empty() {
            println!("nothing more in {seconds} s");
            return Ok(());
        }
        println!("{happened:?}");
    }
}
