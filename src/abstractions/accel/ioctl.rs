// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Ioctls of accel nodes: what they are, and how DRM calls them.

use core::marker::PhantomData;

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
    device: &'a Device<D>,
    /// What belongs to the device.
    pub(crate) data: &'a D,
    /// What belongs to the file.
    pub(crate) file: &'a F,
}

impl<'a, D, F> Call<'a, D, F> {
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
/// `dev` must be a live [`Device`] with an `I::Data`, `file` an open file of it with an `I::File`, and `args` must point to as many
/// bytes as `I::COMMAND` says, as DRM calls.
unsafe extern "C" fn ioctl_callback<I: Ioctl>(
    dev: *mut bindings::drm_device,
    args: *mut c_void,
    file: *mut bindings::drm_file,
) -> c_int {
    // SAFETY: DRM calls with a device of a driver that has this descriptor, hence this data; it keeps living during the
    // call.
    let device = unsafe { &*Device::<I::Data>::from_raw(dev) };
    if device.enter().is_none() {
        return ENODEV.to_errno();
    }
    // SAFETY: `open_callback()` stored a valid pointer, and the file is not closed during the call.
    let file = unsafe { &*(*file).driver_priv.cast::<I::File>() };
    // SAFETY: DRM hands over a buffer of `_IOC_SIZE(cmd)` bytes, which is the size of `Args`, for this
    // call alone; `Args` takes any bytes.
    let args = unsafe { &mut *args.cast::<I::Args>() };
    let call = Call {
        device,
        data: &device.data,
        file,
    };
    from_result(|| {
        file.check()?;
        I::run(&call, args).map(|()| 0)
    })
}
