// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How a card comes up, is reset, sleeps and goes.
//!
//! | file | question it answers |
//! |---|---|
//! | [`bring_up`] | how a card that was reset comes to take work |
//! | [`reset`] | how it is stopped, reset and brought up again |
//! | [`users`] | what becomes of those who have it open then |
//! | [`pci_events`] | what the kernel and the bus do to it |
//! | [`removal`] | how it is taken down for good |

pub(crate) mod bring_up;
pub(crate) mod pci_events;
pub(crate) mod removal;
pub(crate) mod reset;
pub(crate) mod users;
