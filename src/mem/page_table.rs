// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Address spaces of the card: what is mapped where, kept in shadows of the card's tables.
//!
//! The shadows answer every question, the card's memory is only written. Card and shadow differ in one
//! thing only: a table that is about to be freed may not be wiped entry by entry, see [`super::shadow`].
//!
//! In users' spaces, DRAM addresses that nothing is mapped to lead to a default page. Upstream fills a
//! hop-3 table for each GiB of them when it makes a context. Here, all these share one, and a GiB gets a
//! table of its own with the first page that is mapped into it.
//!
//! Facts: upstream's `common/mmu/mmu_v1.c`, and `goya_set_fixed_properties()` in `goya/goya.c`.

use core::ops::Range;

use kernel::prelude::*;

use super::{
    extent::{
        MapFailure,
        Run, //
    },
    hop::*,
    pages::Pages,
    shadow::{
        Change,
        Table, //
    }, //
};

/// A mapping that failed. All of it is undone.
#[derive(Debug)]
pub(crate) struct MapError {
    /// Why.
    pub(crate) failure: MapFailure,
    /// What was mapped for a moment may be in the card's caches. Only tests go on after an error.
    #[cfg_attr(not(CONFIG_KUNIT = "y"), expect(dead_code))]
    pub(crate) invalidation: Invalidation,
}

/// What [`AddressSpace::unmap`] did.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Unmapped {
    /// To be settled before the pages are given back.
    pub(crate) invalidation: Invalidation,
    /// Small pages in the range that were not mapped, or are part of a huge page that reaches beyond.
    pub(crate) holes: u64,
}

/// What a walk finds in one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hop {
    /// Address of the table in the card's memory.
    pub(crate) table: u64,
    /// Address of the entry in the card's memory.
    pub(crate) entry_address: u64,
    /// The entry.
    pub(crate) entry: u64,
}

/// The tables that the card's MMU visits for an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    hops: [Hop; HOPS],
    count: usize,
    offset: u64,
}

impl Walk {
    /// The hops up to that which maps the page, or to the first without a valid entry.
    pub(crate) fn hops(&self) -> &[Hop] {
        self.hops.get(..self.count).unwrap_or_default()
    }

    /// The address that the walk ends at; `None` is a page fault.
    pub(crate) fn address(&self) -> Option<u64> {
        let last = self.hops().last()?;
        (last.entry & (PRESENT | LAST) == PRESENT | LAST)
            .then_some((last.entry & ADDRESS).wrapping_add(self.offset))
    }
}

/// What virtual addresses of one ASID are mapped to.
///
/// It owns tables of the card: [`Self::destroy`] it, as dropping it leaks them.
pub(crate) struct AddressSpace {
    hop0: Table,
    /// The table and the entry that DRAM addresses without a mapping lead to.
    default: Option<(TablePage, u64)>,
}

impl AddressSpace {
    /// The address space of `asid`. With `default_page`, the address of 2 MiB of the card's memory, it is
    /// a user's: DRAM addresses that nothing is mapped to lead there, and DRAM takes huge pages only.
    ///
    /// Its hop-0 table is to be made known to the card after this: see [`Self::hop0`].
    pub(crate) fn new(
        pool: &mut TablePool,
        sink: &mut impl PteSink,
        asid: usize,
        default_page: Option<u64>,
    ) -> Result<Self> {
        let hop0 = Table::new(pool.hop0(asid)?, None).map_err(|_| ENOMEM)?;
        let mut space = Self {
            hop0,
            default: None,
        };
        // The entries after these are beyond every address.
        sink.write(space.hop0.address(), &[0; HOP0_ENTRIES]);
        space.hop0.written();
        space.hop0.link();
        if let Some(address) = default_page {
            space.add_default(pool, sink, page_entry(address))?;
        }
        Ok(space)
    }

    fn add_default(&mut self, pool: &mut TablePool, sink: &mut impl PteSink, entry: u64) -> Result {
        let shared = pool.alloc().ok_or(ENOMEM)?;
        let part = [entry; 64];
        let end = shared.address.saturating_add(TABLE_SIZE);
        for address in (shared.address..end).step_by(size_of_val(&part)) {
            sink.create(address, &part);
        }
        let shared_entry = table_entry(shared.address);
        self.default = Some((
            TablePage {
                stale: true,
                ..shared
            },
            entry,
        ));
        let mut change = Change::new(pool, sink, entry, true);
        let made = change.add_default(&mut self.hop0, shared_entry);
        if made.is_err() {
            // Nothing leads to the shared table yet.
            if let Some((shared, _)) = self.default.take() {
                pool.release(shared);
            }
        }
        made.map_err(MapFailure::errno)
    }

    /// Address of the hop-0 table in the card's memory, for tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn hop0(&self) -> u64 {
        self.hop0.address()
    }

    /// Maps `runs`, one after the other, at virtual address `va`. An error undoes all of it.
    pub(crate) fn map(
        &mut self,
        pool: &mut TablePool,
        sink: &mut impl PteSink,
        va: u64,
        runs: impl IntoIterator<Item = Run>,
    ) -> Result<Invalidation, MapError> {
        let mut pages = Pages::new(runs.into_iter());
        let (mapped, invalidation) = self.map_some(pool, sink, va..VIRTUAL_END, &mut pages);
        let Err((end, failure)) = mapped else {
            return Ok(invalidation);
        };
        let mapped = end.saturating_sub(va);
        let undone = self.unmap(pool, sink, va, mapped);
        Err(MapError {
            failure,
            invalidation: invalidation.and(undone.invalidation),
        })
    }

    /// Maps what is left of `pages` at the virtual addresses `range`, as far as they go, by huge pages wherever both
    /// addresses allow. Returns where that ended; an error says up to where it got.
    pub(crate) fn map_some<I: Iterator<Item = Run>>(
        &mut self,
        pool: &mut TablePool,
        sink: &mut impl PteSink,
        range: Range<u64>,
        pages: &mut Pages<I>,
    ) -> (Result<u64, (u64, MapFailure)>, Invalidation) {
        let user = self.default.is_some();
        let mut change = Change::new(pool, sink, self.default_entry(), user);
        let result = change.map(&mut self.hop0, 0, range.start, range.end, pages);
        (result, Invalidation::new(change.replaced))
    }

    /// Unmaps the `size` bytes at `va`, both multiples of 4 KiB. What isn't mapped there is counted.
    pub(crate) fn unmap(
        &mut self,
        pool: &mut TablePool,
        sink: &mut impl PteSink,
        va: u64,
        size: u64,
    ) -> Unmapped {
        let user = self.default.is_some();
        let mut change = Change::new(pool, sink, self.default_entry(), user);
        let end = va.saturating_add(size).min(VIRTUAL_END) & ADDRESS;
        let start = va.min(end) & ADDRESS;
        if start < end {
            change.unmap(&mut self.hop0, 0, start..end);
        }
        let outside = size.saturating_sub(end.saturating_sub(start)) / SMALL_PAGE;
        let holes = change.holes.saturating_add(outside);
        Unmapped {
            invalidation: Invalidation::new(change.replaced),
            holes,
        }
    }

    /// The tables that the card visits for virtual address `va`.
    pub(crate) fn walk(&self, va: u64) -> Walk {
        let mut walk = Walk::default();
        if va >= VIRTUAL_END {
            return walk;
        }
        let mut next = Some(&self.hop0);
        for (hop, slot) in (0..HOPS).zip(&mut walk.hops) {
            let n = index(va, hop);
            // Only the shared default table is not among the children.
            let (table, entry) = match (next, &self.default) {
                (Some(table), _) => (table.address(), table.entry(n)),
                (None, Some((shared, entry))) => (shared.address, *entry),
                (None, None) => break,
            };
            *slot = Hop {
                table,
                entry_address: table.wrapping_add(entries_size(n)),
                entry,
            };
            walk.count = hop.saturating_add(1);
            walk.offset = va % span(hop);
            if entry & (PRESENT | LAST) != PRESENT {
                break;
            }
            next = next.and_then(|table| table.child(n));
        }
        walk
    }

    /// The address that the card uses for virtual address `va`; `None` is a page fault. For tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn translate(&self, va: u64) -> Option<u64> {
        self.walk(va).address()
    }

    /// Gives all tables back. Also says how many tables were still in use for mappings, which is none if
    /// all was unmapped before.
    pub(crate) fn destroy(
        mut self,
        pool: &mut TablePool,
        sink: &mut impl PteSink,
    ) -> (Invalidation, usize) {
        sink.write(self.hop0.address(), &[0; HOP0_ENTRIES]);
        let entry = self.default_entry();
        let user = self.default.is_some();
        let left = Change::new(pool, sink, entry, user).destroy(&mut self.hop0);
        if let Some((shared, _)) = self.default.take() {
            pool.retire(shared);
        }
        (Invalidation::new(true), left)
    }

    fn default_entry(&self) -> u64 {
        self.default.as_ref().map_or(0, |(_, entry)| *entry)
    }
}
