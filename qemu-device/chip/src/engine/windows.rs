// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Pages of memory that a core has reached a moment ago: it reaches them again without being checked and translated anew.

use super::bus::Way;
use crate::map::{Target, register_at};

/// A page, as the MMU's smallest.
const PAGE: u64 = 4096;
/// Pages that are remembered of each way: a core works on few tensors at a time.
const COUNT: usize = 4;

/// The page that holds all of the `len` bytes of memory at `address`.
#[inline]
pub(super) fn page_of(address: u64, len: usize) -> Option<u64> {
    let page = address & !(PAGE - 1);
    let inside = (address - page).saturating_add(len as u64) <= PAGE;
    (inside && register_at(page).is_none()).then_some(page)
}

/// Where pages are that loads or stores may reach.
///
/// Nothing but a core itself works while it has its turn, and by nothing but registers it changes what is checked or how it is translated: so
/// what is remembered is right until the turn is over, or the core writes something that may be a register.
#[derive(Debug, Default)]
pub(super) struct Windows {
    ways: [[Option<Window>; COUNT]; 2],
    next: u8,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    page: u64,
    /// Where it is.
    at: Target,
}

impl Windows {
    /// Where the page at `page` is, if it is remembered.
    #[inline]
    pub(super) fn find(&self, way: Way, page: u64) -> Option<Target> {
        self.ways[way as usize].iter().flatten().find(|window| window.page == page).map(|window| window.at)
    }

    /// Remembers that the page at `page` is at `at`, in place of another.
    pub(super) fn remember(&mut self, way: Way, page: u64, at: Target) {
        self.ways[way as usize][usize::from(self.next) % COUNT] = Some(Window { page, at });
        self.next = self.next.wrapping_add(1);
    }

    /// Forgets all.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
