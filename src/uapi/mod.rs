// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Layouts of the user API: what programs say to the card, and the answers. Documentation/uapi.rst describes it.

pub(crate) mod consts;
pub(crate) mod debug_types;
pub(crate) mod info_types;
pub(crate) mod types;
#[cfg(CONFIG_IO_URING)]
pub(crate) mod uring_types;
pub(crate) mod wait_timeout;
