// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Trace FIFOs, which units of a part of the chip share.

use kernel::device::Device;
use kernel::prelude::*;

use super::request::Switch;
use super::unit::Unit;
use super::{tables, tmc};
use crate::hw::Io;
use crate::uapi::debug_types::DebugTrace;

/// Switches a FIFO, unless it is so already.
pub(super) fn set(dev: &Device, io: &impl Io, index: u32, switch: Switch<DebugTrace>) -> Result {
    let unit = &Unit::find(dev, io, &tables::ETF, index, "ETF")?;
    unit.unlock();
    if (unit.read(tmc::CTL) != 0) == switch.is_on() {
        return Ok(());
    }
    tmc::drain(dev, unit, switch.verb(), "ETF")?;
    match switch {
        Switch::On(input) => {
            let input = input.ok_or(EINVAL)?;
            unit.program(&[
                (tmc::BUFWM, 0x3ffc),
                (tmc::MODE, input.sink_mode),
                (tmc::FFCR, 0x4001),
                (tmc::PSCR, 0xa),
                (tmc::CTL, 1),
            ]);
        }
        Switch::Off => unit.program(&[(tmc::BUFWM, 0), (tmc::MODE, 0), (tmc::FFCR, 0)]),
    }
    Ok(())
}
