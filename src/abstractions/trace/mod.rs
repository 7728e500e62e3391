// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Trace points of devices, in the manner of `kernel::tracepoint`, which can name the kernel's own only.
//!
//! C header: `include/linux/tracepoint.h`. The trace points themselves are made in C (`goya_trace.h`), and declared in [`events`].

mod declare;
mod events;

pub(crate) use events::*;

use kernel::ffi::c_int;
use kernel::prelude::*;

/// The number by which trace points tell of a result: that of the error, negative, or 0.
pub(crate) fn errno(result: Result) -> c_int {
    result.map_or_else(Error::to_errno, |()| 0)
}
