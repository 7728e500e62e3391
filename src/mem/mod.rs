// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory: page tables, address ranges, device memory.
//!
//! | file | question it answers |
//! |---|---|
//! | [`context`] | what a user has mapped, where, and how that ends |
//! | [`export`] | dma-bufs of what is mapped |
//! | [`mapping`] | memory with an address of the card's, of either kind |
//! | [`tables`] | all page tables of a card, and when memory is out of its reach |
//! | [`page_table`], [`hop`] | what is mapped where in one address space, and its tables |
//! | [`card_memory`] | how tables get to the card |
//! | [`range`] | which of the card's addresses are free |
//! | [`dram`], [`device_memory`] | handles of device memory, and its free pages |
//! | [`scrub`] | when what others have left there is overwritten |

pub(crate) mod card_memory;
pub(crate) mod context;
pub(crate) mod device_memory;
pub(crate) mod dram;
pub(crate) mod export;
pub(crate) mod hop;
pub(crate) mod mapping;
pub(crate) mod page_table;
mod page_table_tests;
pub(crate) mod pages;
pub(crate) mod range;
mod range_tests;
pub(crate) mod scrub;
mod shadow;
pub(crate) mod tables;
mod tables_tests;
