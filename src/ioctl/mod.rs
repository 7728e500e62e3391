// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What programs ask of a card: an accel node, with a handler for each ioctl, and a control node.
//!
//! A handler decodes what the program says, checks it, asks a room below, and encodes the answer. The layouts of both are
//! in [`crate::uapi`]. Documentation/uapi.rst describes all of it.

mod cb;
pub(crate) mod control;
mod cs;
mod debug;
mod fdinfo;
mod info;
mod memory;
pub(crate) mod node;
#[cfg(CONFIG_IO_URING)]
mod uring;
mod wait;
