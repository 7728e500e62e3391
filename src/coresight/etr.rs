// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The trace buffer: the one unit that writes traces to memory.

use kernel::device::Device;
use kernel::prelude::*;

use super::request::{Switch, UnitAnswer};
use super::unit::Unit;
use super::{tables, tmc};
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::map::DRAM_VIRTUAL;
use crate::hw::{lower_half, upper_half, Io};
use crate::uapi::debug_types::DebugTrace;

/// In AXICTL: not privileged, not secure, bursts of eight.
const UNPRIVILEGED: u32 = 1 << 1 | 7 << 8;
/// Bits of RWPHI that count: addresses have 40 bits.
const RWPHI_MASK: u32 = 0xff;

/// Switches the buffer, unless it is so already. Switched off, it answers where writing stopped.
pub(super) fn set(
    dev: &Device,
    io: &impl Io,
    secure: bool,
    switch: Switch<DebugTrace>,
    answer: &mut UnitAnswer,
) -> Result {
    let unit = &Unit::new(io, tables::ETR);
    unit.unlock();
    if (unit.read(tmc::CTL) != 0) == switch.is_on() {
        return Ok(());
    }
    tmc::drain(dev, unit, switch.verb(), "ETR")?;
    match switch {
        Switch::On(input) => start(dev, unit, secure, &input.ok_or(EINVAL)?),
        Switch::Off => {
            unit.program(&[
                (tmc::BUFWM, 0),
                (tmc::RSZ, 0x400),
                (tmc::DBALO, 0),
                (tmc::DBAHI, 0),
                (tmc::PSCR, 0),
                (tmc::MODE, 0),
                (tmc::FFCR, 0),
            ]);
            if let (Some(1..), [end, ..]) = (answer.room, &mut answer.words) {
                let low = unit.read(tmc::RWP);
                let high = unit.read(tmc::RWPHI) & RWPHI_MASK;
                *end = u64::from(high) << 32 | u64::from(low);
            }
            Ok(())
        }
    }
}

fn start(dev: &Device, unit: &Unit<'_, impl Io>, secure: bool, input: &DebugTrace) -> Result {
    check(dev, input.buffer_address, input.buffer_size)?;
    unit.program(&[
        (tmc::BUFWM, 0x3ffc),
        (tmc::RSZ, lower_half(input.buffer_size)),
        (tmc::MODE, input.sink_mode),
    ]);
    if !secure {
        unit.write(tmc::AXICTL, UNPRIVILEGED);
    }
    unit.program(&[
        (tmc::DBALO, lower_half(input.buffer_address)),
        (tmc::DBAHI, upper_half(input.buffer_address)),
        (tmc::FFCR, 3),
        (tmc::PSCR, 0xa),
        (tmc::CTL, 1),
    ]);
    Ok(())
}

/// Errors: `EINVAL` if the buffer is empty, or not in device memory.
fn check(dev: &Device, address: u64, size: u64) -> Result {
    if size == 0 {
        dev_err_ratelimited!(dev, "ETR buffer size should be bigger than 0\n");
        return Err(EINVAL);
    }
    let end = address.checked_add(size);
    if end.is_none() {
        dev_err_ratelimited!(dev, "ETR buffer size {} overflow\n", size);
    }
    // Device memory of the context.
    if address < DRAM_VIRTUAL.start || end.is_none_or(|end| end > DRAM_VIRTUAL.end) {
        dev_err_ratelimited!(dev, "buffer address is not valid\n");
        return Err(EINVAL);
    }
    Ok(())
}
