// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! From checked chunks to jobs on queues (upstream `cs_ioctl_default()`, `hl_hw_queue_schedule_cs()`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::Arc;

use super::check::{self, CheckError, Source};
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::card::Card;
use crate::context::counters::Reason;
use crate::context::Context;
use crate::mem::command_buffer::{CommandBuffer, InUse};
use crate::queue::fence::Fence;
use crate::queue::id::of_internal;
use crate::queue::internal::{Jobs, RingReservation};
use crate::queue::job_copy::JobCopy;
use crate::queue::submission::Submission;
use crate::queue::{Doorbell, Job};

/// A chunk whose queue is there, and whose command buffer was found.
pub(crate) enum Chunk {
    External {
        queue: usize,
        buffer: Arc<CommandBuffer>,
        size: u32,
    },
    Internal {
        queue: usize,
        address: u64,
        size: u32,
    },
}

/// What is submitted, apart from the chunks.
pub(crate) struct NewSubmission<'a> {
    pub(crate) card: &'a Arc<Card>,
    pub(crate) parent: &'a Device<Bound>,
    pub(crate) context: &'a Arc<Context>,
    pub(crate) fence: &'a Arc<Fence>,
    pub(crate) doorbell: Doorbell,
}

/// Why a submission is refused, for the program and for the counters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) error: Error,
    pub(crate) reason: Reason,
}

pub(crate) const INVALID: Refusal = Refusal {
    error: EINVAL,
    reason: Reason::Validation,
};
pub(crate) const NO_MEMORY: Refusal = Refusal {
    error: ENOMEM,
    reason: Reason::Memory,
};

/// Jobs of a submission that need no allocation.
const FEW: usize = 4;

/// Checks and copies all command buffers, then puts all jobs on their queues, or none.
pub(crate) fn submit(
    request: &NewSubmission<'_>,
    chunks: impl ExactSizeIterator<Item = Result<Chunk, Refusal>>,
) -> Result<(), Refusal> {
    let mut few = [const { None }; FEW];
    let mut many;
    let count = chunks.len();
    let jobs = match few.get_mut(..count) {
        Some(few) => few,
        None => {
            many = KVec::with_capacity(count, GFP_KERNEL).map_err(|_| NO_MEMORY)?;
            (0..count).for_each(|_| {
                // Cannot fail: the room is reserved.
                let _ = many.push_within_capacity(None);
            });
            &mut many[..]
        }
    };
    let internal = match parse(request, jobs, chunks)? {
        true => Some(reserve(request, jobs)?),
        false => None,
    };
    schedule(request, jobs, internal).map_err(|error| not_scheduled(request, error))
}

/// Makes a job of each chunk, in the place that it has among `jobs`. Whether any is for an internal queue.
fn parse(
    request: &NewSubmission<'_>,
    jobs: &mut [Option<Job>],
    chunks: impl Iterator<Item = Result<Chunk, Refusal>>,
) -> Result<bool, Refusal> {
    let (mut external, mut internal) = (false, false);
    for (number, (place, chunk)) in (1..u32::MAX).zip(jobs.iter_mut().zip(chunks)) {
        let job = match chunk? {
            Chunk::External {
                queue,
                buffer,
                size,
            } => {
                external = true;
                let copy = copy(request, queue, &InUse::new(buffer), size)
                    .map_err(|error| not_parsed(request, number, &error))?;
                Job::External { queue, copy }
            }
            Chunk::Internal {
                queue,
                address,
                size,
            } => {
                internal = true;
                // The MMU knows what of it is the user's.
                Job::Internal {
                    queue,
                    address,
                    size,
                }
            }
        };
        *place = Some(job);
    }
    if !external {
        dev_err_ratelimited!(
            request.card.dev,
            "Reject CS {}.{} since it contains only internal queues jobs and needs completion\n",
            request.context.asid(),
            request.fence.sequence()
        );
        return Err(INVALID);
    }
    Ok(internal)
}

/// Job `number` of a submission has a command buffer that cannot be run.
fn not_parsed(request: &NewSubmission<'_>, number: u32, error: &CheckError) -> Refusal {
    let dev = &request.card.dev;
    // Texts of the copy itself say nothing that the line below does not.
    if !matches!(error, CheckError::Copy(_)) {
        dev_err_ratelimited!(dev, "{}\n", error);
    }
    dev_err_ratelimited!(
        dev,
        "Failed to parse JOB {}.{}.{}, err {}, rejecting the CS\n",
        request.context.asid(),
        request.fence.sequence(),
        number,
        error.errno().to_errno()
    );
    Refusal {
        error: error.errno(),
        reason: Reason::Parsing,
    }
}

/// Takes the places of jobs on internal queues.
fn reserve(
    request: &NewSubmission<'_>,
    jobs: &[Option<Job>],
) -> Result<Arc<RingReservation>, Refusal> {
    let card = request.card;
    // As upstream, which looks at its card before it looks at its queues.
    allowed(request).map_err(|error| not_scheduled(request, error))?;
    let internal = |(number, job): (u32, &Option<Job>)| match job {
        Some(Job::Internal { queue, .. }) => Some((number, *queue)),
        _ => None,
    };
    let wanted = (1..u32::MAX).zip(jobs).filter_map(internal);
    let wanted = Jobs::of(wanted).map_err(|_| NO_MEMORY)?;
    // What no queue ever has room for nobody need try again.
    if let Some((queue, count)) = wanted.too_many() {
        dev_err_ratelimited!(
            card.dev,
            "Cannot populate queue {} with {} jobs\n",
            of_internal(queue),
            count
        );
        // External queues come first.
        let error = card.queues.room(jobs).err().unwrap_or(ENOMEM);
        return Err(not_submitted(request, error, Reason::QueueFull));
    }
    let places = card.queues.internal();
    let reserved = places.reserve(&wanted).or_else(|_| {
        // Those of jobs that are done count until they are reclaimed.
        card.queues.reclaim();
        places.reserve(&wanted)
    });
    reserved.map_err(|error| not_scheduled(request, error))
}

/// [`not_submitted`], for the reason that `error` stands for.
fn not_scheduled(request: &NewSubmission<'_>, error: Error) -> Refusal {
    let reason = match error {
        error if error == EAGAIN => Reason::QueueFull,
        error if error == EPERM => Reason::InReset,
        _ => Reason::Memory,
    };
    not_submitted(request, error, reason)
}

/// Nothing is wrong with the jobs, but the queues or the card do not take them.
fn not_submitted(request: &NewSubmission<'_>, error: Error, reason: Reason) -> Refusal {
    if error != EAGAIN {
        dev_err_ratelimited!(
            request.card.dev,
            "Failed to submit CS {}.{} to H/W queues, error {}\n",
            request.context.asid(),
            request.fence.sequence(),
            error.to_errno()
        );
    }
    Refusal { error, reason }
}

impl check::Sink for JobCopy {
    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result {
        JobCopy::write(self, offset, bytes)
    }
}

/// The driver's own copy of a command buffer, checked while it was made.
fn copy(
    request: &NewSubmission<'_>,
    queue: usize,
    buffer: &CommandBuffer,
    size: u32,
) -> Result<JobCopy, CheckError> {
    let room = check::copy_size(size).map_err(CheckError::Copy)? as usize;
    let card = request.card;
    // What a job that is done has used is best for this one.
    let used = card.queues.external(queue).and_then(|q| q.reclaim());
    let mut copy = match used.filter(|copy| copy.suits(room)) {
        Some(copy) => copy,
        None => take(request, room).map_err(CheckError::Copy)?,
    };
    let mut source = |offset: usize, into: &mut [u8]| buffer.read(offset, into);
    let source: &mut dyn Source = &mut source;
    check::copy_checked(source, size, &mut copy, queue as u32)?;
    copy.size = size;
    Ok(copy)
}

/// Memory for a copy.
fn take(request: &NewSubmission<'_>, room: usize) -> Result<JobCopy> {
    let card = request.card;
    let take = || card.copies.take(request.parent, room);
    take().or_else(|_| {
        // Those of jobs that are done count until they are reclaimed.
        card.queues.reclaim();
        take()
    })
}

/// Whether the card takes jobs of the context. To be asked under the locks that a reset takes after it has set the status; or
/// earlier, so that an error which hides that is not told.
fn allowed(request: &NewSubmission<'_>) -> Result {
    let card = request.card;
    let status = card.status();
    if request.context.is_dead() {
        return Err(ENODEV);
    }
    if status.operational() {
        return Ok(());
    }
    dev_err_ratelimited!(card.dev, "device is {}, CS rejected!\n", status.text());
    Err(EPERM)
}

/// Puts the jobs on their queues, all or none.
fn schedule(
    request: &NewSubmission<'_>,
    jobs: &mut [Option<Job>],
    internal: Option<Arc<RingReservation>>,
) -> Result {
    let card = request.card;
    let submission = Submission {
        owner: request.context.clone(),
        fence: request.fence.clone(),
        internal,
    };
    let doorbell = request.doorbell;
    card.queues
        .submit(&card.bars, &submission, jobs, doorbell, || allowed(request))?;
    card.watch_submissions();
    Ok(())
}
