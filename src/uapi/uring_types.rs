// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What programs send by io_uring, byte for byte as in `uapi/drm/goya_accel.h`.

#![allow(dead_code)]

use kernel::prelude::*;
use zerocopy_derive::{
    Immutable,
    KnownLayout, //
};

use super::types::{layout, CsIn};

/// Words that mean nothing yet.
type Reserved = [u64; 4];

layout! {
    /// `struct goya_uring_cs`.
    UringCs: 80 {
        0 => cs: CsIn,
        /// Zero, or the command is refused.
        48 => reserved: Reserved,
    }
}
