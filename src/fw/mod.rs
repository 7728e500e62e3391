// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The firmware: starting it, and talking to it.
//!
//! A processor on the card runs the firmware. [`boot`] starts it by registers and memory windows;
//! from then on the driver sends it packets through a queue in host memory ([`mailbox`] is that
//! queue as seen from here, [`message`] the packets, [`messages`] and its neighbours what they are
//! for). Nothing in this room touches a ring or a BAR: callers lend these as traits. [`power`]
//! remembers what the administrator has set.
//!
//! # Words
//!
//! - **preboot**: what runs from the card's ROM, and loads the **boot loader** (upstream: boot fit, U-Boot), which loads the
//!   **firmware** proper (Linux with CPU-CP).
//! - **CPU-CP** (upstream: also ArmCP): the program of the firmware's that answers, and its protocol.
//! - **WFE**: wait for event, the instruction with which the device CPU is kept from doing anything.
//! - **PLL**: the source of a clock.
//!
//! Facts: `common/firmware_if.c`, `include/linux/habanalabs/{cpucp_if,hl_boot_if}.h`.

#[macro_use]
mod codes;

pub(crate) mod boot;
mod boot_report;
pub(crate) mod capabilities;
pub(crate) mod clocks;
pub(crate) mod image;
pub(crate) mod info;
pub(crate) mod mailbox;
pub(crate) mod message;
pub(crate) mod messages;
pub(crate) mod power;
pub(crate) mod sensors;
pub(crate) mod text;
mod wire;

#[cfg(CONFIG_KUNIT = "y")]
pub(crate) mod fake;
