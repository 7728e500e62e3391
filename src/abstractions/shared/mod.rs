// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory that card, processes and driver see at the same time.
//!
//! What is in it can change at any time: it is read once, into values of the driver's own. It is there until it is
//! dropped, or until its device loses its driver, whatever is first.

pub(super) mod copy;
mod owner;

use kernel::device::{Bound, Device};
use kernel::dma::DmaAddress;
use kernel::prelude::*;
use kernel::sync::barrier::{dma_mb, Read, Write};
use kernel::sync::rcu;
use kernel::sync::Arc;

use owner::{Lent, Owner};

/// Zeroed coherent DMA memory. All that reads or writes fails with `ENODEV` once it is gone with its device.
pub(crate) struct SharedMemory {
    lent: Arc<Lent>,
    owner: Arc<Owner>,
}

impl SharedMemory {
    /// Allocates `len` bytes, whole pages.
    pub(crate) fn new(
        dev: &Device<Bound>,
        len: usize,
        flags: kernel::alloc::Flags,
    ) -> Result<Self> {
        let owner = Owner::of(dev)?;
        let lent = owner.lend(dev, len, flags)?;
        Ok(Self { lent, owner })
    }

    /// Bytes.
    pub(crate) fn len(&self) -> usize {
        self.lent.len()
    }

    /// Where the card finds it.
    pub(crate) fn dma_address(&self) -> DmaAddress {
        self.lent.dma_address()
    }

    /// Where the kernel finds it, as long as its device is bound.
    pub(super) fn cpu_address(&self) -> *mut u8 {
        self.lent.cpu_address()
    }

    /// Calls `run` with the address of `len` bytes at `offset`, which are there during the call, if they lie in the
    /// memory and `offset` is a multiple of `align`, a power of two.
    fn at<R>(
        &self,
        offset: usize,
        len: usize,
        align: usize,
        run: impl FnOnce(*mut u8) -> R,
    ) -> Result<R> {
        let end = offset.checked_add(len).ok_or(EINVAL)?;
        if end > self.len() || offset & align.wrapping_sub(1) != 0 {
            return Err(EINVAL);
        }
        // The owner waits for its end before it frees anything.
        let _reader = rcu::read_lock();
        if !self.owner.is_open() {
            return Err(ENODEV);
        }
        Ok(run(self.cpu_address().wrapping_add(offset)))
    }

    /// Reads the word at `offset`, little endian as the card writes it.
    pub(crate) fn read32(&self, offset: usize) -> Result<u32> {
        // SAFETY: Inside of the memory and aligned, as that is at least as aligned as a page. Others may
        // write at the same time, hence volatile.
        self.at(offset, 4, 4, |at| unsafe {
            at.cast::<u32>().read_volatile()
        })
        .map(u32::from_le)
    }

    /// Writes the word at `offset`, little endian.
    pub(crate) fn write32(&self, offset: usize, value: u32) -> Result {
        // SAFETY: As in `read32()`.
        self.at(offset, 4, 4, |at| unsafe {
            at.cast::<u32>().write_volatile(value.to_le());
        })
    }

    /// Reads the double word at `offset`, little endian.
    pub(crate) fn read64(&self, offset: usize) -> Result<u64> {
        // SAFETY: As in `read32()`.
        self.at(offset, 8, 8, |at| unsafe {
            at.cast::<u64>().read_volatile()
        })
        .map(u64::from_le)
    }

    /// Writes the double word at `offset`, little endian.
    pub(crate) fn write64(&self, offset: usize, value: u64) -> Result {
        // SAFETY: As in `read32()`.
        self.at(offset, 8, 8, |at| unsafe {
            at.cast::<u64>().write_volatile(value.to_le());
        })
    }

    /// Writes double words, little endian, from `offset` on: all or none.
    pub(crate) fn write64s(&self, offset: usize, values: &[u64]) -> Result {
        let size = size_of_val(values);
        self.at(offset, size, 8, |to| {
            values.iter().fold(to.cast::<u64>(), |at, value| {
                // SAFETY: As in `read32()`: all of them are inside.
                unsafe { at.write_volatile(value.to_le()) };
                at.wrapping_add(1)
            });
        })
    }

    /// Copies what is at `offset` now. A writer at the same time can mix what was there with what comes, but once it
    /// is in `to`, it is the driver's.
    pub(crate) fn read(&self, offset: usize, to: &mut [u8]) -> Result {
        // SAFETY: As many bytes as `to` has are inside of the memory, which is no part of `to`.
        self.at(offset, to.len(), 1, |at| unsafe { copy::out_of(at, to) })
    }

    /// Copies `from` to `offset`.
    pub(crate) fn write(&self, offset: usize, from: &[u8]) -> Result {
        // SAFETY: As many bytes as `from` has are inside of the memory, which is no part of `from`.
        self.at(offset, from.len(), 1, |at| unsafe { copy::into(at, from) })
    }

    /// Fills all of it with `byte`; nothing if it is gone.
    pub(crate) fn fill(&self, byte: u8) {
        let word = u64::from_ne_bytes([byte; 8]);
        for offset in (0..self.len()).step_by(8) {
            if self.write64(offset, word).is_err() {
                return;
            }
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        self.owner.take_back(&self.lent);
    }
}

/// Has the memory of `dev` that is there when it loses its driver kept for ever: the device may reach it.
pub(crate) fn keep(dev: &Device<Bound>) {
    Owner::keep(dev);
}

/// What was read before this is older than what is read after it.
pub(crate) fn read_barrier() {
    dma_mb(Read);
}

/// What was written before this is seen before what is written after it.
pub(crate) fn write_barrier() {
    dma_mb(Write);
}

/// Lets a test's device reach all memory.
#[cfg(CONFIG_KUNIT = "y")]
pub(crate) fn reach_all(dev: &Device<Bound>) -> Result {
    use kernel::{bindings, error::to_result};
    // SAFETY: The device is there, and a test's: nobody else uses it.
    to_result(unsafe { bindings::dma_set_coherent_mask(super::raw_device(dev), u64::MAX) })
}

#[kunit_tests(goya_shared)]
mod tests {
    use super::*;
    use kernel::faux;

    fn page(dev: &Device<Bound>) -> Result<SharedMemory> {
        reach_all(dev)?;
        SharedMemory::new(dev, 4096, GFP_KERNEL)
    }

    #[test]
    fn words_are_little_endian() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-shared", None)?;
        let memory = page(faux.as_ref().as_ref())?;
        let mut bytes = [1; 16];
        memory.read(0, &mut bytes)?;
        assert_eq!(bytes, [0; 16]);
        memory.write64(8, 0x1122_3344_5566_7788)?;
        memory.write32(4, 0x99AA_BBCC)?;
        memory.read(0, &mut bytes)?;
        let expected = [
            0, 0, 0, 0, 0xCC, 0xBB, 0xAA, 0x99, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
        ];
        assert_eq!(bytes, expected);
        assert_eq!(memory.read32(8)?, 0x5566_7788);
        assert_eq!(memory.read64(8)?, 0x1122_3344_5566_7788);
        memory.write64s(8, &[3, u64::MAX])?;
        assert_eq!((memory.read64(8)?, memory.read64(16)?), (3, u64::MAX));
        memory.write(1, &[5, 6, 7])?;
        assert_eq!(memory.read32(0)?, 0x0706_0500);
        memory.fill(0xA5);
        assert_eq!(memory.read64(4088)?, 0xA5A5_A5A5_A5A5_A5A5);
        Ok(())
    }

    /// Nothing outside of the memory, nor across words, is touched.
    #[test]
    fn bounds() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-shared", None)?;
        let memory = page(faux.as_ref().as_ref())?;
        assert_eq!(memory.len(), 4096);
        for offset in [4096, 4094, 2, usize::MAX, usize::MAX - 3] {
            assert_eq!(memory.read32(offset), Err(EINVAL));
            assert_eq!(memory.write32(offset, 1), Err(EINVAL));
        }
        for offset in [4096, 4092, 4, usize::MAX - 7] {
            assert_eq!(memory.read64(offset), Err(EINVAL));
            assert_eq!(memory.write64(offset, 1), Err(EINVAL));
            assert_eq!(memory.write64s(offset, &[1]), Err(EINVAL));
        }
        assert_eq!(memory.write64s(4088, &[1, 1]), Err(EINVAL));
        for offset in [4094, 4097, usize::MAX] {
            assert_eq!(memory.read(offset, &mut [0; 3]), Err(EINVAL));
            assert_eq!(memory.write(offset, &[0; 3]), Err(EINVAL));
        }
        memory.write(4096, &[])?;
        memory.write(4093, &[1, 2, 3])
    }

    /// Whoever holds it for longer than its device is bound has nothing, and gives nothing back.
    #[test]
    fn outlives_its_device() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-shared", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let (early, late) = (page(dev)?, page(dev)?);
        late.write64(8, 1)?;
        drop(early);
        assert_eq!(late.read64(8), Ok(1));
        drop(faux);
        assert_eq!(late.read64(8), Err(ENODEV));
        assert_eq!(late.write32(0, 1), Err(ENODEV));
        assert_eq!(late.read(0, &mut [0; 3]), Err(ENODEV));
        late.fill(1);
        Ok(())
    }
}
