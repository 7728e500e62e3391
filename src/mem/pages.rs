// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory that is to be mapped, page after page: see [`super::page_table`].

use super::extent::{MapFailure, Run, DRAM_DEFAULT_END};
use super::hop::{HUGE_PAGE, SMALL_PAGE, VIRTUAL_END};

/// What is left of memory that is being mapped.
pub(crate) struct Pages<I> {
    runs: I,
    /// The rest of the run that is being mapped.
    rest: Run,
}

impl<I: Iterator<Item = Run>> Pages<I> {
    /// All of `runs`, one after the other.
    pub(super) fn new(runs: I) -> Self {
        let rest = Run {
            address: 0,
            size: 0,
        };
        Self { runs, rest }
    }

    /// The memory that virtual address `va` of a `user`'s address space or the kernel's is to lead to, as far as it is
    /// contiguous; nothing at the end. An error if it may not be mapped there.
    #[inline(always)]
    pub(super) fn run(&mut self, va: u64, user: bool) -> Result<Option<Run>, MapFailure> {
        if self.rest.size == 0 {
            let Some(run) = self.runs.next() else {
                return Ok(None);
            };
            check(va, run, user)?;
            self.rest = run;
        }
        Ok(Some(self.rest))
    }

    /// The next `size` bytes, no more than the run has, are mapped.
    pub(super) fn advance(&mut self, size: u64) {
        self.rest.address = self.rest.address.wrapping_add(size);
        self.rest.size = self.rest.size.saturating_sub(size);
    }
}

/// Whether `run` may be mapped at `va`.
fn check(va: u64, run: Run, user: bool) -> Result<(), MapFailure> {
    let end = va.checked_add(run.size);
    let fits = end.is_some_and(|end| end <= VIRTUAL_END) && run.size > 0;
    let all = va | run.address | run.size;
    if !fits || all % SMALL_PAGE != 0 {
        Err(MapFailure::Misaligned(va, run))
    } else if user && va < DRAM_DEFAULT_END && all % HUGE_PAGE != 0 {
        Err(MapFailure::SmallPage(va))
    } else {
        Ok(())
    }
}
