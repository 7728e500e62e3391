// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The devices themselves.

use core::mem;
use core::ptr::{self, NonNull};

use kernel::bindings;
use kernel::device::{self, Bound};
use kernel::prelude::*;
use kernel::sync::aref::AlwaysRefCounted;
use kernel::sync::srcu;
use kernel::types::Opaque;

use super::gate::Gate;

/// A DRM device with an accel node, and `D`, which belongs to it.
///
/// # Invariants
///
/// `dev` is a valid DRM device, embedded in this structure; `gate` and `data` are initialised.
#[repr(C)]
pub(crate) struct Device<D> {
    pub(super) dev: Opaque<bindings::drm_device>,
    pub(super) gate: Pin<KBox<Gate>>,
    pub(super) data: D,
}

impl<D> Device<D> {
    /// The size of the structure, and where DRM's part of it is.
    pub(super) const LAYOUT: (usize, usize) = (mem::size_of::<Self>(), mem::offset_of!(Self, dev));

    /// What belongs to the device.
    pub(crate) fn data(&self) -> &D {
        &self.data
    }

    /// The number of the node, and the class device of the node.
    ///
    /// The latter is there only between registration and its end.
    pub(in crate::abstractions) fn node(&self) -> Result<(u32, *mut bindings::device)> {
        // SAFETY: By the type's invariants; the accel minor is there from allocation to release.
        let minor = unsafe {
            NonNull::new((*self.dev.get()).accel)
                .ok_or(ENODEV)?
                .as_ref()
        };
        if minor.kdev.is_null() {
            return Err(ENODEV);
        }
        Ok((u32::try_from(minor.index)?, minor.kdev))
    }

    /// Whether `file`, which is valid, is an open file of this device.
    pub(in crate::abstractions) fn is_of(&self, file: *mut bindings::file) -> bool {
        // SAFETY: The file is valid. Its operations are DRM's if its release is; then its private data is a DRM file, from
        // open to release, whose minor lives as long.
        unsafe {
            let release = (*(*file).f_op).release.map(|release| release as *const ());
            if release != Some(bindings::drm_release as *const ()) {
                return false;
            }
            let file = (*file).private_data.cast::<bindings::drm_file>();
            !file.is_null() && ptr::eq((*(*file).minor).dev, self.dev.get())
        }
    }

    /// What knows where memory of the node is mapped: all its files have this one, by DRM's `open()`. Valid as long as the device.
    pub(in crate::abstractions) fn mapping(&self) -> NonNull<bindings::address_space> {
        // SAFETY: The device is valid, and has had its inode from the beginning, whose mapping is never null.
        unsafe { NonNull::new_unchecked((*(*self.dev.get()).anon_inode).i_mapping) }
    }

    /// Keeps the parent bound; nothing if the device is unplugged.
    pub(crate) fn enter(&self) -> Option<Live<'_, D>> {
        Some(Live {
            device: self,
            _user: self.gate.enter()?,
        })
    }

    pub(super) fn from_raw(dev: *mut bindings::drm_device) -> *mut Self {
        let dev: *mut Opaque<bindings::drm_device> = dev.cast();
        // `dev` is the first field.
        dev.cast()
    }

    /// The device goes.
    ///
    /// # Safety
    ///
    /// `dev` must be a [`Device`] that nobody refers to any more, as DRM calls.
    pub(super) unsafe extern "C" fn release_callback(dev: *mut bindings::drm_device) {
        let device = Self::from_raw(dev);
        // SAFETY: The last reference is gone: nobody uses the fields any more. DRM frees the memory.
        unsafe {
            ptr::drop_in_place(&raw mut (*device).data);
            ptr::drop_in_place(&raw mut (*device).gate);
        }
    }
}

// SAFETY: DRM counts the references; `D` may be used and dropped on any thread.
unsafe impl<D: Send + Sync> Send for Device<D> {}
// SAFETY: As above; all methods that take `&self` may run at the same time.
unsafe impl<D: Send + Sync> Sync for Device<D> {}

// SAFETY: DRM counts the references.
unsafe impl<D> AlwaysRefCounted for Device<D> {
    fn inc_ref(&self) {
        // SAFETY: There is a reference.
        unsafe { bindings::drm_dev_get(self.dev.get()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller gives its reference up.
        unsafe { bindings::drm_dev_put(obj.as_ref().dev.get()) };
    }
}

/// A time during which the parent of a device stays bound: unplugging waits for its end.
pub(crate) struct Live<'a, D> {
    device: &'a Device<D>,
    _user: srcu::Guard<'a>,
}

impl<D> Live<'_, D> {
    /// The parent.
    pub(crate) fn parent(&self) -> &device::Device<Bound> {
        // SAFETY: The parent is valid as long as the device, and bound as long as that is not unplugged,
        // which waits for us.
        unsafe { <device::Device>::from_raw((*self.device.dev.get()).dev).as_bound() }
    }
}
