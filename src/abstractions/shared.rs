// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory that card, processes and driver see at the same time.
//!
//! What is in it can change at any time: it is read once, into values of the driver's own.

use kernel::device::{Bound, Device};
use kernel::dma::{Coherent, DmaAddress};
use kernel::prelude::*;
use kernel::sync::barrier::{dma_mb, Read, Write};

/// Zeroed coherent DMA memory.
pub(crate) struct SharedMemory(Coherent<[u8]>);

impl SharedMemory {
    /// Allocates `len` bytes, whole pages.
    pub(crate) fn new(
        dev: &Device<Bound>,
        len: usize,
        flags: kernel::alloc::Flags,
    ) -> Result<Self> {
        Coherent::zeroed_slice(dev, len, flags).map(Self)
    }

    /// Bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.size()
    }

    /// Where the card finds it.
    pub(crate) fn dma_address(&self) -> DmaAddress {
        self.0.dma_address()
    }

    pub(super) fn cpu_address(&self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }

    /// The address of `len` bytes at `offset`, if they lie in the memory and `offset` is a multiple of `align`.
    fn at(&self, offset: usize, len: usize, align: usize) -> Result<*mut u8> {
        let end = offset.checked_add(len).ok_or(EINVAL)?;
        if end > self.len() || offset % align != 0 {
            return Err(EINVAL);
        }
        Ok(self.cpu_address().wrapping_add(offset))
    }

    /// Reads the word at `offset`, little endian as the card writes it.
    pub(crate) fn read32(&self, offset: usize) -> Result<u32> {
        let at = self.at(offset, 4, 4)?.cast::<u32>();
        // SAFETY: Inside of the memory and aligned, which is at least as aligned as a page. Others may
        // write at the same time, hence volatile.
        Ok(u32::from_le(unsafe { at.read_volatile() }))
    }

    /// Writes the word at `offset`, little endian.
    pub(crate) fn write32(&self, offset: usize, value: u32) -> Result {
        let at = self.at(offset, 4, 4)?.cast::<u32>();
        // SAFETY: As in `read32()`.
        unsafe { at.write_volatile(value.to_le()) };
        Ok(())
    }

    /// Reads the double word at `offset`, little endian.
    pub(crate) fn read64(&self, offset: usize) -> Result<u64> {
        let at = self.at(offset, 8, 8)?.cast::<u64>();
        // SAFETY: As in `read32()`.
        Ok(u64::from_le(unsafe { at.read_volatile() }))
    }

    /// Writes the double word at `offset`, little endian.
    pub(crate) fn write64(&self, offset: usize, value: u64) -> Result {
        let at = self.at(offset, 8, 8)?.cast::<u64>();
        // SAFETY: As in `read32()`.
        unsafe { at.write_volatile(value.to_le()) };
        Ok(())
    }

    /// Copies what is at `offset` now.
    pub(crate) fn read(&self, offset: usize, to: &mut [u8]) -> Result {
        let at = self.at(offset, to.len(), 1)?;
        // SAFETY: Both are as long as `to`, and apart. A writer at the same time can spoil the values that
        // are read, which whoever uses the copy has to check anyway.
        unsafe { core::ptr::copy_nonoverlapping(at.cast_const(), to.as_mut_ptr(), to.len()) };
        Ok(())
    }

    /// Copies `from` to `offset`.
    pub(crate) fn write(&self, offset: usize, from: &[u8]) -> Result {
        let at = self.at(offset, from.len(), 1)?;
        // SAFETY: Both are as long as `from`, and apart.
        unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), at, from.len()) };
        Ok(())
    }

    /// Fills all of it with `byte`.
    pub(crate) fn fill(&self, byte: u8) {
        // SAFETY: The memory is as long as it says.
        unsafe { core::ptr::write_bytes(self.cpu_address(), byte, self.len()) };
    }
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
#[cfg(CONFIG_KUNIT)]
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
        }
        for offset in [4094, 4097, usize::MAX] {
            assert_eq!(memory.read(offset, &mut [0; 3]), Err(EINVAL));
            assert_eq!(memory.write(offset, &[0; 3]), Err(EINVAL));
        }
        memory.write(4096, &[])?;
        memory.write(4093, &[1, 2, 3])
    }
}
