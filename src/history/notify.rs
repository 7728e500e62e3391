// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Telling users of events: an eventfd and a mask for each open file (upstream
//! `struct hl_notifier_event`, `hl_notifier_event_send_all()`).

use kernel::device::Device;
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::{Arc, Mutex};

use crate::abstractions::{eventfd::EventFd, vec};

#[derive(Default)]
struct NotifierState {
    eventfd: Option<EventFd>,
    /// Events that have come since the mask was last taken: `HL_NOTIFIER_EVENT_*`.
    events: u64,
}

/// What an open file is told of.
#[pin_data]
pub(crate) struct Notifier {
    #[pin]
    state: Mutex<NotifierState>,
}

impl Notifier {
    /// Nothing has come, and nobody listens.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { state <- new_mutex!(NotifierState::default()) }),
            GFP_KERNEL,
        )
    }

    /// Signals the caller's eventfd `fd` from now on.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is one, or if `fd` is no eventfd; `EBADF` if it is not open.
    pub(crate) fn register(&self, fd: u32) -> Result {
        let mut state = self.state.lock();
        if state.eventfd.is_some() {
            return Err(EINVAL);
        }
        state.eventfd = Some(EventFd::from_fd(fd)?);
        Ok(())
    }

    /// Signals the eventfd no more; `EINVAL` if there is none.
    pub(crate) fn unregister(&self) -> Result {
        self.state.lock().eventfd.take().map(drop).ok_or(EINVAL)
    }

    /// Whether somebody listens.
    pub(crate) fn has_eventfd(&self) -> bool {
        self.state.lock().eventfd.is_some()
    }

    /// The events that have come since it was asked last.
    pub(crate) fn take_events(&self) -> u64 {
        core::mem::take(&mut self.state.lock().events)
    }

    fn send(&self, events: u64) {
        let mut state = self.state.lock();
        state.events |= events;
        if let Some(eventfd) = &state.eventfd {
            eventfd.signal();
        }
    }
}

/// Those who are told: all open files.
#[pin_data]
pub(crate) struct Notifiers {
    #[pin]
    all: Mutex<KVec<Arc<Notifier>>>,
}

impl Notifiers {
    /// No file is open.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self { all <- new_mutex!(KVec::new()) })
    }

    /// A file was opened.
    pub(crate) fn add(&self, notifier: &Arc<Notifier>) -> Result {
        vec::push(&mut *self.all.lock(), notifier.clone(), GFP_KERNEL)
    }

    /// A file is being closed.
    pub(crate) fn remove(&self, notifier: &Arc<Notifier>) {
        let mut all = self.all.lock();
        let is_it = |at: &usize| {
            all.get(*at)
                .is_some_and(|other| Arc::ptr_eq(other, notifier))
        };
        let removed = (0..all.len()).find(is_it).map(|at| all.remove(at));
        drop(all);
        // Outside of the lock.
        drop(removed);
    }

    /// No file is told any more.
    pub(crate) fn clear(&self) {
        self.all.lock().clear();
    }

    /// Whether anybody listens.
    pub(crate) fn has_eventfd(&self) -> bool {
        self.all.lock().iter().any(|one| one.has_eventfd())
    }

    /// Tells all of `events` (`HL_NOTIFIER_EVENT_*`). May sleep.
    pub(crate) fn send(&self, dev: &Device, events: u64) {
        if events == 0 {
            dev_warn!(dev, "Skip sending zero event");
            return;
        }
        for notifier in self.all.lock().iter() {
            notifier.send(events);
        }
    }
}

#[kunit_tests(goya_notify)]
mod tests {
    use super::*;
    use crate::fw::fake::device;

    #[test]
    fn events_are_told_once() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let (first, second) = (Notifier::new()?, Notifier::new()?);
        let all = KBox::pin_init(Notifiers::new(), GFP_KERNEL)?;
        all.add(&first)?;
        all.add(&second)?;
        all.send(dev, 1);
        all.remove(&second);
        all.send(dev, 4);
        assert_eq!(first.take_events(), 5);
        assert_eq!(first.take_events(), 0);
        assert_eq!(second.take_events(), 1);
        assert!(first.unregister().is_err());
        assert!(!all.has_eventfd());
        Ok(())
    }
}
