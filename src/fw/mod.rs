// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The firmware: starting it, and talking to it.
//!
//! A processor on the card runs the firmware. [`boot`] starts it by registers and memory windows;
//! from then on the driver sends it packets through a queue in host memory ([`mailbox`] is that
//! queue as seen from here, [`message`] the packets, [`messages`] and its neighbours what they are
//! for). Nothing in this room touches a ring, a BAR or a lock: callers lend these as traits.
//!
//! Facts: `common/firmware_if.c`, `include/linux/habanalabs/{cpucp_if,hl_boot_if}.h`.

#[macro_use]
mod codes;

pub(crate) mod boot;
mod boot_report;
pub(crate) mod capabilities;
pub(crate) mod clocks;
pub(crate) mod heartbeat;
pub(crate) mod image;
pub(crate) mod info;
pub(crate) mod mailbox;
pub(crate) mod message;
pub(crate) mod messages;
pub(crate) mod sensors;
pub(crate) mod text;
mod wire;

#[cfg(CONFIG_KUNIT = "y")]
pub(crate) mod fake;
