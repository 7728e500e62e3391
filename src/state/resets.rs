// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Who wants a card reset, and the status that follows from it (upstream `hl_device_reset()`, `hl_device_status()`).
//!
//! Whoever asks only takes note; a task does the work, one reset at a time. So anybody may ask, in an interrupt's thread,
//! too. What the task does is not known here, so that everybody can ask who is below it.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{ordering::Acquire, ordering::Release, Atomic};
use kernel::sync::{new_condvar, new_spinlock, Arc, CondVar, SpinLock};

use super::request::{ResetRequest, Trigger};
use super::stage::{PutOff, ResetState, Stage};
use super::status::{Flags, Status};
use crate::abstractions::task::{Run, Task};

/// The resets of a card, and its status.
#[pin_data]
pub(crate) struct Resets {
    dev: ARef<Device>,
    /// Changed by [`Resets::change`] only.
    #[pin]
    state: SpinLock<ResetState>,
    /// What there is to know of it without the lock.
    flags: Atomic<u32>,
    /// Who waits for the end of a reset.
    #[pin]
    changed: CondVar,
    /// Does resets.
    work: Pin<KBox<Task>>,
    /// Ends the time that a user was given to go.
    release: Pin<KBox<Task>>,
}

/// What is known without a lock.
impl Resets {
    /// Of a card that is not initialised. `work` does resets, `release` ends the time that a user was given to go.
    pub(crate) fn new(
        dev: &Device,
        work: Arc<dyn Run>,
        release: Arc<dyn Run>,
    ) -> Result<Arc<Self>> {
        let work = Task::new(work, c"goya_reset", static_lock_class!())?;
        let release = Task::new(release, c"goya_release", static_lock_class!())?;
        let state = ResetState::new();
        Arc::pin_init(
            pin_init!(Self {
                dev: dev.into(),
                flags: Atomic::new(state.flags().word()),
                state <- new_spinlock!(state),
                changed <- new_condvar!(),
                work,
                release,
            }),
            GFP_KERNEL,
        )
    }

    fn has(&self, flag: Flags) -> bool {
        Flags::from_word(self.flags.load(Acquire)).has(flag)
    }

    /// What the card is doing, as programs are told.
    pub(crate) fn status(&self) -> Status {
        Flags::from_word(self.flags.load(Acquire)).status()
    }

    /// Whether all jobs are ended, or will be, without the card's doing.
    #[cfg_attr(not(CONFIG_IO_URING), allow(dead_code))]
    pub(crate) fn ends_jobs(&self) -> bool {
        Flags::from_word(self.flags.load(Acquire)).ends_jobs()
    }

    /// The card is being removed.
    pub(crate) fn is_removing(&self) -> bool {
        self.has(Flags::REMOVING)
    }

    /// The card is reset, or will be.
    pub(crate) fn in_reset(&self) -> bool {
        self.has(Flags::IN_RESET)
    }

    /// That reset is a soft one: of the engines alone, of a card that works else.
    pub(crate) fn in_soft_reset(&self) -> bool {
        self.in_reset() && self.has(Flags::SOFT) && !self.is_removing()
    }

    /// Nothing has proved that the card reaches no memory, when it had to.
    pub(crate) fn is_unproved(&self) -> bool {
        self.has(Flags::UNPROVED)
    }

    /// The card takes no work.
    pub(crate) fn is_disabled(&self) -> bool {
        self.has(Flags::DISABLED)
    }

    /// Probe is through.
    pub(crate) fn is_initialised(&self) -> bool {
        self.has(Flags::INITIALISED)
    }
}

/// For whoever wants a reset.
impl Resets {
    /// Changes the state, and publishes what others see of it.
    fn change<R>(&self, run: impl FnOnce(&mut ResetState) -> R) -> R {
        let mut state = self.state.lock();
        let result = run(&mut state);
        self.flags.store(state.flags().word(), Release);
        result
    }

    /// Asks for a reset. Whether there will be one, or a harder one, that was not asked for before.
    pub(crate) fn request(&self, wanted: ResetRequest) -> bool {
        if !self.is_initialised() {
            dev_err!(self.dev, "Can't reset before initialization is done\n");
            return false;
        }
        if !wanted.hard && self.status() == Status::Malfunction {
            dev_dbg!(
                self.dev,
                "soft-reset isn't supported on a malfunctioning device\n"
            );
            return false;
        }
        if !self.change(|state| state.ask(wanted)) {
            return false;
        }
        self.work.schedule(0);
        true
    }

    /// Has the whole card reset: until that is done it takes no work. What fails is logged.
    ///
    /// Does not wait: the caller may have the card open, so that the reset ends only with him.
    pub(crate) fn request_hard_reset(&self) {
        self.request(ResetRequest::HARD);
    }

    /// Has the engines reset, by somebody who may sleep.
    pub(crate) fn request_soft_reset(&self) {
        self.request(ResetRequest::SOFT);
    }

    /// Asks for a reset, and waits for the end of a soft one. What fails is logged.
    pub(crate) fn request_and_wait(&self, wanted: ResetRequest) {
        if self.request(wanted) {
            let mut state = self.state.lock();
            while state.soft && !matches!(state.stage, Stage::Idle | Stage::Removed) {
                self.changed.wait(&mut state);
            }
        }
    }

    /// The card has to be reset, by hand, or not any more.
    pub(crate) fn set_needs_reset(&self, value: bool) {
        self.change(|state| state.needs_reset = value);
    }

    /// The card has been fine for a while: the next fatal error is not one of a series.
    pub(crate) fn forget_trigger(&self) {
        self.change(ResetState::forget_trigger);
    }
}

/// For resets that wait until their user goes by himself.
impl Resets {
    /// A user was told to go, so that the card can be reset.
    pub(crate) fn release_awaited(&self) -> bool {
        self.state.lock().release_awaited()
    }

    /// The reset that waits for its user, if one does.
    pub(crate) fn waiting_for_user(&self) -> Option<ResetRequest> {
        self.state.lock().waiting_for_user()
    }

    /// Lets the reset that is `wanted` wait for its user.
    pub(crate) fn put_off(&self, wanted: ResetRequest) -> PutOff {
        self.change(|state| state.put_off(wanted))
    }

    /// The user gets this time. Milliseconds.
    pub(crate) fn limit_release(&self, ms: u32) {
        self.release.schedule(ms);
    }

    /// Nobody need end the user's time any more.
    pub(crate) fn cancel_release(&self) {
        self.release.cancel();
    }
}

/// For whoever does resets.
impl Resets {
    /// What the task has to begin with.
    pub(crate) fn begin(&self) -> Stage {
        self.change(ResetState::begin)
    }

    /// The task is to run once more, `ms` milliseconds from now.
    pub(crate) fn go_on_later(&self, ms: u32) {
        self.work.schedule(ms);
    }

    /// The card takes work, or none.
    pub(crate) fn set_disabled(&self, value: bool) {
        self.change(|state| state.disabled = value);
    }

    /// Nothing has proved that the card reaches no memory, or something has.
    pub(crate) fn set_unproved(&self, value: bool) {
        self.change(|state| state.unproved = value);
    }

    /// Probe is through.
    pub(crate) fn set_initialised(&self) {
        self.change(|state| state.initialised = true);
    }

    /// The reset under way is a hard one from now on.
    pub(crate) fn harden(&self) {
        self.change(ResetState::harden);
        self.changed.notify_all();
    }

    /// A soft reset has succeeded. Returns the hard one that comes next.
    pub(crate) fn softened(&self) -> Option<ResetRequest> {
        let later = self.change(|state| {
            state.needs_reset = false;
            state.softened()
        });
        self.changed.notify_all();
        later
    }

    /// Users are there yet: whether to look again later, [`ResetState::wait`].
    pub(crate) fn wait_for_users(&self, wanted: ResetRequest, limit: u32) -> bool {
        self.change(|state| state.wait(wanted, limit))
    }

    /// The reset under way is for `trigger`.
    pub(crate) fn note(&self, trigger: Trigger) {
        self.change(|state| state.note(trigger));
    }

    /// Whether there is no use in going on.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.state.lock().is_hopeless()
    }

    /// A hard reset is done. Whether the card goes on; if not, there may be another one.
    pub(crate) fn end(&self) -> bool {
        let (goes_on, again) = self.change(|state| {
            let goes_on = state.end();
            (goes_on, matches!(state.stage, Stage::Asked(_)))
        });
        if again {
            self.work.schedule(0);
        }
        self.changed.notify_all();
        goes_on
    }

    /// There are no resets until [`Resets::revive`]; programs see one.
    ///
    /// Errors: `EIO`: there is a reset, or the card is being removed.
    pub(crate) fn suspend(&self) -> Result {
        self.change(|state| {
            if state.stage != Stage::Idle {
                return Err(EIO);
            }
            state.stage = Stage::Stopped;
            Ok(())
        })
    }

    /// A hard reset follows [`Resets::suspend`].
    pub(crate) fn revive(&self) {
        if self.change(ResetState::revive) {
            self.work.schedule(0);
        }
    }

    /// No reset follows [`Resets::suspend`].
    pub(crate) fn abandon(&self) {
        self.change(|state| {
            if state.stage == Stage::Stopped {
                state.harden();
                state.stage = Stage::Idle;
            }
        });
    }

    /// Ends all resets, for the card's removal. Waits for the one under way, which soon ends, without bringing the card
    /// up.
    pub(crate) fn stop(&self) {
        self.change(ResetState::remove);
        self.changed.notify_all();
        self.release.cancel();
        self.work.cancel();
    }
}
