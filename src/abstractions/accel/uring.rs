// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Commands that programs send to accel nodes by io_uring: what takes them, and how the kernel calls it.

use core::marker::PhantomData;
use core::ptr::NonNull;

use kernel::bindings;
use kernel::prelude::*;

use super::ioctl::{Call, File};
use crate::abstractions::uring::{self, Answer, Command, Target, Verdict};

/// What takes the commands of a driver's nodes.
pub(crate) trait Commands {
    /// What belongs to its driver's devices.
    type Data: Send + Sync + 'static;
    /// What belongs to its driver's files.
    type File: File;
    /// What commands wait for.
    type Target: Target;

    /// Runs a command, or has it wait.
    fn run(call: &Call<'_, Self::Data, Self::File>, command: Command<'_>) -> Verdict;

    /// What a program is told whose file is of no use (`error`).
    fn refused(error: Error) -> Answer;
}

/// How the kernel calls what takes the commands of a driver whose devices have a `D` and whose files an `F`; made by [`commands`].
pub(crate) struct CommandHandler<D, F>(Callback, PhantomData<fn(D, F)>);

type Callback = unsafe extern "C" fn(*mut bindings::io_uring_cmd, c_uint) -> c_int;

impl<D, F> CommandHandler<D, F> {
    pub(super) const fn callback(&self) -> Callback {
        self.0
    }
}

/// The handler that calls `C`.
pub(crate) const fn commands<C: Commands>() -> CommandHandler<C::Data, C::File> {
    CommandHandler(callback::<C>, PhantomData)
}

/// A command for a node, or the end of one.
///
/// # Safety
///
/// `raw` must be a command for an open file of a live device with a `C::Data`, the file with a `C::File`, as the kernel calls.
unsafe extern "C" fn callback<C: Commands>(
    raw: *mut bindings::io_uring_cmd,
    issue_flags: c_uint,
) -> c_int {
    let Some(raw) = NonNull::new(raw) else {
        return EINVAL.to_errno();
    };
    if uring::is_cancel(issue_flags) {
        // SAFETY: The kernel calls so for commands that were called with before; those that wait, wait for a `C::Target`.
        unsafe { uring::cancel::<C::Target>(raw, issue_flags) };
        return 0;
    }
    // SAFETY: The kernel hands a command over, which has the file, whose private data is a DRM file. That is not closed
    // during the call.
    let (command, file) = unsafe {
        let file = (*uring::file(raw)).private_data;
        (
            Command::new(raw, issue_flags),
            NonNull::new_unchecked(file.cast()),
        )
    };
    // SAFETY: The file is open, on a device of a driver that has this handler.
    let call = unsafe { Call::<C::Data, C::File>::new(file) };
    let usable = call.enter().map(drop).and_then(|()| call.file.check());
    match usable {
        Ok(()) => C::run(&call, command),
        Err(error) => command.finish(C::refused(error)),
    }
    .into_raw()
}
