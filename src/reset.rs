// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Resets: who may ask for one, and what becomes of it (upstream `hl_device_reset()`,
//! `hl_device_cond_reset()`).
//!
//! Whoever asks only takes note; a task does the work ([`work`]), one reset at a time. So anybody may ask,
//! in an interrupt's thread, too.

mod work;

pub(crate) use work::{halt, stop as stop_all};

use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::atomic::Relaxed;
use kernel::sync::{new_condvar, new_spinlock, Arc, CondVar, SpinLock};
use kernel::time::{delay::fsleep, Delta, Instant, Monotonic};

use crate::abstractions::task::{Run, Task};
use crate::device::{Card, Status};
use crate::link::Link;
use crate::observers;
use crate::submit::fence::Fence;
use crate::uapi::consts::HL_NOTIFIER_EVENT_DEVICE_RESET;

/// How long removal waits for a reset that is under way (`HL_HARD_RESET_MAX_TIMEOUT`).
const LONGEST: Delta = Delta::from_secs(120);

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

/// What the task is to do.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Nothing.
    Idle,
    /// This reset.
    Asked(Request),
    /// It is at it.
    Working,
    /// This hard reset, of which only the users' end is missing.
    Waiting(Request),
    /// The card is being removed: there are no resets any more.
    Removed,
}

struct State {
    stage: Stage,
    /// The one under way is soft.
    soft: bool,
    /// A hard reset that was asked for during a soft one.
    later: Option<Request>,
    /// A reset that waits for its user to go by himself.
    put_off: Option<Request>,
    /// How often a hard reset has looked for users in vain.
    trials: u32,
    series: Series,
}

/// The reasons of the last resets.
#[derive(Clone, Copy, Debug, Default)]
struct Series {
    /// Of the last one.
    previous: Trigger,
    /// The one before had the same.
    repeated: bool,
}

impl Series {
    /// There is one more, for `trigger`.
    fn note(&mut self, trigger: Trigger) {
        self.repeated = self.previous == trigger;
        self.previous = trigger;
    }

    /// Whether there is no use in going on.
    fn is_hopeless(self) -> bool {
        self.repeated && matches!(self.previous, Trigger::Fatal | Trigger::Heartbeat)
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
            let put_off = card.resets.state.lock().put_off;
            if let Some(wanted) = put_off {
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
        let state = State {
            stage: Stage::Idle,
            soft: false,
            later: None,
            put_off: None,
            trials: 0,
            series: Series::default(),
        };
        Ok(pin_init!(Self {
            state <- new_spinlock!(state),
            changed <- new_condvar!(),
            task,
            release,
        }))
    }

    /// A user was told to go, so that the card can be reset.
    pub(crate) fn release_awaited(&self) -> bool {
        self.state.lock().put_off.is_some()
    }

    /// The card has been fine for a while: the next fatal error is not one of a series.
    pub(crate) fn forget_trigger(&self) {
        let mut state = self.state.lock();
        if matches!(state.stage, Stage::Idle) {
            state.series.previous = Trigger::Other;
        }
    }

    /// Ends all resets, the one under way when it is done, for the card's removal.
    pub(crate) fn stop(&self, card: &Card) {
        card.state.removing.set(true);
        let start = Instant::<Monotonic>::now();
        loop {
            let late = start.elapsed() > LONGEST;
            let mut state = self.state.lock();
            if late || matches!(state.stage, Stage::Idle | Stage::Removed) {
                state.stage = Stage::Removed;
                state.put_off = None;
                card.state.in_reset.set(true);
                drop(state);
                if late {
                    dev_crit!(
                        card.dev,
                        "{} Failed to remove device because reset function did not finish\n",
                        card.dev.name()
                    );
                }
                break;
            }
            drop(state);
            fsleep(Delta::from_millis(1));
        }
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
    match state.stage {
        Stage::Idle => {}
        Stage::Removed => return false,
        _ => {
            if wanted.hard && state.soft {
                state.later = Some(wanted);
            }
            return false;
        }
    }
    let mut wanted = wanted;
    if wanted.hard || wanted.release {
        // The user is gone, or will be.
        if let Some(put_off) = state.put_off.take() {
            if wanted.release && put_off.hard {
                wanted = put_off.harder();
            }
        }
    }
    state.stage = Stage::Asked(wanted);
    state.soft = !wanted.hard;
    state.trials = 0;
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
    if !card.users.any_context() || !(observers::listens(card) || card.resets.release_awaited()) {
        return false;
    }
    let mut state = card.resets.state.lock();
    if !matches!(state.stage, Stage::Idle) {
        return false;
    }
    if let Some(put_off) = &mut state.put_off {
        put_off.hard |= wanted.hard;
        return true;
    }
    let seconds = card.settings.release_timeout.load(Relaxed);
    dev_dbg!(
        card.dev,
        "Device is going to be hard-reset in {} sec unless being released\n",
        seconds
    );
    state.put_off = Some(wanted);
    card.resets.release.schedule(seconds.saturating_mul(1000));
    true
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
    fn two_fatal_errors_in_a_row_are_too_many() {
        let mut series = Series::default();
        // None before counts as another reason.
        series.note(Trigger::Other);
        assert!(!series.is_hopeless());
        series.note(Trigger::Fatal);
        assert!(!series.is_hopeless());
        series.note(Trigger::Heartbeat);
        assert!(!series.is_hopeless());
        series.note(Trigger::Heartbeat);
        assert!(series.is_hopeless());
        series.note(Trigger::Lockup);
        series.note(Trigger::Lockup);
        assert!(!series.is_hopeless());
    }

    #[test]
    fn what_is_put_off_becomes_hard_when_time_is_up() {
        let late = Request::LOCKUP.harder();
        assert!(!Request::LOCKUP.hard && late.hard);
        assert_eq!(late.trigger, Trigger::Lockup);
        assert!(!Request::RELEASE.harder().release);
    }
}
