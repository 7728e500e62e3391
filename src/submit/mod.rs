// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Command buffers, their checking, submission, fences, waiting.

pub(crate) mod assemble;
mod budget;
pub(crate) mod buffer;
pub(crate) mod check;
mod check_tests;
pub(crate) mod fence;
mod handles;
pub(crate) mod packet;
pub(crate) mod polling;
pub(crate) mod submission;
pub(crate) mod switch;
