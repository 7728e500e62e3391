// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Large pages for the parts of a memory that cores work on.
//!
//! Shared memory has pages of 4 KiB unless the host's administrator says otherwise
//! (`/sys/kernel/mm/transparent_hugepage/shmem_enabled`), and a core that streams through tensors spends a fifth of its time on finding
//! them. So the kernel is asked to put a block of 2 MiB into one page. That takes as long as some passes over the block have lost: it is
//! done for what is used again and again.

use std::cell::Cell;
use std::io;

use vm_memory::volatile_memory::VolatileSlice;

/// Bytes of a large page, and of a block.
pub const HUGE: u64 = 2 << 20;
/// Bytes of a part of a block: a bit says that it was used.
const PART: u64 = HUGE / 64;
/// Parts of a block that are in use before it is worth a large page. What is used little stays small.
const ENOUGH: u32 = 16;
/// Uses before it is: a core that goes through a block has one for each page of 4 KiB, so these are four passes, and fewer for one that
/// goes to and fro among more pages than it remembers.
const OFTEN: u32 = 2048;

/// What has been used of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    parts: u64,
    uses: u32,
    /// Whether the kernel has been asked.
    asked: bool,
}

/// The blocks of a memory.
#[derive(Debug)]
pub struct Blocks(Box<[Cell<Block>]>);

impl Blocks {
    /// Those of `size` bytes, unused. A last one that is not whole has none.
    pub fn new(size: u64) -> Self {
        Self((0..size / HUGE).map(|_| Cell::default()).collect())
    }

    /// Notes that what is at `offset` is used; the block's first byte, if it is worth a large page now.
    #[inline]
    pub fn used(&self, offset: u64) -> Option<u64> {
        let number = offset / HUGE;
        let cell = self.0.get(usize::try_from(number).ok()?)?;
        let mut block = cell.get();
        if block.asked {
            return None;
        }
        block.parts |= 1 << (offset % HUGE / PART);
        block.uses += 1;
        block.asked = block.uses >= OFTEN && block.parts.count_ones() >= ENOUGH;
        block.uses = block.uses.min(OFTEN);
        cell.set(block);
        block.asked.then_some(number * HUGE)
    }

    /// Notes that the kernel could not do it for the block at `offset` now.
    pub fn put_off(&self, offset: u64) {
        if let Some(cell) = usize::try_from(offset / HUGE).ok().and_then(|number| self.0.get(number)) {
            cell.set(Block { asked: false, uses: 0, ..cell.get() });
        }
    }

    /// Forgets what was used of the blocks that `len` bytes at `offset` touch: they have been given back.
    pub fn forget(&self, offset: u64, len: u64) {
        let end = offset.saturating_add(len).div_ceil(HUGE).min(self.0.len() as u64);
        let first = (offset / HUGE).min(end);
        // Both fit: the end is at most a length.
        self.0[first as usize..end as usize].iter().for_each(|block| block.set(Block::default()));
    }
}

/// Asks the kernel for one page in place of those of `block`.
///
/// # Errors
/// It may refuse: an old one, or one that was told to, for ever; one that has no large page, or whose pages are in use elsewhere, for now.
pub fn collapse(block: &VolatileSlice<'_>) -> io::Result<()> {
    let guard = block.ptr_guard_mut();
    // SAFETY: the range is mapped as long as the slice lives, and what is in it stays the same.
    let refused = unsafe { libc::madvise(guard.as_ptr().cast(), guard.len(), libc::MADV_COLLAPSE) };
    if refused == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_worth_a_large_page_once_a_quarter_is_used_often() {
        let blocks = Blocks::new(3 * HUGE + 5);
        // So many parts from `first` on, in turns, often enough: how often a large page would be asked for.
        let asked = |first: u64, parts: u64| {
            let uses = (0..u64::from(OFTEN)).map(|n| first + n % parts * PART);
            uses.filter_map(|at| blocks.used(at))
                .inspect(|&block| assert_eq!(block, first / HUGE * HUGE))
                .count()
        };
        assert_eq!((asked(HUGE, 15), asked(HUGE + 5 * PART, 16), asked(HUGE, 64)), (0, 1, 0));
        blocks.put_off(HUGE + 7);
        assert_eq!((asked(HUGE, 1), asked(HUGE, 1)), (1, 0));
        blocks.forget(HUGE + 7, 1);
        assert_eq!((asked(HUGE, 64), asked(2 * HUGE, 64)), (1, 1));
        blocks.forget(2 * HUGE, u64::MAX);
        blocks.forget(u64::MAX, 1);
        assert_eq!((blocks.used(HUGE), blocks.used(3 * HUGE), blocks.used(u64::MAX)), (None, None, None));
        assert_eq!((asked(2 * HUGE, 1), asked(2 * HUGE, 16)), (0, 1));
    }
}
