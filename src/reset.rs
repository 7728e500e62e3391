// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Resets: who may ask for one, and what becomes of it (upstream `hl_device_reset()`,
//! `hl_device_cond_reset()`).
//!
//! Whoever asks only takes note; a task does the work ([`work`]), one reset at a time. So anybody may ask,
//! in an interrupt's thread, too.

mod state;
mod users;
mod work;

pub(crate) use users::{kill as kill_users, take_down};
pub(crate) use work::{halt, take_out_of_use};

use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::atomic::Relaxed;
use kernel::sync::{new_condvar, new_spinlock, Arc, CondVar, SpinLock};

use crate::abstractions::task::{Run, Task};
use crate::device::{Card, Status};
use crate::link::Link;
use crate::observers;
use crate::submit::fence::Fence;
use crate::uapi::consts::HL_NOTIFIER_EVENT_DEVICE_RESET;
use state::{PutOff, Stage, State};

/// Why a card is reset, as far as it matters for a series of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// Anything else.
    #[default]
    Other,
    /// The firmware does not answer.
    Heartbeat,
    /// A submission takes too long.
    Lockup,
    /// An event after which nothing on the card can be trusted.
    Fatal,
}

/// A reset that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The whole card, not only its engines. All its users are ended.
    hard: bool,
    trigger: Trigger,
    /// The card was left busy by a user who has gone.
    release: bool,
}

impl Request {
    /// Resets the engines.
    pub(crate) const SOFT: Self = Self {
        hard: false,
        trigger: Trigger::Other,
        release: false,
    };
    /// Resets the engines after a user who has gone.
    pub(crate) const RELEASE: Self = Self {
        release: true,
        ..Self::SOFT
    };
    /// Resets the card.
    pub(crate) const HARD: Self = Self {
        hard: true,
        ..Self::SOFT
    };
    /// Resets the card: the firmware does not answer.
    pub(crate) const HEARTBEAT: Self = Self {
        trigger: Trigger::Heartbeat,
        ..Self::HARD
    };
    /// Resets the card after a fatal event.
    pub(crate) const FATAL: Self = Self {
        trigger: Trigger::Fatal,
        ..Self::HARD
    };
    /// A submission takes too long: hard, or soft if its user goes in time.
    pub(crate) const LOCKUP: Self = Self {
        trigger: Trigger::Lockup,
        ..Self::SOFT
    };

    fn harder(self) -> Self {
        Self {
            hard: true,
            release: false,
            ..self
        }
    }
}

/// The resets of a card.
#[pin_data]
pub(crate) struct Resets {
    #[pin]
    state: SpinLock<State>,
    #[pin]
    changed: CondVar,
    task: Pin<KBox<Task<Worker>>>,
    release: Pin<KBox<Task<ReleaseWatchdog>>>,
}

/// Does resets.
struct Worker(Arc<Link>);

impl Run for Worker {
    fn run(&self) {
        self.0.with(work::run);
    }
}

/// Ends the time that a user was given to go.
struct ReleaseWatchdog(Arc<Link>);

impl Run for ReleaseWatchdog {
    fn run(&self) {
        self.0.with(|card, _| {
            let waiting = card.resets.state.lock().waiting_for_user();
            if let Some(wanted) = waiting {
                dev_dbg!(
                    card.dev,
                    "Device wasn't released in time. Initiate hard-reset.\n"
                );
                request(card, wanted.harder());
            }
        });
    }
}

impl Resets {
    pub(crate) fn new(link: &Arc<Link>) -> Result<impl PinInit<Self>> {
        let task = Task::new(
            Arc::new(Worker(link.clone()), GFP_KERNEL)?,
            c"goya_reset",
            static_lock_class!(),
        )?;
        let release = Task::new(
            Arc::new(ReleaseWatchdog(link.clone()), GFP_KERNEL)?,
            c"goya_release",
            static_lock_class!(),
        )?;
        Ok(pin_init!(Self {
            state <- new_spinlock!(State::new()),
            changed <- new_condvar!(),
            task,
            release,
        }))
    }

    /// A user was told to go, so that the card can be reset.
    pub(crate) fn release_awaited(&self) -> bool {
        self.state.lock().release_awaited()
    }

    /// The card has been fine for a while: the next fatal error is not one of a series.
    pub(crate) fn forget_trigger(&self) {
        self.state.lock().forget_trigger();
    }

    /// Ends all resets, for the card's removal. Waits for the one under way, which soon ends, without bringing the card
    /// up.
    pub(crate) fn stop(&self, card: &Card) {
        card.state.removing.set(true);
        let mut state = self.state.lock();
        state.remove();
        card.state.in_reset.set(true);
        drop(state);
        self.changed.notify_all();
        self.release.cancel();
        self.task.cancel();
    }
}

/// Asks for a reset. Whether there will be one, or a harder one, that was not asked for before.
pub(crate) fn request(card: &Card, wanted: Request) -> bool {
    if !card.state.initialised.get() {
        dev_err!(card.dev, "Can't reset before initialization is done\n");
        return false;
    }
    if !wanted.hard && card.status() == Status::Malfunction {
        dev_dbg!(
            card.dev,
            "soft-reset isn't supported on a malfunctioning device\n"
        );
        return false;
    }
    let resets = &card.resets;
    let mut state = resets.state.lock();
    if !state.ask(wanted) {
        return false;
    }
    // In this order: the status is never that of a card that works.
    card.state.in_soft_reset.set(state.soft);
    card.state.in_reset.set(true);
    drop(state);
    resets.task.schedule(0);
    true
}

/// Resets the engines and waits for the end of that. What fails is logged.
pub(crate) fn soft(card: &Card) {
    request_and_wait(card, Request::SOFT);
}

/// Resets the engines that a user has left busy, or does what was put off until he went; waits for the end
/// of a soft reset.
pub(crate) fn after_release(card: &Card) {
    request_and_wait(card, Request::RELEASE);
}

/// Has the card reset. What fails is logged.
///
/// Does not wait: the caller may have the card open, so that it ends only with him.
pub(crate) fn hard(card: &Card) {
    request(card, Request::HARD);
}

fn request_and_wait(card: &Card, wanted: Request) {
    if request(card, wanted) {
        let mut state = card.resets.state.lock();
        while state.soft && !matches!(state.stage, Stage::Idle | Stage::Removed) {
            card.resets.changed.wait(&mut state);
        }
    }
}

/// Resets the card; a user who wants to know of it is told, and given time to go by himself.
///
/// `events` are what happened.
pub(crate) fn conditional(card: &Card, wanted: Request, events: u64) {
    if events & HL_NOTIFIER_EVENT_DEVICE_RESET == 0 {
        dev_err!(
            card.dev,
            "Resetting device without a reset indication to user\n"
        );
    } else if put_off(card, wanted) {
        observers::notify(card, events);
        abort_waits(card);
        return;
    }
    if events != 0 {
        observers::notify(card, events);
    }
    request(
        card,
        Request {
            hard: true,
            ..wanted
        },
    );
}

/// Lets a reset wait for its user, if it may.
fn put_off(card: &Card, wanted: Request) -> bool {
    let awaited = card.resets.release_awaited();
    if !card.users.any_context() || !(observers::listens(card) || awaited) {
        return false;
    }
    match card.resets.state.lock().put_off(wanted) {
        PutOff::Late => return false,
        PutOff::Again => return true,
        PutOff::First => {}
    }
    // Who goes first gives up his context, then looks whether he is waited for: one of both sees the other.
    if !card.users.any_context() {
        return !card.resets.state.lock().release_awaited();
    }
    let seconds = card.settings.release_timeout.load(Relaxed);
    dev_dbg!(
        card.dev,
        "Device is going to be hard-reset in {} sec unless being released\n",
        seconds
    );
    card.resets.release.schedule(seconds.saturating_mul(1000));
    true
}

/// Stops the card, for a time in which the machine or the bus does something to it, of which nobody knows what it leaves.
/// There are no resets until [`revive`]; programs see one. The firmware is told if the card `answers`.
///
/// Errors: `EIO`: there is a reset, or the card is being removed.
pub(crate) fn quiesce(card: &Card, answers: bool) -> Result {
    let mut state = card.resets.state.lock();
    if state.stage != Stage::Idle {
        return Err(EIO);
    }
    state.stage = Stage::Stopped;
    card.state.in_soft_reset.set(false);
    card.state.in_reset.set(true);
    drop(state);
    take_out_of_use(card, answers);
    Ok(())
}

/// Has a card that [`quiesce`] has stopped, or should have, reset, hard: its users are ended, and it is brought up. Does not
/// wait.
pub(crate) fn revive(card: &Card) {
    let mut state = card.resets.state.lock();
    if state.revive() {
        card.state.in_soft_reset.set(false);
        card.state.in_reset.set(true);
        drop(state);
        card.resets.task.schedule(0);
    }
}

/// The card is lost: it is left as by a reset that has failed.
pub(crate) fn give_up(card: &Card) {
    // One that is under way fails.
    let _ = quiesce(card, false);
    let mut state = card.resets.state.lock();
    if state.stage == Stage::Stopped {
        state.harden();
        state.stage = Stage::Idle;
        card.state.in_reset.set(false);
    }
}

/// Ends all waits: the card is given up.
fn abort_waits(card: &Card) {
    card.users
        .each(|context| context.each_at_work(Fence::give_up));
}

#[kunit_tests(goya_reset)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_off_becomes_hard_when_time_is_up() {
        let late = Request::LOCKUP.harder();
        assert!(!Request::LOCKUP.hard && late.hard);
        assert_eq!(late.trigger, Trigger::Lockup);
        assert!(!Request::RELEASE.harder().release);
    }
}
