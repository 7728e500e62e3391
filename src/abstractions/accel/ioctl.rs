// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Ioctls of accel nodes: what they are, and how DRM calls them.

use core::marker::PhantomData;
use core::ptr::NonNull;

use kernel::bindings;
use kernel::error::from_result;
use kernel::prelude::*;

use super::device::{Device, Live};

/// What belongs to an open file.
pub(crate) trait File: Send + Sync + 'static {
    /// Whether it can be used at all; what a program gets that calls it if not.
    fn check(&self) -> Result;
}

/// An entry of the table of ioctls of a driver whose devices have a `D` and whose files an `F`; made by [`descriptor`].
#[repr(transparent)]
pub(crate) struct Descriptor<D, F>(bindings::drm_ioctl_desc, PhantomData<fn(D, F)>);

/// The call of an ioctl. It does not keep the parent bound: what takes as long as the caller likes (waiting, touching
/// his memory) happens outside of [`Call::enter`].
pub(crate) struct Call<'a, D, F> {
    pub(super) device: &'a Device<D>,
    /// What belongs to the device.
    pub(crate) data: &'a D,
    /// What belongs to the file.
    pub(crate) file: &'a F,
    /// The file.
    #[cfg_attr(not(CONFIG_IO_URING), allow(dead_code))]
    raw: NonNull<bindings::drm_file>,
}

impl<'a, D, F> Call<'a, D, F> {
    /// A call by `file`.
    ///
    /// # Safety
    ///
    /// The file must be open for as long as the call, on a live [`Device`] with a `D`, and have an `F`.
    pub(super) unsafe fn new(raw: NonNull<bindings::drm_file>) -> Self {
        // SAFETY: By the function's precondition; `open_callback()` stored a valid pointer. A device lives as long as a file of it
        // is open.
        let (device, file) = unsafe {
            let file = raw.as_ref();
            (
                &*Device::<D>::from_raw((*file.minor).dev),
                &*file.driver_priv.cast::<F>(),
            )
        };
        Self {
            device,
            data: &device.data,
            file,
            raw,
        }
    }

    /// The kernel's side of the file.
    #[cfg(all(CONFIG_IO_URING, CONFIG_BLOCK))]
    pub(super) fn raw_file(&self) -> *mut bindings::file {
        // SAFETY: The file is open for as long as the call.
        unsafe { self.raw.as_ref().filp }
    }

    /// The device.
    pub(crate) fn device(&self) -> &'a Device<D> {
        self.device
    }

    /// Keeps the parent bound. Errors: `ENODEV`: the device is unplugged.
    pub(crate) fn enter(&self) -> Result<Live<'a, D>> {
        self.device.enter().ok_or(ENODEV)
    }
}

/// An ioctl.
pub(crate) trait Ioctl {
    /// What belongs to its driver's devices.
    type Data: Send + Sync + 'static;
    /// What belongs to its driver's files.
    type File: File;
    /// The structure that it reads and writes.
    type Args: zerocopy::FromBytes + zerocopy::IntoBytes;
    /// Its number, from `DRM_COMMAND_BASE` on.
    const COMMAND: u32;
    /// What `drm_debug` calls it.
    const NAME: &'static CStr;

    /// Runs it. `args` holds what the caller gave, zeros beyond, and goes back to the caller also
    /// after an error.
    fn run(call: &Call<'_, Self::Data, Self::File>, args: &mut Self::Args) -> Result;
}

/// The request number of a command that reads and writes a `T`: `DRM_IOWR(DRM_COMMAND_BASE + command, T)`.
pub(crate) const fn request<T>(command: u32) -> u32 {
    kernel::ioctl::_IOWR::<T>(
        kernel::uapi::DRM_IOCTL_BASE as u32,
        kernel::uapi::DRM_COMMAND_BASE + command,
    )
}

/// The entry of `I` in its driver's table.
pub(crate) const fn descriptor<I: Ioctl>() -> Descriptor<I::Data, I::File> {
    let descriptor = bindings::drm_ioctl_desc {
        cmd: request::<I::Args>(I::COMMAND),
        flags: 0,
        func: Some(ioctl_callback::<I>),
        name: kernel::str::as_char_ptr_in_const_context(I::NAME),
    };
    Descriptor(descriptor, PhantomData)
}

/// An ioctl of the driver's.
///
/// # Safety
///
/// `file` must be an open file of a live [`Device`] with an `I::Data`, the file with an `I::File`, and `args` must point to as many
/// bytes as `I::COMMAND` says, as DRM calls.
unsafe extern "C" fn ioctl_callback<I: Ioctl>(
    _dev: *mut bindings::drm_device,
    args: *mut c_void,
    file: *mut bindings::drm_file,
) -> c_int {
    let Some(file) = NonNull::new(file) else {
        return EINVAL.to_errno();
    };
    // SAFETY: DRM calls with a file of a driver's that has this descriptor, hence this data, and does not close it during the
    // call.
    let call = unsafe { Call::<I::Data, I::File>::new(file) };
    if call.device.enter().is_none() {
        return ENODEV.to_errno();
    }
    // SAFETY: DRM hands over a buffer of `_IOC_SIZE(cmd)` bytes, which is the size of `Args`, for this
    // call alone; `Args` takes any bytes.
    let args = unsafe { &mut *args.cast::<I::Args>() };
    from_result(|| {
        call.file.check()?;
        I::run(&call, args).map(|()| 0)
    })
}
