// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the driver does of its own while a card works.
//!
//! | file | question it answers |
//! |---|---|
//! | [`interrupts`] | who is called at an interrupt |
//! | [`event_handler`] | what is done about the card's events |
//! | [`heartbeat`] | whether the firmware lives |
//! | [`watchdog`] | whether a submission takes too long |
//! | [`conditional_reset`] | which resets wait until their user goes |

pub(crate) mod conditional_reset;
pub(crate) mod event_handler;
pub(crate) mod heartbeat;
pub(crate) mod interrupts;
pub(crate) mod watchdog;
