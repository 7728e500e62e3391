// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! User memory that is pinned, and mapped for DMA. Facts: upstream's `common/memory.c`,
//! `hl_pin_host_memory()` and `hl_unpin_host_memory()`.
//!
//! How much a user may have pinned is in [`charge`].
//!
//! [`PinnedPages`] can't be unpinned while the card may reach them: mapping consumes them, and
//! [`MappedPages`] unmaps first.

mod bounce;
mod charge;
mod map;
mod pages;
mod runs;

pub(crate) use charge::Account;
#[allow(unused_imports)]
pub(crate) use map::{DmaMappings, MappedPages, Segment, Segments};
pub(crate) use pages::PinnedPages;
