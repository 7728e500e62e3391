// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Files in the debugfs directory of a DRM device (C: `include/linux/debugfs.h`).
//!
//! `kernel::debugfs` makes directories of its own only. As in [`super::sysfs`], a file is a row of a
//! constant table: a name, and the functions that show and store it.

use kernel::{
    bindings, ffi, fmt,
    prelude::*,
    seq_file::SeqFile,
    sync::Arc,
    uaccess::{UserPtr, UserSlice},
    ModuleMetadata,
};

use super::sysfs::Input;

/// What files tell of, and whose code does it.
pub(crate) trait Subject: Send + Sync + 'static {
    /// The module that must not go while a file is open.
    type Module: ModuleMetadata;
}

/// Shows a file.
pub(crate) type Show<S> = fn(&S, &mut Output<'_>) -> Result;
/// Stores a file; all that was written counts as used.
pub(crate) type Store<S> = fn(&S, &Input<'_>) -> Result;

/// A file. What it can't do is `EINVAL`.
pub(crate) struct File<S> {
    /// Its name.
    pub(crate) name: &'static CStr,
    /// Its permissions.
    pub(crate) mode: u16,
    /// Reads it.
    pub(crate) show: Option<Show<S>>,
    /// Writes it.
    pub(crate) store: Option<Store<S>>,
}

/// The text of a file that is being shown.
pub(crate) struct Output<'a>(&'a SeqFile);

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.call_printf(fmt!("{text}"));
        Ok(())
    }
}

/// What the kernel gets to know a file by.
struct Entry<S: Subject> {
    subject: *const S,
    row: &'static File<S>,
}

/// Files; they go when this is dropped, which waits for functions of the table that run.
///
/// # Invariants
///
/// `nodes` are the files of `_entries`, or errors; the entries are neither moved nor freed before the
/// files are removed.
pub(super) struct Files<S: Subject> {
    nodes: KVec<*mut bindings::dentry>,
    _entries: KVec<Entry<S>>,
    _subject: Arc<S>,
}

/// Files, of whatever subject.
pub(super) trait Shown: Send + Sync {}

impl<S: Subject> Shown for Files<S> {}

// SAFETY: The pointers are to memory that the value owns, and to files that any task may remove; `S` is
// `Send` and `Sync` itself.
unsafe impl<S: Subject> Send for Files<S> {}

// SAFETY: A shared reference gives access to nothing.
unsafe impl<S: Subject> Sync for Files<S> {}

impl<S: Subject> Files<S> {
    const OPERATIONS: bindings::file_operations = bindings::file_operations {
        owner: kernel::module::this_module::<S::Module>().as_ptr(),
        open: Some(open::<S>),
        read: Some(bindings::seq_read),
        write: Some(write::<S>),
        llseek: Some(bindings::seq_lseek),
        release: Some(bindings::single_release),
        ..pin_init::zeroed()
    };

    /// Adds files to a directory. As always with debugfs, what can't be made is not there, no more.
    ///
    /// # Safety
    ///
    /// `directory` is a directory of debugfs, null or an error, and is not removed before the result is
    /// dropped.
    pub(super) unsafe fn new(
        directory: *mut bindings::dentry,
        subject: Arc<S>,
        files: &'static [File<S>],
    ) -> Result<Self> {
        let mut this = Self {
            nodes: KVec::with_capacity(files.len(), GFP_KERNEL)?,
            _entries: KVec::with_capacity(files.len(), GFP_KERNEL)?,
            _subject: subject,
        };
        for row in files {
            let subject = Arc::as_ptr(&this._subject);
            this._entries.push_within_capacity(Entry { subject, row })?;
        }
        // The entries stay where they are from here on.
        for entry in &this._entries {
            // SAFETY: The directory is one by the function's precondition; the operations live for
            // ever, and the entry lives until the file is removed, see the type invariant.
            let node = unsafe {
                bindings::debugfs_create_file_full(
                    entry.row.name.as_char_ptr(),
                    entry.row.mode,
                    directory,
                    core::ptr::from_ref(entry).cast_mut().cast(),
                    core::ptr::null(),
                    const { &Self::OPERATIONS },
                )
            };
            this.nodes.push_within_capacity(node)?;
        }
        Ok(this)
    }
}

impl<S: Subject> Drop for Files<S> {
    fn drop(&mut self) {
        for &node in &self.nodes {
            // SAFETY: By the type invariant a file, or an error, which does no harm. Waits for
            // callbacks that run; a file that is still open reaches none afterwards.
            unsafe { bindings::debugfs_remove(node) };
        }
    }
}

/// # Safety
///
/// `inode` is that of a file of a `Files<S>` that outlives the call; `file` is being opened.
unsafe extern "C" fn open<S: Subject>(
    inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> ffi::c_int {
    // SAFETY: debugfs keeps the data of a file in its inode.
    let data = unsafe { (*inode).i_private };
    // SAFETY: By the function's precondition; `show` takes what is handed over here.
    unsafe { bindings::single_open(file, Some(show::<S>), data) }
}

/// # Safety
///
/// `file` was opened by `open::<S>`, and its `Files<S>` outlives the call.
unsafe extern "C" fn show<S: Subject>(
    file: *mut bindings::seq_file,
    _: *mut ffi::c_void,
) -> ffi::c_int {
    // SAFETY: `open()` handed an entry over, which nobody changes.
    let entry = unsafe { &*(*file).private.cast::<Entry<S>>() };
    // SAFETY: The files hold a reference count of the subject.
    let subject = unsafe { &*entry.subject };
    // SAFETY: By the function's precondition; seq_file calls it for one reader at a time.
    let mut output = Output(unsafe { SeqFile::from_raw(file) });
    match entry.row.show {
        Some(show) => show(subject, &mut output).map_or_else(Error::to_errno, |()| 0),
        None => EINVAL.to_errno(),
    }
}

/// # Safety
///
/// `file` was opened by `open::<S>`, and its `Files<S>` outlives the call; `buffer` and `count` are a
/// user's.
unsafe extern "C" fn write<S: Subject>(
    file: *mut bindings::file,
    buffer: *const ffi::c_char,
    count: usize,
    _: *mut bindings::loff_t,
) -> isize {
    // SAFETY: `single_open()` made the file's data a `seq_file`, whose data is the entry.
    let entry = unsafe {
        let file = (*file).private_data.cast::<bindings::seq_file>();
        &*(*file).private.cast::<Entry<S>>()
    };
    // SAFETY: The files hold a reference count of the subject.
    let subject = unsafe { &*entry.subject };
    let user = UserPtr::from_ptr(buffer.cast_mut().cast());
    match store(entry.row, subject, user, count) {
        Ok(()) => isize::try_from(count).unwrap_or(isize::MAX),
        // CAST: Error numbers fit.
        Err(error) => error.to_errno() as isize,
    }
}

/// Numbers and words are short: what is longer is cut off, and is no number then.
fn store<S: Subject>(row: &File<S>, subject: &S, user: UserPtr, count: usize) -> Result {
    const LEN_MAX: usize = 63;

    let store = row.store.ok_or(EINVAL)?;
    let mut text = [0; LEN_MAX + 1];
    let part = text.get_mut(..count.min(LEN_MAX)).ok_or(EINVAL)?;
    UserSlice::new(user, part.len()).reader().read_slice(part)?;
    let text = part.split(|byte| *byte == 0).next().unwrap_or_default();
    // SAFETY: What follows is the zero that ends it, or the last byte, which is left as it was.
    store(subject, &unsafe { Input::from_raw(text) })
}
