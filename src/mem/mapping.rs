// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory with an address of the card's.

use core::{ops::Range, slice};

use kernel::prelude::*;

use super::{
    dram::PieceUse,
    extent::Run,
    hop::{HUGE_PAGE, SMALL_PAGE},
    range::Block, //
};
use crate::abstractions::pinned::{MappedPages, Segments};
use crate::hw::map::HOST_BASE;

/// Memory that can be mapped.
pub(crate) enum Backing {
    /// A process's pages.
    Host(MappedPages),
    /// The card's own.
    Device(PieceUse),
}

/// What [`Backing`] is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Bytes of all of its pages.
    pub(crate) size: u64,
    /// Where the first byte is in the first page.
    pub(crate) offset: u64,
    /// It consists of huge pages.
    pub(crate) huge: bool,
}

impl Layout {
    /// The layout of `length` bytes from `address` on, a bus address or one of the card's, which are in `runs`.
    fn new(address: u64, length: u64, mut runs: impl Iterator<Item = Run>) -> Self {
        let offset = address % SMALL_PAGE;
        Self {
            size: whole_pages(address, length).size,
            offset,
            // Most memory is in small pages, as the first run tells.
            huge: offset == 0 && runs.all(|run| (run.address | run.size) % HUGE_PAGE == 0),
        }
    }
}

impl Backing {
    /// Its handle and where it is, if it is the card's own.
    pub(crate) fn handle(&self) -> Option<u32> {
        match self {
            Self::Host(_) => None,
            Self::Device(piece) => Some(piece.handle()),
        }
    }

    /// What it is like.
    pub(crate) fn layout(&self) -> Layout {
        let (address, length) = match self {
            Self::Host(pages) => {
                let first = pages.segments().next();
                let address = first.map_or(0, |first| first.address);
                (address, pages.pages().size() as u64)
            }
            Self::Device(piece) => (0, piece.size()),
        };
        Layout::new(address, length, self.runs())
    }

    /// Where it is, in the order of its bytes, in whole pages.
    pub(super) fn runs(&self) -> Runs<'_> {
        match self {
            Self::Host(pages) => Runs::Host(pages.segments()),
            Self::Device(piece) => Runs::Device(piece.runs().iter()),
        }
    }
}

/// Goes through the pieces of [`Backing`].
pub(super) enum Runs<'a> {
    Host(Segments<'a>),
    Device(slice::Iter<'a, Run>),
}

impl Iterator for Runs<'_> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        match self {
            Self::Host(segments) => segments
                .next()
                .map(|segment| whole_pages(segment.address, segment.length)),
            Self::Device(runs) => runs.next().copied(),
        }
    }
}

/// The pages with `length` bytes of host memory at bus address `address`, as the card finds them.
fn whole_pages(address: u64, length: u64) -> Run {
    const MASK: u64 = SMALL_PAGE - 1;
    let start = address & !MASK;
    let end = address.saturating_add(length).saturating_add(MASK) & !MASK;
    Run {
        address: start.wrapping_add(HOST_BASE),
        size: end.saturating_sub(start),
    }
}

/// Memory and the card's addresses for it.
///
/// The card cannot reach it as long as there is one of these: see [`super::tables::LiveMapping`].
pub(crate) struct Mapping {
    block: Block,
    memory: Backing,
    next: Option<KBox<Mapping>>,
}

impl Mapping {
    pub(crate) fn new(block: Block, memory: Backing) -> Self {
        Self {
            block,
            memory,
            next: None,
        }
    }

    /// The first address.
    pub(crate) fn address(&self) -> u64 {
        self.block.start()
    }

    /// Bytes, whole pages.
    pub(crate) fn size(&self) -> u64 {
        self.block.size()
    }

    /// The card's addresses.
    pub(super) fn range(&self) -> Range<u64> {
        let start = self.block.start();
        start..start.saturating_add(self.block.size())
    }

    /// Bytes that the user had mapped: of host memory, those that he named.
    pub(crate) fn user_size(&self) -> u64 {
        match &self.memory {
            Backing::Host(mapped) => mapped.pages().size() as u64,
            Backing::Device(_) => self.size(),
        }
    }

    /// What trace points say of it in address space `asid`: that, address, where its first page is, bytes, bytes of a page.
    pub(super) fn traced(&self, asid: u32) -> (u32, u64, u64, u64, u32) {
        let first = self.memory.runs().next().map_or(0, |run| run.address);
        let page = if self.memory.layout().huge {
            HUGE_PAGE
        } else {
            SMALL_PAGE
        };
        (asid, self.address(), first, self.size(), page as u32)
    }

    /// What is there.
    pub(crate) fn memory(&self) -> &Backing {
        &self.memory
    }

    /// Takes it apart.
    pub(crate) fn into_parts(self) -> (Block, Backing) {
        (self.block, self.memory)
    }
}

/// Mappings in a list that takes no memory.
#[derive(Default)]
pub(super) struct Chain(Option<KBox<Mapping>>);

impl Chain {
    pub(super) fn push(&mut self, mut mapping: KBox<Mapping>) {
        mapping.next = self.0.take();
        self.0 = Some(mapping);
    }

    pub(super) fn pop(&mut self) -> Option<KBox<Mapping>> {
        let mut first = self.0.take()?;
        self.0 = first.next.take();
        Some(first)
    }

    /// Takes all of `other`.
    pub(super) fn append(&mut self, mut other: Self) {
        while let Some(mapping) = other.pop() {
            self.push(mapping);
        }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // One by one: not by recursion.
        while self.pop().is_some() {}
    }
}

#[kunit_tests(goya_mapping)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let run = |address, size| Run {
            address: HOST_BASE + address,
            size,
        };
        assert_eq!(whole_pages(0x5123, 1), run(0x5000, 0x1000));
        assert_eq!(whole_pages(0x5FFF, 2), run(0x5000, 0x2000));
        assert_eq!(whole_pages(0x5000, 0x2000), run(0x5000, 0x2000));
    }

    #[test]
    fn layouts() {
        // Of segments: the pages of all of them are as many bytes as the layout has.
        let layout = |segments: &[(u64, u64)]| {
            let runs = || segments.iter().map(|&(at, length)| whole_pages(at, length));
            let address = segments.first().map_or(0, |first| first.0);
            let layout = Layout::new(address, segments.iter().map(|s| s.1).sum(), runs());
            assert!(layout.size == runs().map(|run| run.size).sum::<u64>());
            (layout.offset, layout.huge)
        };
        assert_eq!(layout(&[(HUGE_PAGE, 2 * HUGE_PAGE)]), (0, true));
        assert_eq!(layout(&[(HUGE_PAGE + 8, 2 * HUGE_PAGE - 8)]), (8, false));
        assert_eq!(layout(&[(HUGE_PAGE, HUGE_PAGE), (0, 1)]), (0, false));
        assert_eq!(layout(&[(SMALL_PAGE, HUGE_PAGE)]), (0, false));
        assert_eq!(
            layout(&[(0x5FFF, 1), (0x9000, 0x2000), (0x3000, 2)]),
            (0xFFF, false)
        );
        assert_eq!(layout(&[(0x5123, 7)]), (0x123, false));
    }
}
