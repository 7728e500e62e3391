// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Events of the device CPU (upstream `goya_handle_eqe()`).

use kernel::prelude::*;

use crate::device::Card;
use crate::queue::event::number;

/// Takes all events that have come.
pub(crate) fn handle(card: &Card) {
    while let Some(event) = card.events.take() {
        let number = number(&event);
        dev_err!(card.dev, "Received H/W interrupt {}\n", number);
    }
}
