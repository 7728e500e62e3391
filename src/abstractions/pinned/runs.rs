// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Pages that follow each other in memory.
//!
//! The kernel's own functions (`sg_alloc_table_from_pages_segment()`, `unpin_user_pages_dirty_lock()`) look at each page
//! several times, which is most of the work for memory in huge pages.

use kernel::bindings::page;
use kernel::prelude::*;

/// Whether what the kernel knows of pages that follow each other does so, too, and nothing else does.
const FLAT: bool = cfg!(any(CONFIG_SPARSEMEM_VMEMMAP, CONFIG_FLATMEM));

/// Pages in a row: the first, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: *mut page,
    pub(super) pages: usize,
}

/// The rows that `pages` make, in order, of at most `most` pages each (one at least).
pub(super) fn runs(pages: &[*mut page], most: usize) -> impl Iterator<Item = Run> + '_ {
    let mut rest = pages;
    core::iter::from_fn(move || {
        let first = *rest.first()?;
        let limit = if FLAT { most.clamp(1, rest.len()) } else { 1 };
        let row = rest.get(..limit).unwrap_or_default();
        let mut next = first;
        let end = row.iter().position(|page| {
            let follows = *page == next;
            next = next.wrapping_add(1);
            !follows
        });
        let pages = end.unwrap_or(limit);
        rest = rest.get(pages..).unwrap_or_default();
        Some(Run { first, pages })
    })
}

#[kunit_tests(goya_page_runs)]
mod tests {
    use super::*;
    use core::ptr::null_mut;

    #[test]
    fn rows() {
        let page = |n| null_mut::<page>().wrapping_add(n);
        let run = |n, pages| Run {
            first: page(n),
            pages,
        };
        assert!(runs(&[], 7).next().is_none());
        if !FLAT {
            return;
        }
        let pages = [5, 6, 7, 9, 8, 8, 9, 10, 11].map(page);
        let all = [run(5, 3), run(9, 1), run(8, 1), run(8, 4)];
        assert!(runs(&pages, usize::MAX).eq(all));
        let two = [
            run(5, 2),
            run(7, 1),
            run(9, 1),
            run(8, 1),
            run(8, 2),
            run(10, 2),
        ];
        assert!(runs(&pages, 2).eq(two));
        assert_eq!(runs(&pages, 1).count(), 9);
        assert_eq!(runs(&pages, 0).count(), 9);
    }
}
