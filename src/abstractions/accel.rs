// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! DRM devices with an accel node (`/dev/accel/accelN`), in the manner of `kernel::drm`, which can make
//! GEM and render nodes only.
//!
//! C headers: `include/drm/drm_accel.h`, `include/drm/drm_device.h`, `include/drm/drm_drv.h`.

use core::marker::PhantomData;
use core::mem;
use core::ptr::{self, NonNull};

use kernel::bindings;
use kernel::device::{self, Bound};
use kernel::error::{from_err_ptr, from_result, to_result};
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::aref::{ARef, AlwaysRefCounted};
use kernel::sync::atomic::{Atomic, Relaxed};
#[cfg(CONFIG_DEBUG_FS)]
use kernel::sync::Arc;
use kernel::sync::{srcu, LockClassKey, Srcu};
use kernel::types::Opaque;

#[cfg(CONFIG_DEBUG_FS)]
use super::debugfs;
use super::vma::NewMapping;

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

/// An entry of a driver's table of ioctls; made by [`descriptor`].
pub(crate) type Descriptor = bindings::drm_ioctl_desc;

/// A driver with an accel node.
pub(crate) trait Driver: Sized + 'static {
    /// What belongs to the device.
    type Data: Send + Sync + 'static;
    /// What belongs to an open file.
    type File: Send + Sync + 'static;
    /// The module that must not go while a file is open.
    type Module: kernel::ModuleMetadata;
    /// What it is called.
    const INFO: Info;
    /// Its ioctls: number n stands at place n - `DRM_COMMAND_BASE`.
    const IOCTLS: &'static [Descriptor];

    /// Opens a file.
    fn open(data: &Self::Data) -> Result<Pin<KBox<Self::File>>>;
    /// A file is closed for good; no other call that uses it is running.
    fn close(data: &Self::Data, file: Pin<KBox<Self::File>>);
    /// Whether an open file can be used at all; what a program gets that calls it if not.
    fn check(file: &Self::File) -> Result;
    /// Maps something of the file's into a process.
    fn mmap(data: &Self::Data, file: &Self::File, mapping: NewMapping<'_>) -> Result;
}

/// The call of an ioctl. It does not keep the parent bound: what takes as long as the caller likes (waiting, touching
/// his memory) happens outside of [`Call::enter`].
pub(crate) struct Call<'a, T: Driver> {
    device: &'a Device<T>,
    /// What belongs to the device.
    pub(crate) data: &'a T::Data,
    /// What belongs to the file.
    pub(crate) file: &'a T::File,
}

impl<'a, T: Driver> Call<'a, T> {
    /// Keeps the parent bound. Errors: `ENODEV`: the device is unplugged.
    pub(crate) fn enter(&self) -> Result<Live<'a, T>> {
        self.device.enter().ok_or(ENODEV)
    }
}

/// An ioctl.
pub(crate) trait Ioctl {
    /// Whose.
    type Driver: Driver;
    /// The structure that it reads and writes.
    type Args: zerocopy::FromBytes + zerocopy::IntoBytes;
    /// Its number, from `DRM_COMMAND_BASE` on.
    const COMMAND: u32;
    /// What `drm_debug` calls it.
    const NAME: &'static CStr;

    /// Runs it. `args` holds what the caller gave, zeros beyond, and goes back to the caller also
    /// after an error.
    fn run(call: &Call<'_, Self::Driver>, args: &mut Self::Args) -> Result;
}

/// The request number of a command that reads and writes a `T`: `DRM_IOWR(DRM_COMMAND_BASE + command, T)`.
pub(crate) const fn request<T>(command: u32) -> u32 {
    kernel::ioctl::_IOWR::<T>(
        kernel::uapi::DRM_IOCTL_BASE as u32,
        kernel::uapi::DRM_COMMAND_BASE + command,
    )
}

/// The entry of `I` in its driver's table.
pub(crate) const fn descriptor<I: Ioctl>() -> Descriptor {
    bindings::drm_ioctl_desc {
        cmd: request::<I::Args>(I::COMMAND),
        flags: 0,
        func: Some(ioctl_callback::<I>),
        name: kernel::str::as_char_ptr_in_const_context(I::NAME),
    }
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

/// An ioctl of the driver's.
///
/// # Safety
///
/// `dev` must be a live [`Device`] of `I::Driver`, `file` an open file of it, and `args` must point to as many
/// bytes as `I::COMMAND` says, as DRM calls.
unsafe extern "C" fn ioctl_callback<I: Ioctl>(
    dev: *mut bindings::drm_device,
    args: *mut c_void,
    file: *mut bindings::drm_file,
) -> c_int {
    // SAFETY: DRM calls with a device of this driver's, which keeps living during the call.
    let device = unsafe { &*Device::<I::Driver>::from_raw(dev) };
    if device.enter().is_none() {
        return ENODEV.to_errno();
    }
    // SAFETY: `open_callback()` stored a valid pointer, and the file is not closed during the call.
    let file = unsafe { &*(*file).driver_priv.cast::<<I::Driver as Driver>::File>() };
    // SAFETY: DRM hands over a buffer of `_IOC_SIZE(cmd)` bytes, which is the size of `Args`, for this
    // call alone; `Args` takes any bytes.
    let args = unsafe { &mut *args.cast::<I::Args>() };
    let call = Call {
        device,
        data: &device.data,
        file,
    };
    from_result(|| {
        I::Driver::check(file)?;
        I::run(&call, args).map(|()| 0)
    })
}

/// Knows who uses a device, and ends that.
///
/// DRM's own (`drm_dev_enter()`) is one for all DRM devices of the machine: whoever stayed long in there would hold up
/// the removal of each of them.
#[pin_data]
struct Gate {
    #[pin]
    users: Srcu,
    closed: Atomic<bool>,
}

impl Gate {
    /// An open one, of lock class `key`.
    fn new(key: Pin<&'static LockClassKey>) -> Result<Pin<KBox<Self>>> {
        KBox::try_pin_init(
            try_pin_init!(Self {
                users <- Srcu::new(c"accel_gate", key),
                closed: Atomic::new(false),
            }),
            GFP_KERNEL,
        )
    }

    /// Lets a user in; nothing once it is closed.
    fn enter(&self) -> Option<srcu::Guard<'_>> {
        let user = self.users.read_lock();
        // Who does not see the flag is one of those that `close()` waits for.
        (!self.closed.load(Relaxed)).then_some(user)
    }

    /// Lets nobody in any more, and waits for those who are.
    fn close(&self) {
        self.closed.store(true, Relaxed);
        self.users.synchronize();
    }
}

/// A DRM device with an accel node.
///
/// # Invariants
///
/// `dev` is a valid DRM device, embedded in this structure; `gate` and `data` are initialised.
#[repr(C)]
pub(crate) struct Device<T: Driver> {
    dev: Opaque<bindings::drm_device>,
    gate: Pin<KBox<Gate>>,
    data: T::Data,
    _driver: PhantomData<T>,
}

impl<T: Driver> Device<T> {
    const FOPS: bindings::file_operations = bindings::file_operations {
        owner: kernel::module::this_module::<T::Module>().as_ptr(),
        open: Some(accel_open),
        release: Some(bindings::drm_release),
        unlocked_ioctl: Some(file_ioctl_callback),
        #[cfg(CONFIG_COMPAT)]
        compat_ioctl: Some(file_compat_ioctl_callback),
        llseek: Some(bindings::noop_llseek),
        mmap: Some(Self::mmap_callback),
        fop_flags: bindings::FOP_UNSIGNED_OFFSET,
        ..pin_init::zeroed()
    };

    const DRIVER: bindings::drm_driver = bindings::drm_driver {
        open: Some(Self::open_callback),
        postclose: Some(Self::postclose_callback),
        release: Some(Self::release_callback),
        major: T::INFO.version.0,
        minor: T::INFO.version.1,
        patchlevel: T::INFO.version.2,
        name: kernel::str::as_char_ptr_in_const_context(T::INFO.name).cast_mut(),
        desc: kernel::str::as_char_ptr_in_const_context(T::INFO.desc).cast_mut(),
        driver_features: bindings::drm_driver_feature_DRIVER_COMPUTE_ACCEL,
        ioctls: T::IOCTLS.as_ptr(),
        num_ioctls: T::IOCTLS.len() as i32,
        fops: &Self::FOPS,
        ..pin_init::zeroed()
    };

    /// Makes a device that no program sees yet.
    pub(crate) fn new(parent: &device::Device<Bound>, data: T::Data) -> Result<ARef<Self>> {
        let gate = Gate::new(static_lock_class!())?;
        // SAFETY: The parent is valid, the driver's structure lives for ever, and size and offset are
        // those of `Self`, whose `dev` is a `drm_device`.
        let raw = unsafe {
            bindings::__drm_dev_alloc(
                ptr::from_ref(parent).cast_mut().cast(),
                const { &Self::DRIVER },
                mem::size_of::<Self>(),
                mem::offset_of!(Self, dev),
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

    /// What belongs to the device.
    pub(crate) fn data(&self) -> &T::Data {
        &self.data
    }

    /// The number of the node, and the class device of the node.
    ///
    /// The latter is there only between registration and its end.
    pub(super) fn node(&self) -> Result<(u32, *mut bindings::device)> {
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
    pub(super) fn is_of(&self, file: *mut bindings::file) -> bool {
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

    /// Keeps the parent bound; nothing if the device is unplugged.
    pub(crate) fn enter(&self) -> Option<Live<'_, T>> {
        Some(Live {
            device: self,
            _user: self.gate.enter()?,
        })
    }

    fn from_raw(dev: *mut bindings::drm_device) -> *mut Self {
        let dev: *mut Opaque<bindings::drm_device> = dev.cast();
        // `dev` is the first field.
        dev.cast()
    }

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
        let device = unsafe { &*Self::from_raw(dev) };
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
        let device = unsafe { &*Self::from_raw(dev) };
        // SAFETY: `open_callback()` made the pointer; this is its end, and it was pinned all the time.
        let inner =
            unsafe { Pin::new_unchecked(KBox::from_raw((*file).driver_priv.cast::<T::File>())) };
        T::close(&device.data, inner);
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
        let device = unsafe { &*Self::from_raw(dev) };
        let Some(_live) = device.enter() else {
            return ENODEV.to_errno();
        };
        // SAFETY: The caller maps: the area is new and belongs to this call.
        let mapping = unsafe { NewMapping::new(vma, (*dev).dev) };
        from_result(|| {
            T::check(inner)?;
            T::mmap(&device.data, inner, mapping).map(|()| 0)
        })
    }

    /// The device goes.
    ///
    /// # Safety
    ///
    /// `dev` must be a [`Device`] that nobody refers to any more, as DRM calls.
    unsafe extern "C" fn release_callback(dev: *mut bindings::drm_device) {
        let device = Self::from_raw(dev);
        // SAFETY: The last reference is gone: nobody uses the fields any more. DRM frees the memory.
        unsafe {
            ptr::drop_in_place(&raw mut (*device).data);
            ptr::drop_in_place(&raw mut (*device).gate);
        }
    }
}

// SAFETY: DRM counts the references; `Data` may be used and dropped on any thread.
unsafe impl<T: Driver> Send for Device<T> {}
// SAFETY: As above; all methods that take `&self` may run at the same time.
unsafe impl<T: Driver> Sync for Device<T> {}

// SAFETY: DRM counts the references.
unsafe impl<T: Driver> AlwaysRefCounted for Device<T> {
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
pub(crate) struct Live<'a, T: Driver> {
    device: &'a Device<T>,
    _user: srcu::Guard<'a>,
}

impl<T: Driver> Live<'_, T> {
    /// The parent.
    pub(crate) fn parent(&self) -> &device::Device<Bound> {
        // SAFETY: The parent is valid as long as the device, and bound as long as that is not unplugged,
        // which waits for us.
        unsafe { <device::Device>::from_raw((*self.device.dev.get()).dev).as_bound() }
    }
}

/// Tables of files that a device can have in debugfs.
#[cfg(CONFIG_DEBUG_FS)]
const TABLES: usize = 5;

/// The time during which programs see the device.
pub(crate) struct Registration<T: Driver> {
    device: ARef<Device<T>>,
    #[cfg(CONFIG_DEBUG_FS)]
    files: KVec<KBox<dyn debugfs::Shown>>,
}

impl<T: Driver> Registration<T> {
    /// Shows the device.
    pub(crate) fn new(device: ARef<Device<T>>) -> Result<Self> {
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
    pub(crate) fn device(&self) -> &Device<T> {
        &self.device
    }
}

impl<T: Driver> Drop for Registration<T> {
    fn drop(&mut self) {
        #[cfg(CONFIG_DEBUG_FS)]
        self.files.clear();
        // Waits for all calls that have entered.
        self.device.gate.close();
        // SAFETY: The device was registered.
        unsafe { bindings::drm_dev_unplug(self.device.dev.get()) };
    }
}

#[kunit_tests(goya_accel)]
mod tests {
    use super::*;

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
