// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The machine's memory. C header: `include/linux/mm.h`.

use core::mem::ManuallyDrop;

use kernel::bindings;
#[cfg(CONFIG_DEBUG_KMEMLEAK)]
use kernel::prelude::*;

#[cfg(CONFIG_DEBUG_KMEMLEAK)]
extern "C" {
    // `include/linux/kmemleak.h`, which `bindings` lacks.
    fn kmemleak_not_leak(pointer: *const c_void);
}

/// Pages that the machine has (`totalram_pages()`).
pub(crate) fn total_pages() -> usize {
    // SAFETY: A counter of the kernel's, which may change at any time, hence volatile.
    let pages = unsafe { (&raw const bindings::_totalram_pages.counter).read_volatile() };
    usize::try_from(pages).unwrap_or(0)
}

/// Keeps something, and all that it leads to, for ever: the last reference is lost on purpose.
pub(crate) fn keep_for_ever<T>(value: T) {
    let value = ManuallyDrop::new(value);
    // Somewhere the leak detector can begin to look. Without memory for that it complains.
    #[cfg(CONFIG_DEBUG_KMEMLEAK)]
    if let Ok(place) = KBox::<ManuallyDrop<T>>::new_uninit(GFP_KERNEL) {
        let place = KBox::into_raw(place.write(value));
        // SAFETY: The allocation was just made.
        unsafe { kmemleak_not_leak(place.cast::<c_void>()) };
    }
    #[cfg(not(CONFIG_DEBUG_KMEMLEAK))]
    let _ = value;
}
