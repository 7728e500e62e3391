// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What people and programs see of a card beside the user API.
//!
//! [`sysfs`] and [`hwmon`] know a card by traits only; [`glue`] is what joins them to it. [`power`]
//! holds what is set there. [`coresight`] drives the card's trace units.

pub(crate) mod card_status;
pub(crate) mod coresight;
#[cfg(CONFIG_DEBUG_FS)]
pub(crate) mod debugfs;
pub(crate) mod glue;
pub(crate) mod hwmon;
pub(crate) mod power;
pub(crate) mod sysfs;
