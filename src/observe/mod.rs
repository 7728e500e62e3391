// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What people and programs see of a card beside the user API.
//!
//! [`sysfs`] and [`hwmon`] know a card by traits only; [`user_interfaces`] is what joins them to it.

pub(crate) mod card_status;
#[cfg(CONFIG_DEBUG_FS)]
pub(crate) mod debugfs;
pub(crate) mod hwmon;
pub(crate) mod sysfs;
pub(crate) mod user_interfaces;
