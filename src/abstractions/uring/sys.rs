// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the `bindings` crate lacks of `include/linux/io_uring/cmd.h` and `include/linux/io_uring_types.h`, as of Linux 7.3.

use core::mem::{align_of, offset_of, size_of};

use kernel::{bindings, ffi};

/// Bytes that a driver has for itself in a command.
pub(super) const PDU: usize = 32;

/// `struct io_uring_cmd`, which is an opaque type in the `bindings` crate.
#[repr(C)]
pub(super) struct Command {
    pub(super) file: *mut bindings::file,
    /// The entry of the ring: the program's memory, until the kernel has made a copy.
    pub(super) sqe: *const u8,
    pub(super) cmd_op: u32,
    /// What the program says (`IORING_URING_CMD_*`), and bits of the kernel's own.
    pub(super) flags: u32,
    pub(super) pdu: [u64; PDU / 8],
    pub(super) unused: [u8; 8],
}

/// Where the command proper is in an entry (`struct io_uring_sqe`), and how many bytes it has in a large one.
pub(super) const SQE_CMD: usize = 48;
pub(super) const SQE128_CMD: usize = 128 - SQE_CMD;

/// What a program may ask of a command (`IORING_URING_CMD_MASK`).
pub(super) const CMD_MASK: u32 = 0b11;

/// `IO_URING_F_*`: how a command is issued.
pub(super) const COMPLETE_DEFER: ffi::c_uint = 1;
pub(super) const SQE128: ffi::c_uint = 1 << 8;
pub(super) const CANCEL: ffi::c_uint = 1 << 11;
pub(super) const NONBLOCK: ffi::c_uint = 1 << 31;

/// Who waits for several commands need not be woken for each (`IOU_F_TWQ_LAZY_WAKE`).
pub(super) const LAZY_WAKE: ffi::c_uint = 1;

/// `struct io_tw_req`: a request that a task works on. It begins with its command, as all that is in its place begins with the
/// file.
///
/// With `CONFIG_CFI` a callback has to have the type that C says, in which a structure goes by its name.
#[allow(non_camel_case_types)]
#[repr(C)]
pub(super) struct io_tw_req {
    pub(super) req: *mut Command,
}

/// `struct io_tw_state`.
#[allow(non_camel_case_types)]
#[repr(C)]
pub(super) struct io_tw_state {
    cancel: bool,
}

// The layouts of the C compiler.
const _: () = {
    const POINTER: usize = size_of::<*const ()>();
    assert!(align_of::<Command>() == align_of::<*const ()>());
    assert!(offset_of!(Command, sqe) == POINTER && offset_of!(Command, cmd_op) == 2 * POINTER);
    assert!(offset_of!(Command, pdu) == 2 * POINTER + 8);
    assert!(size_of::<Command>() == 2 * POINTER + 8 + PDU + 8);
    assert!(size_of::<io_tw_req>() == POINTER && size_of::<io_tw_state>() == 1);
};

#[allow(
    improper_ctypes,
    reason = "`struct file` leads to empty structures of bindgen's, behind pointers"
)]
unsafe extern "C" {
    /// Answers a command, which is gone with that. `issue_flags` are those of the call that the caller is in.
    pub(super) fn __io_uring_cmd_done(
        cmd: *mut Command,
        ret: i32,
        res2: u64,
        issue_flags: ffi::c_uint,
        is_cqe32: bool,
    );

    /// Has the task that has submitted a command call `callback` soon. May be called in any context.
    pub(super) fn __io_uring_cmd_do_in_task(
        cmd: *mut Command,
        callback: Option<unsafe extern "C" fn(request: io_tw_req, state: io_tw_state)>,
        flags: ffi::c_uint,
    );

    /// Has the driver called with [`CANCEL`] when a ring or a process ends before the command.
    pub(super) fn io_uring_cmd_mark_cancelable(cmd: *mut Command, issue_flags: ffi::c_uint);
}
