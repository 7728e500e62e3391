// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What the system says of cards, beside their driver's calls.

pub mod engines;
pub mod holders;
pub mod hwmon;
pub mod limits;
pub mod sysfs;
