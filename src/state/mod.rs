// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a card is at, and who wants it reset. It is below whoever asks for a reset and whoever does one.
//!
//! | file | question it answers |
//! |---|---|
//! | [`status`] | what programs are told |
//! | [`resets`] | how a reset is asked for, and how one goes on |
//! | [`request`] | which resets there are |
//! | [`stage`] | what becomes of those who want one |

pub(crate) mod request;
pub(crate) mod resets;
pub(crate) mod stage;
pub(crate) mod status;
