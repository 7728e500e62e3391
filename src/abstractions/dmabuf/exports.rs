// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is exported, and how that ends: with its dma-buf, or before, when it is revoked.
//!
//! A dma-buf ends with its directory entry, which may outlive its file (`O_PATH`); so it is none of its references
//! that keeps it while it is revoked, but a lock that its end takes.

use core::ptr::{self, NonNull};

use kernel::bindings;
use kernel::list::{impl_list_arc_safe, impl_list_item, List, ListArc, ListLinks};
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::{delay::fsleep, msecs_to_jiffies, Delta};

use crate::abstractions::time::monotonic_ns;

/// How long devices may take, all of them, to let go of what is revoked: their jobs, and then they themselves.
const PATIENCE: Delta = Delta::from_secs(5);
/// How often to look whether they have.
const LOOK: Delta = Delta::from_millis(1);

/// Something that is exported.
#[pin_data]
pub(super) struct Export<E> {
    /// Its dma-buf, which does not end while this is locked; none when it has ended.
    #[pin]
    buffer: Mutex<Option<Buffer>>,
    /// Taken inside of the dma-buf's reservation lock.
    #[pin]
    state: Mutex<State<E>>,
    exports: Arc<Exports<E>>,
    #[pin]
    links: ListLinks,
}

impl_list_arc_safe! {
    impl{E} ListArcSafe<0> for Export<E> { untracked; }
}
impl_list_item! {
    impl{E} ListItem<0> for Export<E> { using ListLinks { self.links }; }
}

/// A dma-buf.
struct Buffer(NonNull<bindings::dma_buf>);

// SAFETY: A dma-buf may be used anywhere.
unsafe impl Send for Buffer {}

/// How devices use it.
pub(super) struct State<E> {
    /// Until nobody uses it any more.
    what: Option<KBox<E>>,
    /// Devices that have it mapped and are told when it is revoked.
    told: usize,
    /// Other devices that have it mapped.
    untold: usize,
    /// Nobody maps it any more.
    revoked: bool,
}

impl<E> State<E> {
    fn new(what: KBox<E>) -> Self {
        Self {
            what: Some(what),
            told: 0,
            untold: 0,
            revoked: false,
        }
    }

    /// How many devices have it mapped like this one, which is told or not.
    fn maps(&mut self, told: bool) -> &mut usize {
        if told {
            &mut self.told
        } else {
            &mut self.untold
        }
    }

    /// What is exported, unless it is revoked.
    pub(super) fn what(&self) -> Result<&E> {
        match &self.what {
            Some(what) if !self.revoked => Ok(what),
            _ => Err(ENODEV),
        }
    }

    /// Whether it is revoked, and nobody has it mapped.
    fn is_over(&self) -> bool {
        self.revoked && self.told == 0 && self.untold == 0
    }
}

impl<E> Export<E> {
    /// Prepares to export `what`.
    pub(super) fn new(what: KBox<E>, exports: &Arc<Exports<E>>) -> Result<ListArc<Self>> {
        ListArc::pin_init(
            try_pin_init!(Self {
                buffer <- new_mutex!(None),
                state <- new_mutex!(State::new(what)),
                exports: exports.clone(),
                links <- ListLinks::new(),
            }),
            GFP_KERNEL,
        )
    }

    /// Does something with what is exported, and how it is used.
    pub(super) fn with<R>(&self, run: impl FnOnce(&State<E>) -> R) -> R {
        run(&self.state.lock())
    }

    /// Has it mapped for one more device by `map`, which is told or not.
    pub(super) fn map<R>(&self, told: bool, map: impl FnOnce(&E) -> Result<R>) -> Result<R> {
        let mut state = self.state.lock();
        let mapped = map(state.what()?)?;
        let maps = state.maps(told);
        *maps = maps.saturating_add(1);
        Ok(mapped)
    }

    /// A device has it mapped no more.
    pub(super) fn unmapped(&self, told: bool) {
        let mut state = self.state.lock();
        let maps = state.maps(told);
        *maps = maps.saturating_sub(1);
        drop(state);
        self.end_if(State::is_over);
    }

    /// The dma-buf ends. Waits for whoever is revoking it.
    pub(super) fn released(&self) {
        *self.buffer.lock() = None;
        self.end_if(|_| true);
    }

    /// Forgets what was exported, if so. Returns whether it is gone.
    fn end_if(&self, so: impl FnOnce(&State<E>) -> bool) -> bool {
        let mut state = self.state.lock();
        if !so(&state) {
            return false;
        }
        let what = state.what.take();
        drop(state);
        drop(what);
        self.exports.forget(self);
        true
    }

    /// Has devices let go of it that can be told; nobody gets it from now on.
    fn revoke(&self) {
        let buffer = self.buffer.lock();
        let Some(Buffer(dma_buf)) = &*buffer else {
            return;
        };
        // SAFETY: The dma-buf is there, as its end takes the lock.
        unsafe {
            let reservation = dma_buf.as_ref().resv;
            bindings::dma_resv_lock(reservation, ptr::null_mut());
            self.state.lock().revoked = true;
            bindings::dma_buf_invalidate_mappings(dma_buf.as_ptr());
            bindings::dma_resv_unlock(reservation);
        }
    }

    /// Waits until they have, or until time `end`. Then what was exported is gone, unless a device that was not told, or
    /// is late, has it mapped; with the last of these it goes.
    fn wait(&self, end: i64) {
        if self.end_if(State::is_over) {
            return;
        }
        let left = || end.saturating_sub(monotonic_ns());
        let ms = u32::try_from(left() / 1_000_000).unwrap_or(0);
        if let Some(Buffer(dma_buf)) = &*self.buffer.lock() {
            // SAFETY: As in `revoke()`. Until then devices may use it; after that, until they unmap it, they may
            // still read it.
            unsafe {
                bindings::dma_resv_wait_timeout(
                    dma_buf.as_ref().resv,
                    bindings::dma_resv_usage_DMA_RESV_USAGE_BOOKKEEP,
                    false,
                    msecs_to_jiffies(ms),
                );
            }
        }
        let told = || self.with(|state| state.told > 0);
        while told() && left() > 0 {
            fsleep(LOOK);
        }
        self.end_if(State::is_over);
    }
}

/// All exports of a device's memory that are not over.
#[pin_data]
pub(crate) struct Exports<E> {
    #[pin]
    live: Mutex<Live<E>>,
}

struct Live<E> {
    list: List<Export<E>>,
    /// How many there are.
    count: usize,
}

impl<E> Exports<E> {
    /// No exports.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let live = Live {
            list: List::new(),
            count: 0,
        };
        Arc::pin_init(pin_init!(Self { live <- new_mutex!(live) }), GFP_KERNEL)
    }

    /// Runs `run` if there are none; there will be none meanwhile.
    pub(crate) fn while_none<T>(&self, run: impl FnOnce() -> T) -> Option<T> {
        let live = self.live.lock();
        live.list.is_empty().then(run)
    }

    /// Revokes all: whoever can be told lets go of the memory, which is waited for, and nobody gets it again. What is
    /// exported ends, unless a device that cannot be told, or did not let go in time, has it mapped; then it does with
    /// that.
    pub(crate) fn revoke(&self) {
        self.each(Export::revoke);
        let end = monotonic_ns().saturating_add(PATIENCE.as_nanos());
        self.each(|export| export.wait(end));
    }

    /// Does something with each of those that there are now.
    fn each(&self, run: impl Fn(&Export<E>)) {
        let count = self.live.lock().count;
        // Those that were not seen yet are always at the front, whoever goes or comes meanwhile.
        for _ in 0..count {
            let Some(export) = self.rotate() else {
                return;
            };
            run(&export);
        }
    }

    /// The first one, which becomes the last.
    fn rotate(&self) -> Option<Arc<Export<E>>> {
        let mut live = self.live.lock();
        let first = live.list.pop_front()?;
        let export = first.clone_arc();
        live.list.push_back(first);
        Some(export)
    }

    /// Adds one, whose dma-buf is `dma_buf`.
    ///
    /// # Safety
    ///
    /// The dma-buf is there until it calls [`Export::released`].
    pub(super) unsafe fn add(
        &self,
        export: ListArc<Export<E>>,
        dma_buf: NonNull<bindings::dma_buf>,
    ) {
        *export.buffer.lock() = Some(Buffer(dma_buf));
        let mut live = self.live.lock();
        live.count = live.count.saturating_add(1);
        live.list.push_back(export);
    }

    fn forget(&self, export: &Export<E>) {
        let mut live = self.live.lock();
        // SAFETY: It is in no other list.
        let gone = unsafe { live.list.remove(export) };
        if gone.is_some() {
            live.count = live.count.saturating_sub(1);
        }
        drop(live);
        drop(gone);
    }
}

#[kunit_tests(goya_exports)]
mod tests {
    use super::*;
    use kernel::sync::atomic::{Atomic, Relaxed};

    static LIVE: Atomic<i32> = Atomic::new(0);

    struct Memory;

    impl Memory {
        fn new() -> Result<KBox<Self>> {
            LIVE.fetch_add(1, Relaxed);
            Ok(KBox::new(Self, GFP_KERNEL)?)
        }
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, Relaxed);
        }
    }

    fn live() -> i32 {
        LIVE.load(Relaxed)
    }

    #[test]
    fn none() -> Result {
        let exports = Exports::<Memory>::new()?;
        assert_eq!(exports.while_none(|| 5), Some(5));
        exports.revoke();
        assert!(exports.rotate().is_none());
        Ok(())
    }

    /// Nobody gets what is revoked, and it is there, in the list, as long as somebody has it mapped, told or not.
    #[test]
    fn ends_with_the_last_mapping() -> Result {
        let exports = Exports::new()?;
        let [first, second] = [(), ()].map(|()| Export::new(Memory::new()?, &exports));
        let (first, second) = (first?, second?);
        let (one, two) = (first.clone_arc(), second.clone_arc());
        {
            let mut live = exports.live.lock();
            live.list.push_back(first);
            live.list.push_back(second);
            live.count = 2;
        }
        one.map(true, |_| Ok(()))?;
        one.map(false, |_| Ok(()))?;
        assert!(one.map(true, |_| Err::<(), _>(EPERM)) == Err(EPERM));
        assert!(one.with(|state| (state.told, state.untold)) == (1, 1));
        exports.each(|export| export.state.lock().revoked = true);
        assert_eq!(one.map(true, |_| Ok(())), Err(ENODEV));
        assert!(two.end_if(State::is_over) && !one.end_if(State::is_over));
        assert_eq!((live(), exports.while_none(|| ())), (1, None));
        one.unmapped(true);
        assert_eq!((live(), exports.while_none(|| ())), (1, None));
        one.unmapped(false);
        assert_eq!((live(), exports.while_none(|| ())), (0, Some(())));
        one.released();
        two.released();
        Ok(())
    }
}
