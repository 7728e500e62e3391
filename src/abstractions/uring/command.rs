// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Commands that a driver is called with.

use core::marker::PhantomData;
use core::mem::size_of;
use core::ptr::NonNull;

use kernel::bindings;
use kernel::prelude::*;
use kernel::sync::Arc;

use super::answer::Answer;
use super::slot::{self, Target};
use super::sys;
use crate::abstractions::shared::copy;

/// What becomes of a command. Only its own methods say so.
pub(crate) struct Verdict(c_int);

/// It was answered, or will be.
const TAKEN: Verdict = Verdict(-(bindings::EIOCBQUEUED as c_int));

/// A command that a driver was called with.
///
/// # Invariants
///
/// `raw` is valid during the call, was not answered, and nobody else has it.
pub(crate) struct Command<'a> {
    raw: NonNull<sys::Command>,
    issue_flags: c_uint,
    _call: PhantomData<&'a ()>,
}

impl Command<'_> {
    /// # Safety
    ///
    /// `raw` must be the command that the kernel has called with, with these flags, and be handed over.
    pub(in crate::abstractions) unsafe fn new(
        raw: NonNull<bindings::io_uring_cmd>,
        issue_flags: c_uint,
    ) -> Self {
        // INVARIANT: By the function's precondition.
        Self {
            raw: raw.cast(),
            issue_flags,
            _call: PhantomData,
        }
    }

    /// Which one it is: the program's `cmd_op`.
    pub(crate) fn opcode(&self) -> u32 {
        // SAFETY: By the type's invariants.
        unsafe { self.raw.as_ref().cmd_op }
    }

    /// Whether the calling thread is one of the kernel's workers, which may sleep as long as it likes.
    pub(crate) fn may_sleep(&self) -> bool {
        self.issue_flags & sys::NONBLOCK == 0
    }

    /// The command proper.
    ///
    /// Errors: `EINVAL`: the ring's entries are too small (`IORING_SETUP_SQE128`), or the program wants a buffer of the ring's to
    /// be used.
    pub(crate) fn read<T: FromBytes + IntoBytes>(&self) -> Result<T> {
        const { assert!(size_of::<T>() <= sys::SQE128_CMD) };
        // SAFETY: By the type's invariants.
        let (sqe, flags) = unsafe { (self.raw.as_ref().sqe, self.raw.as_ref().flags) };
        if self.issue_flags & sys::SQE128 == 0 || flags & sys::CMD_MASK != 0 {
            return Err(EINVAL);
        }
        let mut value = T::new_zeroed();
        // SAFETY: A large entry has so many bytes there. The program may write to them at the same time.
        unsafe { copy::out_of(sqe.wrapping_add(sys::SQE_CMD), value.as_mut_bytes()) };
        Ok(value)
    }

    /// It is done.
    pub(crate) fn finish(self, answer: Answer) -> Verdict {
        // SAFETY: By the type's invariants, and it is given up. The flags are those of the call.
        unsafe {
            sys::__io_uring_cmd_done(
                self.raw.as_ptr(),
                answer.number(),
                answer.second,
                self.issue_flags,
                true,
            )
        };
        TAKEN
    }

    /// A worker is to try again, since this thread may not sleep; not for a command that a worker has already.
    pub(crate) fn retry(self) -> Verdict {
        Verdict(EAGAIN.to_errno())
    }

    /// It waits in `target`'s slot, which has to be empty and stay so but for this.
    pub(crate) fn wait_for<T: Target>(self, target: Arc<T>) -> Verdict {
        let waits_for = target.clone();
        // SAFETY: By the type's invariants, and it is given up.
        unsafe { slot::put(self.raw, self.issue_flags, target) };
        // What has ended before answers now.
        waits_for.waited_for();
        TAKEN
    }
}

/// Whether the kernel calls because a ring or a process ends before the command.
pub(in crate::abstractions) fn is_cancel(issue_flags: c_uint) -> bool {
    issue_flags & sys::CANCEL != 0
}

impl Verdict {
    /// What the kernel is told.
    pub(in crate::abstractions) fn into_raw(self) -> c_int {
        self.0
    }
}

/// The program, or its ring, ends: answers its command, unless somebody else is about to do so.
///
/// # Safety
///
/// As the kernel calls with [`is_cancel`]: `raw` waits for a `T`.
pub(in crate::abstractions) unsafe fn cancel<T: Target>(
    raw: NonNull<bindings::io_uring_cmd>,
    issue_flags: c_uint,
) {
    // SAFETY: By the function's precondition.
    unsafe { slot::cancel::<T>(raw.cast(), issue_flags) }
}

/// The file that a command is for.
///
/// # Safety
///
/// `raw` must be valid.
pub(in crate::abstractions) unsafe fn file(
    raw: NonNull<bindings::io_uring_cmd>,
) -> *mut bindings::file {
    // SAFETY: By the function's precondition.
    unsafe { raw.cast::<sys::Command>().as_ref().file }
}

#[kunit_tests(goya_uring)]
mod tests {
    use super::*;
    use core::ptr;

    /// A command as the kernel would make it, for an entry of a ring.
    fn raw(entry: &[u8; 128], flags: u32) -> sys::Command {
        sys::Command {
            file: ptr::null_mut(),
            sqe: entry.as_ptr(),
            cmd_op: 0xc030_6442,
            flags,
            pdu: [0; sys::PDU / 8],
            unused: [0; 8],
        }
    }

    fn called(raw: &mut sys::Command, issue_flags: c_uint) -> Command<'_> {
        // SAFETY: The command is valid for as long as the call, and none that anybody else has. It is not answered.
        unsafe { Command::new(NonNull::from(raw).cast(), issue_flags) }
    }

    /// The last 80 bytes of a large entry, and nothing of a small one.
    #[test]
    fn large_entries() -> Result {
        let mut entry = [0u8; 128];
        for (n, byte) in entry.iter_mut().enumerate() {
            *byte = n as u8;
        }
        let mut large = raw(&entry, 0);
        let command = called(&mut large, sys::SQE128 | sys::NONBLOCK);
        assert!(command.opcode() == 0xc030_6442 && !command.may_sleep());
        assert!(command.read::<[u8; 80]>()? == entry[48..]);
        assert!(command.read::<[u8; 3]>()? == [48, 49, 50]);
        assert_eq!(command.retry().into_raw(), EAGAIN.to_errno());
        let small = called(&mut large, 0);
        assert!(small.may_sleep() && small.read::<[u8; 80]>() == Err(EINVAL));
        Ok(())
    }

    /// Nobody uses the ring's buffers.
    #[test]
    fn no_buffers() {
        let entry = [0u8; 128];
        for flags in 0..4 {
            let mut asked = raw(&entry, flags);
            let read = called(&mut asked, sys::SQE128).read::<u64>();
            assert_eq!(read.is_ok(), flags == 0);
        }
    }
}
