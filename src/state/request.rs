// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A reset that somebody wants, and why.

use kernel::prelude::*;

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
pub(crate) struct ResetRequest {
    /// The whole card, not only its engines. All its users are ended.
    pub(crate) hard: bool,
    pub(crate) trigger: Trigger,
    /// The card was left busy by a user who has gone.
    pub(crate) release: bool,
}

impl ResetRequest {
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

    pub(crate) fn harder(self) -> Self {
        Self {
            hard: true,
            release: false,
            ..self
        }
    }
}

#[kunit_tests(goya_reset)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_off_becomes_hard_when_time_is_up() {
        let late = ResetRequest::LOCKUP.harder();
        assert!(!ResetRequest::LOCKUP.hard && late.hard);
        assert_eq!(late.trigger, Trigger::Lockup);
        assert!(!ResetRequest::RELEASE.harder().release);
    }
}
