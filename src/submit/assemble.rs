// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! From checked chunks to jobs on queues (upstream `cs_ioctl_default()`, `hl_hw_queue_schedule_cs()`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::Arc;

use super::buffer::{CommandBuffer, InUse, JobCopy};
use super::check::{self, CheckError, Limits, Rules, Source};
use super::fence::Fence;
use super::submission::Submission;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::context::counters::Reason;
use crate::context::Context;
use crate::device::Card;
use crate::hw::map;
use crate::mem::range::HOST_VIRTUAL;
use crate::queue::internal::Jobs;
use crate::queue::Job;

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
pub(crate) struct Request<'a> {
    pub(crate) card: &'a Arc<Card>,
    pub(crate) parent: &'a Device<Bound>,
    pub(crate) context: &'a Arc<Context>,
    pub(crate) fence: Arc<Fence>,
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

/// Where packets may point to.
fn limits(card: &Card) -> Limits {
    Limits {
        sram_user: map::SRAM_BASE + u64::from(map::SRAM_USER_OFFSET)
            ..map::SRAM_BASE + map::SRAM_SIZE,
        dram_user: map::DRAM_USER_BASE..card.dram_end(),
        host_virtual: HOST_VIRTUAL,
    }
}

/// The number of internal queue `n` among all queues.
fn internal_number(n: usize) -> u32 {
    (n + crate::queue::CPU + 1) as u32
}

/// Jobs of a submission that need no allocation.
pub(crate) const FEW: usize = 4;

/// Checks and copies all command buffers, then puts all jobs on their queues, or none.
pub(crate) fn submit(
    request: &Request<'_>,
    chunks: impl ExactSizeIterator<Item = Result<Chunk, Refusal>>,
) -> Result<(), Refusal> {
    let card = request.card;
    let dev = &card.dev;
    let (asid, sequence) = (request.context.asid.number(), request.fence.sequence());
    let limits = limits(card);
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
    let not_submitted = |error: Error| {
        dev_err_ratelimited!(
            dev,
            "Failed to submit CS {}.{} to H/W queues, error {}\n",
            asid,
            sequence,
            error.to_errno()
        );
    };
    let (mut external, mut internal) = (false, Jobs::default());
    for (number, (place, chunk)) in (1..u32::MAX).zip(jobs.iter_mut().zip(chunks)) {
        let job = match chunk? {
            Chunk::External {
                queue,
                buffer,
                size,
            } => {
                external = true;
                let rules = Rules {
                    queue: queue as u32,
                    translated: true,
                    limits: &limits,
                };
                copy(request, queue, &InUse::new(buffer), size, &rules)
                    .map(|copy| Job::External { queue, copy })
            }
            Chunk::Internal {
                queue,
                address,
                size,
            } => {
                internal.add(number, queue).map_err(|_| NO_MEMORY)?;
                let rules = Rules {
                    queue: internal_number(queue),
                    translated: true,
                    limits: &limits,
                };
                check::check_internal(address, size, &rules).map(|()| Job::Internal {
                    queue,
                    address,
                    size,
                })
            }
        };
        let job = job.map_err(|error| {
            // Texts of the copy itself say nothing that the line below does not.
            if !matches!(error, CheckError::Copy(_)) {
                dev_err_ratelimited!(dev, "{}\n", error);
            }
            dev_err_ratelimited!(
                dev,
                "Failed to parse JOB {}.{}.{}, err {}, rejecting the CS\n",
                asid,
                sequence,
                number,
                error.errno().to_errno()
            );
            Refusal {
                error: error.errno(),
                reason: Reason::Parsing,
            }
        })?;
        *place = Some(job);
    }
    if !external {
        dev_err_ratelimited!(
            dev,
            "Reject CS {}.{} since it contains only internal queues jobs and needs completion\n",
            asid,
            sequence
        );
        return Err(INVALID);
    }
    // Nobody need try that again.
    if let Some((queue, count)) = internal.too_many() {
        dev_err_ratelimited!(
            dev,
            "Cannot populate queue {} with {} jobs\n",
            internal_number(queue),
            count
        );
        not_submitted(ENOMEM);
        return Err(Refusal {
            error: ENOMEM,
            reason: Reason::QueueFull,
        });
    }
    schedule(request, jobs, &internal).map_err(|error| {
        if error != EAGAIN {
            not_submitted(error);
        }
        let reason = match error {
            error if error == EAGAIN => Reason::QueueFull,
            error if error == EPERM => Reason::InReset,
            _ => Reason::Memory,
        };
        Refusal { error, reason }
    })
}

/// The driver's own copy of a command buffer, checked while it was made.
fn copy(
    request: &Request<'_>,
    queue: usize,
    buffer: &CommandBuffer,
    size: u32,
    rules: &Rules<'_>,
) -> Result<JobCopy, CheckError> {
    let room = check::copy_size(size).map_err(CheckError::Copy)? as usize;
    let card = request.card;
    // What a job that is done has used is best for this one.
    let used = card.queues.external(queue).and_then(|q| q.reclaim());
    let mut copy = match used.filter(|copy| copy.suits(room)) {
        Some(copy) => copy,
        None => card
            .copies
            .take(request.parent, room)
            .map_err(CheckError::Copy)?,
    };
    let mut source = |offset: usize, into: &mut [u8]| buffer.read(offset, into);
    let source: &mut dyn Source = &mut source;
    check::copy_checked(source, size, &mut copy, rules)?;
    copy.size = size;
    Ok(copy)
}

fn schedule(request: &Request<'_>, jobs: &mut [Option<Job>], internal: &Jobs) -> Result {
    let card = request.card;
    let places = card.queues.internal();
    let internal = places.occupy(internal).or_else(|_| {
        // Those of jobs that are done count until they are reclaimed.
        card.queues.reclaim();
        places.occupy(internal)
    })?;
    let submission = Submission {
        context: request.context.clone(),
        fence: request.fence.clone(),
        internal,
    };
    card.queues.submit(&card.bars, &submission, jobs, || {
        // Under the locks that a reset takes after it has set the status.
        let status = card.status();
        if request.context.is_dead() {
            return Err(ENODEV);
        }
        if status.operational() {
            return Ok(());
        }
        dev_err_ratelimited!(card.dev, "device is {}, CS rejected!\n", status.text());
        Err(EPERM)
    })?;
    card.submitted(request.context);
    Ok(())
}
