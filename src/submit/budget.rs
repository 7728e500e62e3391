// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How much of the machine's memory can be programs' buffers and the driver's copies of them: a quarter, of all cards
//! together.
//!
//! Control groups, to which that memory is charged, need not have a limit, and no process can be killed for it.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};

use crate::abstractions::memory::total_pages;

/// Of the machine's memory.
const PART: usize = 4;

/// Pages that are taken.
static TAKEN: Atomic<usize> = Atomic::new(0);

/// Pages that somebody has, until dropped.
pub(super) struct Share(usize);

impl Share {
    /// Errors: `ENOMEM`: there are not so many left.
    pub(super) fn take(pages: usize) -> Result<Self> {
        let before = TAKEN.fetch_add(pages, Relaxed);
        let share = Self(pages);
        if before.saturating_add(pages) > total_pages() / PART {
            return Err(ENOMEM);
        }
        Ok(share)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0, Relaxed);
    }
}

#[kunit_tests(goya_budget)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_end_and_it_comes_back() -> Result {
        let most = total_pages() / PART;
        assert!(most > 0);
        assert!(Share::take(most + 1).is_err());
        let before = TAKEN.load(Relaxed);
        let share = Share::take(1)?;
        assert!(Share::take(most).is_err());
        drop(share);
        assert_eq!(TAKEN.load(Relaxed), before);
        Ok(())
    }
}
