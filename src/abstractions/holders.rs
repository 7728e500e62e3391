// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The processes that have a device open, whoever has opened it: as `__do_SAK()` finds those of a terminal.
//!
//! C headers: `include/linux/fdtable.h`, `include/linux/sched/signal.h`.

use core::ptr;

use kernel::bindings;
use kernel::prelude::*;
use kernel::sync::rcu;

use super::accel::{self, Driver};

/// A step along a list that is read under RCU.
///
/// # Safety
///
/// `list` must be a link of such a list, and the caller must have been in one read-side section since he began to read it.
unsafe fn next(list: *const bindings::list_head) -> *mut bindings::list_head {
    // SAFETY: By the function's precondition; the link may change at any time.
    unsafe { (&raw const (*list).next).read_volatile() }
}

/// What `iterate_fd()` looks for.
struct Wanted<'a> {
    is: &'a dyn Fn(*mut bindings::file) -> bool,
}

/// # Safety
///
/// `wanted` must be a [`Wanted`], and `file` valid, as `iterate_fd()` calls with what [`has`] hands over.
unsafe extern "C" fn is_wanted(
    wanted: *const c_void,
    file: *mut bindings::file,
    _number: c_uint,
) -> c_int {
    // SAFETY: By the function's precondition.
    let wanted = unsafe { &*wanted.cast::<Wanted<'_>>() };
    c_int::from((wanted.is)(file))
}

/// Whether `task` has a descriptor of what is `wanted`.
///
/// # Safety
///
/// The task must be valid during the call.
unsafe fn has(task: *mut bindings::task_struct, wanted: &Wanted<'_>) -> bool {
    // SAFETY: The task is valid; its lock keeps its table of descriptors, which it may not have.
    unsafe {
        let lock = &raw mut (*task).alloc_lock;
        bindings::spin_lock(lock);
        let found = bindings::iterate_fd(
            (*task).files,
            0,
            Some(is_wanted),
            ptr::from_ref(wanted).cast(),
        );
        bindings::spin_unlock(lock);
        found != 0
    }
}

/// Kills every process that has a descriptor of `device`, and calls `tell` with its number. Whether there was any, but for
/// the calling one, whose end nobody should wait for here.
///
/// Somebody may still have the device open: descriptors may be on their way in a socket, and memory of the device's mapped.
pub(crate) fn kill<T: Driver>(device: &accel::Device<T>, mut tell: impl FnMut(i32)) -> bool {
    let wanted = Wanted {
        is: &|file| device.is_of(file),
    };
    let mut any = false;
    let _section = rcu::read_lock();
    // SAFETY: Lists of processes and of their threads are read under RCU, which keeps what was found there; the first
    // process is always there. A thread's lock is taken alone.
    unsafe {
        let head = &raw mut bindings::init_task.tasks;
        let mut process = next(head);
        while process != head {
            let leader = kernel::container_of!(process, bindings::task_struct, tasks);
            let threads = &raw mut (*(*leader).signal).thread_head;
            let mut thread = next(threads);
            while thread != threads {
                let task = kernel::container_of!(thread, bindings::task_struct, thread_node);
                if has(task, &wanted) {
                    bindings::send_sig(bindings::SIGKILL as c_int, task, 1);
                    tell((*leader).pid);
                    any |= (*leader).tgid != (*bindings::get_current()).tgid;
                    break;
                }
                thread = next(thread);
            }
            process = next(process);
        }
    }
    any
}
