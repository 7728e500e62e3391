// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Making the card ready for a context: whose turn that is, and how far it has come.
//!
//! First the card is cleaned of what others have left, then a submission of the program's own may restore its state.
//! The turn lasts until that one is sent, for which the card alone is waited for. Its end is up to the program, so that
//! who waits for it has no turn, and whose own submission needs it can be interrupted.

use kernel::prelude::*;
use kernel::sync::atomic::{
    ordering::{Acquire, Full, Release},
    Atomic,
};
use kernel::sync::{new_condvar, new_mutex, CondVar, Mutex, MutexGuard};

/// Nothing was done, or a reset has undone it.
const FRESH: u32 = 0;
/// The card is being cleaned.
const CLEANING: u32 = 1;
/// It is clean.
const CLEAN: u32 = 2;
/// It is ready.
const READY: u32 = 3;

/// How far it has come, and whose turn it is.
#[pin_data]
pub(crate) struct Phase {
    /// A reset sets it back at any time, so that nothing else goes on from a state that it does not find any more.
    state: Atomic<u32>,
    /// Whoever has the turn holds it. Restoring submissions whose ends are waited for.
    #[pin]
    restoring: Mutex<usize>,
    #[pin]
    ended: CondVar,
}

/// It is the owner's turn, until this is dropped.
pub(crate) struct Turn<'a> {
    of: &'a Phase,
    restoring: MutexGuard<'a, usize>,
}

/// A restoring submission is under way, until this is dropped.
pub(crate) struct Restoring<'a>(&'a Phase);

impl Phase {
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            state: Atomic::new(FRESH),
            restoring <- new_mutex!(0),
            ended <- new_condvar!(),
        })
    }

    /// Whether the card is ready.
    pub(crate) fn is_over(&self) -> bool {
        self.state.load(Acquire) == READY
    }

    /// Whether the card holds nothing of another user's.
    pub(crate) fn is_clean(&self) -> bool {
        self.state.load(Acquire) >= CLEAN
    }

    /// The card was reset: all has to be done again.
    pub(crate) fn forget(&self) {
        self.state.store(FRESH, Release);
    }

    /// Waits for the turn, and not for restoring submissions.
    pub(crate) fn begin(&self) -> Turn<'_> {
        Turn {
            of: self,
            restoring: self.restoring.lock(),
        }
    }

    /// Waits for the turn and for the end of restoring submissions. `ERESTARTSYS` if a signal comes first.
    pub(crate) fn begin_alone(&self) -> Result<Turn<'_>> {
        let mut turn = self.begin();
        while *turn.restoring > 0 {
            if self.ended.wait_interruptible(&mut turn.restoring) {
                return Err(ERESTARTSYS);
            }
        }
        Ok(turn)
    }

    /// Goes from one state to the next. Whether it could: a reset may have come in between.
    fn step(&self, from: u32, to: u32) -> bool {
        self.state.cmpxchg(from, to, Full).is_ok()
    }
}

impl<'a> Turn<'a> {
    /// Has `run` clean the card, unless it is clean.
    ///
    /// Errors: those of `run`; `EBUSY` if the card was reset meanwhile.
    pub(crate) fn clean(&mut self, run: impl FnOnce() -> Result) -> Result {
        if self.of.is_clean() {
            return Ok(());
        }
        self.of.state.store(CLEANING, Release);
        run().inspect_err(|_| self.of.forget())?;
        if self.of.step(CLEANING, CLEAN) {
            Ok(())
        } else {
            Err(EBUSY)
        }
    }

    /// Lets others go on until a restoring submission has ended.
    pub(crate) fn restoring(mut self) -> Restoring<'a> {
        *self.restoring = self.restoring.saturating_add(1);
        Restoring(self.of)
    }

    /// Nothing was to be restored: the card is ready.
    pub(crate) fn end(self) {
        self.of.step(CLEAN, READY);
    }
}

impl Restoring<'_> {
    /// All was restored: the card is ready.
    pub(crate) fn end(self) {
        self.0.step(CLEAN, READY);
    }
}

impl Drop for Restoring<'_> {
    fn drop(&mut self) {
        let mut restoring = self.0.restoring.lock();
        *restoring = restoring.saturating_sub(1);
        self.0.ended.notify_all();
    }
}

#[kunit_tests(goya_phase)]
mod tests {
    use super::*;

    fn phase() -> Result<Pin<KBox<Phase>>> {
        KBox::pin_init(Phase::new(), GFP_KERNEL)
    }

    /// What was done is done once, whoever fails later; a reset undoes it.
    #[test]
    fn order() -> Result {
        let phase = phase()?;
        assert_eq!(phase.begin().clean(|| Err(EIO)), Err(EIO));
        assert!(!phase.is_clean());
        phase.begin_alone()?.clean(|| Ok(()))?;
        assert!(phase.is_clean() && !phase.is_over());
        let mut turn = phase.begin_alone()?;
        turn.clean(|| Err(EIO))?;
        drop(turn.restoring());
        assert!(!phase.is_over());
        phase.begin_alone()?.restoring().end();
        assert!(phase.is_over());
        phase.forget();
        assert!(!phase.is_clean());
        Ok(())
    }

    /// A reset that comes in between is not forgotten.
    #[test]
    fn reset() -> Result {
        let phase = phase()?;
        let reset = || {
            phase.forget();
            Ok(())
        };
        assert_eq!(phase.begin().clean(reset), Err(EBUSY));
        let mut turn = phase.begin();
        turn.clean(|| Ok(()))?;
        let restoring = turn.restoring();
        phase.forget();
        restoring.end();
        assert!(!phase.is_clean());
        Ok(())
    }

    /// A restoring submission lets others have the turn.
    #[test]
    fn side_by_side() -> Result {
        let phase = phase()?;
        let mut turn = phase.begin();
        turn.clean(|| Ok(()))?;
        let first = turn.restoring();
        let second = phase.begin().restoring();
        assert_eq!(*phase.restoring.lock(), 2);
        first.end();
        assert!(phase.is_over());
        second.end();
        assert_eq!(*phase.restoring.lock(), 0);
        Ok(())
    }
}
