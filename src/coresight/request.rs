// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What users want of units, and what units answer.

use crate::uapi::debug_types::{DebugBmon, DebugSpmu, DebugStm, DebugTrace};

/// Counters that a unit has.
pub(super) const COUNTERS: usize = 6;

/// To switch a unit on, with what the user has to say about it, or off.
pub(crate) enum Switch<T> {
    Off,
    On(Option<T>),
}

impl<T> Switch<T> {
    pub(super) fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }

    /// For messages.
    pub(super) fn verb(&self) -> &'static str {
        if self.is_on() {
            "enable"
        } else {
            "disable"
        }
    }
}

/// What a user wants of a unit.
pub(crate) enum UnitRequest {
    Etr(Switch<DebugTrace>),
    Etf(Switch<DebugTrace>),
    Stm(Switch<DebugStm>),
    Funnel(Switch<()>),
    Bmon(Switch<DebugBmon>),
    Spmu(Switch<DebugSpmu>),
    /// Does nothing any more.
    Timestamp,
}

/// Words that an answer has at most: six counters, overflows, cycles.
pub(crate) const ANSWER_WORDS: usize = COUNTERS + 2;

/// What a unit answers: as many words as the user has room for, zero if there is nothing to say.
#[derive(Default)]
pub(crate) struct UnitAnswer {
    /// How many words the user has room for, perhaps more than there are here; nothing if there is no
    /// place for an answer.
    pub(crate) room: Option<usize>,
    /// The words.
    pub(crate) words: [u64; ANSWER_WORDS],
}

/// What the units must know of the card.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    /// The time stamp counter's frequency in MHz, 0 if unknown.
    pub(crate) timestamp_mhz: u16,
    /// The firmware keeps the host from some registers.
    pub(crate) secure: bool,
}
