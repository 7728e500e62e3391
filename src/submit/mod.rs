// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! From a program's command buffers to jobs on queues.
//!
//! | file | question it answers |
//! |---|---|
//! | [`check`] | which packets a program may send |
//! | [`assemble`] | how its buffers become jobs |
//! | [`switch`] | what is done before a context's first job |
//! | [`scrub`] | when device memory that others have used is overwritten |
//! | [`wait`] | how one waits for the end |

pub(crate) mod assemble;
pub(crate) mod check;
mod check_tests;
pub(crate) mod scrub;
pub(crate) mod switch;
pub(crate) mod wait;
