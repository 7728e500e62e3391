// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How much of the machine's memory a card's users may have the driver take. All cards that have a driver have as much: what
//! one's user takes is not missing to another's.
//!
//! Control groups, to which that memory is charged, need not have a limit, and no process can be killed for it.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::Arc;

use crate::abstractions::limited::add_within;
use crate::abstractions::memory::total_pages;

/// Of the machine's memory: programs' buffers, the driver's copies of commands, and what is kept while a program's memory
/// does not come.
const BUFFERS: usize = 4;
const COPIES: usize = 8;
const ANSWERS: usize = 64;

/// Cards that share it.
static CARDS: Atomic<usize> = Atomic::new(0);

/// A card shares it as long as this is there: while it is bound.
pub(crate) struct Sharing(());

impl Sharing {
    /// There is one card more.
    pub(crate) fn new() -> Self {
        CARDS.add(1usize, Relaxed);
        Self(())
    }
}

impl Drop for Sharing {
    fn drop(&mut self) {
        CARDS.fetch_sub(1, Relaxed);
    }
}

/// What a card may take of a part of the machine's memory.
pub(crate) struct Budget {
    /// The machine has so many times as much as all cards may take.
    part: usize,
    /// Pages.
    taken: Atomic<i64>,
}

impl Budget {
    /// For programs' command buffers and time stamps.
    pub(crate) fn for_buffers() -> Result<Arc<Self>> {
        Self::new(BUFFERS)
    }

    /// For the driver's copies of command buffers.
    pub(crate) fn for_copies() -> Result<Arc<Self>> {
        Self::new(COPIES)
    }

    /// For what programs ask and are answered, as long as they like.
    pub(crate) fn for_answers() -> Result<Arc<Self>> {
        Self::new(ANSWERS)
    }

    fn new(part: usize) -> Result<Arc<Self>> {
        let taken = Atomic::new(0);
        Ok(Arc::new(Self { part, taken }, GFP_KERNEL)?)
    }

    /// Pages.
    fn most(&self) -> usize {
        part(total_pages(), self.part, CARDS.load(Relaxed))
    }

    /// Takes `pages` of it. Errors: `ENOMEM`: there are not so many left.
    pub(crate) fn take(self: &Arc<Self>, pages: usize) -> Result<Share> {
        let pages = i64::try_from(pages).map_err(|_| ENOMEM)?;
        let most = i64::try_from(self.most()).unwrap_or(i64::MAX);
        add_within(&self.taken, pages, most).map_err(|_| ENOMEM)?;
        Ok(Share {
            budget: self.clone(),
            pages,
        })
    }
}

/// What one of `cards` may take of `pages`, a `part`th of which is for all of them.
fn part(pages: usize, part: usize, cards: usize) -> usize {
    let all = pages.checked_div(part).unwrap_or(0);
    all.checked_div(cards).unwrap_or(all)
}

/// Pages that somebody has, until dropped.
pub(crate) struct Share {
    budget: Arc<Budget>,
    pages: i64,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.pages, Relaxed);
    }
}

#[kunit_tests(goya_budget)]
mod tests {
    use super::*;

    /// Cards may come and go meanwhile.
    #[test]
    fn there_is_an_end_and_it_comes_back() -> Result {
        let budget = Budget::new(BUFFERS)?;
        let all = part(total_pages(), BUFFERS, 1);
        assert!(budget.take(all + 1).is_err());
        let share = budget.take(1)?;
        assert!(budget.take(all).is_err());
        drop(share);
        assert_eq!(budget.taken.load(Relaxed), 0);
        Ok(())
    }

    #[test]
    fn each_card_has_its_own() -> Result {
        assert_eq!(part(4000, 4, 0), 1000);
        assert_eq!(part(4000, 4, 1), 1000);
        assert_eq!(part(4000, 4, 3), 333);
        assert_eq!(part(4000, 0, 1), 0);
        let (first, second) = (Budget::new(BUFFERS)?, Budget::new(BUFFERS)?);
        let _one = first.take(1)?;
        assert_eq!(second.taken.load(Relaxed), 0);
        Ok(())
    }
}
