// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What people and programs see of a card beside the user API.

pub(crate) mod card_status;
pub(crate) mod hwmon;
pub(crate) mod sysfs;
