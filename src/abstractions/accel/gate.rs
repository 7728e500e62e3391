// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Who uses a device, and how that ends.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{srcu, LockClassKey, Srcu};

/// Knows who uses a device, and ends that.
///
/// DRM's own (`drm_dev_enter()`) is one for all DRM devices of the machine: whoever stayed long in there would hold up
/// the removal of each of them.
#[pin_data]
pub(super) struct Gate {
    #[pin]
    users: Srcu,
    closed: Atomic<bool>,
}

impl Gate {
    /// An open one, of lock class `key`.
    pub(super) fn new(key: Pin<&'static LockClassKey>) -> Result<Pin<KBox<Self>>> {
        KBox::try_pin_init(
            try_pin_init!(Self {
                users <- Srcu::new(c"accel_gate", key),
                closed: Atomic::new(false),
            }),
            GFP_KERNEL,
        )
    }

    /// Lets a user in; nothing once it is closed.
    pub(super) fn enter(&self) -> Option<srcu::Guard<'_>> {
        let user = self.users.read_lock();
        // Who does not see the flag is one of those that `close()` waits for.
        (!self.closed.load(Relaxed)).then_some(user)
    }

    /// Lets nobody in any more, and waits for those who are.
    pub(super) fn close(&self) {
        self.closed.store(true, Relaxed);
        self.users.synchronize();
    }
}

#[kunit_tests(goya_accel_gate)]
mod tests {
    use super::*;
    use kernel::static_lock_class;

    /// Who uses a device holds up nobody who uses or removes another.
    #[test]
    fn a_gate_waits_for_its_own_users_only() -> Result {
        // Of two classes, since here one thread uses both.
        let first = Gate::new(static_lock_class!())?;
        let second = Gate::new(static_lock_class!())?;
        let user = first.enter();
        assert!(user.is_some());
        second.close();
        assert!(second.enter().is_none());
        assert!(first.enter().is_some());
        drop(user);
        first.close();
        assert!(first.enter().is_none());
        Ok(())
    }
}
