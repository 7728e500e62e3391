// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The end of a submission, and waiting for it (upstream `hl_fence`, `hl_wait_for_fence()`).

use kernel::prelude::*;
use kernel::sync::atomic::{ordering::Acquire, ordering::Release, Atomic, Relaxed};
use kernel::sync::{new_condvar, new_spinlock, Arc, CondVar, CondVarTimeoutResult, SpinLock};
use kernel::time::{msecs_to_jiffies, Instant, Jiffies, Monotonic};

/// How a submission ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// `Ok`, or `ETIMEDOUT`, `EIO` (aborted), `EBUSY` (never submitted).
    pub(crate) result: Result,
    /// When its last job completed, in nanoseconds of the monotonic clock; 0 if nobody wanted to know.
    pub(crate) timestamp: i64,
}

/// What a wait came to.
pub(crate) enum Waited {
    /// The submission has ended.
    Done(Outcome),
    /// It has not.
    Busy,
}

/// Signalled once, when a submission ends.
#[pin_data]
pub(crate) struct Fence {
    /// Number of the submission in its context; set before anybody else sees the fence.
    sequence: Atomic<u64>,
    /// When it was submitted.
    pub(crate) submitted: Instant<Monotonic>,
    /// How long it may be the oldest one at work; milliseconds, `None` for ever.
    pub(crate) timeout: Option<u32>,
    /// Its time-out is only reported.
    pub(crate) skip_reset: bool,
    /// It took too long.
    timed_out: Atomic<bool>,
    /// Nothing of it is on a queue any more, which a waiter may hear earlier.
    ended: Atomic<bool>,
    #[pin]
    outcome: SpinLock<Option<Outcome>>,
    #[pin]
    changed: CondVar,
}

impl Fence {
    /// A fence for a submission that has no number yet.
    pub(crate) fn new(timeout: Option<u32>, skip_reset: bool) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                sequence: Atomic::new(0),
                submitted: Instant::now(),
                timeout,
                skip_reset,
                timed_out: Atomic::new(false),
                ended: Atomic::new(false),
                outcome <- new_spinlock!(None),
                changed <- new_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    /// Number of the submission in its context.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence.load(Relaxed)
    }

    /// Gives it the number; once.
    pub(crate) fn set_sequence(&self, sequence: u64) {
        self.sequence.store(sequence, Relaxed);
    }

    /// Ends it. Only the first end counts; later ones return nothing.
    ///
    /// One that took too long has failed, whatever became of it.
    pub(crate) fn signal(&self, result: Result, timestamp: i64) -> Option<Outcome> {
        let result = if self.timed_out() {
            Err(ETIMEDOUT)
        } else {
            result
        };
        self.ended.store(true, Release);
        self.set(Outcome { result, timestamp })
    }

    /// Ends all waits for it, although it may be at work.
    pub(crate) fn give_up(&self) {
        self.set(Outcome {
            result: Err(EIO),
            timestamp: 0,
        });
    }

    /// Whether it has ended, apart from what waiters were told.
    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Acquire)
    }

    fn set(&self, outcome: Outcome) -> Option<Outcome> {
        let mut slot = self.outcome.lock();
        if slot.is_some() {
            return None;
        }
        *slot = Some(outcome);
        self.changed.notify_all();
        Some(outcome)
    }

    /// It took too long: that is how it will have ended.
    pub(crate) fn set_timed_out(&self) {
        self.timed_out.store(true, Relaxed);
    }

    /// Whether it took too long.
    pub(crate) fn timed_out(&self) -> bool {
        self.timed_out.load(Relaxed)
    }

    /// How it ended, if it has.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        *self.outcome.lock()
    }

    /// Waits for the end, at most `timeout_us` microseconds. A signal ends the wait with `ERESTARTSYS`.
    pub(crate) fn wait(&self, timeout_us: u64) -> Result<Waited> {
        let mut outcome = self.outcome.lock();
        let mut left = jiffies(timeout_us);
        loop {
            if let Some(outcome) = *outcome {
                return Ok(Waited::Done(outcome));
            }
            if left == 0 {
                return Ok(Waited::Busy);
            }
            left = match self.changed.wait_interruptible_timeout(&mut outcome, left) {
                CondVarTimeoutResult::Woken { jiffies } => jiffies,
                CondVarTimeoutResult::Timeout => 0,
                CondVarTimeoutResult::Signal { .. } => return Err(ERESTARTSYS),
            };
        }
    }
}

/// Microseconds as jiffies, rounded up; what is too long is as long as can be.
fn jiffies(us: u64) -> Jiffies {
    let ms = us.div_ceil(1000);
    match u32::try_from(ms) {
        Ok(0) => 0,
        // At least one tick: a short wait is none that returns at once.
        Ok(ms) => msecs_to_jiffies(ms).max(1),
        Err(_) => isize::MAX as Jiffies,
    }
}
