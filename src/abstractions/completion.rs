// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Completions whose waiters can be interrupted and can give up. The `kernel` crate's wait for ever.
//!
//! C header: `include/linux/completion.h`.

use kernel::bindings;
use kernel::prelude::*;
use kernel::time::Jiffies;
use kernel::types::Opaque;

/// Something that happens once.
#[pin_data]
pub(crate) struct Completion {
    #[pin]
    inner: Opaque<bindings::completion>,
}

// SAFETY: A completion has a lock of its own and may be used on any thread.
unsafe impl Send for Completion {}
// SAFETY: As above.
unsafe impl Sync for Completion {}

impl Completion {
    /// It has not happened yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            inner <- Opaque::ffi_init(|slot: *mut bindings::completion| {
                // SAFETY: `slot` is memory for a completion, which does not move afterwards.
                unsafe { bindings::init_completion(slot) };
            }),
        })
    }

    /// It has not happened any more. Nobody waits: nobody else has it.
    pub(crate) fn renew(self: Pin<&mut Self>) {
        // SAFETY: The completion stays where it is, and is nobody else's.
        unsafe { bindings::init_completion(self.inner.get()) };
    }

    /// It has happened: wakes everybody, for good. May be called in an interrupt.
    pub(crate) fn complete_all(&self) {
        // SAFETY: The completion is initialised.
        unsafe { bindings::complete_all(self.inner.get()) };
    }

    /// Waits until it has happened, at most `timeout`. Whether it has; `ERESTARTSYS` at a signal.
    pub(crate) fn wait_interruptible(&self, timeout: Jiffies) -> Result<bool> {
        // SAFETY: The completion is initialised.
        let left = unsafe {
            bindings::wait_for_completion_interruptible_timeout(self.inner.get(), timeout)
        };
        match left {
            0 => Ok(false),
            1.. => Ok(true),
            _ => Err(ERESTARTSYS),
        }
    }
}

#[kunit_tests(goya_completion)]
mod tests {
    use super::*;

    #[test]
    fn waits_end_at_once_when_it_has_happened_and_in_time_when_not() -> Result {
        let completion = KBox::pin_init(Completion::new(), GFP_KERNEL)?;
        assert_eq!(completion.wait_interruptible(1), Ok(false));
        completion.complete_all();
        for _ in 0..2 {
            assert_eq!(completion.wait_interruptible(Jiffies::MAX >> 1), Ok(true));
        }
        Ok(())
    }
}
