// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Who has the card open (upstream `fpriv_list`, `device_kill_open_processes()`).

use kernel::alloc::AllocError;
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::{delay::fsleep, Delta};

use super::Context;
use crate::abstractions::{time::Moment, vec};

/// How often to look whether all have gone.
const LOOK: Delta = Delta::from_millis(5);

/// An open file.
struct User {
    number: u64,
    /// Until it is being closed.
    context: Option<Arc<Context>>,
}

struct List {
    open: KVec<User>,
    /// Files that are closed, but not cleaned up after.
    releasing: u32,
    next: u64,
}

/// Everybody who has the card open.
#[pin_data]
pub(crate) struct Users {
    #[pin]
    list: Mutex<List>,
}

impl Users {
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            list <- new_mutex!(List { open: KVec::new(), releasing: 0, next: 0 }),
        })
    }

    /// Lets the calling process in, if `allowed`, with the context that `make` makes for it. Returns its
    /// number.
    ///
    /// Errors: those of both; `EAGAIN` while the card is cleaned up after its last user.
    pub(crate) fn admit(
        &self,
        allowed: impl FnOnce() -> Result,
        make: impl FnOnce() -> Result<Arc<Context>>,
    ) -> Result<(u64, Arc<Context>)> {
        let mut list = self.list.lock();
        allowed()?;
        if list.releasing != 0 {
            return Err(EAGAIN);
        }
        vec::reserve_one(&mut list.open, GFP_KERNEL)?;
        let context = make()?;
        let number = list.next;
        list.next = number.wrapping_add(1);
        // Cannot fail: the room is reserved.
        let user = User {
            number,
            context: Some(context.clone()),
        };
        list.open.push_within_capacity(user)?;
        Ok((number, context))
    }

    /// User `number` is closing the card. Nobody gets in before [`Users::released`]. Nothing is to be done, and `false`
    /// returned, if he was disowned.
    pub(crate) fn release(&self, number: u64) -> bool {
        let mut list = self.list.lock();
        let user = list.open.iter_mut().find(|user| user.number == number);
        let Some(user) = user else {
            return false;
        };
        let context = user.context.take();
        list.releasing = list.releasing.saturating_add(1);
        drop(list);
        // Outside of the lock: it may be the last one.
        drop(context);
        true
    }

    /// Does without those who have not closed the card: takes it from their contexts, which are returned, to be buried
    /// once the card is reset. Nobody is left, unless somebody is just closing it.
    pub(crate) fn disown(&self) -> Result<KVec<Arc<Context>>, AllocError> {
        let mut disowned = KVec::new();
        let mut list = self.list.lock();
        disowned.reserve(list.open.len(), GFP_KERNEL)?;
        for at in (0..list.open.len()).rev() {
            let here = list.open.get_mut(at);
            if let Some(context) = here.and_then(|user| user.context.take()) {
                // Cannot fail: there is room.
                let _ = disowned.push_within_capacity(context);
                let _ = list.open.remove(at);
            }
        }
        drop(list);
        disowned.iter().for_each(|context| context.kill());
        Ok(disowned)
    }

    /// Nothing of user `number`'s is left: a reset need not wait for him.
    pub(crate) fn forget(&self, number: u64) {
        let mut list = self.list.lock();
        let is_his = |at: &usize| list.open.get(*at).is_some_and(|user| user.number == number);
        let at = (0..list.open.len()).find(is_his);
        let user = at.and_then(|at| list.open.remove(at).ok());
        drop(list);
        drop(user);
    }

    /// The card is ready for its next user.
    pub(crate) fn released(&self) {
        let mut list = self.list.lock();
        list.releasing = list.releasing.saturating_sub(1);
    }

    /// Does something to every context. Nobody comes or goes meanwhile.
    pub(crate) fn each(&self, mut run: impl FnMut(&Arc<Context>)) {
        let list = self.list.lock();
        list.open
            .iter()
            .filter_map(|user| user.context.as_ref())
            .for_each(&mut run);
    }

    /// Whether somebody has the card open, or has not quite gone.
    pub(crate) fn any(&self) -> bool {
        let list = self.list.lock();
        list.releasing != 0 || !list.open.is_empty()
    }

    /// Whether a context is in use.
    pub(crate) fn any_context(&self) -> bool {
        self.list
            .lock()
            .open
            .iter()
            .any(|user| user.context.is_some())
    }

    /// Whether somebody is just closing the card.
    pub(crate) fn any_closing(&self) -> bool {
        self.list
            .lock()
            .open
            .iter()
            .any(|user| user.context.is_none())
    }

    /// Waits for whoever is just getting in.
    pub(crate) fn flush(&self) {
        drop(self.list.lock());
    }

    /// Waits until nobody has the card open, at most `timeout`. Whether that is so.
    pub(crate) fn wait_gone(&self, timeout: Delta) -> bool {
        let start = Moment::now();
        loop {
            let late = start.elapsed() > timeout;
            if self.list.lock().open.is_empty() {
                return true;
            }
            if late {
                return false;
            }
            fsleep(LOOK);
        }
    }
}
