// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a process has pinned is charged to it, as RDMA does (`ib_umem_get()`), and to the open file by which it did:
//! to each at most `RLIMIT_MEMLOCK`. A file has many processes, if its user forks. Who may lock as much as he likes
//! (`CAP_IPC_LOCK`) has no limit, and what he has pinned is not missing to others who have the file.

use kernel::{
    bindings,
    mm::Mm,
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{Atomic, Relaxed},
        Arc, //
    },
    task::Task, //
};

use crate::abstractions::{
    capability::may_lock_all,
    limited::add_within,
    ratelimit::RateLimit, //
};

/// Pages that are pinned by way of an open file, whichever process had them pinned.
pub(crate) struct Account(Atomic<i64>);

impl Account {
    /// None yet. Errors: `ENOMEM`.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self(Atomic::new(0)), GFP_KERNEL)?)
    }
}

/// Pages that are charged to a process (`VmPin` in its status), and mostly to an open file, until dropped.
pub(super) struct Charge {
    mm: ARef<Mm>,
    account: Option<Arc<Account>>,
    pages: i64,
}

impl Charge {
    /// Charges `pages` to the calling process and to the file of `account`.
    ///
    /// Errors: `ENOMEM`: more than the process may pin, or have pinned by way of the file; `EFAULT`: it has no memory.
    pub(super) fn new(pages: usize, account: &Arc<Account>) -> Result<Self> {
        let pages = i64::try_from(pages).map_err(|_| ENOMEM)?;
        let task = kernel::current!();
        let mm: &Mm = task.mm().ok_or(EFAULT)?;
        let free = may_lock_all();
        let most = if free { i64::MAX } else { most_pages() };
        add(pinned(mm), pages, most, "")?;
        // Given back when dropped, from now on.
        let mut this = Self {
            mm: mm.into(),
            account: None,
            pages,
        };
        if !free {
            add(&account.0, pages, most, " by an open file")?;
            this.account = Some(account.clone());
        }
        Ok(this)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        pinned(&self.mm).fetch_sub(self.pages, Relaxed);
        if let Some(account) = &self.account {
            account.0.fetch_sub(self.pages, Relaxed);
        }
    }
}

/// What a process has pinned.
fn pinned(mm: &Mm) -> &Atomic<i64> {
    let mm = mm.as_raw();
    // SAFETY: The structure is there as long as the reference. All others, too, use the counter as an atomic.
    unsafe { Atomic::from_ptr(&raw mut (*mm).__bindgen_anon_1.pinned_vm.counter) }
}

/// Adds `pages` to `counter`, unless the sum is more than `most`, which the log says then: `how` they are pinned.
fn add(counter: &Atomic<i64>, pages: i64, most: i64, how: &str) -> Result {
    static LIMIT: RateLimit = RateLimit::new();

    add_within(counter, pages, most).map_err(|total| {
        if LIMIT.allows() {
            pr_err!(
                "process {} may not have {} pages pinned{}: RLIMIT_MEMLOCK is {} pages\n",
                kernel::current!().group_leader().pid(),
                total,
                how,
                most
            );
        }
        ENOMEM
    })
}

/// Pages that the calling process may lock (`rlimit(RLIMIT_MEMLOCK)`).
fn most_pages() -> i64 {
    // SAFETY: The current task has its signal structure as long as it runs. Others may set the limit meanwhile, hence
    // volatile.
    let bytes = unsafe {
        let signal = (*Task::current_raw()).signal;
        (&raw const (*signal).rlim[bindings::RLIMIT_MEMLOCK as usize].rlim_cur).read_volatile()
    };
    i64::try_from(bytes / PAGE_SIZE).unwrap_or(i64::MAX)
}
