// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What trace buffer and trace FIFOs have in common: both are trace memory controllers of Arm's.

use kernel::device::Device;
use kernel::prelude::*;

use super::unit::Unit;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::hw::{Io, Offset};

/// Registers: offsets into the unit.
///
/// Size of the memory, in words.
pub(super) const RSZ: Offset = Offset::new(0x004);
/// Status.
pub(super) const STS: Offset = Offset::new(0x00c);
/// Where writing goes on, low half.
pub(super) const RWP: Offset = Offset::new(0x018);
/// Whether traces are taken.
pub(super) const CTL: Offset = Offset::new(0x020);
/// What the memory is used as.
pub(super) const MODE: Offset = Offset::new(0x028);
/// Level at which the memory counts as full.
pub(super) const BUFWM: Offset = Offset::new(0x034);
/// Where writing goes on, high half.
pub(super) const RWPHI: Offset = Offset::new(0x03c);
/// Attributes of accesses to memory.
pub(super) const AXICTL: Offset = Offset::new(0x110);
/// Where the memory is, low half.
pub(super) const DBALO: Offset = Offset::new(0x118);
/// Where the memory is, high half.
pub(super) const DBAHI: Offset = Offset::new(0x11c);
/// Formatter and flush control.
pub(super) const FFCR: Offset = Offset::new(0x304);
/// How often the formatter inserts a mark.
pub(super) const PSCR: Offset = Offset::new(0x308);

/// In STS: all of the trace has been written.
const STS_READY: u32 = 2;
/// In FFCR: flush now; clears itself.
const FFCR_FLUSH: u32 = 6;
/// In FFCR: stop when flushed.
const FFCR_STOP_ON_FLUSH: u32 = 1 << 12;

/// Has the unit write what it still has, and stops it. What does not settle in time is `EFAULT`.
///
/// `verb` and `name` are for the message.
pub(super) fn drain(dev: &Device, unit: &Unit<'_, impl Io>, verb: &str, name: &str) -> Result {
    let control = unit.read(FFCR) | FFCR_STOP_ON_FLUSH;
    unit.write(FFCR, control);
    unit.write(FFCR, control | 1 << FFCR_FLUSH);
    unit.settle(dev, FFCR, FFCR_FLUSH, false)
        .and_then(|()| unit.settle(dev, STS, STS_READY, true))
        .inspect_err(|error| {
            dev_err_ratelimited!(
                dev,
                "Failed to {} {} on timeout, error {}\n",
                verb,
                name,
                error.to_errno()
            );
        })?;
    unit.write(CTL, 0);
    Ok(())
}
