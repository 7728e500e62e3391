// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The user API: what programs say to the card, and the answers. Documentation/uapi.rst describes it.

pub(crate) mod cb;
pub(crate) mod consts;
pub(crate) mod control;
pub(crate) mod cs;
pub(crate) mod debug;
pub(crate) mod debug_types;
pub(crate) mod info;
mod info_card;
mod info_errors;
mod info_firmware;
pub(crate) mod info_layout;
mod info_notify;
mod info_state;
pub(crate) mod info_types;
pub(crate) mod memory;
pub(crate) mod types;
pub(crate) mod wait;

use crate::abstractions::accel::{descriptor, Descriptor};

/// The ioctls, by their numbers.
pub(crate) const IOCTLS: &[Descriptor] = &[
    descriptor::<info::Info>(),
    descriptor::<cb::CommandBuffers>(),
    descriptor::<cs::Submit>(),
    descriptor::<wait::Wait>(),
    descriptor::<memory::Memory>(),
    descriptor::<debug::Debug>(),
];
