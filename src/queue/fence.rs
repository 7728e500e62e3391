// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The end of a submission, and waiting for it (upstream `hl_fence`, `hl_wait_for_fence()`).

use kernel::error::to_result;
use kernel::prelude::*;
use kernel::sync::atomic::{ordering::Acquire, ordering::Full, ordering::Release, Atomic, Relaxed};
use kernel::sync::{Arc, UniqueArc};
use kernel::time::{msecs_to_jiffies, Jiffies};

use super::polling::Polling;
use crate::abstractions::completion::Completion;
use crate::abstractions::time::Moment;
#[cfg(CONFIG_IO_URING)]
use crate::abstractions::uring::{Slot, Target};

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

/// What a program wants of a submission.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SubmitOptions {
    /// How long it may be the oldest one at work; milliseconds, `None` for ever.
    pub(crate) timeout: Option<u32>,
    /// Its time-out is only reported, and so is its end.
    pub(crate) skip_reset: bool,
    /// When it ended is to be known.
    pub(crate) timestamp: bool,
}

/// Signalled once, when a submission ends.
#[pin_data]
pub(crate) struct Fence {
    /// What the program wants.
    pub(crate) options: SubmitOptions,
    progress: Progress,
    #[pin]
    done: Completion,
}

/// How far a submission has come.
struct Progress {
    /// Its number in its context; set before anybody else sees the fence.
    sequence: Atomic<u64>,
    /// When its jobs were put on their queues. Nanoseconds of the monotonic clock; 0 before that.
    submitted: Atomic<i64>,
    /// Nothing of it is on a queue any more, which a waiter may hear earlier.
    retired: Atomic<bool>,
    /// External jobs that are not done, and the queues that they are on, a bit each.
    remaining: Atomic<i32>,
    queues: Atomic<u32>,
    /// [`AT_WORK`], [`OVERDUE`], [`ENDED`] or [`TIMED_OUT`].
    stage: Atomic<u32>,
    /// What was said of its end, once `done` is complete: an error number or 0, and a time.
    result: Atomic<i32>,
    timestamp: Atomic<i64>,
    /// Who has submitted it by io_uring, and is answered when it has ended.
    #[cfg(CONFIG_IO_URING)]
    submitter: Slot<Fence>,
}

impl Progress {
    /// It has no number yet.
    const fn new() -> Self {
        Self {
            sequence: Atomic::new(0),
            submitted: Atomic::new(0),
            retired: Atomic::new(false),
            remaining: Atomic::new(0),
            queues: Atomic::new(0),
            stage: Atomic::new(AT_WORK),
            result: Atomic::new(PENDING),
            timestamp: Atomic::new(0),
            #[cfg(CONFIG_IO_URING)]
            submitter: Slot::new(),
        }
    }
}

/// Nobody has said how it ended.
const AT_WORK: u32 = 0;
/// Nor now, but it took too long.
const OVERDUE: u32 = 1;
/// Somebody has said how it ended.
const ENDED: u32 = 2;
/// The same, after it took too long.
const TIMED_OUT: u32 = 3;

/// The result of what is at work: no error has this number.
const PENDING: i32 = 1;

impl Fence {
    /// A fence for a submission that has no number yet.
    pub(crate) fn new(options: SubmitOptions) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                options,
                progress: Progress::new(),
                done <- Completion::new(),
            }),
            GFP_KERNEL,
        )
    }

    /// One that has ended, and that nobody else has, becomes one for a submission that has no number yet.
    pub(crate) fn renew(mut ended: Pin<UniqueArc<Self>>, options: SubmitOptions) -> Arc<Self> {
        let fence = ended.as_mut().project();
        *fence.options = options;
        *fence.progress = Progress::new();
        fence.done.renew();
        ended.into()
    }

    /// Number of the submission in its context.
    pub(crate) fn sequence(&self) -> u64 {
        self.progress.sequence.load(Relaxed)
    }

    /// Gives it the number; once.
    pub(crate) fn set_sequence(&self, sequence: u64) {
        self.progress.sequence.store(sequence, Relaxed);
    }

    /// It has `external` jobs that will end, on `queues`, a bit each, since `now`; said before the first one can.
    pub(crate) fn expect(&self, external: i32, queues: u32, now: Moment) {
        self.progress.submitted.store(now.as_ns(), Relaxed);
        self.progress.queues.store(queues, Relaxed);
        self.progress.remaining.store(external, Relaxed);
    }

    /// When its jobs were put on their queues, if they were.
    pub(crate) fn submitted(&self) -> Option<Moment> {
        let ns = self.progress.submitted.load(Relaxed);
        (ns != 0).then_some(Moment::from_ns(ns))
    }

    /// External jobs that are not done.
    pub(crate) fn remaining(&self) -> i32 {
        self.progress.remaining.load(Relaxed)
    }

    /// One of its external jobs is done, or will never be. Whether that ends it: the last one does, and the
    /// first that is lost.
    pub(crate) fn job_ended(&self, result: Result) -> bool {
        match result {
            Ok(()) => self.progress.remaining.fetch_sub(1, Full) == 1,
            Err(_) => self.progress.remaining.xchg(0, Full) > 0,
        }
    }

    /// Ends it. Only the first end counts; later ones return nothing.
    pub(crate) fn signal(&self, result: Result, timestamp: i64) -> Option<Outcome> {
        self.progress.retired.store(true, Release);
        self.set(result, timestamp)
    }

    /// Ends all waits for it, although it may be at work.
    pub(crate) fn abort_waiters(&self) {
        self.set(Err(EIO), 0);
    }

    /// Whether it has ended, apart from what waiters were told.
    pub(crate) fn is_retired(&self) -> bool {
        self.progress.retired.load(Acquire)
    }

    /// One that took too long has failed, whatever became of it.
    fn set(&self, result: Result, timestamp: i64) -> Option<Outcome> {
        let result = if self.moves(AT_WORK, ENDED) {
            result
        } else if self.moves(OVERDUE, TIMED_OUT) {
            Err(ETIMEDOUT)
        } else {
            return None;
        };
        self.progress.timestamp.store(timestamp, Relaxed);
        let number = result.map_or_else(Error::to_errno, |()| 0);
        self.progress.result.store(number, Release);
        self.done.complete_all();
        #[cfg(CONFIG_IO_URING)]
        self.answer(result);
        Some(Outcome { result, timestamp })
    }

    /// Tells its submitter how it has ended.
    #[cfg(CONFIG_IO_URING)]
    fn answer(&self, result: Result) {
        if let Some(request) = self.progress.submitter.take() {
            request.complete(result);
        }
    }

    /// It took too long, if it has not ended: then that is how it will have ended, with whatever ends it. Whether it
    /// is so.
    pub(crate) fn set_overdue(&self) -> bool {
        self.moves(AT_WORK, OVERDUE)
    }

    /// Goes from one stage to another, unless somebody else has done so.
    fn moves(&self, from: u32, to: u32) -> bool {
        self.progress.stage.cmpxchg(from, to, Relaxed).is_ok()
    }

    /// Whether it took too long.
    pub(crate) fn is_overdue(&self) -> bool {
        matches!(self.progress.stage.load(Relaxed), OVERDUE | TIMED_OUT)
    }

    /// How it ended, if it has.
    pub(crate) fn result(&self) -> Option<Outcome> {
        let result = match self.progress.result.load(Acquire) {
            PENDING => return None,
            result => to_result(result),
        };
        Some(Outcome {
            result,
            timestamp: self.progress.timestamp.load(Relaxed),
        })
    }

    /// Waits for the end, at most `timeout_us` microseconds. First it looks itself what comes on the queues, for as
    /// long as `polling` says: `enter` returns what looks at some of them, a bit each, and is called once for all
    /// looks, which are over in a moment. A signal ends the wait with `ERESTARTSYS`.
    pub(crate) fn wait<L: Fn(u32)>(
        &self,
        timeout_us: u64,
        polling: &Polling,
        enter: impl FnOnce() -> L,
    ) -> Result<Waited> {
        if timeout_us != 0 && self.result().is_none() {
            let start = Moment::now();
            let look = enter();
            let seen = polling.look(start, timeout_us, || {
                look(self.progress.queues.load(Relaxed));
                self.result().is_some()
            });
            drop(look);
            if !seen && self.done.wait_interruptible(jiffies(timeout_us))? {
                polling.slept(start.elapsed());
            }
        }
        Ok(self.result().map_or(Waited::Busy, Waited::Done))
    }
}

#[cfg(CONFIG_IO_URING)]
impl Target for Fence {
    fn slot(&self) -> &Slot<Self> {
        &self.progress.submitter
    }

    fn second(&self) -> u64 {
        self.sequence()
    }

    fn waited_for(&self) {
        if let Some(outcome) = self.result() {
            self.answer(outcome.result);
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

#[kunit_tests(goya_fence)]
mod tests {
    use super::*;

    fn told(fence: &Fence) -> Option<Result> {
        fence.result().map(|outcome| outcome.result)
    }

    /// Whatever ends what took too long, it has timed out; what has ended is late no more.
    #[test]
    fn overdue() -> Result {
        for end in [
            |fence: &Fence| {
                let _ = fence.signal(Ok(()), 0);
            },
            |fence: &Fence| {
                let _ = fence.signal(Err(EIO), 0);
            },
            Fence::abort_waiters,
        ] {
            let fence = Fence::new(SubmitOptions::default())?;
            assert!(fence.set_overdue() && fence.is_overdue() && told(&fence).is_none());
            end(&fence);
            assert_eq!(told(&fence), Some(Err(ETIMEDOUT)));
            assert!(fence.is_overdue() && fence.signal(Ok(()), 0).is_none());

            let fence = Fence::new(SubmitOptions::default())?;
            end(&fence);
            let before = told(&fence);
            assert!(before.is_some() && !fence.set_overdue() && !fence.is_overdue());
            assert_eq!(told(&fence), before);
        }
        Ok(())
    }

    /// Nothing is left in it of the submission before.
    #[test]
    fn renewed() -> Result {
        let fence = Fence::new(SubmitOptions::default())?;
        fence.set_sequence(5);
        fence.expect(2, 3, Moment::from_ns(7));
        assert!(fence.set_overdue() && fence.signal(Ok(()), 9).is_some());
        assert!(Arc::into_unique_or_drop(fence.clone()).is_none());
        let alone = Arc::into_unique_or_drop(fence).ok_or(EINVAL)?;
        let options = SubmitOptions {
            timestamp: true,
            ..SubmitOptions::default()
        };
        let fence = Fence::renew(alone, options);
        assert!(fence.options.timestamp && fence.sequence() == 0 && fence.submitted().is_none());
        assert!(told(&fence).is_none() && !fence.is_retired() && !fence.is_overdue());
        assert_eq!(fence.remaining(), 0);
        assert_eq!(fence.done.wait_interruptible(1), Ok(false));
        assert!(fence.signal(Err(EIO), 1).is_some());
        assert_eq!(told(&fence), Some(Err(EIO)));
        assert_eq!(fence.done.wait_interruptible(1), Ok(true));
        Ok(())
    }
}
