// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's trace and debug units, CoreSight's and their like (upstream `goya_coresight.c`).
//!
//! | file | unit |
//! |---|---|
//! | [`etr`], [`etf`] | where traces go: a buffer in memory, FIFOs on the chip; both are trace memory controllers ([`tmc`]) |
//! | [`stm`] | where they come from: software and hardware events |
//! | [`bmon`], [`spmu`] | monitors of a bus, counters of an engine |
//! | [`tables`] | where all of them are |
//! | [`unit`] | what they have in common |
//! | [`units`] | all of them |
//! | [`request`] | what users want of them, and what they answer |
//! | [`mode`] | the mode in which the card must be for them |
//!
//! Funnels, which join traces, are only switched. Like [`crate::hw`], these are functions over registers
//! and numbers.

mod bmon;
mod etf;
mod etr;
mod mode;
mod request;
mod spmu;
mod stm;
mod tables;
mod tmc;
mod unit;
#[cfg(CONFIG_KUNIT = "y")]
mod unit_tests;
mod units;

pub(crate) use mode::{Trace, UnitAccess};
pub(crate) use request::{Facts, Switch, UnitAnswer, UnitRequest};
