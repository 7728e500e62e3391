// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The window to the card's DRAM: where it is, how it is moved, and when what was written through it has arrived.
//!
//! Writes are posted, and go another way into the card than those to registers: only a read through the same window
//! makes sure that they are there, as upstream has it (`hl_mmu_dr_flush()`).
//!
//! A move is a sequence of writes to the iATU. One that fails leaves a window that shows nobody knows what: nothing is
//! read or written through it, until it was moved with success.

use kernel::device::Bound;
use kernel::io::Io as _;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::MutexGuard;
use kernel::time::{delay::fsleep, Delta};

use super::bars::{words, Bars};
use super::place::Place;
use super::{elbi, iatu};

/// How long firmware may take to set up the iATU.
const IATU_BY_FIRMWARE: Delta = Delta::from_millis(2);

/// The window, which nobody else uses or moves meanwhile.
///
/// Errors of its accesses: `EIO` if it is lost, `EFAULT` if it does not show the address, `ENODEV` if the card is
/// gone.
pub(crate) struct Window<'a> {
    bars: &'a Bars,
    place: MutexGuard<'a, Place>,
}

impl<'a> Window<'a> {
    pub(super) fn new(bars: &'a Bars) -> Self {
        let place = bars.place.lock();
        Self { bars, place }
    }

    /// Points the BARs to SRAM, registers and DRAM, and the card's outbound window to host memory.
    pub(crate) fn open(&mut self, pdev: &pci::Device<Bound>) -> Result {
        if self.bars.iatu_by_firmware {
            fsleep(IATU_BY_FIRMWARE);
            return self.place.go_to(0, || Ok(()));
        }
        elbi::write(pdev, &iatu::show_sram_and_registers())?;
        self.move_to(pdev, 0)?;
        elbi::write(pdev, &iatu::reach_host())
    }

    /// Moves it to the device address `address`, a multiple of its size.
    pub(crate) fn move_to(&mut self, pdev: &pci::Device<Bound>, address: u64) -> Result {
        if *self.place != Place::Lost {
            // What was written arrives where it was written to. A card that is gone has lost it anyway.
            let _ = self.flush();
        }
        self.place
            .go_to(address, || elbi::write(pdev, &iatu::show_dram(address)))
            .inspect_err(|_| dev_err!(pdev, "The window to DRAM is lost\n"))
    }

    /// Does `run` with a window that shows `len` bytes at device address `address`, moved there and back if necessary.
    pub(crate) fn show(
        &mut self,
        pdev: &pci::Device<Bound>,
        address: u64,
        len: usize,
        run: impl FnOnce(&mut Self) -> Result,
    ) -> Result {
        let home = match *self.place {
            Place::At(home) if !self.shows(address, len) => home,
            _ => return run(self),
        };
        let base = address & !self.bars.dram_size.wrapping_sub(1);
        self.move_to(pdev, base)?;
        let result = run(self);
        self.move_to(pdev, home)?;
        result
    }

    /// Whether it shows `len` bytes at device address `address`.
    pub(crate) fn shows(&self, address: u64, len: usize) -> bool {
        self.offset(address, len).is_ok()
    }

    /// Whether nobody knows what it shows.
    pub(crate) fn is_lost(&self) -> bool {
        *self.place == Place::Lost
    }

    fn offset(&self, address: u64, len: usize) -> Result<usize> {
        self.place.offset(self.bars.dram_size, address, len)
    }

    /// Writes `data` at device address `address`, a multiple of four.
    pub(crate) fn write(&mut self, address: u64, data: &[u8]) -> Result {
        let offset = self.offset(address, data.len())?;
        for (at, word) in words(offset, data) {
            let dram = self.bars.dram.try_access().ok_or(ENODEV)?;
            dram.try_write32(word, at)?;
        }
        Ok(())
    }

    /// Reads a word at device address `address`, a multiple of four.
    pub(crate) fn read32(&mut self, address: u64) -> Result<u32> {
        let offset = self.offset(address, 4)?;
        let dram = self.bars.dram.try_access().ok_or(ENODEV)?;
        dram.try_read32(offset)
    }

    /// Writes double words at device address `address`, a multiple of eight.
    pub(crate) fn write64(&mut self, address: u64, values: &[u64]) -> Result {
        let offset = self.offset(address, size_of_val(values))?;
        let dram = self.bars.dram.try_access().ok_or(ENODEV)?;
        let end = offset.saturating_add(size_of_val(values));
        for (at, value) in (offset..end).step_by(8).zip(values) {
            dram.try_write64(*value, at)?;
        }
        Ok(())
    }

    /// Reads a double word at device address `address`, a multiple of eight.
    pub(crate) fn read64(&mut self, address: u64) -> Result<u64> {
        let offset = self.offset(address, 8)?;
        let dram = self.bars.dram.try_access().ok_or(ENODEV)?;
        dram.try_read64(offset)
    }

    /// Waits until all that was written has arrived.
    pub(crate) fn flush(&mut self) -> Result {
        let dram = self.bars.dram.try_access().ok_or(ENODEV)?;
        dram.try_read32(0).map(drop)
    }
}

impl Bars {
    /// Points the BARs to SRAM, registers and DRAM, and the card's outbound window to host memory.
    pub(crate) fn open_windows(&self, pdev: &pci::Device<Bound>) -> Result {
        self.window().open(pdev)
    }

    /// The window to DRAM, which nobody else uses meanwhile.
    pub(crate) fn window(&self) -> Window<'_> {
        Window::new(self)
    }
}

/// The card's memories, as far as the boot needs them.
///
/// DRAM is seen through a window that the caller has moved to DRAM's base.
pub(crate) trait Memories {
    /// Copies `data` to `offset` in SRAM. Errors: `EINVAL` if it does not fit.
    fn copy_to_sram(&self, offset: u64, data: &[u8]) -> Result;

    /// Copies `data` to `address` in DRAM. Errors: `EINVAL` if it is not in the window.
    fn copy_to_dram(&self, address: u64, data: &[u8]) -> Result;

    /// Reads from `offset` in SRAM. Errors: `EINVAL` outside of it.
    fn read_sram(&self, offset: u64, out: &mut [u8]) -> Result;
}

impl Memories for Bars {
    fn copy_to_sram(&self, offset: u64, data: &[u8]) -> Result {
        self.write_sram(usize::try_from(offset)?, data)
    }

    fn copy_to_dram(&self, address: u64, data: &[u8]) -> Result {
        let mut window = self.window();
        window.write(address, data)?;
        // What the loader is told next comes another way.
        window.flush()
    }

    fn read_sram(&self, offset: u64, out: &mut [u8]) -> Result {
        Bars::read_sram(self, usize::try_from(offset)?, out)
    }
}
