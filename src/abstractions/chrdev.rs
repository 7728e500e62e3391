// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Character devices with a major number of the driver's own, whose nodes stand beside accel nodes.
//!
//! C headers: `include/linux/cdev.h`, `include/linux/device.h`, `include/linux/fs.h`.

use core::ptr;

use kernel::bindings;
use kernel::device::Device;
use kernel::error::{from_result, to_result};
use kernel::prelude::*;
use kernel::sync::atomic::{
    ordering::{Acquire, Release},
    Atomic, Relaxed,
};
use kernel::{container_of, types::Opaque};

use super::accel;

/// Where the major is in a device number (`MINORBITS`, `include/linux/kdev_t.h`).
const MINOR_BITS: u32 = 20;

/// A range of device numbers with one major, from minor 0 on.
pub(crate) struct Region {
    /// What `/proc/devices` calls it.
    name: &'static CStr,
    minors: u32,
    /// The first number, once it is registered; before that 0, which no device has.
    first: Atomic<u32>,
}

/// The time during which a region's numbers are the driver's.
pub(crate) struct Numbers(&'static Region);

impl Region {
    /// A region that is not registered.
    pub(crate) const fn new(name: &'static CStr, minors: u32) -> Self {
        Self {
            name,
            minors,
            first: Atomic::new(0),
        }
    }

    /// Takes a major number for it; to be called once, when the module is loaded.
    pub(crate) fn register(&'static self) -> Result<Numbers> {
        let mut first = 0;
        // SAFETY: `first` is there during the call, the name for ever.
        to_result(unsafe {
            bindings::alloc_chrdev_region(&mut first, 0, self.minors, self.name.as_char_ptr())
        })
        .inspect_err(|_| pr_err!("unable to get major\n"))?;
        self.first.store(first, Relaxed);
        Ok(Numbers(self))
    }

    /// The number of the device with `minor`.
    fn number(&self, minor: u32) -> Result<bindings::dev_t> {
        match self.first.load(Relaxed) {
            0 => Err(ENODEV),
            _ if minor >= self.minors => Err(EINVAL),
            // The minor is in the low bits, which are zero.
            first => Ok(first | minor),
        }
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        let first = self.0.first.xchg(0, Relaxed);
        // SAFETY: The numbers were taken by `register()`; no device has one any more, since these are
        // gone before the module's own data.
        unsafe { bindings::unregister_chrdev_region(first, self.0.minors) };
    }
}

/// What a character device does. Files have no data of their own.
pub(crate) trait Operations: Sized + 'static {
    /// What belongs to the device. Open files keep it: it may outlive the node.
    type Data: Send + Sync + 'static;
    /// The module that must not go while a file is open.
    type Module: kernel::ModuleMetadata;

    /// Whether a file may be opened; `dev` is the class device, for messages.
    fn open(data: &Self::Data, dev: &Device) -> Result;
    /// Runs an ioctl; also on files that were open when the node went.
    fn ioctl(data: &Self::Data, dev: &Device, command: u32, argument: usize) -> Result;
}

/// The C structures of a device, and what belongs to it. Open files have a reference by `cdev`, which
/// has one by `dev`, whose last one frees all.
#[pin_data]
#[repr(C)]
struct Inner<T: Operations> {
    #[pin]
    dev: Opaque<bindings::device>,
    #[pin]
    cdev: Opaque<bindings::cdev>,
    /// The node is there.
    live: Atomic<bool>,
    data: T::Data,
}

impl<T: Operations> Inner<T> {
    const FOPS: bindings::file_operations = bindings::file_operations {
        owner: kernel::module::this_module::<T::Module>().as_ptr(),
        open: Some(Self::open_callback),
        unlocked_ioctl: Some(Self::ioctl_callback),
        // What arguments point to is the same for 32-bit programs.
        compat_ioctl: Some(Self::ioctl_callback),
        ..pin_init::zeroed()
    };

    /// The class device, for messages.
    fn device(&self) -> &Device {
        // SAFETY: The device is valid as long as `self`: this is the structure that its release frees.
        unsafe { Device::from_raw(self.dev.get()) }
    }

    /// # Safety
    ///
    /// To be called by `chrdev_open()`, for a node with these operations.
    unsafe extern "C" fn open_callback(
        inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> c_int {
        // SAFETY: The character device that `chrdev_open()` found is there, and keeps a reference for
        // the file. All that have these operations are embedded in an `Inner`.
        let this = unsafe {
            let cdev = (*inode).__bindgen_anon_5.i_cdev;
            &*container_of!(Opaque::cast_from(cdev), Self, cdev)
        };
        from_result(|| {
            if !this.live.load(Acquire) {
                // SAFETY: The file of this inode is being opened.
                let number = unsafe { (*inode).i_rdev };
                let (major, minor) = (number >> MINOR_BITS, number & ((1 << MINOR_BITS) - 1));
                pr_err!("Couldn't find device {}:{}\n", major, minor);
                return Err(ENXIO);
            }
            // SAFETY: The file is being opened.
            unsafe {
                bindings::nonseekable_open(inode, file);
                (*file).private_data = ptr::from_ref(this).cast_mut().cast();
            }
            T::open(&this.data, this.device()).map(|()| 0)
        })
    }

    /// # Safety
    ///
    /// `file` must be open, by [`Self::open_callback()`].
    unsafe extern "C" fn ioctl_callback(
        file: *mut bindings::file,
        command: c_uint,
        argument: c_ulong,
    ) -> c_long {
        // SAFETY: `open_callback()` stored the pointer; the file has a reference until it is closed.
        let this = unsafe { &*(*file).private_data.cast::<Self>() };
        match T::ioctl(&this.data, this.device(), command, argument) {
            Ok(()) => 0,
            Err(error) => error.to_errno() as c_long,
        }
    }

    /// # Safety
    ///
    /// To be called by the driver core, for the `dev` of an `Inner` that came out of a box.
    unsafe extern "C" fn release_callback(dev: *mut bindings::device) {
        // SAFETY: The last reference is gone: nobody uses the structure any more, whose first field
        // this is. `Node::new()` took it out of a box.
        drop(unsafe { KBox::from_raw(dev.cast::<Self>()) });
    }
}

/// A node that programs see; gone when dropped.
///
/// # Invariants
///
/// `.0` is a device and a character device that were added; we own a reference to the former.
pub(crate) struct Node<T: Operations>(ptr::NonNull<Inner<T>>);

// SAFETY: The structures are reference counted, and have locks of their own; `Data` may be used and
// dropped on any thread.
unsafe impl<T: Operations> Send for Node<T> {}
// SAFETY: As above; `&Node` lets one do nothing.
unsafe impl<T: Operations> Sync for Node<T> {}

impl<T: Operations> Node<T> {
    /// Makes a node with a number of `region`, in the class of `beside`'s node, of the same parent and with the same
    /// minor, which also ends its name.
    pub(crate) fn new<D: Send + Sync>(
        region: &Region,
        beside: &accel::Device<D>,
        prefix: &CStr,
        data: T::Data,
    ) -> Result<Self> {
        let (minor, sibling) = beside.node()?;
        let number = region.number(minor)?;
        let zeroed = |slot: *mut bindings::device| {
            // SAFETY: The slot is memory for a `device`, for which zeros are what C begins with.
            unsafe { slot.write_bytes(0, 1) }
        };
        let inner = KBox::pin_init(
            pin_init!(Inner::<T> {
                dev <- Opaque::ffi_init(zeroed),
                cdev <- Opaque::ffi_init(|slot: *mut bindings::cdev| {
                    // SAFETY: The slot is memory for a `cdev`, and the operations live for ever.
                    unsafe { bindings::cdev_init(slot, const { &Inner::<T>::FOPS }) }
                }),
                live: Atomic::new(true),
                data,
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: Nothing moves the structure until `release_callback()` frees it.
        let inner = KBox::into_raw(unsafe { Pin::into_inner_unchecked(inner) });
        // SAFETY: The pointer is of a structure that nobody else has yet; the sibling is registered, and
        // classes and parents live as long as their devices; what is added has a reference to its parent. From
        // `device_initialize()` on, giving up the reference frees the structure.
        unsafe {
            let (dev, cdev) = ((*inner).dev.get(), (*inner).cdev.get());
            (*cdev).owner = kernel::module::this_module::<T::Module>().as_ptr();
            bindings::device_initialize(dev);
            (*dev).devt = number;
            (*dev).class = (*sibling).class;
            (*dev).parent = (*sibling).parent;
            (*dev).release = Some(Inner::<T>::release_callback);
            bindings::dev_set_drvdata(dev, (&raw mut (*inner).data).cast());
            let format = c"%s%u".as_char_ptr();
            to_result(bindings::dev_set_name(
                dev,
                format,
                prefix.as_char_ptr(),
                minor,
            ))
            .and_then(|()| to_result(bindings::cdev_device_add(cdev, dev)))
            .inspect_err(|_| bindings::put_device(dev))?;
            // INVARIANT: Both were added.
            Ok(Self(ptr::NonNull::new_unchecked(inner)))
        }
    }
}

impl<T: Operations> Drop for Node<T> {
    fn drop(&mut self) {
        let inner = self.0.as_ptr();
        // SAFETY: By the type's invariants, the devices are there; here they go, and so does our
        // reference. Files that are open keep theirs.
        unsafe {
            (*inner).live.store(false, Release);
            bindings::cdev_device_del((*inner).cdev.get(), (*inner).dev.get());
            bindings::put_device((*inner).dev.get());
        }
    }
}
