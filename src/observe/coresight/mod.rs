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
#[cfg(CONFIG_KUNIT = "y")]
mod unit_tests;

pub(crate) use mode::Trace;

use kernel::device::Device;
use kernel::prelude::*;
use kernel::time::Delta;

use crate::hw::{self, Io};
use crate::uapi::debug_types::{DebugBmon, DebugSpmu, DebugStm, DebugTrace};

/// How long a unit may take to settle (`CORESIGHT_TIMEOUT_USEC`).
const SETTLE: Delta = Delta::from_millis(100);
/// Lock access register of a CoreSight unit, and what unlocks it (`CORESIGHT_UNLOCK`).
const LOCK_ACCESS: u32 = 0xfb0;
const UNLOCK: u32 = 0xc5ac_ce55;
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
    for (number, _) in (0u32..).zip(&tables::ETF) {
        if let Err(error) = etf::set(dev, io, number, Switch::Off) {
            dev_err!(dev, "halt ETF failed, {}/{}\n", error.to_errno(), number);
        }
    }
    let nobody = &mut Answer::default();
    if let Err(error) = etr::set(dev, io, facts.secure, Switch::Off, nobody) {
        dev_err!(dev, "halt ETR failed, {}\n", error.to_errno());
    }
}

fn set_funnel(dev: &Device, io: &impl Io, index: u32, on: bool) -> Result {
    let base = unit(dev, &tables::FUNNEL, index, "FUNNEL")?;
    unlock(io, base);
    io.write(base, if on { FUNNEL_ON } else { 0 });
    Ok(())
}

/// Where unit `index` of a table is. `EINVAL` if there is none.
fn unit(dev: &Device, table: &[u32], index: u32, kind: &str) -> Result<u32> {
    let place = usize::try_from(index).ok().and_then(|n| table.get(n));
    place.copied().ok_or_else(|| {
        dev_err!(dev, "Invalid register index in {}\n", kind);
        EINVAL
    })
}

/// Allows writes to a unit's registers.
fn unlock(io: &impl Io, base: u32) {
    io.write(base + LOCK_ACCESS, UNLOCK);
}

/// Writes to registers of a unit, in order: offset and value.
fn program(io: &impl Io, base: u32, writes: &[(u32, u32)]) {
    for &(offset, value) in writes {
        io.write(base + offset, value);
    }
}

/// Waits until bit `bit` of a register is set (`up`) or clear. `EFAULT` if that does not happen in time.
fn settle(dev: &Device, io: &impl Io, register: u32, bit: u32, up: bool) -> Result {
    let settled = |value: u32| (value >> bit & 1 != 0) == up;
    hw::poll(io, register, SETTLE, settled).map_err(|_| {
        dev_err!(
            dev,
            "Timeout while waiting for coresight, addr: {:#x}, position: {}, up: {}\n",
            register,
            bit,
            u32::from(up)
        );
        EFAULT
    })?;
    Ok(())
}
