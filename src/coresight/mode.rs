// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Debug mode: the card must be in it for its units to be set up (upstream `hl_device_set_debug_mode()`).

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::{new_mutex, Mutex};

use super::request::{Facts, UnitAnswer, UnitRequest};
use super::units;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::bars::Bars;
use crate::state::resets::Resets;

/// What the units of a card are reached with.
pub(crate) struct UnitAccess<'a> {
    pub(crate) dev: &'a Device,
    pub(crate) bars: &'a Bars,
    pub(crate) facts: Facts,
    /// Whether the card works.
    pub(crate) resets: &'a Resets,
}

/// Whether the card is in debug mode.
#[pin_data]
pub(crate) struct Trace {
    /// Held while units are set up.
    #[pin]
    on: Mutex<bool>,
}

impl Trace {
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self { on <- new_mutex!(false) })
    }

    /// Enters or leaves debug mode. `EFAULT` if the card is in it, or not, already.
    pub(crate) fn set(&self, card: &UnitAccess<'_>, enable: bool) -> Result {
        let mut on = self.on.lock();
        if *on == enable {
            let (verb, state) = match enable {
                true => ("enable", "is already"),
                false => ("disable", "was not"),
            };
            dev_err_ratelimited!(
                card.dev,
                "Failed to {} debug mode because device {} in debug mode\n",
                verb,
                state
            );
            return Err(EFAULT);
        }
        if !enable {
            stop(card);
        }
        *on = enable;
        Ok(())
    }

    /// The last user has gone: leaves debug mode, if the card is in it.
    pub(crate) fn close(&self, card: &UnitAccess<'_>) {
        let mut on = self.on.lock();
        if *on {
            stop(card);
            *on = false;
        }
    }

    /// The card is reset: it is not in debug mode any more.
    pub(crate) fn forget(&self) {
        *self.on.lock() = false;
    }

    /// `EFAULT` if the card is not in debug mode.
    pub(crate) fn check(&self, card: &UnitAccess<'_>) -> Result {
        require(card, *self.on.lock())
    }

    /// Does what a user wants of unit `index`. `EFAULT` if the card is not in debug mode (any more).
    pub(crate) fn run(
        &self,
        card: &UnitAccess<'_>,
        index: u32,
        request: UnitRequest,
        answer: &mut UnitAnswer,
    ) -> Result {
        let on = self.on.lock();
        require(card, *on)?;
        units::run(card.dev, card.bars, card.facts, index, request, answer)
    }
}

fn require(card: &UnitAccess<'_>, on: bool) -> Result {
    if on {
        return Ok(());
    }
    dev_err_ratelimited!(
        card.dev,
        "Rejecting debug configuration request because device not in debug mode\n"
    );
    Err(EFAULT)
}

/// Engines have stopped, but units may go on writing on their own. A card that is being reset as a whole, or does not
/// work, is left alone: its reset stops them all. A soft reset leaves them as they are.
fn stop(card: &UnitAccess<'_>) {
    if card.resets.status().operational() || card.resets.in_soft_reset() {
        units::halt(card.dev, card.bars, card.facts);
    }
}
