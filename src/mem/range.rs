// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Virtual addresses of the card, handed out by whole pages.
//!
//! As upstream does, a request gets the smallest hole that it fits into once its start is aligned, the
//! first one of several, unless the caller wishes for an address that is free. Holes are found by size
//! or address in logarithmic time. Giving addresses back cannot fail: the memory for that is kept with
//! each [`Block`].
//!
//! Host memory and DRAM have a range each ([`super::address_map`]); [`super::user_memory`] says when alignment to huge pages is asked
//! for, and when a wish is of no use.
//!
//! Facts: upstream's `common/memory.c`, `get_va_block()` and `hl_vm_ctx_init()`.

use core::ops::Range;

use kernel::{
    error::code::*,
    fmt,
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNode,
        RBTreeNodeReservation, //
    }, //
};

use super::hop::{
    HUGE_PAGE,
    SMALL_PAGE, //
};
use crate::hw::map::{DRAM_VIRTUAL, HOST_VIRTUAL};

/// What the start of a block is a multiple of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// The range's pages.
    Page,
    /// Huge pages.
    Huge,
}

/// An address that the caller wishes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// This one if it is free and aligned; 0 is no wish.
    Wish(u64),
    /// This one or none (`HL_MEM_FORCE_HINT`).
    Force(u64),
}

/// Why there are no addresses; all of them are `ENOMEM`. [`fmt::Display`] gives the text for the
/// kernel log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeFailure {
    /// The address that must be is not aligned.
    HintUnaligned(u64),
    /// The address that must be is taken, or not in the range.
    HintTaken(u64),
    /// No hole has that many bytes.
    Full(u64),
    /// The host has no memory.
    NoMemory,
}

impl RangeFailure {
    /// What the user gets.
    pub(crate) fn errno(self) -> Error {
        ENOMEM
    }
}

impl fmt::Display for RangeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HintUnaligned(hint) => write!(
                f,
                "Hint address {hint:#x} is not page aligned - cannot be respected"
            ),
            Self::HintTaken(hint) => {
                write!(f, "Hint address {hint:#x} could not be respected")
            }
            Self::Full(size) => write!(f, "no available va block for size {size}"),
            Self::NoMemory => f.write_str("no memory for a va block"),
        }
    }
}

/// Holes in the order of what fits into them, and of their addresses.
type BySize = RBTree<(u64, u64), ()>;

/// Memory for a hole's place in each tree.
struct Nodes {
    hole: RBTreeNodeReservation<u64, u64>,
    page: RBTreeNodeReservation<(u64, u64), ()>,
    huge: RBTreeNodeReservation<(u64, u64), ()>,
}

impl Nodes {
    fn new() -> Result<Self, RangeFailure> {
        let new = || -> Result<Self> {
            Ok(Self {
                hole: RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?,
                page: RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?,
                huge: RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?,
            })
        };
        new().map_err(|_| RangeFailure::NoMemory)
    }
}

/// Addresses that were handed out. They go back by [`AddressRange::free`]; dropping them leaks them.
#[must_use]
pub(crate) struct Block {
    start: u64,
    size: u64,
    nodes: Nodes,
}

impl Block {
    /// The first address.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Bytes, whole pages.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

/// A range of virtual addresses.
pub(crate) struct AddressRange {
    page_size: u64,
    /// Holes, from their start to their end; no two of them touch.
    holes: RBTree<u64, u64>,
    /// What fits into each hole with a start aligned to the range's pages, and to huge pages.
    by_page: BySize,
    by_huge: BySize,
}

impl AddressRange {
    /// Hands out addresses of `range` by pages of `page_size` bytes, a power of two. Fails with `EFAULT`
    /// if the range has none.
    pub(crate) fn new(range: Range<u64>, page_size: u64) -> Result<Self> {
        let start = range.start.checked_next_multiple_of(page_size);
        let start = start.ok_or(EFAULT)?;
        if !page_size.is_power_of_two() {
            return Err(EFAULT);
        }
        let end = range.end & page_size.wrapping_neg();
        if start >= end {
            return Err(EFAULT);
        }
        let mut this = Self {
            page_size,
            holes: RBTree::new(),
            by_page: RBTree::new(),
            by_huge: RBTree::new(),
        };
        let nodes = Nodes::new().map_err(RangeFailure::errno)?;
        this.insert(start..end, nodes);
        Ok(this)
    }

    /// Addresses for host memory.
    pub(crate) fn host() -> Result<Self> {
        Self::new(HOST_VIRTUAL, SMALL_PAGE)
    }

    /// Addresses for DRAM.
    pub(crate) fn dram() -> Result<Self> {
        Self::new(DRAM_VIRTUAL, HUGE_PAGE)
    }

    /// The holes in rising order.
    pub(crate) fn holes(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.holes.iter().map(|(&start, &end)| start..end)
    }

    /// Hands out `size` bytes, rounded up to pages.
    pub(crate) fn alloc(
        &mut self,
        size: u64,
        align: Align,
        hint: Hint,
    ) -> Result<Block, RangeFailure> {
        let unit = self.alignment(align);
        let mask = unit.wrapping_sub(1);
        let (wish, force) = match hint {
            Hint::Wish(address) => (address, false),
            Hint::Force(address) => (address, true),
        };
        if force && wish & mask != 0 {
            return Err(RangeFailure::HintUnaligned(wish));
        }
        let full = RangeFailure::Full(size);
        let size = size.checked_next_multiple_of(self.page_size).ok_or(full)?;
        if size == 0 {
            return Err(full);
        }
        let best = self.best(size, align).ok_or(full)?;
        let wished = if wish != 0 && wish & mask == 0 {
            self.hole_with(wish, size)
        } else {
            None
        };
        let (hole, start) = match wished {
            Some(hole) => (hole, wish),
            None => {
                let (start, _) = fit(&best, unit);
                (best, start)
            }
        };
        if force && start != wish {
            return Err(RangeFailure::HintTaken(wish));
        }
        // The hole is large enough.
        let end = start.saturating_add(size);
        // What can fail is done before anything changes.
        let before = (hole.start < start).then(Nodes::new).transpose()?;
        let behind = (end < hole.end).then(Nodes::new).transpose()?;
        let nodes = self.remove(hole.start).ok_or(full)?;
        if let Some(nodes) = before {
            self.insert(hole.start..start, nodes);
        }
        if let Some(nodes) = behind {
            self.insert(end..hole.end, nodes);
        }
        Ok(Block { start, size, nodes })
    }

    /// Takes back a block that came from this range.
    pub(crate) fn free(&mut self, block: Block) {
        let mut hole = block.start..block.start.saturating_add(block.size);
        if let Some(before) = self.hole_before(hole.start) {
            if before.end == hole.start {
                hole.start = before.start;
                self.remove(before.start);
            }
        }
        if let Some(&end) = self.holes.get(&hole.end) {
            self.remove(hole.end);
            hole.end = end;
        }
        self.insert(hole, block.nodes);
    }

    fn alignment(&self, align: Align) -> u64 {
        match align {
            Align::Page => self.page_size,
            Align::Huge => self.page_size.max(HUGE_PAGE),
        }
    }

    /// The smallest hole for `size` bytes.
    fn best(&self, size: u64, align: Align) -> Option<Range<u64>> {
        let tree = match align {
            Align::Page => &self.by_page,
            Align::Huge => &self.by_huge,
        };
        let cursor = tree.cursor_lower_bound(&(size, 0))?;
        let (&(_, start), ()) = cursor.current();
        Some(start..*self.holes.get(&start)?)
    }

    /// The hole with the `size` bytes at `address`.
    fn hole_with(&self, address: u64, size: u64) -> Option<Range<u64>> {
        let end = address.checked_add(size)?;
        // The last hole that doesn't begin past the address.
        let hole = self.hole_before(address.checked_add(1)?)?;
        (end <= hole.end).then_some(hole)
    }

    /// The last hole that begins below `address`.
    fn hole_before(&self, address: u64) -> Option<Range<u64>> {
        let found = match self.holes.cursor_lower_bound(&address) {
            Some(cursor) => cursor.peek_prev().map(|(&start, &end)| start..end),
            None => {
                let cursor = self.holes.cursor_back()?;
                let (&start, &end) = cursor.current();
                Some(start..end)
            }
        };
        found
    }

    fn insert(&mut self, hole: Range<u64>, nodes: Nodes) {
        let (_, page) = fit(&hole, self.alignment(Align::Page));
        let (_, huge) = fit(&hole, self.alignment(Align::Huge));
        let Range { start, end } = hole;
        self.holes.insert(nodes.hole.into_node(start, end));
        self.by_page.insert(nodes.page.into_node((page, start), ()));
        self.by_huge.insert(nodes.huge.into_node((huge, start), ()));
    }

    fn remove(&mut self, start: u64) -> Option<Nodes> {
        let hole = start..*self.holes.get(&start)?;
        let (_, page) = fit(&hole, self.alignment(Align::Page));
        let (_, huge) = fit(&hole, self.alignment(Align::Huge));
        Some(Nodes {
            hole: self
                .holes
                .remove_node(&start)
                .map(RBTreeNode::into_reservation)?,
            page: self
                .by_page
                .remove_node(&(page, start))
                .map(RBTreeNode::into_reservation)?,
            huge: self
                .by_huge
                .remove_node(&(huge, start))
                .map(RBTreeNode::into_reservation)?,
        })
    }
}

/// The first multiple of `align` in `hole`, and how many bytes are after it.
fn fit(hole: &Range<u64>, align: u64) -> (u64, u64) {
    let start = hole
        .start
        .checked_next_multiple_of(align)
        .map_or(hole.end, |start| start.min(hole.end));
    (start, hole.end.saturating_sub(start))
}
