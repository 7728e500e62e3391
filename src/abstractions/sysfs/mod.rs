// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Attributes of a device in sysfs (C: `include/linux/sysfs.h`, `include/linux/device.h`).
//!
//! An attribute is a row of a constant table: a name, and the functions that show and store it. They
//! get a `&T`, whatever the driver wants, from the [`Group`] that owns it; nothing depends on the
//! device's driver data.

mod text;

pub(crate) use text::{Input, Text};

use super::raw_device;

use kernel::{
    bindings,
    device::{Bound, Device},
    devres::Devres,
    error::to_result,
    ffi,
    page::PAGE_SIZE,
    prelude::*,
    sync::{aref::ARef, Arc},
};

use core::{mem::MaybeUninit, ptr, slice};

/// Shows an attribute.
pub(crate) type Show<T> = fn(&T, &mut Text<'_>) -> Result;
/// Stores an attribute; all that was written counts as used.
pub(crate) type Store<T> = fn(&T, &Input<'_>) -> Result;

/// A file with a line of text.
pub(crate) struct Attribute<T> {
    name: &'static CStr,
    mode: u16,
    show: Option<Show<T>>,
    store: Option<Store<T>>,
}

impl<T> Attribute<T> {
    /// A file that all may read.
    pub(crate) const fn ro(name: &'static CStr, show: Show<T>) -> Self {
        Self {
            name,
            mode: 0o444,
            show: Some(show),
            store: None,
        }
    }

    /// A file that all may read and its owner may write.
    pub(crate) const fn rw(name: &'static CStr, show: Show<T>, store: Store<T>) -> Self {
        Self {
            name,
            mode: 0o644,
            show: Some(show),
            store: Some(store),
        }
    }

    /// A file that its owner may write.
    pub(crate) const fn wo(name: &'static CStr, store: Store<T>) -> Self {
        Self {
            name,
            mode: 0o200,
            show: None,
            store: Some(store),
        }
    }

    /// The file's name, for tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn name(&self) -> &'static CStr {
        self.name
    }

    /// Shows it, as if a user read the file. `EIO` if that is not possible, as the kernel has it.
    pub(crate) fn show(&self, data: &T, text: &mut Text<'_>) -> Result {
        self.show.map_or(Err(EIO), |show| show(data, text))
    }

    /// Stores it, as if a user wrote the file. `EIO` if that is not possible, as the kernel has it.
    pub(crate) fn store(&self, data: &T, input: &Input<'_>) -> Result {
        self.store.map_or(Err(EIO), |store| store(data, input))
    }
}

/// A file with bytes, which all may read.
pub(crate) struct Binary<T> {
    /// Its name.
    pub(crate) name: &'static CStr,
    /// Its size in bytes.
    pub(crate) size: usize,
    /// Reads bytes from an offset on into a buffer of zeros, and says how many there were.
    pub(crate) read: fn(&T, u64, &mut [u8]) -> Result<usize>,
}

/// What the kernel gets of an attribute, and behind it what our callbacks need.
#[repr(C)]
struct TextEntry<T: 'static> {
    attribute: bindings::device_attribute,
    data: *const T,
    row: &'static Attribute<T>,
}

/// The same for a binary attribute.
#[repr(C)]
struct BinaryEntry<T: 'static> {
    attribute: bindings::bin_attribute,
    data: *const T,
    row: &'static Binary<T>,
}

/// Files of a device; they go when this is dropped.
///
/// # Invariants
///
/// - The group `*pointers[0]` was added to `device`.
/// - What the kernel has pointers to (all fields but `device`) is on the heap, and neither changed
///   nor freed before the group is removed.
pub(crate) struct Group<T: Send + Sync + 'static> {
    device: ARef<Device>,
    pointers: KBox<[*const bindings::attribute_group; 2]>,
    _group: KBox<bindings::attribute_group>,
    _texts: KVec<TextEntry<T>>,
    _text_pointers: KVec<*mut bindings::attribute>,
    _binaries: KVec<BinaryEntry<T>>,
    _binary_pointers: KVec<*const bindings::bin_attribute>,
    _data: Arc<T>,
}

// SAFETY: The pointers are to memory that the value owns, and `T` is `Send` and `Sync`.
unsafe impl<T: Send + Sync + 'static> Send for Group<T> {}

// SAFETY: A shared reference gives access to nothing.
unsafe impl<T: Send + Sync + 'static> Sync for Group<T> {}

impl<T: Send + Sync + 'static> Group<T> {
    /// Adds files to the directory of `dev`.
    ///
    /// They go when the result is dropped, or when `dev` is unbound from its driver, whatever is
    /// first; either waits for functions of the table that run. So do not drop it in one of them,
    /// nor while holding a lock that one of them takes.
    ///
    /// # Errors
    ///
    /// `EEXIST`: a file of that name is there; `ENOMEM`.
    pub(crate) fn new(
        dev: &Device<Bound>,
        data: Arc<T>,
        attributes: &'static [Attribute<T>],
        binaries: &'static [Binary<T>],
    ) -> Result<Devres<Self>> {
        let mut texts = KVec::with_capacity(attributes.len(), GFP_KERNEL)?;
        for row in attributes {
            let mut attribute = bindings::device_attribute::default();
            name(&mut attribute.attr, row.name, row.mode);
            if row.show.is_some() {
                attribute.__bindgen_anon_1.show = Some(show::<T>);
            }
            if row.store.is_some() {
                attribute.__bindgen_anon_2.store = Some(store::<T>);
            }
            let data = Arc::as_ptr(&data);
            texts.push_within_capacity(TextEntry {
                attribute,
                data,
                row,
            })?;
        }
        let mut bytes = KVec::with_capacity(binaries.len(), GFP_KERNEL)?;
        for row in binaries {
            let mut attribute = bindings::bin_attribute {
                size: row.size,
                read: Some(read::<T>),
                ..Default::default()
            };
            name(&mut attribute.attr, row.name, 0o444);
            let data = Arc::as_ptr(&data);
            bytes.push_within_capacity(BinaryEntry {
                attribute,
                data,
                row,
            })?;
        }

        // The entries stay where they are from here on. The pointers are made from the whole entry,
        // so that a callback may look behind what the kernel knows.
        let mut text_pointers =
            KVec::with_capacity(attributes.len().saturating_add(1), GFP_KERNEL)?;
        for entry in &mut texts {
            let entry: *mut TextEntry<T> = entry;
            // SAFETY: `entry` is valid; no reference is made.
            text_pointers.push_within_capacity(unsafe { &raw mut (*entry).attribute.attr })?;
        }
        text_pointers.push_within_capacity(ptr::null_mut())?;
        let mut binary_pointers =
            KVec::with_capacity(binaries.len().saturating_add(1), GFP_KERNEL)?;
        for entry in &mut bytes {
            let entry: *mut BinaryEntry<T> = entry;
            binary_pointers.push_within_capacity(entry.cast_const().cast())?;
        }
        binary_pointers.push_within_capacity(ptr::null())?;

        let mut group = bindings::attribute_group::default();
        group.__bindgen_anon_2.attrs = text_pointers.as_mut_ptr();
        group.bin_attrs = binary_pointers.as_ptr();
        let group = KBox::new(group, GFP_KERNEL)?;
        let pointers = KBox::new([ptr::from_ref(&*group), ptr::null()], GFP_KERNEL)?;

        // SAFETY: `dev` is a bound, so registered, device. All lists end with a null pointer, and
        // live until the group is removed, see the type invariant.
        to_result(unsafe { bindings::device_add_groups(raw_device(dev), pointers.as_ptr()) })?;
        // INVARIANT: Added above; moving the boxes and vectors does not move what is in them.
        Devres::new(
            dev,
            Self {
                device: dev.into(),
                pointers,
                _group: group,
                _texts: texts,
                _text_pointers: text_pointers,
                _binaries: bytes,
                _binary_pointers: binary_pointers,
                _data: data,
            },
        )
    }
}

impl<T: Send + Sync + 'static> Drop for Group<T> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the group was added to this device. The function waits for
        // callbacks that run, so nothing uses our memory afterwards. The device is still registered:
        // `Devres` sees to it that we come here before it is unbound.
        unsafe { bindings::device_remove_groups(raw_device(&self.device), self.pointers.as_ptr()) }
    }
}

/// Fills in what all attributes have.
fn name(attribute: &mut bindings::attribute, name: &'static CStr, mode: u16) {
    attribute.name = name.as_char_ptr();
    attribute.mode = mode;
    // lockdep wants a key in static memory; attributes on the heap can't use the one inside.
    #[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
    {
        attribute.key = kernel::sync::static_lock_class!().as_ptr();
    }
}

/// Bytes used, or an error, as the kernel wants them.
fn size_or_error(result: Result<usize>) -> isize {
    match result {
        Ok(size) => isize::try_from(size).unwrap_or(isize::MAX),
        // CAST: Error numbers fit.
        Err(error) => error.to_errno() as isize,
    }
}

/// # Safety
///
/// `attribute` is that of a `TextEntry<T>` of a `Group<T>` that outlives the call; `buffer` has a
/// page of initialised bytes.
unsafe extern "C" fn show<T: Send + Sync + 'static>(
    _dev: *mut bindings::device,
    attribute: *mut bindings::device_attribute,
    buffer: *mut ffi::c_char,
) -> isize {
    // SAFETY: The attribute is the first member of an entry, which nobody changes.
    let entry = unsafe { &*attribute.cast::<TextEntry<T>>() };
    // SAFETY: The group holds a reference count of the data.
    let data = unsafe { &*entry.data };
    // SAFETY: By the function's precondition; the buffer is ours during the call.
    let buffer = unsafe { slice::from_raw_parts_mut(buffer.cast::<u8>(), PAGE_SIZE) };
    let mut text = Text::new(buffer);
    size_or_error(entry.row.show(data, &mut text).map(|()| text.len()))
}

/// # Safety
///
/// `attribute` is that of a `TextEntry<T>` of a `Group<T>` that outlives the call; `buffer` has
/// `count` bytes and a zero after them.
unsafe extern "C" fn store<T: Send + Sync + 'static>(
    _dev: *mut bindings::device,
    attribute: *mut bindings::device_attribute,
    buffer: *const ffi::c_char,
    count: usize,
) -> isize {
    // SAFETY: The attribute is the first member of an entry, which nobody changes.
    let entry = unsafe { &*attribute.cast::<TextEntry<T>>() };
    // SAFETY: The group holds a reference count of the data.
    let data = unsafe { &*entry.data };
    // SAFETY: By the function's precondition.
    let bytes = unsafe { slice::from_raw_parts(buffer.cast::<u8>(), count) };
    // SAFETY: kernfs ends what a user wrote with a zero (`kernfs_fop_write_iter()`).
    let input = unsafe { Input::from_raw(bytes) };
    size_or_error(entry.row.store(data, &input).map(|()| count))
}

/// # Safety
///
/// `attribute` is that of a `BinaryEntry<T>` of a `Group<T>` that outlives the call; `buffer` has
/// room for `count` bytes.
unsafe extern "C" fn read<T: Send + Sync + 'static>(
    _file: *mut bindings::file,
    _kobject: *mut bindings::kobject,
    attribute: *const bindings::bin_attribute,
    buffer: *mut ffi::c_char,
    offset: bindings::loff_t,
    count: usize,
) -> isize {
    // SAFETY: The attribute is the first member of an entry, which nobody changes.
    let entry = unsafe { &*attribute.cast::<BinaryEntry<T>>() };
    // SAFETY: The group holds a reference count of the data.
    let data = unsafe { &*entry.data };
    // SAFETY: By the function's precondition; the buffer is ours during the call.
    let room = unsafe { slice::from_raw_parts_mut(buffer.cast::<MaybeUninit<u8>>(), count) };
    for byte in room.iter_mut() {
        byte.write(0);
    }
    // SAFETY: The same memory, every byte of which was just written.
    let bytes = unsafe { slice::from_raw_parts_mut(buffer.cast::<u8>(), count) };
    size_or_error(
        u64::try_from(offset)
            .map_err(|_| EINVAL)
            .and_then(|offset| (entry.row.read)(data, offset, bytes))
            .map(|size| size.min(count)),
    )
}

#[kunit_tests(goya_sysfs_group)]
mod tests {
    use super::*;
    use kernel::{
        faux,
        fmt::Write,
        sync::atomic::{Atomic, Relaxed},
    };

    /// What the rows of the table below work on.
    struct Counter(Atomic<u64>);

    static TEXTS: [Attribute<Counter>; 2] = [
        Attribute::rw(
            c"goya_count",
            |counter, text| Ok(writeln!(text, "{}", counter.0.load(Relaxed))?),
            |counter, input| {
                counter.0.store(input.number()?, Relaxed);
                Ok(())
            },
        ),
        Attribute::wo(c"goya_refuse", |_, _| Err(EPERM)),
    ];

    static BINARIES: [Binary<Counter>; 1] = [Binary {
        name: c"goya_bytes",
        size: 16,
        read: |_, offset, out| {
            if offset > 3 {
                return Err(EIO);
            }
            out.iter_mut().for_each(|byte| *byte += 7);
            Ok(out.len())
        },
    }];

    /// The kernel's calls, as it makes them.
    #[test]
    fn callbacks() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-sysfs", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let counter = Arc::new(Counter(Atomic::new(3)), GFP_KERNEL)?;
        let files = Group::new(dev, counter.clone(), &TEXTS, &BINARIES)?;
        let group = files.access(dev)?;
        let mut page = KVec::from_elem(0u8, PAGE_SIZE, GFP_KERNEL)?;
        let buffer: *mut u8 = page.as_mut_ptr();
        let device = raw_device(dev);

        let rw: *mut bindings::device_attribute = group._text_pointers[0].cast();
        let wo: *mut bindings::device_attribute = group._text_pointers[1].cast();
        // SAFETY: The attributes are the group's, the buffer is a page.
        unsafe {
            assert_eq!(show::<Counter>(device, rw, buffer), 2);
            assert_eq!(show::<Counter>(device, wo, buffer), -5);
            assert_eq!(store::<Counter>(device, rw, c"0x11\n".as_char_ptr(), 5), 5);
            assert_eq!(store::<Counter>(device, rw, c"x".as_char_ptr(), 1), -22);
            assert_eq!(store::<Counter>(device, wo, c"1".as_char_ptr(), 1), -1);
        }
        assert_eq!(counter.0.load(Relaxed), 17);
        assert!(page.starts_with(b"3\n\0"));

        let buffer: *mut u8 = page.as_mut_ptr();
        let bin = group._binary_pointers[0];
        let nobody = ptr::null_mut();
        // SAFETY: The attribute is the group's, the buffer is larger than what is asked for.
        unsafe {
            assert_eq!(read::<Counter>(nobody, nobody.cast(), bin, buffer, 1, 4), 4);
            assert_eq!(
                read::<Counter>(nobody, nobody.cast(), bin, buffer, 4, 4),
                -5
            );
            assert_eq!(
                read::<Counter>(nobody, nobody.cast(), bin, buffer, -1, 4),
                -22
            );
        }
        drop(files);

        // Once more: the names are free again, and an unbound device takes its files along.
        let files = Group::new(dev, counter.clone(), &TEXTS, &BINARIES)?;
        drop(faux);
        assert!(files.try_access().is_none());
        Ok(())
    }
}
