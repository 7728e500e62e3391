// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's BARs, and the windows that they are (upstream `goya.c`, `pci_common.c`).

use kernel::device::Bound;
use kernel::io::Io as _;
use kernel::pci::{self, DevresBar};
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::time::{delay::fsleep, Delta};

use super::iatu::{
    self, ElbiWrite, DRAM_BAR, MSIX_BAR, MSIX_BAR_SIZE, SRAM_CFG_BAR, SRAM_CFG_BAR_SIZE,
};
use super::map::{self, SRAM_SIZE};
use super::{lower_half, Io};
use crate::fw::boot::Window;

const CFG_IN_BAR: usize = 0x0C00_0000;
const SRAM_CFG_SIZE: usize = SRAM_CFG_BAR_SIZE as usize;

/// ELBI: a window to the card's registers in configuration space, for as long as there are no BARs.
const ELBI_ADDRESS: usize = 0xFF0;
const ELBI_DATA: usize = 0xFF4;
const ELBI_CONTROL: usize = 0xFF8;
const ELBI_STATUS: usize = 0xFFC;
const ELBI_WRITE: u32 = 1 << 31;
const ELBI_DONE: u32 = 1 << 31;
const ELBI_ERROR: u32 = 1 << 30;
/// How often an access is looked at, a quarter of a millisecond apart.
const ELBI_LOOKS: u32 = 40;

/// How long firmware may take to set up the iATU.
const IATU_BY_FIRMWARE: Delta = Delta::from_millis(2);

/// The mapped BARs. After the card is gone, reads are all ones and writes are lost.
pub(crate) struct Bars {
    sram_cfg: DevresBar<SRAM_CFG_SIZE>,
    dram: DevresBar,
    dram_size: u64,
    /// Where the host finds the window to DRAM.
    dram_start: u64,
    /// Device address at which the window to DRAM begins.
    dram_base: Atomic<u64>,
    /// Firmware opens the windows; only that to DRAM is moved.
    iatu_by_firmware: bool,
}

impl Bars {
    /// Checks the BARs' sizes and maps them. The windows are not set yet.
    /// Firmware that has set up the iATU has opened the windows.
    pub(crate) fn map(pdev: &pci::Device<Bound>, iatu_by_firmware: bool) -> Result<Self> {
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
        Ok(Self {
            sram_cfg: pdev
                .iomap_region_sized::<SRAM_CFG_SIZE>(SRAM_CFG_BAR, c"goya")?
                .into_devres()?,
            dram: pdev.iomap_region(DRAM_BAR, c"goya")?.into_devres()?,
            dram_size: pdev.resource_len(DRAM_BAR)?,
            dram_start: pdev.resource_start(DRAM_BAR)?,
            dram_base: Atomic::new(0),
            iatu_by_firmware,
        })
    }

    /// Bytes of the window to DRAM.
    pub(crate) fn dram_window(&self) -> u64 {
        self.dram_size
    }

    /// The physical address of the host's where the window to DRAM is.
    pub(crate) fn dram_start(&self) -> u64 {
        self.dram_start
    }

    /// Points the BARs to SRAM, registers and DRAM, and the card's outbound window to host memory.
    pub(crate) fn open_windows(&self, pdev: &pci::Device<Bound>) -> Result {
        if self.iatu_by_firmware {
            fsleep(IATU_BY_FIRMWARE);
            return Ok(());
        }
        elbi_write(pdev, &iatu::show_sram_and_registers())?;
        self.move_window(pdev, 0)?;
        elbi_write(pdev, &iatu::reach_host())
    }

    /// Moves the window to DRAM to the device address `address`, a multiple of its size.
    pub(crate) fn move_window(&self, pdev: &pci::Device<Bound>, address: u64) -> Result {
        elbi_write(pdev, &iatu::show_dram(address))?;
        self.dram_base.store(address, Relaxed);
        Ok(())
    }

    /// Where the window to DRAM is.
    pub(crate) fn window(&self) -> u64 {
        self.dram_base.load(Relaxed)
    }

    /// The offset of `len` bytes at device address `address` in the window, if they are in it.
    fn in_window(&self, address: u64, len: usize) -> Result<usize> {
        let offset = address
            .checked_sub(self.dram_base.load(Relaxed))
            .ok_or(EFAULT)?;
        match offset.checked_add(len as u64) {
            Some(end) if end <= self.dram_size => Ok(usize::try_from(offset)?),
            _ => Err(EFAULT),
        }
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
        for (at, chunk) in (offset..).step_by(4).zip(data.chunks_mut(4)) {
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

    /// Writes `data` to DRAM at device address `address`, which the window must show.
    pub(crate) fn write_dram(&self, address: u64, data: &[u8]) -> Result {
        let offset = self.in_window(address, data.len())?;
        for (at, word) in words(offset, data) {
            self.dram
                .try_access()
                .ok_or(ENODEV)?
                .try_write32(word, at)?;
        }
        Ok(())
    }

    /// Reads a word of DRAM at device address `address`, a multiple of four, which the window must show.
    pub(crate) fn read_dram32(&self, address: u64) -> Result<u32> {
        let offset = self.in_window(address, 4)?;
        self.dram.try_access().ok_or(ENODEV)?.try_read32(offset)
    }

    /// The base of the window, if it were moved to show `address`; nothing if it shows `len` bytes there.
    pub(crate) fn window_for(&self, address: u64, len: usize) -> Option<u64> {
        let base = address.checked_sub(address.checked_rem(self.dram_size)?)?;
        self.in_window(address, len).is_err().then_some(base)
    }

    /// Writes double words to DRAM at device address `address`, which the window must show.
    pub(crate) fn write_dram64(&self, address: u64, values: &[u64]) -> Result {
        let offset = self.in_window(address, size_of_val(values))?;
        let dram = self.dram.try_access().ok_or(ENODEV)?;
        for (at, value) in (offset..).step_by(8).zip(values) {
            dram.try_write64(*value, at)?;
        }
        Ok(())
    }
}

/// The words of `data`, each with its offset; bytes that are missing at the end are zero.
fn words(offset: usize, data: &[u8]) -> impl Iterator<Item = (usize, u32)> + '_ {
    (offset..)
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
    fn read(&self, offset: u32) -> u32 {
        let at = CFG_IN_BAR.wrapping_add(offset as usize);
        self.sram_cfg
            .try_access()
            .and_then(|bar| bar.try_read32(at).ok())
            .unwrap_or(!0)
    }

    fn write(&self, offset: u32, value: u32) {
        let at = CFG_IN_BAR.wrapping_add(offset as usize);
        if let Some(bar) = self.sram_cfg.try_access() {
            // An offset that is no register's is a bug that the tests of the tables find.
            let _ = bar.try_write32(value, at);
        }
    }
}

impl Window for Bars {
    fn copy_to_sram(&self, offset: u64, data: &[u8]) -> Result {
        self.write_sram(usize::try_from(offset)?, data)
    }

    fn copy_to_dram(&self, address: u64, data: &[u8]) -> Result {
        self.write_dram(address, data)
    }

    fn read_sram(&self, offset: u64, out: &mut [u8]) -> Result {
        Bars::read_sram(self, usize::try_from(offset)?, out)
    }
}

fn elbi(pdev: &pci::Device<Bound>, address: u32, value: Option<u32>) -> Result<u32> {
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

/// Reads the register at `offset`, before there are BARs.
pub(crate) fn elbi_read(pdev: &pci::Device<Bound>, offset: u32) -> Result<u32> {
    elbi(pdev, lower_half(map::register(offset)), None)
}

/// Makes writes, in order. One that fails and is not required does no harm.
fn elbi_write(pdev: &pci::Device<Bound>, writes: &[ElbiWrite]) -> Result {
    for write in writes {
        let written = elbi(pdev, write.address, Some(write.value));
        if write.required {
            written?;
        }
    }
    Ok(())
}
