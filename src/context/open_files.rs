// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The list of open files (upstream `fpriv_list`). The processes that have them are killed in `lifecycle/users.rs`.

use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::{delay::fsleep, Delta};

use super::Context;
use crate::abstractions::{time::Moment, vec};
use crate::hw::reset::Unreachable;

/// How often to look whether all have gone.
const LOOK: Delta = Delta::from_millis(5);

/// An open file.
struct User {
    number: u64,
    /// Until it is being closed.
    context: Option<Arc<Context>>,
    /// The card was taken from it. It is nobody's any more, but what it has had is kept for a while: see
    /// [`Users::bury`].
    disowned: bool,
}

impl User {
    /// Its context, as long as it is of use.
    fn context(&self) -> Option<&Arc<Context>> {
        self.context.as_ref().filter(|_| !self.disowned)
    }
}

struct List {
    open: KVec<User>,
    /// Files that are closed, but not cleaned up after.
    releasing: u32,
    next: u64,
}

impl List {
    /// Those from whom the card was not taken.
    fn users(&self) -> impl Iterator<Item = &User> {
        self.open.iter().filter(|user| !user.disowned)
    }

    /// Somebody from whom the card was taken, but whom nobody has told.
    fn to_disown(&self) -> Option<Arc<Context>> {
        let mut disowned = self.open.iter().filter(|user| user.disowned);
        let context = disowned.find_map(|user| user.context.as_ref().filter(|it| !it.is_dead()));
        context.cloned()
    }
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
            disowned: false,
        };
        list.open.push_within_capacity(user)?;
        Ok((number, context))
    }

    /// User `number` is closing the card. Nobody gets in before [`Users::released`]. Nothing is to be done, and `false`
    /// returned, if he was disowned.
    pub(crate) fn release(&self, number: u64) -> bool {
        let mut list = self.list.lock();
        let mut users = list.open.iter_mut().filter(|user| !user.disowned);
        let Some(user) = users.find(|user| user.number == number) else {
            return false;
        };
        let context = user.context.take();
        list.releasing = list.releasing.saturating_add(1);
        drop(list);
        // Outside of the lock: it may be the last one.
        drop(context);
        true
    }

    /// Takes the card from those who have not closed it, and says how many there are. What they have had is kept until
    /// [`Users::bury`]. Nobody is left, unless somebody is just closing it.
    pub(crate) fn disown(&self) -> usize {
        let mut count = 0usize;
        let mut list = self.list.lock();
        for user in &mut list.open {
            if user.context.is_some() && !user.disowned {
                user.disowned = true;
                count = count.saturating_add(1);
            }
        }
        drop(list);
        // Without the lock: who is at the card is waited for.
        let next = || self.list.lock().to_disown();
        while let Some(context) = next() {
            context.disown();
        }
        count
    }

    /// Gives back what those have had from whom the card was taken: it can't reach that any more.
    pub(crate) fn bury(&self, _proof: &Unreachable) {
        let next = || {
            let mut list = self.list.lock();
            let at = list.open.iter().position(|user| user.disowned)?;
            list.open.remove(at).ok()?.context
        };
        while let Some(context) = next() {
            context.bury();
        }
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
            .filter_map(User::context)
            .for_each(&mut run);
    }

    /// Whether somebody has the card open, or has not quite gone.
    pub(crate) fn any(&self) -> bool {
        let list = self.list.lock();
        list.releasing != 0 || list.users().next().is_some()
    }

    /// Whether a context is in use.
    pub(crate) fn any_context(&self) -> bool {
        self.list.lock().users().any(|user| user.context.is_some())
    }

    /// Whether somebody is just closing the card.
    pub(crate) fn any_closing(&self) -> bool {
        self.list.lock().users().any(|user| user.context.is_none())
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
            if self.list.lock().users().next().is_none() {
                return true;
            }
            if late {
                return false;
            }
            fsleep(LOOK);
        }
    }
}
