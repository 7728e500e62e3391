// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's DRAM for users, handed out by pages of 2 MiB.
//!
//! Facts: upstream's `common/memory.c`, `alloc_device_memory()` and `hl_vm_init()`.

use core::ops::Range;

use kernel::{
    bitmap::BitmapVec,
    error::code::*,
    fmt,
    prelude::*, //
};

use super::{
    hop::HUGE_PAGE,
    page_table::Run, //
};

/// Bytes of a page.
pub(crate) const PAGE_SIZE: u64 = HUGE_PAGE;

/// Why there is no memory. [`fmt::Display`] gives the text for the kernel log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AllocFailure {
    /// Nothing was asked for.
    Nothing,
    /// That many pages in a row are not free.
    NotContiguous(u64),
    /// That many pages are not free, or the host has no memory to keep count of them.
    NoMemory,
}

impl AllocFailure {
    /// What the user gets.
    pub(crate) fn errno(self) -> Error {
        match self {
            Self::Nothing => EINVAL,
            Self::NotContiguous(_) | Self::NoMemory => ENOMEM,
        }
    }
}

impl fmt::Display for AllocFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Cannot allocate 0 bytes"),
            Self::NotContiguous(pages) => write!(
                f,
                "Cannot allocate {pages} contiguous pages with total size of {}",
                pages.wrapping_mul(PAGE_SIZE)
            ),
            Self::NoMemory => f.write_str("Cannot allocate device memory (out of memory)"),
        }
    }
}

/// Memory of the card. It goes back by [`DeviceMemory::free`]; dropping it leaks it.
#[derive(Debug)]
pub(crate) struct Allocation {
    runs: KVVec<Run>,
    pages: u64,
}

impl Allocation {
    /// Where it is, in the order of its bytes.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Bytes, a multiple of [`PAGE_SIZE`].
    pub(crate) fn size(&self) -> u64 {
        self.pages * PAGE_SIZE
    }
}

/// Users' DRAM.
pub(crate) struct DeviceMemory {
    base: u64,
    used: BitmapVec,
    free: usize,
    /// No page below is free.
    first_free: usize,
    /// Pages that hold what somebody has left.
    dirty: BitmapVec,
}

impl DeviceMemory {
    /// Hands out whole pages of `range`, addresses of the card's DRAM. Fails with `EINVAL` if it has none.
    /// `dirty` says that somebody may have used it.
    pub(crate) fn new(range: Range<u64>, dirty: bool) -> Result<Self> {
        let base = range.start.checked_next_multiple_of(PAGE_SIZE);
        let base = base.ok_or(EINVAL)?;
        let pages = usize::try_from(range.end.saturating_sub(base) / PAGE_SIZE)?;
        if pages == 0 {
            return Err(EINVAL);
        }
        let mut memory = Self {
            base,
            used: BitmapVec::new(pages, GFP_KERNEL)?,
            free: pages,
            first_free: 0,
            dirty: BitmapVec::new(pages, GFP_KERNEL)?,
        };
        if dirty {
            (0..pages).for_each(|n| memory.dirty.set_bit(n));
        }
        Ok(memory)
    }

    /// Whether it hands out the same as `other`.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.base, self.used.len()) == (other.base, other.used.len())
    }

    /// Some pages that hold what somebody has left, which from now on they don't: the caller overwrites them.
    pub(super) fn take_dirty(&mut self) -> Option<Run> {
        let start = self.dirty.next_bit(0)?;
        let end = self.dirty.next_zero_bit(start);
        let end = end.unwrap_or(self.dirty.len());
        (start..end).for_each(|n| self.dirty.clear_bit(n));
        Some(Run {
            address: self.base + start as u64 * PAGE_SIZE,
            size: (end - start) as u64 * PAGE_SIZE,
        })
    }

    /// These do.
    pub(super) fn set_dirty(&mut self, run: &Run) {
        for n in self.bits(run) {
            self.dirty.set_bit(n);
        }
    }

    /// Bytes that are free.
    pub(crate) fn free_bytes(&self) -> u64 {
        self.free as u64 * PAGE_SIZE
    }

    /// Bytes that are in use.
    pub(crate) fn used_bytes(&self) -> u64 {
        (self.used.len() - self.free) as u64 * PAGE_SIZE
    }

    /// Takes `size` bytes, rounded up to pages; in a row, if `contiguous` says so.
    pub(crate) fn alloc(
        &mut self,
        size: u64,
        contiguous: bool,
    ) -> Result<Allocation, AllocFailure> {
        // As upstream has it, a size that can't be rounded up is no size.
        let pages = size.wrapping_add(PAGE_SIZE - 1) / PAGE_SIZE;
        if pages == 0 {
            return Err(AllocFailure::Nothing);
        }
        let none = if contiguous {
            AllocFailure::NotContiguous(pages)
        } else {
            AllocFailure::NoMemory
        };
        let count = usize::try_from(pages).map_err(|_| none)?;
        if count > self.free {
            return Err(none);
        }
        let mut runs = KVVec::new();
        let mut missing = count;
        let mut next = self.first_free;
        while missing > 0 {
            let hole = self.hole(next, missing).ok_or(none)?;
            next = hole.end;
            if contiguous && hole.len() < count {
                continue;
            }
            missing -= hole.len();
            let run = Run {
                address: self.base + hole.start as u64 * PAGE_SIZE,
                size: hole.len() as u64 * PAGE_SIZE,
            };
            runs.push(run, GFP_KERNEL)
                .map_err(|_| AllocFailure::NoMemory)?;
        }
        // Nothing fails any more.
        if !contiguous {
            self.first_free = next;
        }
        let allocation = Allocation { runs, pages };
        for run in allocation.runs() {
            for n in self.bits(run) {
                self.used.set_bit(n);
            }
        }
        self.free -= count;
        Ok(allocation)
    }

    /// Gives `allocation` back.
    pub(crate) fn free(&mut self, allocation: Allocation) {
        for run in allocation.runs() {
            for n in self.bits(run) {
                self.used.clear_bit(n);
                self.first_free = self.first_free.min(n);
                self.free += 1;
            }
        }
    }

    /// The first free pages from number `from` on, at most `most` of them.
    fn hole(&self, from: usize, most: usize) -> Option<Range<usize>> {
        let all = self.used.len();
        if from >= all {
            return None;
        }
        let start = self.used.next_zero_bit(from)?;
        let end = self.used.next_bit(start).unwrap_or(all);
        Some(start..end.min(start.saturating_add(most)))
    }

    fn bits(&self, run: &Run) -> Range<usize> {
        let start = (run.address.saturating_sub(self.base) / PAGE_SIZE) as usize;
        let end = start + (run.size / PAGE_SIZE) as usize;
        start..end.min(self.used.len())
    }
}

#[kunit_tests(goya_device_memory)]
mod tests {
    use super::*;

    const BASE: u64 = 0x2000_0000;

    fn first(allocation: &Allocation) -> u64 {
        allocation.runs().first().map_or(0, |run| run.address)
    }

    #[test]
    fn sizes() -> Result {
        assert!(DeviceMemory::new(BASE..BASE + PAGE_SIZE - 1, false).is_err());
        let mut memory = DeviceMemory::new(BASE - 1..BASE + 4 * PAGE_SIZE + 1, false)?;
        assert_eq!(memory.free_bytes(), 4 * PAGE_SIZE);
        for size in [0, u64::MAX, u64::MAX - PAGE_SIZE + 2] {
            let nothing = memory.alloc(size, false).err();
            assert_eq!(nothing, Some(AllocFailure::Nothing));
        }
        for size in [4 * PAGE_SIZE + 1, 1 << 50, u64::MAX - PAGE_SIZE + 1] {
            let none = memory.alloc(size, false).err();
            assert_eq!(none, Some(AllocFailure::NoMemory));
            let pages = size.div_ceil(PAGE_SIZE);
            let none = memory.alloc(size, true).err();
            assert_eq!(none, Some(AllocFailure::NotContiguous(pages)));
        }
        let one = memory.alloc(1, true).map_err(AllocFailure::errno)?;
        assert_eq!((first(&one), one.size()), (BASE, PAGE_SIZE));
        assert_eq!(memory.used_bytes(), PAGE_SIZE);
        memory.free(one);
        let all = memory
            .alloc(4 * PAGE_SIZE, false)
            .map_err(AllocFailure::errno)?;
        assert_eq!(all.runs().len(), 1);
        assert_eq!(memory.free_bytes(), 0);
        Ok(())
    }

    #[test]
    fn pieces() -> Result {
        let mut memory = DeviceMemory::new(BASE..BASE + 6 * PAGE_SIZE, false)?;
        let mut page = || memory.alloc(PAGE_SIZE, true).map_err(AllocFailure::errno);
        let (a, b, c) = (page()?, page()?, page()?);
        memory.free(a);
        memory.free(c);
        // Page 1 is taken; 0 and 2 to 5 are free.
        let none = memory.alloc(5 * PAGE_SIZE, true).err();
        assert_eq!(none, Some(AllocFailure::NotContiguous(5)));
        let four = memory
            .alloc(4 * PAGE_SIZE, true)
            .map_err(AllocFailure::errno)?;
        assert_eq!(first(&four), BASE + 2 * PAGE_SIZE);
        memory.free(four);
        let five = memory
            .alloc(5 * PAGE_SIZE, false)
            .map_err(AllocFailure::errno)?;
        assert_eq!(five.runs().len(), 2);
        assert_eq!(first(&five), BASE);
        memory.free(b);
        memory.free(five);
        assert_eq!(memory.used_bytes(), 0);
        Ok(())
    }

    /// What somebody had is dirty until it is taken to be overwritten; all is if nobody knows.
    #[test]
    fn dirty() -> Result {
        let range = BASE..BASE + 38 * PAGE_SIZE;
        let run = |first: u64, count: u64| Run {
            address: BASE + first * PAGE_SIZE,
            size: count * PAGE_SIZE,
        };
        let mut memory = DeviceMemory::new(range.clone(), true)?;
        assert_eq!(memory.take_dirty(), Some(run(0, 38)));
        assert_eq!(memory.take_dirty(), None);
        memory.set_dirty(&run(3, 3));
        memory.set_dirty(&run(0, 1));
        assert_eq!(memory.take_dirty(), Some(run(0, 1)));
        memory.set_dirty(&run(0, 1));
        assert_eq!(memory.take_dirty(), Some(run(0, 1)));
        assert_eq!(memory.take_dirty(), Some(run(3, 3)));
        assert_eq!(memory.take_dirty(), None);
        assert!(memory.is_like(&DeviceMemory::new(range, false)?));
        assert!(!memory.is_like(&DeviceMemory::new(BASE..BASE + PAGE_SIZE, false)?));
        Ok(())
    }

    /// Any sequence of allocations against a list of owners.
    #[test]
    fn model() -> Result {
        const PAGES: usize = 150;
        let mut memory = DeviceMemory::new(BASE..BASE + PAGES as u64 * PAGE_SIZE, false)?;
        let mut owner = [0u32; PAGES];
        let mut live = KVec::<(u32, Allocation)>::new();
        let mut state = 1u64;
        let mut random = move |n: usize| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 33) as usize % n
        };
        for id in 1..4000 {
            if random(2) == 0 && !live.is_empty() {
                let (id, allocation) = live.remove(random(live.len())).map_err(|_| EINVAL)?;
                memory.free(allocation);
                owner.iter_mut().filter(|o| **o == id).for_each(|o| *o = 0);
                continue;
            }
            let (count, contiguous) = (random(20) + 1, random(2) == 0);
            let free = owner.iter().filter(|o| **o == 0).count();
            let row = owner.windows(count).position(|w| w.iter().all(|o| *o == 0));
            let Ok(allocation) = memory.alloc(count as u64 * PAGE_SIZE, contiguous) else {
                assert!(if contiguous {
                    row.is_none()
                } else {
                    free < count
                });
                continue;
            };
            if contiguous {
                let place = row.map(|row| BASE + row as u64 * PAGE_SIZE);
                assert_eq!(place, Some(first(&allocation)));
            }
            let mut taken = 0;
            for n in allocation.runs().iter().flat_map(|run| memory.bits(run)) {
                let page = owner.get_mut(n).ok_or(EINVAL)?;
                assert_eq!(*page, 0);
                *page = id;
                taken += 1;
            }
            assert_eq!(taken, count);
            live.push((id, allocation), GFP_KERNEL)?;
            let free = owner.iter().filter(|o| **o == 0).count();
            assert_eq!(memory.free_bytes(), free as u64 * PAGE_SIZE);
        }
        Ok(())
    }
}
