// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The end of a batch: what can be done once for many commands that a thread submits in one call.
//!
//! The block layer has such ends for its own requests (*plugs*), and io_uring makes one for each call that submits more than two
//! commands. It comes when the last of them was submitted, or as soon as the thread sleeps.
//!
//! C header: `include/linux/blkdev.h`.

use kernel::bindings;
use kernel::prelude::*;

use super::device::Device;
use super::ioctl::Call;

/// What is done at the end of a batch.
pub(crate) trait AtEnd {
    /// What belongs to the device.
    type Data: Send + Sync + 'static;

    /// Does it; may not sleep.
    fn at_end(device: &Device<Self::Data>);
}

/// What the block layer calls at the end.
#[repr(C)]
struct Pending {
    callback: bindings::blk_plug_cb,
    /// A reference: the device and the module stay, too. Null at first.
    file: *mut bindings::file,
}

impl<D: Send + Sync + 'static, F> Call<'_, D, F> {
    /// Whether the calling thread is at a batch.
    pub(crate) fn in_batch(&self) -> bool {
        let task = current!();
        // SAFETY: The current task exists, and nobody else changes this word of it.
        unsafe { !(*task.as_ptr()).plug.is_null() }
    }

    /// Has `A` run once at the end of the calling thread's batch. Whether that could be arranged: otherwise nothing is done.
    ///
    /// When the thread sleeps, `A` runs, and not once more: what it is to do has to be there before.
    pub(crate) fn at_end_of_batch<A: AtEnd<Data = D>>(&self) -> bool {
        // SAFETY: Looks at the calling thread only. The number of bytes is that of the structure, which begins with the
        // callback and is zero at first; the device tells those of one device from others.
        let pending = unsafe {
            bindings::blk_check_plugged(
                Some(at_end::<A>),
                self.device.dev.get().cast(),
                size_of::<Pending>() as c_int,
            )
        };
        if pending.is_null() {
            return false;
        }
        // SAFETY: The structure is the calling thread's until it is called, and begins with the callback.
        let pending = unsafe { &mut *pending.cast::<Pending>() };
        if pending.file.is_null() {
            // SAFETY: The file is open, which the call keeps it.
            pending.file = unsafe { bindings::get_file(self.raw_file()) };
        }
        true
    }
}

/// The end of a batch.
///
/// # Safety
///
/// `callback` must be that of a [`Pending`] of a device with an `A::Data`, as the block layer calls once.
unsafe extern "C" fn at_end<A: AtEnd>(callback: *mut bindings::blk_plug_cb, _from_schedule: bool) {
    // SAFETY: By the function's precondition. The file is open on the device as long as the reference is there. This may be the
    // last one; even so the file, and with it the module, is not let go of here, but by work of the thread's own, which runs
    // after this has returned. It is no thread of the kernel's, whose files others let go of, since it submits for a program.
    unsafe {
        let file = (*callback.cast::<Pending>()).file;
        bindings::kfree(callback.cast());
        let drm_file = (*file).private_data.cast::<bindings::drm_file>();
        let device = Device::<A::Data>::from_raw((*(*drm_file).minor).dev);
        A::at_end(&*device);
        bindings::fput(file);
    }
}
