// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The machine's memory. C header: `include/linux/mm.h`.

use kernel::bindings;

/// Pages that the machine has (`totalram_pages()`).
pub(crate) fn total_pages() -> usize {
    // SAFETY: A counter of the kernel's, which may change at any time, hence volatile.
    let pages = unsafe { (&raw const bindings::_totalram_pages.counter).read_volatile() };
    usize::try_from(pages).unwrap_or(0)
}
