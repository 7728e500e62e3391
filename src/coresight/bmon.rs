// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Bus monitors: bandwidth and addresses of what passes by.

use core::ops::RangeInclusive;

use kernel::device::Device;
use kernel::prelude::*;

use super::request::Switch;
use super::tables;
use super::unit::{offsets, Unit};
use crate::hw::{lower_half, upper_half, Io, Offset};
use crate::uapi::debug_types::DebugBmon;

/// Registers: offsets into the unit.
///
/// Control.
const CONTROL: Offset = Offset::new(0x100);
/// Whether registers take effect together.
const HOLD: Offset = Offset::new(0x104);
/// The first address window: address and mask, low and high halves.
const WINDOW_0: [Offset; 4] = offsets([0x200, 0x204, 0x208, 0x20c]);
/// The second address window.
const WINDOW_1: [Offset; 4] = offsets([0x240, 0x244, 0x248, 0x24c]);
/// Which identifiers are looked at.
const IDS: Offset = Offset::new(0x224);
/// Which attributes are looked at.
const ATTRIBUTES: Offset = Offset::new(0x234);
/// Whether windows of time are captured.
const CAPTURE: Offset = Offset::new(0x304);
/// How many of them.
const CAPTURE_WINDOWS: Offset = Offset::new(0x308);
/// How long they are.
const BANDWIDTH_WINDOW: Offset = Offset::new(0x30c);
/// Where messages of three kinds are traced to.
const TRACE: [Offset; 3] = offsets([0x700, 0x708, 0x70c]);

/// What the three kinds of messages are traced as.
const KINDS: [u32; 3] = [0xb00, 0xa00, 0xc00];
/// Where that goes: all monitors but the PCIe core's.
const STIMULUS: u32 = 0xa00_0000;
/// The monitors of the PCIe core, which trace to a base of zero: the hardware needs that.
const PCIE: RangeInclusive<u32> = 36..=39;

/// Switches a monitor.
pub(super) fn set(dev: &Device, io: &impl Io, index: u32, switch: Switch<DebugBmon>) -> Result {
    let unit = &Unit::find(dev, io, &tables::BMON, index, "BMON")?;
    unit.write(HOLD, 1);
    match switch {
        Switch::On(input) => {
            let stimulus = if PCIE.contains(&index) { 0 } else { STIMULUS };
            start(unit, stimulus, &input.ok_or(EINVAL)?);
        }
        Switch::Off => stop(unit),
    }
    Ok(())
}

fn start(unit: &Unit<'_, impl Io>, stimulus: u32, input: &DebugBmon) {
    set_window(unit, WINDOW_0, input.start_addr0, input.addr_mask0);
    set_window(unit, WINDOW_1, input.start_addr1, input.addr_mask1);
    unit.program(&[
        (IDS, 0),
        (ATTRIBUTES, 0),
        (BANDWIDTH_WINDOW, input.bw_win),
        (CAPTURE_WINDOWS, input.win_capture),
    ]);
    // What does not fit is lost, as the unit has no room for it.
    let id = input.id.wrapping_shl(12);
    for (register, kind) in TRACE.into_iter().zip(KINDS) {
        unit.write(register, stimulus | kind | id);
    }
    unit.program(&[(CONTROL, 0x11), (CAPTURE, 1)]);
}

fn stop(unit: &Unit<'_, impl Io>) {
    let all = u64::MAX;
    set_window(unit, WINDOW_0, 0, all);
    set_window(unit, WINDOW_1, 0, all);
    unit.program(&[
        (IDS, u32::MAX),
        (ATTRIBUTES, 0x1_070f),
        (BANDWIDTH_WINDOW, 0),
        (CAPTURE_WINDOWS, 0xffff),
    ]);
    for (register, kind) in TRACE.into_iter().zip(KINDS) {
        unit.write(register, STIMULUS | kind);
    }
    unit.program(&[(CONTROL, 1), (CAPTURE, 0), (HOLD, 0)]);
}

fn set_window(unit: &Unit<'_, impl Io>, window: [Offset; 4], address: u64, mask: u64) {
    let halves = [address, mask].map(|value| [lower_half(value), upper_half(value)]);
    for (register, value) in window.into_iter().zip(halves.into_iter().flatten()) {
        unit.write(register, value);
    }
}
