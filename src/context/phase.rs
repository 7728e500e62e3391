// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whose turn it is to make the card ready for a context.

use kernel::prelude::*;
use kernel::sync::{new_condvar, new_mutex, CondVar, Mutex};

/// The turn. No lock: whoever has it may wait for a user's job, and who waits for him can be interrupted.
#[pin_data]
pub(crate) struct Phase {
    #[pin]
    taken: Mutex<bool>,
    #[pin]
    free: CondVar,
}

/// It is the owner's turn, until this is dropped.
pub(crate) struct Turn<'a>(&'a Phase);

impl Phase {
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            taken <- new_mutex!(false),
            free <- new_condvar!(),
        })
    }

    /// Waits for the turn. `ERESTARTSYS` if a signal comes first.
    pub(crate) fn take(&self) -> Result<Turn<'_>> {
        let mut taken = self.taken.lock();
        while *taken {
            if self.free.wait_interruptible(&mut taken) {
                return Err(ERESTARTSYS);
            }
        }
        *taken = true;
        Ok(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock() = false;
        // All of them: most find nothing to do.
        self.0.free.notify_all();
    }
}
