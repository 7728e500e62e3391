// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What becomes of those who want a reset: one at a time, none of a card that is being removed.

use kernel::prelude::*;

use super::request::{ResetRequest, Trigger};
use super::status::Flags;

/// What the task is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing.
    Idle,
    /// This reset.
    Asked(ResetRequest),
    /// It is at it.
    Working,
    /// This hard reset, of which only the users' end is missing.
    Waiting(ResetRequest),
    /// Somebody has stopped the card, and will have it reset: see [`super::resets::Resets::suspend`].
    Stopped,
    /// The card is being removed: there are no resets any more.
    Removed,
}

/// Who is told what when a reset is to wait for its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PutOff {
    /// It waits, and nothing did before.
    First,
    /// Something waited already.
    Again,
    /// There is a reset, which does not wait.
    Late,
}

#[derive(Debug)]
pub(super) struct ResetState {
    pub(super) stage: Stage,
    /// The one under way is soft.
    pub(super) soft: bool,
    /// A hard reset that was asked for during another one.
    later: Option<ResetRequest>,
    /// A reset that waits for its user to go by himself.
    put_off: Option<ResetRequest>,
    /// How often a hard reset has looked for users in vain.
    trials: u32,
    series: Series,
    /// The card takes no work.
    pub(super) disabled: bool,
    /// It has to be reset by hand.
    pub(super) needs_reset: bool,
    /// Probe is through.
    pub(super) initialised: bool,
    /// Nothing has proved that the card reaches no memory, when it had to.
    pub(super) unproved: bool,
}

/// The reasons of the last resets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Series {
    /// Of the last one.
    previous: Trigger,
    /// The one before had the same.
    repeated: bool,
}

impl Series {
    /// There is one more, for `trigger`.
    pub(super) fn note(&mut self, trigger: Trigger) {
        self.repeated = self.previous == trigger;
        self.previous = trigger;
    }

    /// Whether there is no use in going on.
    pub(super) fn is_hopeless(self) -> bool {
        self.repeated && matches!(self.previous, Trigger::Fatal | Trigger::Heartbeat)
    }
}

impl ResetState {
    pub(super) const fn new() -> Self {
        Self {
            stage: Stage::Idle,
            soft: false,
            later: None,
            put_off: None,
            trials: 0,
            series: Series {
                previous: Trigger::Other,
                repeated: false,
            },
            disabled: false,
            needs_reset: false,
            initialised: false,
            unproved: false,
        }
    }

    /// What others see.
    pub(super) fn flags(&self) -> Flags {
        Flags::of([
            (Flags::REMOVING, self.stage == Stage::Removed),
            (Flags::IN_RESET, self.stage != Stage::Idle),
            (Flags::SOFT, self.soft),
            (Flags::NEEDS_RESET, self.needs_reset),
            (Flags::DISABLED, self.disabled),
            (Flags::INITIALISED, self.initialised),
            (Flags::UNPROVED, self.unproved),
        ])
    }

    /// A reset is `wanted`. Whether that starts one.
    pub(super) fn ask(&mut self, mut wanted: ResetRequest) -> bool {
        match self.stage {
            Stage::Idle => {}
            Stage::Removed => return false,
            _ => {
                if wanted.hard && self.soft {
                    self.later = Some(wanted);
                }
                return false;
            }
        }
        if wanted.hard || wanted.release {
            // The user is gone, or will be.
            if let Some(put_off) = self.put_off.take() {
                if wanted.release && put_off.hard {
                    wanted = put_off.harder();
                }
            }
        }
        self.stage = Stage::Asked(wanted);
        self.soft = !wanted.hard;
        self.trials = 0;
        true
    }

    /// The task begins with what there is to do.
    pub(super) fn begin(&mut self) -> Stage {
        let stage = self.stage;
        if matches!(stage, Stage::Asked(_) | Stage::Waiting(_)) {
            self.stage = Stage::Working;
        }
        stage
    }

    /// The reset under way is a hard one from now on: all users go, so nothing waits for one.
    pub(super) fn harden(&mut self) {
        self.soft = false;
        self.later = None;
        self.put_off = None;
    }

    /// A soft reset has succeeded. Returns the hard one that comes next.
    pub(super) fn softened(&mut self) -> Option<ResetRequest> {
        self.soft = false;
        let later = self.later.take();
        if later.is_none() {
            self.end();
        }
        later
    }

    /// The task is done. Whether the card goes on: one that is being removed does not, nor one that has to be reset once
    /// more.
    pub(super) fn end(&mut self) -> bool {
        self.soft = false;
        if self.stage == Stage::Removed {
            return false;
        }
        self.stage = self.later.take().map_or(Stage::Idle, Stage::Asked);
        self.stage == Stage::Idle
    }

    /// The machine or the bus has done something to the card, which has to be reset for that. Whether the task has to
    /// begin; else nothing is missing, or the card has to be asked for.
    pub(super) fn revive(&mut self) -> bool {
        match self.stage {
            Stage::Stopped => {
                self.harden();
                self.trials = 0;
                self.stage = Stage::Waiting(ResetRequest::HARD);
                true
            }
            Stage::Idle => self.ask(ResetRequest::HARD),
            // Whatever it has done so far may be lost.
            Stage::Working => {
                self.later = Some(ResetRequest::HARD);
                false
            }
            // All of a hard one, or its second half, is yet to come; a soft one fails, and becomes hard.
            Stage::Asked(_) | Stage::Waiting(_) | Stage::Removed => false,
        }
    }

    /// Users are there yet: whether to look again later. Somebody gives up at some time.
    pub(super) fn wait(&mut self, wanted: ResetRequest, limit: u32) -> bool {
        if self.stage == Stage::Removed || self.trials >= limit {
            return false;
        }
        self.trials = self.trials.saturating_add(1);
        self.stage = Stage::Waiting(wanted);
        true
    }

    /// Whether somebody was told to go, so that there can be a reset.
    pub(super) fn release_awaited(&self) -> bool {
        self.put_off.is_some()
    }

    /// A reset that is `wanted` is to wait for its user.
    pub(super) fn put_off(&mut self, wanted: ResetRequest) -> PutOff {
        if self.stage != Stage::Idle {
            return PutOff::Late;
        }
        match &mut self.put_off {
            Some(put_off) => {
                put_off.hard |= wanted.hard;
                PutOff::Again
            }
            none => {
                *none = Some(wanted);
                PutOff::First
            }
        }
    }

    /// The one that waits for its user, if it still does.
    pub(super) fn waiting_for_user(&self) -> Option<ResetRequest> {
        self.put_off
    }

    /// The reset under way is for `trigger`.
    pub(super) fn note(&mut self, trigger: Trigger) {
        self.series.note(trigger);
    }

    /// Whether there is no use in going on.
    pub(super) fn is_hopeless(&self) -> bool {
        self.series.is_hopeless()
    }

    /// The next fatal error is not one of a series.
    pub(super) fn forget_trigger(&mut self) {
        if self.stage == Stage::Idle {
            self.series.previous = Trigger::Other;
        }
    }

    /// The card is being removed.
    pub(super) fn remove(&mut self) {
        self.stage = Stage::Removed;
        self.put_off = None;
        self.later = None;
    }
}

#[kunit_tests(goya_reset_state)]
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
    fn a_hard_reset_leaves_nothing_to_wait_for() {
        let mut state = ResetState::new();
        assert_eq!(state.put_off(ResetRequest::LOCKUP), PutOff::First);
        assert_eq!(state.put_off(ResetRequest::HARD), PutOff::Again);
        // A soft one for another reason changes nothing about that, until it becomes a hard one.
        assert!(state.ask(ResetRequest::SOFT));
        assert_eq!(state.begin(), Stage::Asked(ResetRequest::SOFT));
        assert!(state.release_awaited());
        state.harden();
        assert!(!state.release_awaited());
        assert!(state.end());
        // The user's end has it done at once.
        assert_eq!(state.put_off(ResetRequest::HARD), PutOff::First);
        assert!(state.ask(ResetRequest::RELEASE));
        assert_eq!(state.stage, Stage::Asked(ResetRequest::HARD));
        assert!(!state.release_awaited());
    }

    #[test]
    fn a_hard_reset_waits_for_a_soft_one() {
        let mut state = ResetState::new();
        assert!(state.ask(ResetRequest::SOFT));
        state.begin();
        assert!(!state.ask(ResetRequest::FATAL));
        assert_eq!(state.put_off(ResetRequest::LOCKUP), PutOff::Late);
        assert_eq!(state.softened(), Some(ResetRequest::FATAL));
        assert_eq!(state.stage, Stage::Working);
        assert!(state.end());
        assert_eq!(state.softened(), None);
    }

    #[test]
    fn removal_is_for_good() {
        let mut state = ResetState::new();
        assert!(state.ask(ResetRequest::HARD));
        state.begin();
        state.remove();
        // The reset that was under way ends late.
        assert!(!state.wait(ResetRequest::HARD, 60));
        assert!(!state.end());
        assert_eq!(state.stage, Stage::Removed);
        assert!(!state.ask(ResetRequest::HARD));
        assert_eq!(state.begin(), Stage::Removed);
    }

    #[test]
    fn who_stops_the_card_has_it_reset() {
        let mut state = ResetState::new();
        state.stage = Stage::Stopped;
        assert!(!state.ask(ResetRequest::HARD));
        assert!(state.revive());
        assert_eq!(state.begin(), Stage::Waiting(ResetRequest::HARD));
        // It was reset by somebody else meanwhile.
        assert!(!state.revive());
        assert!(!state.end());
        assert_eq!(state.begin(), Stage::Asked(ResetRequest::HARD));
        assert!(state.end());
        assert!(state.revive());
        assert_eq!(state.stage, Stage::Asked(ResetRequest::HARD));
    }

    #[test]
    fn programs_see_what_resets_do() {
        use super::super::status::Status;

        let mut state = ResetState::new();
        assert_eq!(state.flags().status(), Status::InCreation);
        state.initialised = true;
        assert_eq!(state.flags().status(), Status::Operational);
        assert!(state.ask(ResetRequest::SOFT));
        state.disabled = true;
        assert_eq!(state.flags().status(), Status::InResetAfterRelease);
        state.begin();
        state.harden();
        assert_eq!(state.flags().status(), Status::InReset);
        assert!(state.end());
        assert_eq!(state.flags().status(), Status::Malfunction);
        state.needs_reset = true;
        assert_eq!(state.flags().status(), Status::NeedsReset);
        state.remove();
        assert_eq!(state.flags().status(), Status::Malfunction);
    }

    #[test]
    fn users_are_waited_for_so_often() {
        let mut state = ResetState::new();
        assert!(state.ask(ResetRequest::HARD));
        state.begin();
        assert!(state.wait(ResetRequest::HARD, 1));
        assert_eq!(state.begin(), Stage::Waiting(ResetRequest::HARD));
        assert!(!state.wait(ResetRequest::HARD, 1));
    }
}
