// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Commands that wait, and who answers them.
//!
//! A command is in a slot, or somebody has its [`Request`], and never both: the slot is emptied by an exchange. Its target lives as
//! long as it waits, since the command itself holds a reference.

use core::marker::PhantomData;
use core::mem::{size_of, ManuallyDrop};
use core::ptr::{self, NonNull};

use kernel::prelude::*;
use kernel::sync::atomic::{ordering::Full, Atomic};
use kernel::sync::Arc;

use super::answer::number;
use super::sys;

/// What a command can wait for.
pub(crate) trait Target: Send + Sync + Sized + 'static {
    /// Where that command is.
    fn slot(&self) -> &Slot<Self>;

    /// The second result of that command, however it ends; known before it waits.
    fn second(&self) -> u64;

    /// A command was put into the slot. What has happened before that answers it now; what happens from now on finds it.
    fn waited_for(&self);
}

/// The place of a command that waits.
///
/// # Invariants
///
/// Null, or a command that waits for the slot's owner, and that nobody has answered or a [`Request`] of.
pub(crate) struct Slot<T> {
    command: Atomic<*mut sys::Command>,
    _of: PhantomData<fn(T)>,
}

impl<T: Target> Slot<T> {
    /// An empty one.
    pub(crate) const fn new() -> Self {
        Self {
            command: Atomic::new(ptr::null_mut()),
            _of: PhantomData,
        }
    }

    /// Takes the command out, to be answered.
    pub(crate) fn take(&self) -> Option<Request<T>> {
        let command = self.command.xchg(ptr::null_mut(), Full);
        // INVARIANT: It was in the slot, and is not any more.
        NonNull::new(command).map(|command| Request(command, PhantomData))
    }
}

/// What a command keeps while it waits, in its own bytes.
#[repr(C)]
struct Waiting<T> {
    /// A reference.
    target: *const T,
    /// The answer; the number, once there is one.
    second: u64,
    number: i32,
}

/// The bytes of command `raw`.
///
/// # Safety
///
/// `raw` must be valid.
unsafe fn waiting<T>(raw: NonNull<sys::Command>) -> *mut Waiting<T> {
    const { assert!(size_of::<Waiting<T>>() <= sys::PDU) };
    // SAFETY: By the function's precondition. The bytes are aligned as words.
    unsafe { (&raw mut (*raw.as_ptr()).pdu).cast() }
}

/// Puts a command into the slot of `target`.
///
/// # Safety
///
/// `raw` must be a command that the driver was just called with, with these flags, and that is given up.
pub(super) unsafe fn put<T: Target>(
    raw: NonNull<sys::Command>,
    issue_flags: c_uint,
    target: Arc<T>,
) {
    let second = target.second();
    let target = Arc::into_raw(target);
    // SAFETY: The command is ours until it is in the slot, and so are its bytes. Before that it is told that it can be
    // cancelled: afterwards it may be gone at any time. Who cancels in between does not find it, and tries again.
    unsafe {
        waiting::<T>(raw).write(Waiting {
            target,
            second,
            number: 0,
        });
        sys::io_uring_cmd_mark_cancelable(raw.as_ptr(), issue_flags);
    }
    // SAFETY: The caller has a reference, too.
    let slot = unsafe { (*target).slot() };
    // INVARIANT: It waits for the slot's owner. A full barrier: who ends the owner's work says so before it looks here.
    slot.command.xchg(raw.as_ptr(), Full);
}

/// A command that somebody has to answer; dropping it is to say `ECANCELED`. May be used in any context.
///
/// # Invariants
///
/// It waits for a `T`, and nobody else has it.
pub(crate) struct Request<T: Target>(NonNull<sys::Command>, PhantomData<fn(T)>);

// SAFETY: Commands may be answered on any thread.
unsafe impl<T: Target> Send for Request<T> {}

impl<T: Target> Request<T> {
    /// Answers it: the task that has submitted it will tell the program.
    pub(crate) fn complete(self, result: Result) {
        ManuallyDrop::new(self).hand_over(result);
    }

    /// Has the task tell the program. To be called once, and the last thing that is done.
    fn hand_over(&self, result: Result) {
        // SAFETY: By the type's invariants; nothing touches it afterwards.
        unsafe {
            let waiting = waiting::<T>(self.0);
            (*waiting).number = number(result);
            sys::__io_uring_cmd_do_in_task(self.0.as_ptr(), Some(in_task::<T>), sys::LAZY_WAKE);
        }
    }
}

impl<T: Target> Drop for Request<T> {
    fn drop(&mut self) {
        self.hand_over(CANCELED);
    }
}

/// What is said of a command whose end nobody waits for.
const CANCELED: Result = Err(ECANCELED);

/// Tells the program the answer.
///
/// # Safety
///
/// As the kernel calls after [`Request::hand_over`].
unsafe extern "C" fn in_task<T: Target>(request: sys::io_tw_req, _state: sys::io_tw_state) {
    let Some(raw) = NonNull::new(request.req) else {
        return;
    };
    // SAFETY: By the function's precondition, the command is answered here and by nobody else; the ring is locked.
    unsafe {
        let waiting = waiting::<T>(raw).read();
        finish(raw, &waiting, sys::COMPLETE_DEFER);
    }
}

/// Answers a command, and gives its reference back.
///
/// # Safety
///
/// The command must be the caller's to be answered, `waiting` what it has kept, and the flags those of the call.
unsafe fn finish<T>(raw: NonNull<sys::Command>, waiting: &Waiting<T>, issue_flags: c_uint) {
    // SAFETY: By the function's precondition; the reference was the command's.
    unsafe {
        let target = Arc::from_raw(waiting.target);
        sys::__io_uring_cmd_done(
            raw.as_ptr(),
            waiting.number,
            waiting.second,
            issue_flags,
            true,
        );
        drop(target);
    }
}

/// Answers a command that waits, unless somebody is about to do so.
///
/// # Safety
///
/// As the kernel calls to cancel: it has the ring locked, which is so until a command was answered, so that `raw` is valid; and it
/// was put into the slot of a `T`.
pub(super) unsafe fn cancel<T: Target>(raw: NonNull<sys::Command>, issue_flags: c_uint) {
    // SAFETY: By the function's precondition; the command has a reference until it is answered.
    let (waiting, taken) = unsafe {
        let waiting = waiting::<T>(raw);
        (waiting, (*(*waiting).target).slot().take())
    };
    let Some(request) = taken else {
        return;
    };
    // It is answered here.
    let raw = ManuallyDrop::new(request).0;
    // SAFETY: The command was the request's.
    unsafe {
        (*waiting).number = number(CANCELED);
        let waiting = waiting.read();
        finish(raw, &waiting, issue_flags);
    }
}

#[kunit_tests(goya_uring_slot)]
mod tests {
    use super::*;

    struct Nobody(Slot<Nobody>);

    impl Target for Nobody {
        fn slot(&self) -> &Slot<Self> {
            &self.0
        }

        fn second(&self) -> u64 {
            0
        }

        fn waited_for(&self) {}
    }

    /// However many want to answer a command, one gets it.
    #[test]
    fn one_gets_it() {
        let slot = Slot::<Nobody>::new();
        assert!(slot.take().is_none());
        let raw = NonNull::<sys::Command>::dangling();
        slot.command.xchg(raw.as_ptr(), Full);
        // There is no such command: nobody answers it.
        let taken = slot.take().map(ManuallyDrop::new);
        assert!(taken.is_some_and(|request| request.0 == raw));
        assert!(slot.take().is_none());
    }
}
