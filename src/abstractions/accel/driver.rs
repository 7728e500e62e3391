// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a driver does for its devices and their files, and how DRM calls it.

use core::ptr::{self, NonNull};

use kernel::bindings;
use kernel::device::{self, Bound};
use kernel::error::{from_err_ptr, from_result};
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::aref::ARef;

use super::device::Device;
use super::fdinfo::UsageStats;
use super::gate::Gate;
use super::ioctl::{Descriptor, File};
#[cfg(CONFIG_IO_URING)]
use super::uring::CommandHandler;
use crate::abstractions::vma::NewMapping;

// The kernel's own bindings allow it as well: `inode` reaches an empty structure, through pointers only.
#[allow(improper_ctypes)]
extern "C" {
    /// `drivers/accel/drm_accel.c`
    fn accel_open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int;
}

/// What a driver says of itself.
pub(crate) struct Info {
    /// Name and description, as `DRM_IOCTL_VERSION` and sysfs show them.
    pub(crate) name: &'static CStr,
    pub(crate) desc: &'static CStr,
    /// Version.
    pub(crate) version: (i32, i32, i32),
}

/// A driver with an accel node.
pub(crate) trait Driver: Sized + 'static {
    /// What belongs to the device.
    type Data: Send + Sync + 'static;
    /// What belongs to an open file.
    type File: File;
    /// The module that must not go while a file is open.
    type Module: kernel::ModuleMetadata;
    /// What it is called.
    const INFO: Info;
    /// Its ioctls: number n stands at place n - `DRM_COMMAND_BASE`.
    const IOCTLS: &'static [Descriptor<Self::Data, Self::File>];
    /// What takes commands that come by io_uring.
    #[cfg(CONFIG_IO_URING)]
    const COMMANDS: CommandHandler<Self::Data, Self::File>;

    /// Opens a file.
    fn open(data: &Self::Data) -> Result<Pin<KBox<Self::File>>>;
    /// A file is closed for good; no other call that uses it is running.
    fn close(data: &Self::Data, file: Pin<KBox<Self::File>>);
    /// Tells of the use that was made of a file, beside what DRM tells of each. May sleep.
    fn show_fdinfo(data: &Self::Data, file: &Self::File, stats: &mut UsageStats<'_>);
    /// Maps something of the file's into a process.
    fn mmap(data: &Self::Data, file: &Self::File, mapping: NewMapping<'_>) -> Result;
}

/// Whether a request is one of DRM's own for which it does not see that an accel node's file has neither a master
/// nor GEM objects: it would use a null pointer, or locks that nobody has made.
fn unsafe_here(request: u32) -> bool {
    /// `DRM_IOCTL_GET_UNIQUE`, `_GET_MAGIC`, `_PRIME_HANDLE_TO_FD` and `_PRIME_FD_TO_HANDLE`.
    const NUMBERS: [u32; 4] = [0x01, 0x02, 0x2d, 0x2e];

    request >> 8 & 0xff == u32::from(kernel::uapi::DRM_IOCTL_BASE)
        && NUMBERS.contains(&(request & 0xff))
}

/// Has DRM `answer` a request that it may see.
fn if_safe(request: u32, answer: impl FnOnce() -> c_long) -> c_long {
    if unsafe_here(request) {
        return EOPNOTSUPP.to_errno() as c_long;
    }
    answer()
}

/// An ioctl of a file, DRM's or the driver's.
///
/// # Safety
///
/// `file` must be an open file of an accel node's, as the kernel calls.
unsafe extern "C" fn file_ioctl_callback(
    file: *mut bindings::file,
    request: c_uint,
    argument: c_ulong,
) -> c_long {
    // SAFETY: By the function's precondition.
    if_safe(request, || unsafe {
        bindings::drm_ioctl(file, request, argument)
    })
}

/// The same of a 32-bit program, some of whose structures of DRM's are others; the driver's are the same.
///
/// # Safety
///
/// As for [`file_ioctl_callback`].
#[cfg(CONFIG_COMPAT)]
unsafe extern "C" fn file_compat_ioctl_callback(
    file: *mut bindings::file,
    request: c_uint,
    argument: c_ulong,
) -> c_long {
    // SAFETY: By the function's precondition.
    if_safe(request, || unsafe {
        bindings::drm_compat_ioctl(file, request, argument)
    })
}

/// How DRM calls driver `T`.
struct Calls<T>(T);

impl<T: Driver> Calls<T> {
    const FOPS: bindings::file_operations = bindings::file_operations {
        owner: kernel::module::this_module::<T::Module>().as_ptr(),
        open: Some(accel_open),
        release: Some(bindings::drm_release),
        unlocked_ioctl: Some(file_ioctl_callback),
        #[cfg(CONFIG_COMPAT)]
        compat_ioctl: Some(file_compat_ioctl_callback),
        llseek: Some(bindings::noop_llseek),
        mmap: Some(Self::mmap_callback),
        #[cfg(CONFIG_PROC_FS)]
        show_fdinfo: Some(bindings::drm_show_fdinfo),
        #[cfg(CONFIG_IO_URING)]
        uring_cmd: Some(T::COMMANDS.callback()),
        fop_flags: bindings::FOP_UNSIGNED_OFFSET,
        ..pin_init::zeroed()
    };

    const DRIVER: bindings::drm_driver = bindings::drm_driver {
        open: Some(Self::open_callback),
        postclose: Some(Self::postclose_callback),
        release: Some(Device::<T::Data>::release_callback),
        show_fdinfo: Some(Self::show_fdinfo_callback),
        major: T::INFO.version.0,
        minor: T::INFO.version.1,
        patchlevel: T::INFO.version.2,
        name: kernel::str::as_char_ptr_in_const_context(T::INFO.name).cast_mut(),
        desc: kernel::str::as_char_ptr_in_const_context(T::INFO.desc).cast_mut(),
        driver_features: bindings::drm_driver_feature_DRIVER_COMPUTE_ACCEL,
        // A descriptor is one of DRM's, and a type.
        ioctls: T::IOCTLS.as_ptr().cast(),
        num_ioctls: T::IOCTLS.len() as i32,
        fops: &Self::FOPS,
        ..pin_init::zeroed()
    };

    /// A file is opened.
    ///
    /// # Safety
    ///
    /// `dev` must be a live [`Device`], `file` a file of it that nobody else uses yet, as DRM calls.
    unsafe extern "C" fn open_callback(
        dev: *mut bindings::drm_device,
        file: *mut bindings::drm_file,
    ) -> c_int {
        // SAFETY: DRM calls with a device of this driver's.
        let device = unsafe { &*Device::<T::Data>::from_raw(dev) };
        from_result(|| {
            let inner = T::open(&device.data)?;
            // SAFETY: The box stays pinned: nothing moves it out of the pointer until `postclose`.
            let raw = KBox::into_raw(unsafe { Pin::into_inner_unchecked(inner) });
            // SAFETY: DRM calls with a file that is being opened: nobody else reads the field.
            unsafe { (*file).driver_priv = raw.cast() };
            Ok(0)
        })
    }

    /// A file is closed.
    ///
    /// # Safety
    ///
    /// As for `open_callback()`, which must have opened the file; it is not used any more.
    unsafe extern "C" fn postclose_callback(
        dev: *mut bindings::drm_device,
        file: *mut bindings::drm_file,
    ) {
        // SAFETY: As for `open_callback()`.
        let device = unsafe { &*Device::<T::Data>::from_raw(dev) };
        // SAFETY: `open_callback()` made the pointer; this is its end, and it was pinned all the time.
        let inner =
            unsafe { Pin::new_unchecked(KBox::from_raw((*file).driver_priv.cast::<T::File>())) };
        T::close(&device.data, inner);
    }

    /// Somebody reads a file's entry in `/proc/PID/fdinfo`.
    ///
    /// # Safety
    ///
    /// As for `open_callback()`, which must have opened the file, and `printer` must be valid, as DRM calls.
    unsafe extern "C" fn show_fdinfo_callback(
        printer: *mut bindings::drm_printer,
        file: *mut bindings::drm_file,
    ) {
        // SAFETY: The file is open, so it has a minor, whose device lives as long and is one of this driver's;
        // `open_callback()` stored a valid pointer.
        let (device, inner) = unsafe {
            (
                &*Device::<T::Data>::from_raw((*(*file).minor).dev),
                &*(*file).driver_priv.cast::<T::File>(),
            )
        };
        // SAFETY: DRM has made the printer for this call.
        let mut stats = unsafe { UsageStats::from_raw(printer) };
        T::show_fdinfo(&device.data, inner, &mut stats);
    }

    /// A file is mapped.
    ///
    /// # Safety
    ///
    /// `file` must be open on a [`Device`], and `vma` new, as the kernel maps.
    unsafe extern "C" fn mmap_callback(
        file: *mut bindings::file,
        vma: *mut bindings::vm_area_struct,
    ) -> c_int {
        // SAFETY: An accel file has its DRM file there, which knows its minor, device and private data.
        let (dev, inner) = unsafe {
            let drm_file = (*file).private_data.cast::<bindings::drm_file>();
            (
                (*(*drm_file).minor).dev,
                &*(*drm_file).driver_priv.cast::<T::File>(),
            )
        };
        // SAFETY: The device lives as long as a file of it is open, and is one of this driver's.
        let device = unsafe { &*Device::<T::Data>::from_raw(dev) };
        let Some(_live) = device.enter() else {
            return ENODEV.to_errno();
        };
        // SAFETY: The caller maps: the area is new and belongs to this call.
        let mapping = unsafe { NewMapping::new(vma, (*dev).dev) };
        from_result(|| {
            inner.check()?;
            T::mmap(&device.data, inner, mapping).map(|()| 0)
        })
    }
}

impl<D: Send + Sync> Device<D> {
    /// Makes a device that no program sees yet.
    pub(crate) fn new<T: Driver<Data = D>>(
        parent: &device::Device<Bound>,
        data: D,
    ) -> Result<ARef<Self>> {
        let gate = Gate::new(static_lock_class!())?;
        // SAFETY: The parent is valid, the driver's structure lives for ever, and size and offset are
        // those of `Self`, whose `dev` is a `drm_device`.
        let raw = unsafe {
            bindings::__drm_dev_alloc(
                ptr::from_ref(parent).cast_mut().cast(),
                const { &Calls::<T>::DRIVER },
                Self::LAYOUT.0,
                Self::LAYOUT.1,
            )
        };
        let raw = NonNull::new(from_err_ptr(raw)?.cast::<Self>()).ok_or(ENOMEM)?;
        // SAFETY: The allocation is as large as `Self`, and nobody has seen these fields yet.
        unsafe {
            (&raw mut (*raw.as_ptr()).gate).write(gate);
            (&raw mut (*raw.as_ptr()).data).write(data);
        }
        // SAFETY: The one reference that the allocation came with is handed over.
        Ok(unsafe { ARef::from_raw(raw) })
    }
}

#[kunit_tests(goya_accel)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_need_a_graphics_card() {
        let number = |number: u32| 0xc010_6400 | number;
        for unsafe_one in [0x01, 0x02, 0x2d, 0x2e] {
            assert!(unsafe_here(number(unsafe_one)));
            // Size and direction are the caller's choice; the kind makes it DRM's.
            assert!(unsafe_here(0x6400 | unsafe_one));
            assert!(!unsafe_here(0x6500 | unsafe_one));
        }
        for safe in [0x00, 0x03, 0x09, 0x2c, 0x2f, 0x40, 0x45, 0xa0] {
            assert!(!unsafe_here(number(safe)));
        }
    }
}
