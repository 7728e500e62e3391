// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Performance counters of engines.

use kernel::device::Device;
use kernel::prelude::*;

use super::{tables, unit, Answer, Switch};
use crate::hw::{lower_half, Io};
use crate::uapi::debug_types::DebugSpmu;

/// Counters that a unit has.
pub(super) const COUNTERS: usize = 6;
/// Events that a user must name at least.
const EVENTS_MIN: u32 = 3;
/// Words of an answer beside the counters: overflows, cycles.
const MORE_WORDS: usize = 2;

/// Registers: offsets into the unit.
///
/// The counters, this far apart.
const COUNTER: u32 = 0x000;
const COUNTER_STRIDE: u32 = 8;
/// Cycles, low half.
const CYCLES_LOW: u32 = 0x0f8;
/// Cycles, high half.
const CYCLES_HIGH: u32 = 0x0fc;
/// What the counters count, a word each.
const EVENT_TYPE: u32 = 0x400;
/// Which counters count.
const ENABLE: u32 = 0xc00;
/// Which counters have overflowed.
const OVERFLOW: u32 = 0xcc0;
/// Control.
const CONTROL: u32 = 0xe04;

/// In CONTROL: stopped.
const STOP: u32 = 0x4101_3040;
/// In CONTROL: stopped, all counters zero.
const CLEAR: u32 = 0x4101_3046;
/// In CONTROL: running.
const RUN: u32 = 0x4101_3041;
/// In ENABLE: the cycles and all counters.
const ENABLE_ALL: u32 = 0x8000_003f;

/// Switches counters. Switched off, they answer: counters, overflows, cycles.
pub(super) fn set(
    dev: &Device,
    io: &impl Io,
    index: u32,
    switch: Switch<DebugSpmu>,
    answer: &mut Answer,
) -> Result {
    let base = unit(dev, &tables::SPMU, index, "SPMU")?;
    match switch {
        Switch::On(input) => start(dev, io, base, &input.ok_or(EINVAL)?),
        Switch::Off => stop(dev, io, base, answer),
    }
}

fn start(dev: &Device, io: &impl Io, base: u32, input: &DebugSpmu) -> Result {
    if input.event_types_num < EVENTS_MIN {
        dev_err!(dev, "not enough event types values for SPMU enable\n");
        return Err(EINVAL);
    }
    let number = usize::try_from(input.event_types_num)?;
    if number > COUNTERS {
        dev_err!(dev, "too many event types values for SPMU enable\n");
        return Err(EINVAL);
    }
    io.write(base + CONTROL, CLEAR);
    io.write(base + CONTROL, STOP);
    let registers = (base + EVENT_TYPE..).step_by(4);
    for (register, &event) in registers.zip(input.event_types.iter().take(number)) {
        io.write(register, lower_half(event));
    }
    io.write(base + CONTROL, RUN);
    io.write(base + ENABLE, ENABLE_ALL);
    Ok(())
}

fn stop(dev: &Device, io: &impl Io, base: u32, answer: &mut Answer) -> Result {
    let room = answer.room.ok_or(EINVAL)?;
    if room < MORE_WORDS + 1 {
        dev_err!(dev, "not enough values for SPMU disable\n");
        return Err(EINVAL);
    }
    let events = room - MORE_WORDS;
    if events > COUNTERS {
        dev_err!(dev, "too many events values for SPMU disable\n");
        return Err(EINVAL);
    }
    io.write(base + CONTROL, STOP);
    let (counters, rest) = answer.words.split_at_mut(events);
    let registers = (base + COUNTER..).step_by(COUNTER_STRIDE as usize);
    for (register, counter) in registers.zip(counters) {
        *counter = u64::from(io.read(register));
    }
    if let [overflow, cycles, ..] = rest {
        *overflow = u64::from(io.read(base + OVERFLOW));
        let high = io.read(base + CYCLES_HIGH);
        *cycles = u64::from(high) << 32 | u64::from(io.read(base + CYCLES_LOW));
    }
    io.write(base + OVERFLOW, 0);
    Ok(())
}
