// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory: page tables, address ranges, device memory.

pub(crate) mod device_memory;
pub(crate) mod hop;
pub(crate) mod page_table;
mod page_table_tests;
pub(crate) mod range;
mod range_tests;
mod shadow;
pub(crate) mod tables;
