// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is kept while a caller's memory does not come.

use core::ops::{Deref, DerefMut};

use kernel::page::PAGE_SIZE;
use kernel::prelude::*;
use kernel::sync::Arc;

use crate::abstractions::capability::is_administrator;
use crate::queue::budget::{Budget, Share};

/// Bytes on their way from a caller or to him, who decides how long that takes, and mostly how many there are. They are
/// charged to him and, if they are more than a page, out of the card's budget: there can be as many callers as he likes. Who
/// manages the machine has no such limit: he is not to be kept out by others.
pub(crate) struct Kept {
    bytes: KVVec<u8>,
    _share: Option<Share>,
}

impl Kept {
    /// None.
    pub(super) const NOTHING: Self = Self {
        bytes: KVVec::new(),
        _share: None,
    };

    /// `len` zeros, out of `budget`.
    ///
    /// Errors: `ENOMEM`.
    pub(super) fn zeroed(budget: &Arc<Budget>, len: usize) -> Result<Self> {
        let limited = len > PAGE_SIZE && !is_administrator();
        let share = limited.then(|| budget.take(len.div_ceil(PAGE_SIZE)));
        Ok(Self {
            _share: share.transpose()?,
            bytes: KVVec::from_elem(0u8, len, GFP_KERNEL_ACCOUNT | __GFP_NOWARN)?,
        })
    }

    /// A copy of `bytes`, which are no more than an answer has that is always the same size.
    ///
    /// Errors: `ENOMEM`.
    pub(super) fn few(bytes: &[u8]) -> Result<Self> {
        let mut kept = Self::NOTHING;
        kept.bytes
            .extend_from_slice(bytes, GFP_KERNEL_ACCOUNT | __GFP_NOWARN)?;
        Ok(kept)
    }

    /// Forgets all but the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }
}

impl Deref for Kept {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}
