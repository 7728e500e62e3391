// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The user API: what programs say to the card, and the answers. Documentation/uapi.rst describes it.

pub(crate) mod consts;
pub(crate) mod debug_types;
pub(crate) mod info_layout;
pub(crate) mod info_types;
pub(crate) mod types;

use crate::abstractions::accel::Descriptor;

/// The ioctls, by their numbers.
pub(crate) const IOCTLS: &[Descriptor] = &[];
