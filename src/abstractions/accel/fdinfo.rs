// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a file tells in `/proc/PID/fdinfo` of the use that was made of it.
//!
//! C headers: `include/drm/drm_file.h`, `include/drm/drm_print.h`. The keys: `Documentation/gpu/drm-usage-stats.rst`.

use core::marker::PhantomData;

use kernel::bindings;
use kernel::prelude::*;

extern "C" {
    /// `drivers/gpu/drm/drm_print.c`
    fn drm_printf(printer: *mut bindings::drm_printer, format: *const c_char, ...);
}

/// Prints usage statistics of a file, each with the key that DRM has for it.
///
/// # Invariants
///
/// `printer` is a valid printer for as long as `'a`, and nobody else uses it.
pub(crate) struct UsageStats<'a> {
    printer: *mut bindings::drm_printer,
    of: PhantomData<&'a mut bindings::drm_printer>,
}

impl UsageStats<'_> {
    /// Those that go to `printer`.
    ///
    /// # Safety
    ///
    /// The printer must be valid for the lifetime of the result, and only used by it.
    pub(super) unsafe fn from_raw(printer: *mut bindings::drm_printer) -> Self {
        // INVARIANT: By the function's precondition.
        Self {
            printer,
            of: PhantomData,
        }
    }

    /// For how long an engine, or a group of `capacity` engines, has had work of this file: `drm-engine-` and
    /// `drm-engine-capacity-`. Nanoseconds; of a group, the sum.
    ///
    /// A name has neither white space nor a colon.
    pub(crate) fn engine(&mut self, name: &CStr, capacity: u32, busy_ns: u64) {
        // SAFETY: The printer is valid by the type's invariants, and the arguments are as the formats say.
        unsafe {
            drm_printf(
                self.printer,
                c"drm-engine-%s:\t%llu ns\n".as_char_ptr(),
                name.as_char_ptr(),
                busy_ns,
            );
            if capacity > 1 {
                drm_printf(
                    self.printer,
                    c"drm-engine-capacity-%s:\t%u\n".as_char_ptr(),
                    name.as_char_ptr(),
                    capacity,
                );
            }
        }
    }

    /// How many bytes this file has of a region of memory, all of them, and those that others have as well: `drm-total-`,
    /// `drm-shared-`; all of them are there: `drm-resident-`.
    pub(crate) fn memory(&mut self, region: &CStr, total: u64, shared: u64) {
        for (key, size) in [(c"total", total), (c"shared", shared), (c"resident", total)] {
            // SAFETY: The printer is valid by the type's invariants; strings end with a zero, and are not kept.
            unsafe {
                bindings::drm_fdinfo_print_size(
                    self.printer,
                    c"drm".as_char_ptr(),
                    key.as_char_ptr(),
                    region.as_char_ptr(),
                    size,
                );
            }
        }
    }
}
