// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The status of a card, and what it follows from (upstream `hl_device_status()`).

use kernel::prelude::*;

/// A card's state, as programs see it (`enum hl_device_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Status {
    Operational = 0,
    InReset = 1,
    Malfunction = 2,
    NeedsReset = 3,
    InCreation = 4,
    InResetAfterRelease = 5,
}

impl Status {
    /// Whether the card takes work.
    pub(crate) fn operational(self) -> bool {
        matches!(self, Self::Operational | Self::InCreation)
    }

    /// For messages, as upstream.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::InReset => "in reset",
            Self::Malfunction => "disabled",
            Self::NeedsReset => "needs reset",
            Self::InCreation => "in device creation",
            Self::InResetAfterRelease => "in reset after device release",
        }
    }
}

/// What a card's status follows from. It fits into one word, which is published as a whole, so that nobody sees a half of a
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Flags {
    /// The card is being removed.
    pub(super) const REMOVING: Self = Self(1 << 0);
    /// It is reset, will be, or waits for that.
    pub(super) const IN_RESET: Self = Self(1 << 1);
    /// That reset is a soft one.
    pub(super) const SOFT: Self = Self(1 << 2);
    /// It has to be reset by hand.
    pub(super) const NEEDS_RESET: Self = Self(1 << 3);
    /// It takes no work.
    pub(super) const DISABLED: Self = Self(1 << 4);
    /// Probe is through.
    pub(super) const INITIALISED: Self = Self(1 << 5);
    /// Nothing has proved that it reaches no memory, when it had to.
    pub(super) const UNPROVED: Self = Self(1 << 6);

    /// Those of `all` that are so.
    pub(super) fn of(all: [(Self, bool); 7]) -> Self {
        let set = all.into_iter().filter(|(_, set)| *set);
        Self(set.fold(0, |word, (flag, _)| word | flag.0))
    }

    /// As a word.
    pub(super) fn word(self) -> u32 {
        self.0
    }

    /// From [`Flags::word`].
    pub(super) fn from_word(word: u32) -> Self {
        Self(word)
    }

    /// Whether `flag` is so.
    pub(super) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    /// Whether all jobs are ended, or will be, without the card's doing: by a reset, or because it is of no use any more. One that
    /// only has to be reset some day goes on with those that it has.
    #[cfg_attr(not(CONFIG_IO_URING), allow(dead_code))]
    pub(super) fn ends_jobs(self) -> bool {
        [Self::REMOVING, Self::IN_RESET, Self::DISABLED]
            .into_iter()
            .any(|flag| self.has(flag))
    }

    /// What programs are told.
    pub(super) fn status(self) -> Status {
        if self.has(Self::REMOVING) {
            Status::Malfunction
        } else if self.has(Self::IN_RESET) {
            if self.has(Self::SOFT) {
                Status::InResetAfterRelease
            } else {
                Status::InReset
            }
        } else if self.has(Self::NEEDS_RESET) {
            Status::NeedsReset
        } else if self.has(Self::DISABLED) {
            Status::Malfunction
        } else if !self.has(Self::INITIALISED) {
            Status::InCreation
        } else {
            Status::Operational
        }
    }
}

#[kunit_tests(goya_status)]
mod tests {
    use super::*;

    /// What is to be reset by hand takes nothing new, and ends what it has.
    #[test]
    fn needs_reset() {
        let flags = |more: Flags| {
            Flags::from_word(Flags::INITIALISED.word() | Flags::NEEDS_RESET.word() | more.word())
        };
        let idle = flags(Flags::UNPROVED);
        assert!(idle.status() == Status::NeedsReset && !idle.status().operational());
        assert!(!idle.ends_jobs());
        for end in [Flags::REMOVING, Flags::IN_RESET, Flags::DISABLED] {
            assert!(flags(end).ends_jobs());
        }
    }
}
