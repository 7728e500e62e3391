// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Waiting for submissions.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use goya_uapi::*;

use crate::error::Call;
use crate::flight::Flight;
use crate::node::Node;
use crate::place::Keep;
use crate::{Error, Info, Result, Status};

/// That a submission has ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completion {
    /// When (`CLOCK_MONOTONIC`), if [`Submission::timestamp`](crate::Submission::timestamp) asked for that.
    pub time: Option<Duration>,
    /// It has ended so long ago that the driver knows no more: not even whether a reset has ended it.
    pub forgotten: bool,
}

/// How a submission has ended.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Done(Completion),
    Overdue,
    Aborted,
    Removed,
}

/// A submission that is, or was, in flight.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) seq: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    outcome: Option<Outcome>,
    /// What has to live until then.
    keep: Vec<Arc<dyn Keep>>,
}

impl Tracked {
    pub(crate) fn new(seq: u64, keep: Vec<Arc<dyn Keep>>) -> Self {
        Self { seq, state: Mutex::new(State { outcome: None, keep }) }
    }

    fn outcome(&self) -> Option<Outcome> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).outcome
    }

    fn settle(&self, outcome: Outcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *state.outcome.get_or_insert(outcome);
        // After a reset, the card's word is missing that it has let go of the memory: that waits until the device is closed.
        let keep = match first {
            Outcome::Done(_) | Outcome::Removed => std::mem::take(&mut state.keep),
            Outcome::Overdue | Outcome::Aborted => Vec::new(),
        };
        drop(state);
        drop(keep);
    }

    /// Whether it is known how it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.outcome().is_some()
    }

    /// Whether there is still something that has to live.
    pub(crate) fn keeps(&self) -> bool {
        !self.state.lock().unwrap_or_else(PoisonError::into_inner).keep.is_empty()
    }

    /// Waits until it has ended, until `end` at most; `None` if it has not.
    pub(crate) fn wait(&self, node: &Node, end: Option<Instant>) -> Result<Option<Completion>> {
        loop {
            if let Some(outcome) = self.outcome() {
                return self.told(outcome).map(Some);
            }
            let (result, out) = wait_cs(node, self.seq, microseconds(end));
            match result.map_err(|e| (e.raw_os_error(), e)) {
                Ok(()) if out.status == HL_WAIT_CS_STATUS_COMPLETED => {
                    let stamped = out.flags & HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD != 0;
                    let time = u64::try_from(out.timestamp_nsec).ok().filter(|_| stamped);
                    self.settle(Outcome::Done(Completion {
                        time: time.map(Duration::from_nanos),
                        forgotten: out.flags & HL_WAIT_CS_STATUS_FLAG_GONE != 0,
                    }));
                }
                Ok(()) if end.is_some_and(|end| Instant::now() >= end) => return Ok(None),
                Ok(()) | Err((Some(libc::EINTR), _)) => {}
                Err((Some(libc::ETIMEDOUT), _)) => self.settle(Outcome::Overdue),
                Err((Some(libc::EIO), _)) => self.settle(Outcome::Aborted),
                Err((Some(libc::ENODEV), _)) => self.settle(Outcome::Removed),
                Err((Some(libc::EBUSY), _)) if will_go_on(node) => {
                    if end.is_some_and(|end| Instant::now() >= end) {
                        return Ok(None);
                    }
                    std::thread::sleep(SOON);
                }
                Err((_, e)) => return Err(Call::Wait.failed(format!("wait for submission {}", self.seq), e)),
            }
        }
    }

    fn told(&self, outcome: Outcome) -> Result<Completion> {
        let seq = self.seq;
        match outcome {
            Outcome::Done(completion) => Ok(completion),
            Outcome::Overdue => Err(Error::Overdue { seq }),
            Outcome::Aborted => Err(Error::Aborted { seq }),
            Outcome::Removed => Err(Call::Wait.errno(format!("wait for submission {seq}"), libc::ENODEV)),
        }
    }
}

/// How long a soft reset is left alone before somebody asks again.
const SOON: Duration = Duration::from_millis(5);

/// Whether a card that refuses to be waited for takes that back by itself: during a soft reset, or if that has just ended.
/// A hard one ends all with the device.
pub(crate) fn will_go_on(node: &Node) -> bool {
    matches!(Info(node).status(), Ok(Status::InSoftReset | Status::Operational))
}

/// The time until then, as the driver wants it.
fn microseconds(end: Option<Instant>) -> u64 {
    /// Waits for ever.
    const EVER: u64 = i64::MAX as u64;
    // Of other numbers only the low 32 bits count: longer waits are made of several.
    const LONGEST: u128 = 1 << 31;
    end.map_or(EVER, |end| end.saturating_duration_since(Instant::now()).as_micros().min(LONGEST) as u64)
}

fn wait_cs(node: &Node, seq: u64, timeout_us: u64) -> (io::Result<()>, hl_wait_cs_out) {
    let mut input = hl_wait_cs_in::default();
    input.__bindgen_anon_1.__bindgen_anon_1.seq = seq;
    input.__bindgen_anon_1.__bindgen_anon_1.timeout_us = timeout_us;
    let mut args = hl_wait_cs_args::default();
    args.in_ = input;
    let result = node.ioctl(HL_IOCTL_WAIT_CS, &mut args);
    // SAFETY: all readings of question and answer are numbers.
    (result, unsafe { args.out })
}

/// A submission, to be waited for: by any number of threads, any number of times.
///
/// Memory that the submission uses stays mapped until it has ended, whether somebody waits for it or not.
#[derive(Debug, Clone)]
pub struct Fence {
    pub(crate) flight: Arc<Flight>,
    pub(crate) tracked: Arc<Tracked>,
}

impl Fence {
    /// The driver's number of the submission.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.tracked.seq
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// [`Error::Overdue`] and [`Error::Aborted`], if it has not ended well; [`Error::System`] if the card is gone, or there
    /// is nothing to wait for because it is being reset.
    pub fn wait(&self) -> Result<Completion> {
        loop {
            if let Some(completion) = self.until(None)? {
                return Ok(completion);
            }
        }
    }

    /// Waits until it has ended, for `timeout` at most; `None` if it has not.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<Option<Completion>> {
        self.until(Instant::now().checked_add(timeout))
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn is_done(&self) -> Result<bool> {
        self.until(Some(Instant::now())).map(|completion| completion.is_some())
    }

    fn until(&self, end: Option<Instant>) -> Result<Option<Completion>> {
        let result = self.tracked.wait(self.flight.node(), end);
        if self.has_ended() {
            self.flight.landed(&self.tracked);
        }
        result
    }

    /// Whether it is known how it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.tracked.has_ended()
    }
}

/// Waits until all have ended, for `timeout` at most; says whether they have.
///
/// # Errors
/// That of the first, in their order, that has not ended well.
pub fn wait_all<'a>(fences: impl IntoIterator<Item = &'a Fence>, timeout: Duration) -> Result<bool> {
    let end = Instant::now().checked_add(timeout);
    for fence in fences {
        if fence.until(end)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until one of them has ended, for `timeout` at most; which one, `None` if none has. Goya's driver has no wait for
/// several, so this looks at each of them, every millisecond.
///
/// # Errors
/// That of one that has not ended well.
pub fn wait_any(fences: &[Fence], timeout: Duration) -> Result<Option<usize>> {
    const ROUND: Duration = Duration::from_millis(1);
    let end = Instant::now().checked_add(timeout);
    loop {
        for (n, fence) in fences.iter().enumerate() {
            if fence.is_done()? {
                return Ok(Some(n));
            }
        }
        let left = end.map_or(ROUND, |end| end.saturating_duration_since(Instant::now()));
        let Some(first) = fences.first().filter(|_| !left.is_zero()) else {
            return Ok(None);
        };
        if first.wait_timeout(left.min(ROUND))?.is_some() {
            return Ok(Some(0));
        }
    }
}
