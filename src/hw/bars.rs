// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's BARs, and the windows that they are (upstream `goya.c`, `pci_common.c`).

use kernel::device::{Bound, Core};
use kernel::io::Io as _;
use kernel::pci::{self, DevresBar};
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};

pub(crate) use super::elbi::read as elbi_read;
use super::iatu::{DRAM_BAR, MSIX_BAR, MSIX_BAR_SIZE, SRAM_CFG_BAR, SRAM_CFG_BAR_SIZE};
use super::map::SRAM_SIZE;
use super::place::Place;
use super::{Io, Offset};
use crate::abstractions::pci_bar;

const CFG_IN_BAR: usize = 0x0C00_0000;
const SRAM_CFG_SIZE: usize = SRAM_CFG_BAR_SIZE as usize;

/// Whether all BARs have addresses; the log says of each that has none what it is for, and what to try.
///
/// With some cards' DRAM to show, machines run out of them. Of such a BAR the kernel tells no more than that its size is 0.
pub(crate) fn check_addresses(pdev: &pci::Device<Core<'_>>) -> Result {
    let mut result = Ok(());
    for (bar, shows) in [
        (SRAM_CFG_BAR, "SRAM and registers"),
        (MSIX_BAR, "MSI-X"),
        (DRAM_BAR, "DRAM"),
    ] {
        if !pci_bar::has_addresses(pdev, bar)? {
            dev_err!(
                pdev,
                "BAR {} ({}, {:#x} bytes) got no addresses; try \"Above 4G decoding\" in the machine's setup, or pci=realloc\n",
                bar,
                shows,
                pci_bar::size(pdev, bar)?
            );
            result = Err(ENODEV);
        }
    }
    result
}

/// The mapped BARs. After the card is gone, reads are all ones and writes are lost.
#[pin_data]
pub(crate) struct Bars {
    sram_cfg: DevresBar<SRAM_CFG_SIZE>,
    pub(super) dram: DevresBar,
    pub(super) dram_size: u64,
    /// Where the host finds the window to DRAM.
    dram_start: u64,
    /// Firmware opens the windows; only that to DRAM is moved.
    pub(super) iatu_by_firmware: bool,
    /// Held by whoever uses the window to DRAM, or ELBI.
    #[pin]
    pub(super) place: Mutex<Place>,
}

impl Bars {
    /// Checks the BARs' sizes and maps them. The windows are not set yet.
    /// Firmware that has set up the iATU has opened the windows.
    pub(crate) fn map(pdev: &pci::Device<Bound>, iatu_by_firmware: bool) -> Result<Arc<Self>> {
        for (bar, expected) in [(SRAM_CFG_BAR, SRAM_CFG_BAR_SIZE), (MSIX_BAR, MSIX_BAR_SIZE)] {
            let size = pdev.resource_len(bar)?;
            if size != expected {
                dev_err!(
                    pdev,
                    "Not habanalabs? BAR {} size {:#x}, expecting {}\n",
                    bar,
                    size,
                    expected
                );
                return Err(ENODEV);
            }
        }
        let bars = pin_init!(Self {
            sram_cfg: pdev
                .iomap_region_sized::<SRAM_CFG_SIZE>(SRAM_CFG_BAR, c"goya")?
                .into_devres()?,
            dram: pdev.iomap_region(DRAM_BAR, c"goya")?.into_devres()?,
            dram_size: pdev.resource_len(DRAM_BAR)?,
            dram_start: pdev.resource_start(DRAM_BAR)?,
            iatu_by_firmware,
            place <- new_mutex!(Place::Lost),
        }? Error);
        Arc::pin_init(bars, GFP_KERNEL)
    }

    /// Bytes of the window to DRAM.
    pub(crate) fn dram_window(&self) -> u64 {
        self.dram_size
    }

    /// The physical address of the host's where the window to DRAM is.
    pub(crate) fn dram_start(&self) -> u64 {
        self.dram_start
    }

    /// Writes `data` to SRAM, `offset` bytes from its base. Both are multiples of four.
    pub(crate) fn write_sram(&self, offset: usize, data: &[u8]) -> Result {
        if offset
            .checked_add(data.len())
            .is_none_or(|end| end as u64 > SRAM_SIZE)
        {
            return Err(EINVAL);
        }
        for (at, word) in words(offset, data) {
            self.sram_cfg
                .try_access()
                .ok_or(ENODEV)?
                .try_write32(word, at)?;
        }
        Ok(())
    }

    /// Reads SRAM, `offset` bytes from its base: whole words.
    pub(crate) fn read_sram(&self, offset: usize, data: &mut [u8]) -> Result {
        let end = offset.saturating_add(data.len());
        for (at, chunk) in (offset..end).step_by(4).zip(data.chunks_mut(4)) {
            let word = self
                .sram_cfg
                .try_access()
                .ok_or(ENODEV)?
                .try_read32(at)?
                .to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// The words of `data`, each with its offset; bytes that are missing at the end are zero.
pub(super) fn words(offset: usize, data: &[u8]) -> impl Iterator<Item = (usize, u32)> + '_ {
    (offset..offset.saturating_add(data.len()))
        .step_by(4)
        .zip(data.chunks(4))
        .map(|(at, chunk)| {
            let mut word = [0; 4];
            word.iter_mut()
                .zip(chunk)
                .for_each(|(to, from)| *to = *from);
            (at, u32::from_le_bytes(word))
        })
}

impl Io for Bars {
    fn read32(&self, offset: Offset) -> u32 {
        let at = CFG_IN_BAR.wrapping_add(offset.bytes() as usize);
        self.sram_cfg
            .try_access()
            .and_then(|bar| bar.try_read32(at).ok())
            .unwrap_or(!0)
    }

    fn write32(&self, offset: Offset, value: u32) {
        let at = CFG_IN_BAR.wrapping_add(offset.bytes() as usize);
        if let Some(bar) = self.sram_cfg.try_access() {
            // An offset that is no register's is a bug that the tests of the tables find.
            let _ = bar.try_write32(value, at);
        }
    }
}
