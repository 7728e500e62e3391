// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! System trace macrocells: traces of software's stimuli and of hardware events.

use kernel::device::Device;
use kernel::prelude::*;

use super::request::Switch;
use super::tables;
use super::unit::Unit;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::{lower_half, upper_half, Io, Offset};
use crate::uapi::debug_types::DebugStm;

/// Registers: offsets into the unit.
///
/// Which hardware events are traced, of the bank in HEBSR.
const HEER: Offset = Offset::new(0xd00);
/// Which hardware events trigger, of the bank in HEBSR.
const HETER: Offset = Offset::new(0xd20);
/// Bank of hardware events.
const HEBSR: Offset = Offset::new(0xd60);
/// Whether hardware events are traced.
const HEMCR: Offset = Offset::new(0xd64);
/// Which master hardware events seem to come from.
const HEMASTR: Offset = Offset::new(0xdf4);
/// Which stimulus ports are traced.
const SPER: Offset = Offset::new(0xe00);
/// Which stimulus ports trigger.
const SPTER: Offset = Offset::new(0xe20);
/// Which banks of ports the two above are for.
const SPSCR: Offset = Offset::new(0xe60);
/// Which masters they are for.
const SPMSCR: Offset = Offset::new(0xe64);
/// How stimulus ports trigger.
const SPTRIGCSR: Offset = Offset::new(0xe70);
/// Control.
const TCSR: Offset = Offset::new(0xe80);
/// Frequency of time stamps.
const TSFREQR: Offset = Offset::new(0xe8c);
/// How often synchronisation is written.
const SYNCR: Offset = Offset::new(0xe90);
/// Number of the trace on its bus.
const ITATBID: Offset = Offset::new(0xef4);

/// In TCSR: something is still to be traced.
const TCSR_BUSY: u32 = 23;

/// Switches a macrocell. `frequency` is that of time stamps in MHz; the user's counts if it is 0.
pub(super) fn set(
    dev: &Device,
    io: &impl Io,
    frequency: u16,
    index: u32,
    switch: Switch<DebugStm>,
) -> Result {
    let unit = &Unit::find(dev, io, &tables::STM, index, "STM")?;
    unit.unlock();
    match switch {
        Switch::On(input) => {
            start(unit, frequency, &input.ok_or(EINVAL)?);
            Ok(())
        }
        Switch::Off => stop(dev, unit),
    }
}

fn start(unit: &Unit<'_, impl Io>, frequency: u16, input: &DebugStm) {
    let frequency = match frequency {
        0 => input.frequency,
        known => u32::from(known),
    };
    unit.program(&[
        (TCSR, 0x8_0004),
        (HEMCR, 7),
        (HEBSR, 0),
        (HEER, lower_half(input.he_mask)),
        (HETER, lower_half(input.sp_mask)),
        (HEBSR, 1),
        (HEER, upper_half(input.he_mask)),
        (HETER, upper_half(input.sp_mask)),
        (SPTRIGCSR, 0x10),
        (SPSCR, 0),
        (SPMSCR, 0x42_0000),
        (SPER, u32::MAX),
        (SPTER, u32::MAX),
        (ITATBID, input.id),
        (HEMASTR, 0x80),
        (TSFREQR, frequency),
        (SYNCR, 0x7ff),
        // What does not fit is lost, as the unit has no room for it.
        (TCSR, 0x27 | input.id.wrapping_shl(16)),
    ]);
}

fn stop(dev: &Device, unit: &Unit<'_, impl Io>) -> Result {
    unit.program(&[
        (TCSR, 4),
        (HEMCR, 0),
        (HEBSR, 1),
        (HEER, 0),
        (HETER, 0),
        (HEBSR, 0),
        (SPTER, 0),
        (SPER, 0),
        (HEMASTR, 0x80),
        (SPTRIGCSR, 0),
        (SPSCR, 0),
        (SPMSCR, 0),
        (TSFREQR, 0),
    ]);
    unit.settle(dev, TCSR, TCSR_BUSY, false)
        .inspect_err(|error| {
            dev_err_ratelimited!(
                dev,
                "Failed to disable STM on timeout, error {}\n",
                error.to_errno()
            );
        })?;
    unit.write(TCSR, 4);
    Ok(())
}
