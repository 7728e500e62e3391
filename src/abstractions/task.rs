// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Work that runs later, on a thread of the system's, and never after its owner has gone.
//!
//! `kernel::workqueue` has delayed work, but cannot cancel it, so that a module could not be unloaded
//! while some is pending. C header: `include/linux/workqueue.h`.

use core::marker::PhantomPinned;

use kernel::bindings;
use kernel::container_of;
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::{Arc, LockClassKey};
use kernel::time::msecs_to_jiffies;
use kernel::types::Opaque;

/// What lockdep calls the timers of all tasks.
static TIMER_NAME: &CStr = c"task_timer";

/// What a task does.
pub(crate) trait Run: Send + Sync + 'static {
    /// Runs it; may sleep, and schedule the task anew. Never runs twice at a time.
    fn run(&self);

    /// The task was cancelled, and does not run.
    fn cancelled(&self) {}
}

/// A task that can be scheduled; cancelled when dropped, and waited for if it is running.
///
/// Must not be dropped by its own `run()`.
#[pin_data(PinnedDrop)]
pub(crate) struct Task {
    #[pin]
    work: Opaque<bindings::delayed_work>,
    run: Arc<dyn Run>,
    #[pin]
    _pinned: PhantomPinned,
}

// SAFETY: Delayed work may be used on any thread, and so may what runs.
unsafe impl Send for Task {}
// SAFETY: As above.
unsafe impl Sync for Task {}

impl Task {
    /// A task that is not scheduled.
    pub(crate) fn new(
        run: Arc<dyn Run>,
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
    ) -> Result<Pin<KBox<Self>>> {
        // All timers do the same: they are of one class, which has to have one name.
        let timer_key = static_lock_class!();
        KBox::pin_init(
            pin_init!(Self {
                work <- Opaque::ffi_init(|slot: *mut bindings::delayed_work| {
                    // SAFETY: `slot` is memory for a `delayed_work`, which is initialised as
                    // `INIT_DELAYED_WORK()` does; it does not move afterwards.
                    unsafe {
                        bindings::init_work_with_key(
                            &raw mut (*slot).work,
                            Some(Self::callback),
                            false,
                            name.as_char_ptr(),
                            key.as_ptr(),
                        );
                        bindings::timer_init_key(
                            &raw mut (*slot).timer,
                            Some(bindings::delayed_work_timer_fn),
                            bindings::TIMER_IRQSAFE,
                            TIMER_NAME.as_char_ptr(),
                            timer_key.as_ptr(),
                        );
                    }
                }),
                run,
                _pinned: PhantomPinned,
            }),
            GFP_KERNEL,
        )
    }

    /// Has it run `ms` milliseconds from now, unless it is to run already.
    pub(crate) fn schedule(&self, ms: u32) {
        // SAFETY: The work is initialised, and cancelled before its memory goes. The queue is the
        // system's.
        unsafe {
            bindings::queue_delayed_work_on(
                bindings::wq_misc_consts_WORK_CPU_UNBOUND as c_int,
                bindings::system_dfl_wq,
                self.work.get(),
                msecs_to_jiffies(ms),
            );
        }
    }

    /// Makes it not run, and waits for its end if it is running. It can be scheduled again.
    pub(crate) fn cancel(&self) {
        // SAFETY: The work is initialised.
        unsafe { bindings::cancel_delayed_work_sync(self.work.get()) };
        self.run.cancelled();
    }

    /// The time has come.
    ///
    /// # Safety
    ///
    /// `work` must be the one in a `Task`, as the kernel calls.
    unsafe extern "C" fn callback(work: *mut bindings::work_struct) {
        // SAFETY: The work is the one in a `Task`, which lives until the work is cancelled.
        let this = unsafe {
            let delayed = container_of!(work, bindings::delayed_work, work);
            &*container_of!(Opaque::cast_from(delayed), Self, work)
        };
        this.run.run();
    }
}

#[pinned_drop]
impl PinnedDrop for Task {
    fn drop(self: Pin<&mut Self>) {
        self.cancel();
    }
}
