// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory: page tables, address ranges, device memory.
//!
//! | file | question it answers |
//! |---|---|
//! | [`memory`] | what all address spaces of a card share |
//! | [`user_memory`], [`address_map`] | what a user has mapped, where, and how that ends |
//! | [`asid`] | which address spaces are in use |
//! | [`export`], [`exported`] | dma-bufs of what is mapped |
//! | [`mapping`] | memory with an address of the card's, of either kind |
//! | [`tables`] | all page tables of a card, and when memory is out of its reach |
//! | [`page_table`], [`hop`] | what is mapped where in one address space, and its tables |
//! | [`extent`], [`pages`] | what is mapped, piece by piece |
//! | [`table_memory`], [`table_writer`], [`table_paths`] | how tables get to the card |
//! | [`command_buffer`], [`handles`] | buffers that programs make and map |
//! | [`range`] | which of the card's addresses are free |
//! | [`dram`], [`device_memory`] | handles of device memory, and its free pages |
//!
//! # Words
//!
//! - **ASID**: the number of an address space; 0 is the driver's.
//! - **hop**: a level of page tables, 0 to 4, and a table of that level; **PTE**: an entry of one. A PTE of hop 3 can lead to
//!   a **huge page** of 2 MiB, one of hop 4 to a small page of 4 KiB.
//! - **shadow**: the driver's own copy of the card's tables, which is looked at in their place.
//! - **hint**: the address that a program wants something mapped at.
//! - **hole**: free addresses between others.
//! - **piece**: device memory of one handle; **extent**, **run**: a part of something that is contiguous.
//! - **revocation**: an importer of a dma-buf is told to let go.

mod address_map;
pub(crate) mod asid;
pub(crate) mod command_buffer;
pub(crate) mod device_memory;
pub(crate) mod dram;
pub(crate) mod export;
mod exported;
mod extent;
mod handles;
pub(crate) mod hop;
pub(crate) mod mapping;
pub(crate) mod memory;
pub(crate) mod page_table;
mod page_table_tests;
pub(crate) mod pages;
pub(crate) mod range;
mod range_tests;
mod shadow;
mod table_memory;
mod table_paths;
pub(crate) mod table_writer;
pub(crate) mod tables;
mod tables_tests;
pub(crate) mod user_memory;
