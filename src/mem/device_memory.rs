// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's DRAM for users, handed out by pages of 2 MiB.
//!
//! A page that holds what somebody has left is handed out to nobody but him, until it was overwritten. That goes for
//! all pages at first: nobody knows who has used the card before.
//!
//! Facts: upstream's `common/memory.c`, `alloc_device_memory()` and `hl_vm_init()`.

use core::ops::Range;

use kernel::{
    error::code::*,
    fmt,
    prelude::*, //
};

use super::{
    extent::Run, //
    hop::HUGE_PAGE,
};
use crate::abstractions::vec;

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
    /// Some of it holds what its owner has left there before.
    used: bool,
}

impl Allocation {
    /// Where it is, in the order of its bytes.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Bytes, a multiple of [`PAGE_SIZE`].
    pub(crate) fn size(&self) -> u64 {
        self.pages.wrapping_mul(PAGE_SIZE)
    }

    /// The card may write there from now on.
    pub(super) fn set_used(&mut self) {
        self.used = true;
    }
}

/// What is in pages that must be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dirt {
    /// Nobody knows: what was there before the driver.
    Unknown,
    /// What a user of this driver's has left.
    Left,
}

/// What a page is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// Free.
    Clean,
    /// Free for this owner, who has left something there.
    LeftBy(u32),
    /// Somebody's.
    Held,
    /// To be overwritten.
    Dirty(Dirt),
}

/// Users' DRAM.
pub(crate) struct DeviceMemory {
    base: u64,
    pages: KVVec<Page>,
    held: usize,
    /// No page below is free.
    first_free: usize,
}

impl DeviceMemory {
    /// Hands out whole pages of `range`, addresses of the card's DRAM, once they were overwritten. Fails with `EINVAL`
    /// if it has none.
    pub(crate) fn new(range: Range<u64>) -> Result<Self> {
        let base = range.start.checked_next_multiple_of(PAGE_SIZE);
        let base = base.ok_or(EINVAL)?;
        let count = usize::try_from(range.end.saturating_sub(base) / PAGE_SIZE)?;
        if count == 0 {
            return Err(EINVAL);
        }
        Ok(Self {
            base,
            pages: KVVec::from_elem(Page::Dirty(Dirt::Unknown), count, GFP_KERNEL)?,
            held: 0,
            first_free: 0,
        })
    }

    /// Whether it hands out the same as `other`.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.base, self.pages.len()) == (other.base, other.pages.len())
    }

    /// The first pages that must be overwritten, of one kind and `most` bytes at most.
    pub(super) fn dirty(&self, most: u64) -> Option<(Run, Dirt)> {
        let dirt = |page: &Page| match page {
            Page::Dirty(dirt) => Some(*dirt),
            _ => None,
        };
        let mut pages = self.numbered(0);
        let (start, kind) = pages.find_map(|(n, page)| Some((n, dirt(page)?)))?;
        let most = usize::try_from(most / PAGE_SIZE).unwrap_or(usize::MAX);
        let end = self.end(start, most.max(1), |page| dirt(page) == Some(kind));
        Some((self.run(start..end), kind))
    }

    /// These were.
    pub(super) fn overwritten(&mut self, run: &Run) {
        let range = self.range(run);
        self.first_free = self.first_free.min(range.start);
        for page in self.pages_mut(range) {
            if matches!(page, Page::Dirty(_)) {
                *page = Page::Clean;
            }
        }
    }

    /// `owner` has gone: nobody gets what he has left.
    pub(super) fn leave(&mut self, owner: u32) {
        for page in &mut self.pages {
            if *page == Page::LeftBy(owner) {
                *page = Page::Dirty(Dirt::Left);
            }
        }
    }

    /// Bytes that are nobody's, for tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn free_bytes(&self) -> u64 {
        let free = self.pages.len().saturating_sub(self.held);
        (free as u64).wrapping_mul(PAGE_SIZE)
    }

    /// Bytes that are somebody's.
    pub(crate) fn used_bytes(&self) -> u64 {
        (self.held as u64).wrapping_mul(PAGE_SIZE)
    }

    /// Takes `size` bytes for `owner`, rounded up to pages; in a row, if `contiguous` says so.
    pub(crate) fn alloc(
        &mut self,
        size: u64,
        contiguous: bool,
        owner: u32,
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
        let mut runs = KVVec::new();
        let mut missing = count;
        let mut next = self.first_free;
        while missing > 0 {
            let hole = self.hole(next, missing, owner).ok_or(none)?;
            next = hole.end;
            if contiguous && hole.len() < count {
                continue;
            }
            missing = missing.saturating_sub(hole.len());
            vec::push(&mut runs, self.run(hole), GFP_KERNEL_ACCOUNT)
                .map_err(|_| AllocFailure::NoMemory)?;
        }
        // Nothing fails any more.
        let mut used = false;
        for run in &runs {
            for page in self.pages_mut(self.range(run)) {
                used |= *page != Page::Clean;
                *page = Page::Held;
            }
        }
        self.held = self.held.saturating_add(count);
        while matches!(self.pages.get(self.first_free), Some(page) if *page == Page::Held) {
            self.first_free = self.first_free.saturating_add(1);
        }
        Ok(Allocation { runs, pages, used })
    }

    /// Gives `allocation` back. What was written there is for `owner`, if he is still there.
    pub(crate) fn free(&mut self, allocation: Allocation, owner: Option<u32>) {
        let after = match owner {
            _ if !allocation.used => Page::Clean,
            Some(owner) => Page::LeftBy(owner),
            None => Page::Dirty(Dirt::Left),
        };
        for run in allocation.runs() {
            let range = self.range(run);
            self.first_free = self.first_free.min(range.start);
            self.held = self.held.saturating_sub(range.len());
            self.pages_mut(range).for_each(|page| *page = after);
        }
    }

    /// The first pages that are free for `owner` from number `from` on, at most `most` of them.
    fn hole(&self, from: usize, most: usize, owner: u32) -> Option<Range<usize>> {
        let free = |page: &Page| *page == Page::Clean || *page == Page::LeftBy(owner);
        let (start, _) = self.numbered(from).find(|(_, page)| free(page))?;
        Some(start..self.end(start, most, free))
    }

    /// The pages from number `from` on, with their numbers.
    fn numbered(&self, from: usize) -> impl Iterator<Item = (usize, &Page)> {
        (from..usize::MAX).zip(self.pages.get(from..).unwrap_or_default())
    }

    /// The end of those from number `start` on that are as `like` wants them, at most `most`.
    fn end(&self, start: usize, most: usize, like: impl Fn(&Page) -> bool) -> usize {
        let most = start.saturating_add(most).min(self.pages.len());
        let mut pages = self.numbered(start).take_while(|(n, _)| *n < most);
        pages.find(|(_, page)| !like(page)).map_or(most, |(n, _)| n)
    }

    fn run(&self, range: Range<usize>) -> Run {
        let bytes = |pages: usize| (pages as u64).wrapping_mul(PAGE_SIZE);
        Run {
            address: self.base.wrapping_add(bytes(range.start)),
            size: bytes(range.len()),
        }
    }

    fn range(&self, run: &Run) -> Range<usize> {
        let start = (run.address.saturating_sub(self.base) / PAGE_SIZE) as usize;
        start..start.saturating_add((run.size / PAGE_SIZE) as usize)
    }

    fn pages_mut(&mut self, range: Range<usize>) -> impl Iterator<Item = &mut Page> {
        self.pages.get_mut(range).into_iter().flatten()
    }
}

#[kunit_tests(goya_device_memory)]
mod tests {
    use super::*;

    const BASE: u64 = 0x2000_0000;

    /// So many clean pages.
    fn clean(pages: u64) -> Result<DeviceMemory> {
        let mut memory = DeviceMemory::new(BASE..BASE + pages * PAGE_SIZE)?;
        memory.overwritten(&run(0, pages));
        Ok(memory)
    }

    fn run(first: u64, count: u64) -> Run {
        Run {
            address: BASE + first * PAGE_SIZE,
            size: count * PAGE_SIZE,
        }
    }

    fn first(allocation: &Allocation) -> u64 {
        allocation.runs().first().map_or(0, |run| run.address)
    }

    #[test]
    fn sizes() -> Result {
        assert!(DeviceMemory::new(BASE..BASE + PAGE_SIZE - 1).is_err());
        let mut memory = DeviceMemory::new(BASE - 1..BASE + 4 * PAGE_SIZE + 1)?;
        memory.overwritten(&run(0, 4));
        assert_eq!(memory.free_bytes(), 4 * PAGE_SIZE);
        for size in [0, u64::MAX, u64::MAX - PAGE_SIZE + 2] {
            let nothing = memory.alloc(size, false, 1).err();
            assert_eq!(nothing, Some(AllocFailure::Nothing));
        }
        for size in [4 * PAGE_SIZE + 1, 1 << 50, u64::MAX - PAGE_SIZE + 1] {
            let none = memory.alloc(size, false, 1).err();
            assert_eq!(none, Some(AllocFailure::NoMemory));
            let pages = size.div_ceil(PAGE_SIZE);
            let none = memory.alloc(size, true, 1).err();
            assert_eq!(none, Some(AllocFailure::NotContiguous(pages)));
        }
        let one = memory.alloc(1, true, 1).map_err(AllocFailure::errno)?;
        assert_eq!((first(&one), one.size()), (BASE, PAGE_SIZE));
        assert_eq!(memory.used_bytes(), PAGE_SIZE);
        memory.free(one, None);
        let all = memory
            .alloc(4 * PAGE_SIZE, false, 1)
            .map_err(AllocFailure::errno)?;
        assert_eq!(all.runs().len(), 1);
        assert_eq!(memory.free_bytes(), 0);
        Ok(())
    }

    #[test]
    fn pieces() -> Result {
        let mut memory = clean(6)?;
        let mut page = || {
            memory
                .alloc(PAGE_SIZE, true, 1)
                .map_err(AllocFailure::errno)
        };
        let (a, b, c) = (page()?, page()?, page()?);
        memory.free(a, None);
        memory.free(c, None);
        // Page 1 is taken; 0 and 2 to 5 are free.
        let none = memory.alloc(5 * PAGE_SIZE, true, 1).err();
        assert_eq!(none, Some(AllocFailure::NotContiguous(5)));
        let four = memory
            .alloc(4 * PAGE_SIZE, true, 1)
            .map_err(AllocFailure::errno)?;
        assert_eq!(first(&four), BASE + 2 * PAGE_SIZE);
        memory.free(four, None);
        let five = memory
            .alloc(5 * PAGE_SIZE, false, 1)
            .map_err(AllocFailure::errno)?;
        assert_eq!(five.runs().len(), 2);
        assert_eq!(first(&five), BASE);
        memory.free(b, None);
        memory.free(five, None);
        assert_eq!(memory.used_bytes(), 0);
        Ok(())
    }

    /// What was there before is overwritten before anybody gets it, in parts, which are remembered.
    #[test]
    fn unknown() -> Result {
        let mut memory = DeviceMemory::new(BASE..BASE + 5 * PAGE_SIZE)?;
        let none = memory.alloc(PAGE_SIZE, false, 1).err();
        assert_eq!(none, Some(AllocFailure::NoMemory));
        assert_eq!(memory.free_bytes(), 5 * PAGE_SIZE);
        for (first, count) in [(0, 2), (2, 2), (4, 1)] {
            for _ in 0..2 {
                let part = memory.dirty(2 * PAGE_SIZE);
                assert_eq!(part, Some((run(first, count), Dirt::Unknown)));
            }
            memory.overwritten(&run(first, count));
        }
        assert_eq!(memory.dirty(PAGE_SIZE), None);
        let all = memory.alloc(5 * PAGE_SIZE, true, 1);
        assert_eq!(all.map_err(AllocFailure::errno)?.runs(), [run(0, 5)]);
        assert!(memory.is_like(&clean(5)?) && !memory.is_like(&clean(4)?));
        Ok(())
    }

    /// What an owner has left is his until he goes, and nobody's then. What he has not used is clean.
    #[test]
    fn left() -> Result {
        let mut memory = clean(4)?;
        let alloc = |memory: &mut DeviceMemory, owner, used: bool| -> Result<Allocation> {
            let one = memory.alloc(PAGE_SIZE, true, owner);
            let mut one = one.map_err(AllocFailure::errno)?;
            if used {
                one.set_used();
            }
            Ok(one)
        };
        let used = alloc(&mut memory, 1, true)?;
        let unused = alloc(&mut memory, 1, false)?;
        memory.free(used, Some(1));
        memory.free(unused, Some(1));
        assert_eq!(memory.dirty(u64::MAX), None);
        let other = alloc(&mut memory, 2, false)?;
        assert_eq!(other.runs(), [run(1, 1)]);
        let again = alloc(&mut memory, 1, false)?;
        assert_eq!(again.runs(), [run(0, 1)]);
        // He has not used it this time, but it is what he has left.
        memory.free(again, Some(1));
        let late = alloc(&mut memory, 1, false)?;
        memory.leave(1);
        assert_eq!(memory.dirty(u64::MAX), None);
        memory.free(late, None);
        assert_eq!(memory.dirty(u64::MAX), Some((run(0, 1), Dirt::Left)));
        assert_eq!(alloc(&mut memory, 1, false)?.runs(), [run(2, 1)]);
        memory.overwritten(&run(0, 1));
        assert_eq!(alloc(&mut memory, 1, false)?.runs(), [run(0, 1)]);
        Ok(())
    }

    /// Any sequence of allocations against a list of owners.
    #[test]
    fn model() -> Result {
        const PAGES: usize = 150;
        let mut memory = clean(PAGES as u64)?;
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
                memory.free(allocation, Some(1));
                owner.iter_mut().filter(|o| **o == id).for_each(|o| *o = 0);
                continue;
            }
            let (count, contiguous) = (random(20) + 1, random(2) == 0);
            let free = owner.iter().filter(|o| **o == 0).count();
            let row = owner.windows(count).position(|w| w.iter().all(|o| *o == 0));
            let Ok(allocation) = memory.alloc(count as u64 * PAGE_SIZE, contiguous, 1) else {
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
            for n in allocation.runs().iter().flat_map(|run| memory.range(run)) {
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
