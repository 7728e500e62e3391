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
//!
//! Funnels, which join traces, are only switched. Like [`crate::hw`], these are functions over registers
//! and numbers; [`Trace`] is the mode in which the card must be for them.

mod bmon;
mod etf;
mod etr;
mod mode;
mod spmu;
mod stm;
mod tables;
mod tmc;
mod unit;
#[cfg(CONFIG_KUNIT = "y")]
mod unit_tests;

pub(crate) use mode::Trace;

use kernel::device::Device;
use kernel::prelude::*;

use self::unit::Unit;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::{self, Io};
use crate::uapi::debug_types::{DebugBmon, DebugSpmu, DebugStm, DebugTrace};

/// What enables all ports of a funnel.
const FUNNEL_ON: u32 = 0x33f;

/// To switch a unit on, with what the user has to say about it, or off.
pub(crate) enum Switch<T> {
    Off,
    On(Option<T>),
}

impl<T> Switch<T> {
    fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }

    /// For messages.
    fn verb(&self) -> &'static str {
        if self.is_on() {
            "enable"
        } else {
            "disable"
        }
    }
}

/// What a user wants of a unit.
pub(crate) enum Request {
    Etr(Switch<DebugTrace>),
    Etf(Switch<DebugTrace>),
    Stm(Switch<DebugStm>),
    Funnel(Switch<()>),
    Bmon(Switch<DebugBmon>),
    Spmu(Switch<DebugSpmu>),
    /// Does nothing any more.
    Timestamp,
}

/// Words that an answer has at most: six counters, overflows, cycles.
pub(crate) const ANSWER_WORDS: usize = spmu::COUNTERS + 2;

/// What a unit answers: as many words as the user has room for, zero if there is nothing to say.
#[derive(Default)]
pub(crate) struct Answer {
    /// How many words the user has room for, perhaps more than there are here; nothing if there is no
    /// place for an answer.
    pub(crate) room: Option<usize>,
    /// The words.
    pub(crate) words: [u64; ANSWER_WORDS],
}

/// What the units must know of the card.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    /// The time stamp counter's frequency in MHz, 0 if unknown.
    pub(crate) timestamp_mhz: u16,
    /// The firmware keeps the host from some registers.
    pub(crate) secure: bool,
}

/// Does what a user wants of unit `index`.
///
/// # Errors
///
/// `EINVAL` if there is no such unit, or something is wrong or missing in the request; `EFAULT` if the
/// unit does not settle.
pub(crate) fn run(
    dev: &Device,
    io: &impl Io,
    facts: Facts,
    index: u32,
    request: Request,
    answer: &mut Answer,
) -> Result {
    let result = match request {
        Request::Etr(switch) => etr::set(dev, io, facts.secure, switch, answer),
        Request::Etf(switch) => etf::set(dev, io, index, switch),
        Request::Stm(switch) => stm::set(dev, io, facts.timestamp_mhz, index, switch),
        Request::Funnel(switch) => set_funnel(dev, io, index, switch.is_on()),
        Request::Bmon(switch) => bmon::set(dev, io, index, switch),
        Request::Spmu(switch) => spmu::set(dev, io, index, switch, answer),
        Request::Timestamp => Ok(()),
    };
    hw::flush(io);
    result
}

/// Stops everything that writes traces on its own: all FIFOs and the buffer.
fn halt(dev: &Device, io: &impl Io, facts: Facts) {
    for number in 0..tables::ETF.len() as u32 {
        if let Err(error) = etf::set(dev, io, number, Switch::Off) {
            dev_err_ratelimited!(dev, "halt ETF failed, {}/{}\n", error.to_errno(), number);
        }
    }
    let nobody = &mut Answer::default();
    if let Err(error) = etr::set(dev, io, facts.secure, Switch::Off, nobody) {
        dev_err_ratelimited!(dev, "halt ETR failed, {}\n", error.to_errno());
    }
}

fn set_funnel(dev: &Device, io: &impl Io, index: u32, on: bool) -> Result {
    let unit = Unit::find(dev, io, &tables::FUNNEL, index, "FUNNEL")?;
    unit.unlock();
    unit.write(0, if on { FUNNEL_ON } else { 0 });
    Ok(())
}
