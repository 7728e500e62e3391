// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a process has pinned is charged to it, as RDMA does (`ib_umem_get()`): at most `RLIMIT_MEMLOCK`, but for who
//! may lock as much as he likes (`CAP_IPC_LOCK`).

use kernel::{
    bindings,
    mm::Mm,
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{Atomic, Relaxed}, //
    },
    task::Task, //
};

use crate::abstractions::ratelimit::RateLimit;

/// Pages that are charged to a process (`VmPin` in its status), until dropped.
pub(super) struct Charge {
    mm: ARef<Mm>,
    pages: i64,
}

impl Charge {
    /// Charges `pages` to the calling process.
    ///
    /// Errors: `ENOMEM`: more than it may pin; `EFAULT`: it has no memory.
    pub(super) fn new(pages: usize) -> Result<Self> {
        static LIMIT: RateLimit = RateLimit::new();

        let task = kernel::current!();
        let mm: &Mm = task.mm().ok_or(EFAULT)?;
        let this = Self {
            mm: mm.into(),
            pages: i64::try_from(pages).map_err(|_| ENOMEM)?,
        };
        let before = this.pinned().fetch_add(this.pages, Relaxed);
        let total = u64::try_from(before.saturating_add(this.pages)).unwrap_or(u64::MAX);
        if total <= most_pages() || may_lock_all() {
            return Ok(this);
        }
        if LIMIT.allows() {
            pr_err!(
                "process {} may not pin {} pages: RLIMIT_MEMLOCK is {} pages\n",
                task.group_leader().pid(),
                total,
                most_pages()
            );
        }
        Err(ENOMEM)
    }

    fn pinned(&self) -> &Atomic<i64> {
        let mm = self.mm.as_raw();
        // SAFETY: The structure is there as long as our reference. All others, too, use the counter as an atomic.
        unsafe { Atomic::from_ptr(&raw mut (*mm).__bindgen_anon_1.pinned_vm.counter) }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.pinned().fetch_sub(self.pages, Relaxed);
    }
}

/// Pages that the calling process may lock (`rlimit(RLIMIT_MEMLOCK)`).
fn most_pages() -> u64 {
    // SAFETY: The current task has its signal structure as long as it runs. Others may set the limit meanwhile, hence
    // volatile.
    let bytes = unsafe {
        let signal = (*Task::current_raw()).signal;
        (&raw const (*signal).rlim[bindings::RLIMIT_MEMLOCK as usize].rlim_cur).read_volatile()
    };
    (bytes / PAGE_SIZE) as u64
}

/// Whether the calling process may lock as much as it likes.
fn may_lock_all() -> bool {
    // SAFETY: No preconditions.
    unsafe { bindings::capable(bindings::CAP_IPC_LOCK as c_int) }
}
