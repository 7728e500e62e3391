// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Performance counters of engines.

use kernel::device::Device;
use kernel::prelude::*;

use super::request::{Switch, UnitAnswer, COUNTERS};
use super::tables;
use super::unit::{offsets, Unit};
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::{lower_half, Io, Offset};
use crate::uapi::debug_types::DebugSpmu;

/// Events that a user must name at least.
const EVENTS_MIN: u32 = 3;
/// Words of an answer beside the counters: overflows, cycles.
const MORE_WORDS: usize = 2;

/// Registers: offsets into the unit.
///
/// The counters.
const COUNTER: [Offset; COUNTERS] = offsets([0x000, 0x008, 0x010, 0x018, 0x020, 0x028]);
/// Cycles, low half.
const CYCLES_LOW: Offset = Offset::new(0x0f8);
/// Cycles, high half.
const CYCLES_HIGH: Offset = Offset::new(0x0fc);
/// What each counter counts.
const EVENT_TYPE: [Offset; COUNTERS] = offsets([0x400, 0x404, 0x408, 0x40c, 0x410, 0x414]);
/// Which counters count.
const ENABLE: Offset = Offset::new(0xc00);
/// Which counters have overflowed.
const OVERFLOW: Offset = Offset::new(0xcc0);
/// Control.
const CONTROL: Offset = Offset::new(0xe04);

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
    answer: &mut UnitAnswer,
) -> Result {
    let unit = &Unit::find(dev, io, &tables::SPMU, index, "SPMU")?;
    match switch {
        Switch::On(input) => start(dev, unit, &input.ok_or(EINVAL)?),
        Switch::Off => stop(dev, unit, answer),
    }
}

fn start(dev: &Device, unit: &Unit<'_, impl Io>, input: &DebugSpmu) -> Result {
    if input.event_types_num < EVENTS_MIN {
        dev_err_ratelimited!(dev, "not enough event types values for SPMU enable\n");
        return Err(EINVAL);
    }
    let number = usize::try_from(input.event_types_num)?;
    if number > COUNTERS {
        dev_err_ratelimited!(dev, "too many event types values for SPMU enable\n");
        return Err(EINVAL);
    }
    unit.write(CONTROL, CLEAR);
    unit.write(CONTROL, STOP);
    for (register, &event) in EVENT_TYPE
        .into_iter()
        .zip(input.event_types.iter().take(number))
    {
        unit.write(register, lower_half(event));
    }
    unit.write(CONTROL, RUN);
    unit.write(ENABLE, ENABLE_ALL);
    Ok(())
}

fn stop(dev: &Device, unit: &Unit<'_, impl Io>, answer: &mut UnitAnswer) -> Result {
    let room = answer.room.ok_or(EINVAL)?;
    if room < MORE_WORDS + 1 {
        dev_err_ratelimited!(dev, "not enough values for SPMU disable\n");
        return Err(EINVAL);
    }
    let events = room.saturating_sub(MORE_WORDS);
    if events > COUNTERS {
        dev_err_ratelimited!(dev, "too many events values for SPMU disable\n");
        return Err(EINVAL);
    }
    unit.write(CONTROL, STOP);
    let (counters, rest) = answer.words.split_at_mut_checked(events).ok_or(EINVAL)?;
    for (register, counter) in COUNTER.into_iter().zip(counters) {
        *counter = u64::from(unit.read(register));
    }
    if let [overflow, cycles, ..] = rest {
        *overflow = u64::from(unit.read(OVERFLOW));
        let high = unit.read(CYCLES_HIGH);
        *cycles = u64::from(high) << 32 | u64::from(unit.read(CYCLES_LOW));
    }
    unit.write(OVERFLOW, 0);
    Ok(())
}
