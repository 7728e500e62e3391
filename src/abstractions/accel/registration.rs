// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The time during which programs see a device.

use kernel::bindings;
use kernel::error::to_result;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
#[cfg(CONFIG_DEBUG_FS)]
use kernel::sync::Arc;

use super::device::Device;
#[cfg(CONFIG_DEBUG_FS)]
use crate::abstractions::debugfs;

/// Tables of files that a device can have in debugfs.
#[cfg(CONFIG_DEBUG_FS)]
const TABLES: usize = 5;

/// The time during which programs see the device.
pub(crate) struct Registration<D: Send + Sync> {
    device: ARef<Device<D>>,
    #[cfg(CONFIG_DEBUG_FS)]
    files: KVec<KBox<dyn debugfs::Shown>>,
}

impl<D: Send + Sync> Registration<D> {
    /// Shows the device.
    pub(crate) fn new(device: ARef<Device<D>>) -> Result<Self> {
        #[cfg(CONFIG_DEBUG_FS)]
        let files = KVec::with_capacity(TABLES, GFP_KERNEL)?;
        // SAFETY: The device is valid; it is registered once, since its maker hands it over here.
        to_result(unsafe { bindings::drm_dev_register(device.dev.get(), 0) })?;
        Ok(Self {
            device,
            #[cfg(CONFIG_DEBUG_FS)]
            files,
        })
    }

    /// Adds files to the device's directory in debugfs; [`TABLES`] times at most.
    #[cfg(CONFIG_DEBUG_FS)]
    pub(crate) fn show<S: debugfs::Subject>(
        &mut self,
        subject: Arc<S>,
        files: &'static [debugfs::File<S>],
    ) -> Result {
        // SAFETY: The device is valid, and its accel minor is there as long as it. The directory is
        // removed at the end of the registration, after these files.
        let files = unsafe {
            let directory = (*(*self.device.dev.get()).accel).debugfs_root;
            debugfs::Files::new(directory, subject, files)?
        };
        self.files
            .push_within_capacity(KBox::new(files, GFP_KERNEL)?)?;
        Ok(())
    }

    /// The device.
    pub(crate) fn device(&self) -> &Device<D> {
        &self.device
    }
}

impl<D: Send + Sync> Drop for Registration<D> {
    fn drop(&mut self) {
        #[cfg(CONFIG_DEBUG_FS)]
        self.files.clear();
        // Waits for all calls that have entered.
        self.device.gate.close();
        // SAFETY: The device was registered.
        unsafe { bindings::drm_dev_unplug(self.device.dev.get()) };
    }
}
