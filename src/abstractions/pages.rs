// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Pages that processes see, wherever the kernel has some: no device does.

use kernel::page::{Page, PAGE_SIZE};
use kernel::prelude::*;

use super::vec;

/// Zeroed pages.
pub(crate) struct Pages(KVVec<Page>);

impl Pages {
    /// Allocates `count` pages.
    pub(crate) fn new(count: usize, flags: kernel::alloc::Flags) -> Result<Self> {
        let mut pages = KVVec::with_capacity(count, flags)?;
        for _ in 0..count {
            vec::push(&mut pages, Page::alloc_page(flags | __GFP_ZERO)?, flags)?;
        }
        Ok(Self(pages))
    }

    /// Bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len().saturating_mul(PAGE_SIZE)
    }

    /// The pages.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Page> {
        self.0.iter()
    }
}
