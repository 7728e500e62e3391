// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The memory that page tables are in, as [`super::tables`] sees it.

use kernel::device::{Bound, Device};
use kernel::prelude::*;

use super::hop::PteSink;

/// Where page tables are: a card's memory, or what a test takes for one.
pub(crate) trait TableMemory: PteSink + Unpin {
    /// Nothing is there any more, and nothing waits to be written. Called before the first [`PteSink::write`], and
    /// after each reset of the card.
    fn begin(&mut self, dev: &Device<Bound>);

    /// Waits until all that was written is there.
    ///
    /// Errors: `ETIMEDOUT`: nobody knows what is there; the card needs a reset.
    fn finish(&mut self) -> Result;

    /// Makes the card forget all translations.
    fn forget(&mut self) -> Result;
}
