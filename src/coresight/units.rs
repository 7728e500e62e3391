// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! All units: each is told what a user wants of it.

use kernel::device::Device;
use kernel::prelude::*;

use super::request::{Facts, Switch, UnitAnswer, UnitRequest};
use super::unit::Unit;
use super::{bmon, etf, etr, spmu, stm, tables};
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::{self, Io, Offset};

/// Where a funnel is controlled.
const FUNNEL_CONTROL: Offset = Offset::new(0);
/// What enables all ports of a funnel.
const FUNNEL_ON: u32 = 0x33f;

/// Does what a user wants of unit `index`.
///
/// # Errors
///
/// `EINVAL` if there is no such unit, or something is wrong or missing in the request; `EFAULT` if the
/// unit does not settle.
pub(super) fn run(
    dev: &Device,
    io: &impl Io,
    facts: Facts,
    index: u32,
    request: UnitRequest,
    answer: &mut UnitAnswer,
) -> Result {
    let result = match request {
        UnitRequest::Etr(switch) => etr::set(dev, io, facts.secure, switch, answer),
        UnitRequest::Etf(switch) => etf::set(dev, io, index, switch),
        UnitRequest::Stm(switch) => stm::set(dev, io, facts.timestamp_mhz, index, switch),
        UnitRequest::Funnel(switch) => set_funnel(dev, io, index, switch.is_on()),
        UnitRequest::Bmon(switch) => bmon::set(dev, io, index, switch),
        UnitRequest::Spmu(switch) => spmu::set(dev, io, index, switch, answer),
        UnitRequest::Timestamp => Ok(()),
    };
    hw::flush(io);
    result
}

/// Stops everything that writes traces on its own: all FIFOs and the buffer.
pub(super) fn halt(dev: &Device, io: &impl Io, facts: Facts) {
    for number in 0..tables::ETF.len() as u32 {
        if let Err(error) = etf::set(dev, io, number, Switch::Off) {
            dev_err_ratelimited!(dev, "halt ETF failed, {}/{}\n", error.to_errno(), number);
        }
    }
    let nobody = &mut UnitAnswer::default();
    if let Err(error) = etr::set(dev, io, facts.secure, Switch::Off, nobody) {
        dev_err_ratelimited!(dev, "halt ETR failed, {}\n", error.to_errno());
    }
}

fn set_funnel(dev: &Device, io: &impl Io, index: u32, on: bool) -> Result {
    let unit = Unit::find(dev, io, &tables::FUNNEL, index, "FUNNEL")?;
    unit.unlock();
    unit.write(FUNNEL_CONTROL, if on { FUNNEL_ON } else { 0 });
    Ok(())
}
