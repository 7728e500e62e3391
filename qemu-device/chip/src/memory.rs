// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's own memories (DRAM and SRAM): sparse, so that only touched pages cost anything.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{FallocateFlags, MemfdFlags, fallocate, memfd_create};
use vm_memory::volatile_memory::{VolatileMemory, VolatileSlice};
use vm_memory::{FileOffset, MmapRegion};

use crate::huge::{self, Blocks, HUGE};

/// Why a card memory could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The kernel refused the memory file.
    #[error("cannot create a sparse memory file of {size} bytes: {source}")]
    Create {
        /// Bytes asked for.
        size: u64,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The kernel refused to map the file.
    #[error("cannot map {size} bytes of card memory: {source}")]
    Map {
        /// Bytes asked for.
        size: u64,
        /// What the mapping layer said.
        source: vm_memory::mmap::MmapRegionError,
    },
}

/// A memory backed by a file without a name; holes read as zero and cost nothing, but in large pages ([`huge`]).
#[derive(Debug)]
pub struct SparseMemory {
    region: MmapRegion,
    file: File,
    /// Where the memory begins in the file.
    start: u64,
    size: u64,
    blocks: Blocks,
}

/// Fills of at least this many bytes give pages back instead of writing zeros.
const PUNCH_MIN: u64 = 64 << 10;
const PAGE: u64 = 4096;
/// Attempts to have the memory where large pages can be.
const ALIGNMENTS: u32 = 4;

impl SparseMemory {
    /// Makes a zeroed memory of `size` bytes; `name` shows in `/proc/PID/maps`.
    pub fn new(name: &str, size: u64) -> Result<Self, MemoryError> {
        let fail = |source: std::io::Error| MemoryError::Create { size, source };
        let file = File::from(memfd_create(name, MemfdFlags::CLOEXEC).map_err(|e| fail(e.into()))?);
        file.set_len(size.saturating_add(HUGE)).map_err(fail)?;
        let len = usize::try_from(size).map_err(|_| fail(std::io::ErrorKind::OutOfMemory.into()))?;
        let map = |start| {
            let backing = file.try_clone().map_err(fail)?;
            let region = MmapRegion::from_file(FileOffset::new(backing, start), len);
            region.map_err(|source| MemoryError::Map { size, source })
        };
        // Large pages need file and addresses to be apart by a multiple of theirs. Where the next mapping will be is known from the one
        // before, nearly always: if not, pages stay small.
        let (mut start, mut region) = (0, map(0)?);
        for _ in 0..ALIGNMENTS {
            let at = region.as_ptr() as u64 % HUGE;
            if at == start {
                break;
            }
            drop(region);
            (start, region) = (at, map(at)?);
        }
        Ok(Self { region, file, start, size, blocks: Blocks::new(start + size) })
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file behind the memory, for a client that maps it, and where in it the memory begins.
    pub fn file(&self) -> (BorrowedFd<'_>, u64) {
        (self.file.as_fd(), self.start)
    }

    /// `len` bytes at `offset`, cut at the end of the memory; `None` past it.
    #[inline]
    pub fn slice(&self, offset: u64, len: usize) -> Option<VolatileSlice<'_>> {
        let left = usize::try_from(self.size.checked_sub(offset)?).ok()?;
        let start = usize::try_from(offset).ok()?;
        match len.min(left) {
            0 => None,
            n => self.region.get_slice(start, n).ok(),
        }
    }

    /// Tells the processor that the `len` bytes at `offset` will be wanted soon. They need not be of the memory.
    #[inline]
    pub fn prefetch(&self, offset: u64, len: usize) {
        const LINE: usize = 64;
        let first = self.region.as_ptr().wrapping_add(offset as usize);
        (0..len).step_by(LINE).for_each(|at| prefetch(first.wrapping_add(at)));
    }

    /// Notes that a core works on what is at `offset`. Whether a large page was made of what is around it.
    #[inline]
    pub fn used(&self, offset: u64) -> bool {
        let block = self.blocks.used(self.start + offset);
        block.is_some_and(|block| self.make_large(block))
    }

    /// Makes a large page of the file's block at `block`.
    fn make_large(&self, block: u64) -> bool {
        // The first may begin in front of the memory.
        let inside = block.checked_sub(self.start).and_then(|at| self.slice(at, HUGE as usize));
        let Some(slice) = inside.filter(|slice| slice.len() as u64 == HUGE) else { return false };
        match huge::collapse(&slice) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(target: "goya::memory", block, %error, "pages stay small");
                if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EBUSY)) {
                    self.blocks.put_off(block);
                }
                false
            }
        }
    }

    /// Zeroes `len` bytes at `offset` (both inside the memory); whole pages go back to the system.
    pub fn zero(&self, offset: u64, len: u64) {
        let end = offset.saturating_add(len).min(self.size);
        let first = offset.next_multiple_of(PAGE);
        let last = end - end % PAGE;
        if len >= PUNCH_MIN && first < last {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            if fallocate(&self.file, flags, self.start + first, last - first).is_ok() {
                self.blocks.forget(self.start + first, last - first);
                self.fill(offset, first - offset, 0);
                self.fill(last, end - last, 0);
                return;
            }
        }
        self.fill(offset, end.saturating_sub(offset), 0);
    }

    /// Gives every page back: the memory reads as zero again.
    pub fn clear(&self) {
        self.zero(0, self.size);
    }

    /// Bytes of memory that are in use now.
    pub fn resident(&self) -> u64 {
        rustix::fs::fstat(&self.file).map_or(0, |s| u64::try_from(s.st_blocks).unwrap_or(0) * 512)
    }

    fn fill(&self, offset: u64, len: u64, byte: u8) {
        let len = usize::try_from(len).unwrap_or(0);
        if let Some(slice) = self.slice(offset, len) {
            fill_slice(&slice, byte);
        }
    }
}

/// Brings the line at `at` into the processor's cache, where there is a way to ask for it.
#[inline]
fn prefetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint: no address makes it fail or change anything.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Sets every byte of `slice`, a block at a time.
fn fill_slice(slice: &VolatileSlice<'_>, byte: u8) {
    let block = [byte; 4096];
    let mut at = 0;
    while at < slice.len() {
        let n = block.len().min(slice.len() - at);
        if let Ok(part) = slice.subslice(at, n) {
            part.copy_from(&block[..n]);
        }
        at += n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_memory_costs_nothing_and_zeroing_gives_pages_back() {
        let m = SparseMemory::new("test", 4 << 30).unwrap();
        assert_eq!(m.resident(), 0);
        m.slice(1 << 20, 4 << 20).unwrap().copy_from(&vec![7u8; 4 << 20]);
        assert!(m.resident() >= 4 << 20);
        m.zero((1 << 20) + 100, (4 << 20) - 200);
        assert!(m.resident() <= 64 << 10);
        let mut edge = [0u8; 101];
        m.slice(1 << 20, 101).unwrap().copy_to(&mut edge);
        assert_eq!((edge[99], edge[100]), (7, 0));
    }

    #[test]
    fn what_is_much_used_keeps_its_bytes_in_a_large_page() {
        let m = SparseMemory::new("test", 4 * HUGE).unwrap();
        let pages = || (0..4 * HUGE).step_by(PAGE as usize);
        let slice = |at: u64| m.slice(at, 8).unwrap();
        let large = || (0..8).flat_map(|_| pages()).filter(|&at| m.used(at)).count();
        // Every fourth page, so that there are holes.
        pages().step_by(4).for_each(|at| slice(at).copy_from(&at.to_le_bytes()));
        let (before, made) = (m.resident(), large());
        for (n, at) in pages().enumerate() {
            let mut bytes = [0; 8];
            slice(at).copy_to(&mut bytes);
            assert_eq!(u64::from_le_bytes(bytes), if n % 4 == 0 { at } else { 0 }, "{at:#x}");
        }
        // The kernel may refuse; where it does not, holes are filled: three of four pages.
        assert!(
            m.resident() >= before + made as u64 * (HUGE / 2),
            "{made} large pages, {before} bytes before"
        );
        m.clear();
        assert_eq!(m.resident(), 0);
        // What was given back is asked for again.
        let asked = |at: u64| m.blocks.used(m.start + at).is_some();
        assert!((0..8).flat_map(|_| pages()).any(asked));
    }

    #[test]
    fn slices_end_where_the_memory_ends() {
        let m = SparseMemory::new("test", 8192).unwrap();
        assert_eq!(m.slice(8190, 100).unwrap().len(), 2);
        assert!(m.slice(8192, 1).is_none());
        assert!(m.slice(u64::MAX, 1).is_none());
    }
}
