// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Shadows of the card's tables, and how a change goes through them: see [`super::page_table`].
//!
//! What is written to the card keeps its tables valid for a walk at any time: a table is written before
//! the entry that points to it. A table that gets empty is not wiped if that takes many writes; the
//! entry that points to it goes, and the table is overwritten as a whole should it be used again.

use core::ops::Range;

use kernel::prelude::*;

use super::{
    extent::{
        MapFailure,
        Run,
        DRAM_DEFAULT_END, //
    },
    hop::*,
    pages::Pages,
};

/// Most entries that are wiped on the card when their table gets empty.
const WIPE: usize = 64;

/// A table and its shadow.
pub(super) struct Table {
    page: TablePage,
    /// Entries that are not vacant.
    live: usize,
    /// The card may walk it.
    linked: bool,
    /// Never freed while the address space lives.
    pinned: bool,
    /// What vacant entries below the number `defaults` hold; the others hold 0.
    default: u64,
    defaults: usize,
    /// What the card's table holds.
    entries: KBox<[u64; ENTRIES]>,
    /// Tables that entries point to, except the shared default table.
    children: Option<KBox<[Option<KBox<Table>>; ENTRIES]>>,
}

impl Table {
    /// A table in `page`, with `default` in all its entries. An error gives the page back.
    pub(super) fn new(page: TablePage, default: Option<u64>) -> Result<Self, TablePage> {
        let Ok(mut entries) = KBox::<[u64; ENTRIES]>::zeroed(GFP_KERNEL_ACCOUNT) else {
            return Err(page);
        };
        if let Some(default) = default {
            entries.fill(default);
        }
        Ok(Self {
            page: TablePage {
                stale: page.stale || default.is_some(),
                ..page
            },
            live: 0,
            linked: false,
            pinned: false,
            default: default.unwrap_or(0),
            defaults: if default.is_some() { ENTRIES } else { 0 },
            entries,
            children: None,
        })
    }

    /// Address in the card's memory.
    pub(super) fn address(&self) -> u64 {
        self.page.address
    }

    /// Entry `n`.
    pub(super) fn entry(&self, n: usize) -> u64 {
        self.entries[n % ENTRIES]
    }

    /// The table that entry `n` points to, unless it is the shared default table.
    pub(super) fn child(&self, n: usize) -> Option<&Table> {
        self.children.as_ref()?[n % ENTRIES].as_deref()
    }

    /// The card's table holds what the shadow does.
    pub(super) fn written(&mut self) {
        self.page.stale = false;
    }

    /// The card may walk it from now on.
    pub(super) fn link(&mut self) {
        self.linked = true;
    }

    fn child_mut(&mut self, n: usize) -> Option<&mut Table> {
        self.children.as_mut()?[n % ENTRIES].as_deref_mut()
    }

    fn vacant(&self, n: usize) -> u64 {
        if n < self.defaults {
            self.default
        } else {
            0
        }
    }

    fn is_vacant(&self, n: usize) -> bool {
        self.entry(n) == self.vacant(n)
    }

    fn set(&mut self, n: usize, entry: u64) {
        self.entries[n % ENTRIES] = entry;
        self.live = self.live.saturating_add(1);
    }

    /// Has `count` entries from `first` on, which have the same default, map the pages from `address` on, up to the first
    /// entry that is not vacant. How many do now.
    fn fill(&mut self, first: usize, address: u64, count: usize) -> usize {
        let vacant = self.vacant(first);
        let Some(places) = self.entries.get_mut(first..first.saturating_add(count)) else {
            return 0;
        };
        let taken = places.iter().position(|place| *place != vacant);
        let filled = taken.unwrap_or(places.len());
        places.iter_mut().take(filled).fold(address, |at, place| {
            *place = page_entry(at);
            at.wrapping_add(SMALL_PAGE)
        });
        self.live = self.live.saturating_add(filled);
        filled
    }

    fn clear(&mut self, n: usize) {
        self.entries[n % ENTRIES] = self.vacant(n);
        self.live = self.live.saturating_sub(1);
    }

    /// Makes room for tables below.
    fn prepare(&mut self) -> Result<(), MapFailure> {
        if self.children.is_none() {
            let children = KBox::zeroed(GFP_KERNEL_ACCOUNT).map_err(|_| MapFailure::NoTable)?;
            self.children = Some(children);
        }
        Ok(())
    }

    /// Keeps `child` for entry `n`, which doesn't point to it yet. Needs [`Self::prepare`].
    fn adopt(&mut self, n: usize, mut child: KBox<Table>) {
        child.link();
        if let Some(children) = &mut self.children {
            children[n % ENTRIES] = Some(child);
        }
    }

    /// The reverse of [`Self::adopt`].
    fn orphan(&mut self, n: usize) -> Option<KBox<Table>> {
        self.children.as_mut()?[n % ENTRIES].take()
    }

    /// Writes the entries of `changed` to the card; all of them, if nobody knows what is there.
    fn flush(&mut self, changed: Range<usize>, sink: &mut impl PteSink) {
        if changed.end == 0 {
            return;
        }
        let changed = if self.page.stale { 0..ENTRIES } else { changed };
        self.written();
        let address = self.page.address.wrapping_add(entries_size(changed.start));
        let Some(entries) = self.entries.get(changed) else {
            return;
        };
        if self.linked {
            sink.write(address, entries);
        } else {
            sink.create(address, entries);
        }
    }
}

/// Adds `entries` to those that have changed, which come in rising order. Before the first, it's `0..0`.
fn touch(changed: &mut Range<usize>, entries: Range<usize>) {
    if changed.end == 0 {
        changed.start = entries.start;
    }
    changed.end = entries.end;
}

/// The hop whose tables entries of hop `hop` point to.
fn below(hop: usize) -> usize {
    hop.saturating_add(1)
}

/// The first address after what the entry for address `at` of a table of hop `hop` maps.
fn end(at: u64, hop: usize) -> u64 {
    (at | span(hop).wrapping_sub(1)).saturating_add(1)
}

/// One change of an address space.
pub(super) struct Change<'a, S> {
    pool: &'a mut TablePool,
    sink: &'a mut S,
    /// The entry of a default page, if there are some.
    default: u64,
    /// The address space is a user's.
    user: bool,
    /// A valid entry was replaced or removed.
    pub(super) replaced: bool,
    /// Small pages to unmap that were not mapped.
    pub(super) holes: u64,
}

impl<'a, S: PteSink> Change<'a, S> {
    pub(super) fn new(pool: &'a mut TablePool, sink: &'a mut S, default: u64, user: bool) -> Self {
        Self {
            pool,
            sink,
            default,
            user,
            replaced: false,
            holes: 0,
        }
    }

    /// Maps `pages` to the virtual addresses from `start` on, up to `limit` at most, which table `table` of hop
    /// `hop` covers. Returns where it ended; an error says up to where it got.
    pub(super) fn map<I: Iterator<Item = Run>>(
        &mut self,
        table: &mut Table,
        hop: usize,
        start: u64,
        limit: u64,
        pages: &mut Pages<I>,
    ) -> Result<u64, (u64, MapFailure)> {
        if hop == LAST_HOP {
            return self.map_small(table, start, limit, pages);
        }
        let mut changed = 0..0;
        let mut result = Ok(start);
        while let Ok(at) = result {
            let run = match pages.run(at, self.user) {
                Ok(Some(run)) if at < limit => run,
                Ok(_) => break,
                Err(failure) => {
                    result = Err((at, failure));
                    break;
                }
            };
            let n = index(at, hop);
            let next = end(at, hop).min(limit);
            let whole = (at | run.address) % span(hop) == 0 && run.size >= span(hop);
            result = if hop == HUGE_HOP && whole {
                if self.put(table, n, run.address, 1, &mut changed) > 0 {
                    pages.advance(span(hop));
                    Ok(next)
                } else {
                    Err((at, MapFailure::Exists(at)))
                }
            } else if let Some(child) = table.child_mut(n) {
                self.map(child, below(hop), at, next, pages)
            } else {
                match self.make(table, hop, n, at) {
                    Ok(mut child) => {
                        let result = self.map(&mut child, below(hop), at, next, pages);
                        if child.live > 0 {
                            self.replaced |= table.vacant(n) & PRESENT != 0;
                            table.set(n, table_entry(child.page.address));
                            table.adopt(n, child);
                            touch(&mut changed, n..n.saturating_add(1));
                        } else {
                            // The card hasn't seen it, nor has it been written.
                            self.pool.release(KBox::into_inner(child).page);
                        }
                        result
                    }
                    Err(failure) => Err((at, failure)),
                }
            };
        }
        table.flush(changed, self.sink);
        result
    }

    /// The same for a table of the last hop: most pages by far are mapped here.
    fn map_small<I: Iterator<Item = Run>>(
        &mut self,
        table: &mut Table,
        start: u64,
        limit: u64,
        pages: &mut Pages<I>,
    ) -> Result<u64, (u64, MapFailure)> {
        let mut changed = 0..0;
        let mut at = start;
        let result = loop {
            let run = match pages.run(at, self.user) {
                Ok(Some(run)) if at < limit => run,
                Ok(_) => break Ok(at),
                Err(failure) => break Err((at, failure)),
            };
            let n = index(at, LAST_HOP);
            let wanted = run.size.min(limit.saturating_sub(at)) / SMALL_PAGE;
            let wanted = (wanted as usize).min(ENTRIES.saturating_sub(n)).max(1);
            let filled = self.put(table, n, run.address, wanted, &mut changed);
            let bytes = SMALL_PAGE.saturating_mul(filled as u64);
            pages.advance(bytes);
            at = at.saturating_add(bytes);
            if filled < wanted {
                break Err((at, MapFailure::Exists(at)));
            }
        };
        table.flush(changed, self.sink);
        result
    }

    /// Has `count` entries of `table` from `n` on lead to the pages from `address` on, up to the first one that leads
    /// somewhere. How many do now.
    #[inline(always)]
    fn put(
        &mut self,
        table: &mut Table,
        n: usize,
        address: u64,
        count: usize,
        changed: &mut Range<usize>,
    ) -> usize {
        let default = table.vacant(n);
        let filled = table.fill(n, address, count);
        if filled > 0 {
            self.replaced |= default & PRESENT != 0;
            touch(changed, n..n.saturating_add(filled));
        }
        filled
    }

    /// Makes a table for entry `n` of table `parent` of hop `hop`, which address `at` needs.
    fn make(
        &mut self,
        parent: &mut Table,
        hop: usize,
        n: usize,
        at: u64,
    ) -> Result<KBox<Table>, MapFailure> {
        if !parent.is_vacant(n) {
            return Err(MapFailure::Exists(at));
        }
        let default = if parent.vacant(n) & PRESENT == 0 {
            None
        } else if below(hop) == HUGE_HOP {
            Some(self.default)
        } else {
            return Err(MapFailure::SmallPage(at));
        };
        parent.prepare()?;
        self.alloc(default)
    }

    fn alloc(&mut self, default: Option<u64>) -> Result<KBox<Table>, MapFailure> {
        let Ok(space) = KBox::<Table>::new_uninit(GFP_KERNEL_ACCOUNT) else {
            return Err(MapFailure::NoTable);
        };
        let page = self.pool.alloc().ok_or(MapFailure::NoTable)?;
        match Table::new(page, default) {
            Ok(table) => Ok(space.write(table)),
            Err(page) => {
                self.pool.release(page);
                Err(MapFailure::NoTable)
            }
        }
    }

    /// Unmaps the virtual addresses `range`, which table `table` of hop `hop` covers.
    pub(super) fn unmap(&mut self, table: &mut Table, hop: usize, range: Range<u64>) {
        let mut changed = 0..0;
        let mut cleared = 0usize;
        let mut at = range.start;
        while at < range.end {
            let n = index(at, hop);
            let next = range.end.min(end(at, hop));
            let bytes = next.saturating_sub(at);
            let whole = bytes == span(hop);
            let freed = if let Some(child) = table.child_mut(n) {
                if whole && below(hop) == LAST_HOP && child.live > WIPE {
                    // All of it goes: no need to look at each of its entries.
                    let vacant = ENTRIES.saturating_sub(child.live) as u64;
                    self.holes = self.holes.saturating_add(vacant);
                    child.page.stale = true;
                    true
                } else {
                    self.unmap(child, below(hop), at..next);
                    child.live == 0 && !child.pinned
                }
            } else if whole && !table.is_vacant(n) {
                true
            } else {
                // Nothing is mapped, or a huge page that is only in part to be unmapped.
                self.holes = self.holes.saturating_add(bytes / SMALL_PAGE);
                false
            };
            if freed {
                self.replaced = true;
                if let Some(child) = table.orphan(n) {
                    self.retire(KBox::into_inner(child));
                }
                table.clear(n);
                touch(&mut changed, n..n.saturating_add(1));
                cleared = cleared.saturating_add(1);
            }
            at = next;
        }
        if table.live == 0 && !table.pinned && hop > 0 && cleared > WIPE {
            table.page.stale = true;
        } else {
            table.flush(changed, self.sink);
        }
    }

    /// Puts the tables below `hop0` that lead DRAM addresses to the default page by way of the shared
    /// table that `shared` points to.
    pub(super) fn add_default(&mut self, hop0: &mut Table, shared: u64) -> Result<(), MapFailure> {
        hop0.prepare()?;
        let mut hop1 = self.alloc(None)?;
        let hop2 = hop1.prepare().and_then(|()| self.alloc(None));
        let mut hop2 = match hop2 {
            Ok(hop2) => hop2,
            Err(failure) => {
                self.pool.release(KBox::into_inner(hop1).page);
                return Err(failure);
            }
        };
        let count = (DRAM_DEFAULT_END / span(2)) as usize;
        hop2.default = shared;
        hop2.defaults = count;
        hop2.entries
            .iter_mut()
            .take(count)
            .for_each(|e| *e = shared);
        hop2.pinned = true;
        hop2.flush(0..count, self.sink);
        hop1.set(0, table_entry(hop2.page.address));
        hop1.adopt(0, hop2);
        hop1.pinned = true;
        hop1.flush(0..1, self.sink);
        hop0.set(0, table_entry(hop1.page.address));
        hop0.adopt(0, hop1);
        hop0.flush(0..1, self.sink);
        Ok(())
    }

    /// Frees all tables below `table`, and counts those of them that had mappings. What the card's own
    /// table holds doesn't change.
    pub(super) fn destroy(&mut self, table: &mut Table) -> usize {
        let mut left = 0usize;
        for n in 0..ENTRIES {
            if let Some(mut child) = table.orphan(n) {
                left = left
                    .saturating_add(self.destroy(&mut child))
                    .saturating_add(usize::from(!child.pinned));
                let mut child = KBox::into_inner(child);
                child.page.stale = true;
                self.retire(child);
            }
        }
        left
    }

    /// Gives back a table without mappings.
    fn retire(&mut self, table: Table) {
        let stale = table.page.stale || table.defaults > 0;
        self.pool.retire(TablePage {
            stale,
            ..table.page
        });
    }
}
