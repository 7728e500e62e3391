// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The way from work of the driver's own to a device that is still bound.
//!
//! Tasks belong to what belongs to the device, and must reach it: a circle, which removal cuts here.

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::{new_spinlock, Arc, SpinLock};

use super::device::Device;

/// Leads to a device, which knows whether it is bound, from the end of probe to its removal.
#[pin_data]
pub(crate) struct BoundDevice<D: Send + Sync> {
    #[pin]
    device: SpinLock<Option<ARef<Device<D>>>>,
}

impl<D: Send + Sync> BoundDevice<D> {
    /// Leads nowhere yet.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { device <- new_spinlock!(None) }),
            GFP_KERNEL,
        )
    }

    /// Leads to `device` from now on.
    pub(crate) fn attach(&self, device: ARef<Device<D>>) {
        *self.device.lock() = Some(device);
    }

    /// Leads nowhere from now on. Who is at the device already stays there: whoever removes it has to wait for
    /// its tasks.
    pub(crate) fn detach(&self) {
        // Dropped outside of the lock.
        let device = self.device.lock().take();
        drop(device);
    }

    /// The device, as long as this leads to it.
    pub(crate) fn device(&self) -> Option<ARef<Device<D>>> {
        self.device.lock().clone()
    }

    /// Does something to the device while it stays bound; nothing if it is gone.
    pub(crate) fn with<R>(
        &self,
        run: impl FnOnce(&Device<D>, &pci::Device<Bound>) -> R,
    ) -> Option<R> {
        let device = self.device.lock().clone()?;
        let live = device.enter()?;
        let pdev = live.parent().try_into().ok()?;
        Some(run(&device, pdev))
    }
}
