// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The tables that Goya's MMU walks, one for each hop, and the pool of card memory they come from.
//!
//! Facts: upstream's `include/hw_ip/mmu/mmu_general.h`, `mmu_v1_0.h`, and `hl_mmu_dr_*()` in
//! `common/mmu/mmu.c`.

use core::mem;

use kernel::{
    bitmap::BitmapVec,
    prelude::*, //
};

/// Entries of a table.
pub(crate) const ENTRIES: usize = 512;

/// Bytes of a table.
pub(crate) const TABLE_SIZE: u64 = (ENTRIES * ENTRY_SIZE) as u64;

/// Bytes of an entry.
pub(crate) const ENTRY_SIZE: usize = 8;

/// Bytes of so many entries: those of no table or batch are so many that this wraps.
pub(super) const fn entries_size(count: usize) -> u64 {
    (count as u64).wrapping_mul(ENTRY_SIZE as u64)
}

/// Bytes of the smallest page.
pub(crate) const SMALL_PAGE: u64 = 1 << 12;

/// Bytes of a page that hop 3 maps.
pub(crate) const HUGE_PAGE: u64 = 1 << 21;

/// The hops' number.
pub(crate) const HOPS: usize = 5;

/// The hop whose entries may map huge pages.
pub(crate) const HUGE_HOP: usize = 3;

/// The hop whose entries map small pages.
pub(crate) const LAST_HOP: usize = 4;

/// First address that no hop-0 table can map.
pub(crate) const VIRTUAL_END: u64 = 1 << 50;

/// The entries of a hop-0 table that addresses below [`VIRTUAL_END`] use.
pub(crate) const HOP0_ENTRIES: usize = 4;

/// The entry is valid.
pub(crate) const PRESENT: u64 = 1;

/// The entry maps a page, no table.
pub(crate) const LAST: u64 = 1 << 11;

/// The address in an entry.
pub(crate) const ADDRESS: u64 = !0xFFF;

/// Bytes that an entry of hop `hop` maps.
pub(crate) const fn span(hop: usize) -> u64 {
    match hop {
        0 => 1 << 48,
        1 => 1 << 39,
        2 => 1 << 30,
        3 => HUGE_PAGE,
        _ => SMALL_PAGE,
    }
}

/// The number of the entry for virtual address `address` in a table of hop `hop`: below [`ENTRIES`].
pub(crate) const fn index(address: u64, hop: usize) -> usize {
    (address / span(hop)) as usize % ENTRIES
}

/// An entry that points to the table at `address`.
pub(crate) const fn table_entry(address: u64) -> u64 {
    (address & ADDRESS) | PRESENT
}

/// An entry that maps the page at `address`.
pub(crate) const fn page_entry(address: u64) -> u64 {
    (address & ADDRESS) | LAST | PRESENT
}

/// Takes what has to be written to the card's tables, in the order that keeps the tables valid for a
/// walk at any time. Writing cannot fail: who writes to a card that may be gone remembers that.
pub(crate) trait PteSink {
    /// Writes `entries` to the card's memory at `address`.
    fn write(&mut self, address: u64, entries: &[u64]);

    /// Writes entries of a table that no other leads to yet, which need not be there before the next
    /// [`Self::write`].
    fn create(&mut self, address: u64, entries: &[u64]) {
        self.write(address, entries);
    }
}

/// Whether the card must forget cached translations before a change of the tables is complete: before
/// pages that were unmapped are given back, before new mappings are used.
#[derive(Debug, Default)]
#[must_use = "the card may still use translations that are gone: settle() it"]
pub(crate) struct Invalidation {
    needed: bool,
}

impl Invalidation {
    pub(super) fn new(needed: bool) -> Self {
        Self { needed }
    }

    /// There is nothing to forget.
    pub(super) fn none() -> Self {
        Self::new(false)
    }

    /// Whether there is something to forget.
    pub(crate) fn needed(&self) -> bool {
        self.needed
    }

    /// One invalidation for two changes.
    pub(crate) fn and(self, other: Self) -> Self {
        Self::new(self.needed || other.needed)
    }

    /// This one is for another change, too.
    pub(super) fn add(&mut self, other: Self) {
        self.needed |= other.needed;
    }

    /// Somebody else settles it.
    pub(super) fn take(&mut self) -> Self {
        mem::replace(self, Self::none())
    }

    /// Lets `invalidate` make the card forget, if that is needed, and makes tables that were freed
    /// available again. If it fails, they stay unavailable until another invalidation succeeds.
    pub(crate) fn settle(
        self,
        pool: &mut TablePool,
        invalidate: impl FnOnce() -> Result,
    ) -> Result {
        if self.needed {
            invalidate()?;
            pool.recycle();
        }
        Ok(())
    }
}

/// Memory of one table on the card. It goes back to the pool by hand.
#[derive(Debug)]
pub(crate) struct TablePage {
    /// Address in the card's DRAM.
    pub(super) address: u64,
    /// Whether something else than zeros may be there.
    pub(super) stale: bool,
}

/// The card's memory for tables. A hop-0 table for each address space is at its beginning.
///
/// A table that was in use may still be in the card's caches: it is retired, and comes back to the pool
/// after the next invalidation.
pub(crate) struct TablePool {
    base: u64,
    spaces: usize,
    used: BitmapVec,
    retired: BitmapVec,
    stale: BitmapVec,
    retired_count: usize,
    used_count: usize,
    /// No page below is free.
    first_free: usize,
}

impl TablePool {
    /// A pool of the `size` bytes of the card's memory at `base`, which are all zeros, for `spaces`
    /// address spaces. Fails with `EINVAL` if there is no room for them.
    pub(crate) fn new(base: u64, size: u64, spaces: usize) -> Result<Self> {
        let pages = usize::try_from(size / TABLE_SIZE)?;
        if pages <= spaces || base % TABLE_SIZE != 0 || base.checked_add(size).is_none() {
            return Err(EINVAL);
        }
        let mut used = BitmapVec::new(pages, GFP_KERNEL)?;
        for n in 0..spaces {
            used.set_bit(n);
        }
        Ok(Self {
            base,
            spaces,
            used,
            retired: BitmapVec::new(pages, GFP_KERNEL)?,
            stale: BitmapVec::new(pages, GFP_KERNEL)?,
            retired_count: 0,
            used_count: spaces,
            first_free: spaces,
        })
    }

    /// Tables that are in use or retired, with those of hop 0, for tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn used(&self) -> usize {
        self.used_count
    }

    /// Tables that wait for an invalidation, for tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn retired(&self) -> usize {
        self.retired_count
    }

    /// The hop-0 table of address space `asid`.
    pub(super) fn hop0(&self, asid: usize) -> Result<TablePage> {
        if asid >= self.spaces {
            return Err(EINVAL);
        }
        Ok(TablePage {
            address: self.address(asid),
            stale: true,
        })
    }

    /// Takes a table out of the pool.
    pub(super) fn alloc(&mut self) -> Option<TablePage> {
        if self.first_free >= self.used.len() {
            return None;
        }
        let Some(n) = self.used.next_zero_bit(self.first_free) else {
            self.first_free = self.used.len();
            return None;
        };
        self.used.set_bit(n);
        self.used_count = self.used_count.saturating_add(1);
        self.first_free = n.saturating_add(1);
        // What stale() says holds until the table is freed.
        let stale = self.stale.next_bit(n) == Some(n);
        self.stale.clear_bit(n);
        Some(TablePage {
            address: self.address(n),
            stale,
        })
    }

    /// Gives back a table that the card has never walked.
    pub(super) fn release(&mut self, page: TablePage) {
        if let Some(n) = self.number(&page) {
            self.free(n, page.stale);
        }
    }

    /// Gives back a table that the card's caches may know.
    pub(super) fn retire(&mut self, page: TablePage) {
        if let Some(n) = self.number(&page) {
            self.retired.set_bit(n);
            self.retired_count = self.retired_count.saturating_add(1);
            if page.stale {
                self.stale.set_bit(n);
            }
        }
    }

    /// The card has forgotten all tables that are retired.
    fn recycle(&mut self) {
        let mut next = 0;
        while self.retired_count > 0 && next < self.retired.len() {
            let Some(n) = self.retired.next_bit(next) else {
                break;
            };
            self.retired.clear_bit(n);
            self.retired_count = self.retired_count.saturating_sub(1);
            let stale = self.stale.next_bit(n) == Some(n);
            self.free(n, stale);
            next = n.saturating_add(1);
        }
    }

    fn free(&mut self, n: usize, stale: bool) {
        if stale {
            self.stale.set_bit(n);
        }
        self.used.clear_bit(n);
        self.used_count = self.used_count.saturating_sub(1);
        self.first_free = self.first_free.min(n);
    }

    fn address(&self, n: usize) -> u64 {
        // The pool's end is no address that wraps.
        self.base.wrapping_add((n as u64).wrapping_mul(TABLE_SIZE))
    }

    /// The bit of a table that came from [`Self::alloc`]; `None` for those of hop 0, which stay.
    fn number(&self, page: &TablePage) -> Option<usize> {
        let n = (page.address.checked_sub(self.base)? / TABLE_SIZE) as usize;
        (self.spaces..self.used.len()).contains(&n).then_some(n)
    }
}

#[kunit_tests(goya_hop)]
mod tests {
    use super::*;

    #[test]
    fn geometry() {
        let address = 0x2_8000_C040_3000;
        let indices = [2, 256, 3, 2, 3];
        for (hop, n) in indices.into_iter().enumerate() {
            assert_eq!(index(address, hop), n);
        }
        let sum: u64 = (0..HOPS).map(|hop| indices[hop] as u64 * span(hop)).sum();
        assert_eq!(sum, address);
    }

    #[test]
    fn pool() -> Result {
        assert!(TablePool::new(0x1000, 0x2000, 2).is_err());
        let mut pool = TablePool::new(0x1000_0000, 5 * TABLE_SIZE, 2)?;
        assert_eq!(pool.hop0(1)?.address, 0x1000_1000);
        assert!(pool.hop0(2).is_err());
        let first = pool.alloc().ok_or(ENOMEM)?;
        assert_eq!((first.address, first.stale), (0x1000_2000, false));
        let second = pool.alloc().ok_or(ENOMEM)?;
        let mut third = pool.alloc().ok_or(ENOMEM)?;
        assert!(pool.alloc().is_none());
        pool.release(first);
        assert_eq!(pool.alloc().map(|page| page.address), Some(0x1000_2000));
        // A retired table waits for the card.
        third.stale = true;
        pool.retire(second);
        pool.retire(third);
        assert!(pool.alloc().is_none());
        assert!(Invalidation::new(true)
            .settle(&mut pool, || Err(EIO))
            .is_err());
        Invalidation::new(false).settle(&mut pool, || Err(EIO))?;
        assert_eq!((pool.retired(), pool.used()), (2, 5));
        Invalidation::new(true).settle(&mut pool, || Ok(()))?;
        assert_eq!((pool.retired(), pool.used()), (0, 3));
        let page = pool.alloc().ok_or(ENOMEM)?;
        assert_eq!((page.address, page.stale), (0x1000_3000, false));
        let page = pool.alloc().ok_or(ENOMEM)?;
        assert_eq!((page.address, page.stale), (0x1000_4000, true));
        Ok(())
    }
}
