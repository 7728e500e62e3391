// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Why a kernel ends before it halts.

use std::fmt;

use super::cause::Cause;

/// What stops a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The interrupt cause.
    pub cause: Cause,
    /// The word, counted from the kernel's first.
    pub word: u32,
    /// More than the cause says, if there is more.
    pub reason: Option<String>,
}

/// Why no word follows one.
#[derive(Debug)]
pub enum End {
    /// The kernel is over.
    Halt,
    /// It was stopped.
    Stop(Box<Stop>),
}

impl From<Box<Stop>> for End {
    fn from(stop: Box<Stop>) -> Self {
        Self::Stop(stop)
    }
}

impl Stop {
    /// What the card has and this does not.
    pub fn unmodelled(what: &str) -> Box<Self> {
        Self::because(Cause::IllegalInstruction, format!("not modelled: {what}"))
    }

    /// With a reason.
    pub fn because(cause: Cause, reason: impl Into<String>) -> Box<Self> {
        Box::new(Self { cause, word: 0, reason: Some(reason.into()) })
    }
}

// In a box, so that what every word returns is small.
impl From<Cause> for Box<Stop> {
    fn from(cause: Cause) -> Self {
        Self::new(Stop { cause, word: 0, reason: None })
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at word {}", self.cause, self.word)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}
