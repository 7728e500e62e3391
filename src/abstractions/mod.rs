// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Safe wrappers of what the `kernel` crate lacks, each written as if it were to be sent upstream.
//!
//! All `unsafe` code of the driver is in here.

pub(crate) mod accel;
pub(crate) mod msix;
pub(crate) mod shared;
pub(crate) mod time;
pub(crate) mod vma;
