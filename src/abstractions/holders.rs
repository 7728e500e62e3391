// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The processes that have a device open, whether they have opened it or were given it, as `__do_SAK()` finds those of a
//! terminal; or have memory of it mapped, which is a way to keep it open.
//!
//! C headers: `include/linux/fdtable.h`, `include/linux/fs.h`, `include/linux/mm_types.h`, `include/linux/pid.h`,
//! `include/linux/sched/signal.h`.

use core::cell::Cell;
use core::ptr::{self, NonNull};

use kernel::bindings;
use kernel::container_of;
use kernel::prelude::*;
use kernel::sync::rcu;

use super::accel::Device;

/// What is looked for in a task's table of descriptors.
struct Look<'a> {
    is: &'a dyn Fn(*mut bindings::file) -> bool,
    task: *mut bindings::task_struct,
    /// There is one, whoever has opened it.
    found: Cell<bool>,
}

/// Whether a file is what is looked for, and its opener's.
///
/// # Safety
///
/// `look` must be a [`Look`] of a task that is valid, under RCU, and `file` valid, as `iterate_fd()` calls with what
/// [`has`] hands over.
unsafe extern "C" fn is_wanted(
    look: *const c_void,
    file: *mut bindings::file,
    _number: c_uint,
) -> c_int {
    // SAFETY: By the function's precondition.
    let look = unsafe { &*look.cast::<Look<'_>>() };
    if !(look.is)(file) {
        return 0;
    }
    look.found.set(true);
    // SAFETY: By the function's precondition.
    c_int::from(unsafe { could_kill(file, look.task) })
}

/// Whether who has opened `file` could have killed `task` himself (`kill_ok_by_cred()`): a file can be sent to anybody, and
/// nobody is to die of what he was sent.
///
/// # Safety
///
/// Both must be valid, and the caller in a read-side section of RCU.
unsafe fn could_kill(file: *const bindings::file, task: *const bindings::task_struct) -> bool {
    // SAFETY: Both are valid. A file's credentials are its own; a task's are kept by RCU, and the pointer to them may
    // change at any time.
    unsafe {
        let opener = &*(*file).f_cred;
        let target = &*(&raw const (*task).real_cred).read_volatile();
        let owners = [target.suid.val, target.uid.val];
        owners.contains(&opener.euid.val)
            || owners.contains(&opener.uid.val)
            || bindings::file_ns_capable(file, target.user_ns, bindings::CAP_KILL as c_int)
    }
}

/// Whether the task of `look` has a descriptor of what is looked for, by a file of somebody who could have killed it.
///
/// # Safety
///
/// The task must be valid during the call, and the caller in a read-side section of RCU.
unsafe fn has(look: &Look<'_>) -> bool {
    // SAFETY: The task is valid; its lock keeps its table of descriptors, which it may not have.
    unsafe {
        let lock = &raw mut (*look.task).alloc_lock;
        bindings::spin_lock(lock);
        let found = bindings::iterate_fd(
            (*look.task).files,
            0,
            Some(is_wanted),
            ptr::from_ref(look).cast(),
        );
        bindings::spin_unlock(lock);
        found != 0
    }
}

/// Who has memory of a device mapped, and by which file; nobody can change that as long as this is there. The lock is taken by
/// who maps and unmaps such memory, for a moment, and not by who changes his address space otherwise: its own lock may be busy all
/// the time, and nobody should wait for it here.
///
/// # Invariants
///
/// `mapping` is valid, its areas are locked for reading, and `users` are some of theirs.
struct Areas {
    mapping: NonNull<bindings::address_space>,
    /// Each once: a mapping can be split into very many areas.
    users: KVVec<(*mut bindings::mm_struct, *mut bindings::file)>,
}

impl Areas {
    /// Those of `device`; nobody if the kernel has no memory for a list. May sleep.
    fn of<D: Send + Sync>(device: &Device<D>) -> Self {
        let mapping = device.mapping();
        let mut room = 16usize;
        loop {
            let users = KVVec::with_capacity(room, GFP_KERNEL).unwrap_or_default();
            // SAFETY: It is valid as long as the device.
            unsafe { bindings::down_read(&raw mut (*mapping.as_ptr()).i_mmap_rwsem) };
            // INVARIANT: Locked above. There are no users yet.
            let mut this = Self { mapping, users };
            // Memory is taken without the lock, which who frees memory may take.
            if this.collect() || this.users.capacity() == 0 {
                return this;
            }
            room = room.saturating_mul(2);
        }
    }

    /// Adds the users of all areas. Whether there was room for them.
    fn collect(&mut self) -> bool {
        // SAFETY: By the type invariants, the areas are there and stay as they are.
        unsafe {
            let mut node = (*self.mapping.as_ptr()).i_mmap.rb_leftmost;
            while !node.is_null() {
                let area = container_of!(node, bindings::vm_area_struct, shared.rb);
                let user = ((*area).vm_mm, (*area).vm_file);
                // INVARIANT: An area's.
                if !self.users.contains(&user) && self.users.push_within_capacity(user).is_err() {
                    return false;
                }
                node = bindings::rb_next(node);
            }
        }
        true
    }

    /// Whether there is one of the address space `space` by a file of somebody who could have killed `task`.
    ///
    /// # Safety
    ///
    /// The task must be valid during the call, and the caller in a read-side section of RCU.
    unsafe fn has(
        &self,
        space: *mut bindings::mm_struct,
        task: *const bindings::task_struct,
    ) -> bool {
        // SAFETY: A file is kept by the area that maps it, which stays, by the type invariants; the address space is only
        // compared. The task by the function's precondition.
        let can = |file| unsafe { could_kill(file, task) };
        self.users
            .iter()
            .any(|(user, file)| *user == space && can(*file))
    }
}

impl Drop for Areas {
    fn drop(&mut self) {
        // SAFETY: Locked, by the type invariants.
        unsafe { bindings::up_read(&raw mut (*self.mapping.as_ptr()).i_mmap_rwsem) };
    }
}

/// Kills `task`, also one that is dying already: it may be writing a core dump. Whether it was not.
///
/// # Safety
///
/// The task must be valid during the call.
unsafe fn kill_task(task: *mut bindings::task_struct) -> bool {
    // SAFETY: The task is valid, and so is what its threads share. The flags may change at any time.
    unsafe {
        let flags = (&raw const (*(*task).signal).flags).read_volatile();
        bindings::send_sig(bindings::SIGKILL as c_int, task, 1);
        flags & bindings::SIGNAL_GROUP_EXIT == 0
    }
}

/// The number of the first process, which nobody kills.
const INIT: i32 = 1;

/// Kills every process that has a descriptor of `device`, or memory of it mapped, if whoever has opened the file could have done
/// so, and calls `tell` with its number. Whether there is any to wait for: not the calling one, whose end nobody should wait
/// for here.
///
/// Somebody may still have the device open: others than those, and descriptors may be on their way in a socket.
pub(crate) fn kill<D: Send + Sync>(device: &Device<D>, mut tell: impl FnMut(i32)) -> bool {
    let is = |file: *mut bindings::file| device.is_of(file);
    let namespace = &raw mut bindings::init_pid_ns;
    let areas = Areas::of(device);
    let mut any = false;
    let mut number = 0;
    // Threads, and processes, may share a table, which may be long. Whoever has a table like that of the one before has as
    // little.
    let (mut barren, mut barren_space) = (ptr::null_mut(), ptr::null_mut());
    loop {
        // A section for each task: there may be very many.
        let _section = rcu::read_lock();
        // SAFETY: Numbers of tasks are read under RCU, which keeps what was found there; the namespace is there for ever.
        let task = unsafe {
            let pid = bindings::find_ge_pid(number, namespace);
            if pid.is_null() {
                return any;
            }
            number = bindings::pid_nr_ns(pid, namespace).saturating_add(1);
            bindings::pid_task(pid, bindings::pid_type_PIDTYPE_PID)
        };
        if task.is_null() {
            continue;
        }
        // SAFETY: As above. The flags and the table may change at any time.
        let (flags, process, table, space) = unsafe {
            (
                (&raw const (*task).flags).read_volatile(),
                (*task).tgid,
                (&raw const (*task).files).read_volatile(),
                (&raw const (*task).mm).read_volatile(),
            )
        };
        // A thread of the kernel's can work in a program's address space, and does not die.
        if process == INIT || flags & bindings::PF_KTHREAD != 0 {
            continue;
        }
        let look = Look {
            is: &is,
            task,
            found: Cell::new(false),
        };
        // SAFETY: As above.
        let opened = table != barren && unsafe { has(&look) };
        // SAFETY: As above.
        if opened || space != barren_space && unsafe { areas.has(space, task) } {
            // SAFETY: As above.
            if unsafe { kill_task(task) } {
                tell(process);
            }
            // SAFETY: The calling task is there.
            any |= process != unsafe { (*bindings::get_current()).tgid };
            continue;
        }
        if !look.found.get() {
            barren = table;
        }
        barren_space = space;
    }
}
