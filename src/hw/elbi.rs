// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! ELBI: a window to the card's registers in configuration space, which needs no BAR.
//!
//! An access is a sequence of accesses to four registers, so only one may be under way: before there are BARs, probe's;
//! then those of whoever holds [`super::window`]'s lock.
//!
//! Facts: upstream's `hl_pci_elbi_read()`, `hl_pci_elbi_write()`.

use kernel::device::Bound;
use kernel::io::Io as _;
use kernel::pci;
use kernel::prelude::*;
use kernel::time::{delay::fsleep, Delta};

use super::iatu::ElbiWrite;
use super::{lower_half, map, Location};

const ELBI_ADDRESS: usize = 0xFF0;
const ELBI_DATA: usize = 0xFF4;
const ELBI_CONTROL: usize = 0xFF8;
const ELBI_STATUS: usize = 0xFFC;
const ELBI_WRITE: u32 = 1 << 31;
const ELBI_DONE: u32 = 1 << 31;
const ELBI_ERROR: u32 = 1 << 30;
/// How often an access is looked at, a quarter of a millisecond apart.
const ELBI_LOOKS: u32 = 40;

fn access(pdev: &pci::Device<Bound>, address: u32, value: Option<u32>) -> Result<u32> {
    let config = pdev.config_space_extended()?;
    config.write32(0, ELBI_STATUS);
    config.write32(address, ELBI_ADDRESS);
    if let Some(value) = value {
        config.write32(value, ELBI_DATA);
    }
    config.write32(if value.is_some() { ELBI_WRITE } else { 0 }, ELBI_CONTROL);
    for _ in 0..ELBI_LOOKS {
        let status = config.read32(ELBI_STATUS);
        if status & ELBI_ERROR != 0 {
            dev_err!(pdev, "Error writing to ELBI\n");
            return Err(EIO);
        }
        if status & ELBI_DONE != 0 {
            return Ok(config.read32(ELBI_DATA));
        }
        fsleep(Delta::from_micros(250));
    }
    dev_err!(pdev, "ELBI write didn't finish in time\n");
    Err(EIO)
}

/// Reads a register, before there are BARs.
pub(crate) fn read<R: From<u32>>(pdev: &pci::Device<Bound>, place: impl Location<R>) -> Result<R> {
    access(pdev, lower_half(map::register(place.offset())), None).map(R::from)
}

/// Makes writes, in order, all of them: the last one gives the controller its registers back. One that fails and is
/// not required does no harm.
pub(super) fn write(pdev: &pci::Device<Bound>, writes: &[ElbiWrite]) -> Result {
    let mut result = Ok(());
    for write in writes {
        let written = access(pdev, write.address, Some(write.value));
        if write.required {
            result = result.and(written.map(drop));
        }
    }
    result
}
