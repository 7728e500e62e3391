// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_CS`: submission (upstream `hl_cs_ioctl()`). What comes by io_uring ([`super::uring`]) goes the same way.

use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;
use kernel::uaccess::{UserPtr, UserSlice};
use zerocopy::{FromZeros, IntoBytes};

use crate::abstractions::accel::Ioctl;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::card::Card;
use crate::context::counters::Reason;
use crate::file::{Call, File};
use crate::queue::fence::{Fence, SubmitOptions};
use crate::queue::id::{Kind, COUNT};
use crate::queue::Doorbell;
use crate::submit::assemble::{self, Chunk, NewSubmission};
use crate::submit::check::check_size;
use crate::submit::switch;
use crate::uapi::consts::*;
use crate::uapi::types::{CsArgs, CsChunk, CsIn, CsOut};

pub(crate) struct Submit;

/// The most signals that a sync object counts (`HL_MAX_SOB_VAL`).
const MOST_SIGNALS: u32 = 1 << 15;

impl Ioctl for Submit {
    type Data = Arc<Card>;
    type File = File;
    type Args = CsArgs;
    const COMMAND: u32 = HL_IOCTL_CS;
    const NAME: &'static CStr = c"HL_CS";

    fn run(call: &Call<'_>, args: &mut CsArgs) -> Result {
        let input = args.input();
        match submit(call, &input, Doorbell::Now) {
            Ok(fence) => {
                args.set_output(CsOut::new(fence.sequence(), Ok(())));
                Ok(())
            }
            // Who tries again finds his arguments as they were.
            Err(Refused { error, .. }) if [EAGAIN, ERESTARTSYS].contains(&error) => Err(error),
            Err(Refused { error, number }) => {
                args.set_output(CsOut::new(number, Err(error)));
                Err(error)
            }
        }
    }
}

/// Why nothing was submitted, and what the program finds in place of a number.
pub(super) struct Refused {
    pub(super) error: Error,
    pub(super) number: u64,
}

/// What is no submission's number.
pub(super) const NO_NUMBER: u64 = u64::MAX;

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            error,
            number: NO_NUMBER,
        }
    }
}

/// Submits what a program asks for; most kinds of it are other cards'.
pub(super) fn submit(
    call: &Call<'_>,
    input: &CsIn,
    doorbell: Doorbell,
) -> Result<Arc<Fence>, Refused> {
    sanity(call, input)?;
    let mut restored = NO_NUMBER;
    prepare(call, input, &mut restored).map_err(|error| Refused {
        error,
        number: restored,
    })?;
    submit_prepared(call, input, restored, doorbell)
}

/// The same for who may not sleep for as long as card and program like: nothing, if the card has to be made ready for
/// the context first.
#[cfg_attr(not(CONFIG_IO_URING), allow(dead_code))]
pub(super) fn submit_at_once(
    call: &Call<'_>,
    input: &CsIn,
    doorbell: Doorbell,
) -> Result<Option<Arc<Fence>>, Refused> {
    sanity(call, input)?;
    if prepares(call, input) {
        return Ok(None);
    }
    submit_prepared(call, input, NO_NUMBER, doorbell).map(Some)
}

/// The rest. A restore phase that ran has left its number.
fn submit_prepared(
    call: &Call<'_>,
    input: &CsIn,
    restored: u64,
    doorbell: Doorbell,
) -> Result<Arc<Fence>, Refused> {
    let flags = input.cs_flags;
    let refused = |error| Refused {
        error,
        number: restored,
    };
    let dev = &call.data.dev;
    if flags & HL_CS_FLAGS_RESERVE_SIGNALS_ONLY != 0 {
        // `encaps_signals_count` and `encaps_signals_q_idx` lie where `seq` is.
        let (count, queue) = (input.seq as u32, (input.seq >> 32) as u32);
        if count >= MOST_SIGNALS {
            dev_err_ratelimited!(dev, "signals count({}) exceeds the max SOB value\n", count);
        } else if queue as usize >= COUNT {
            dev_err_ratelimited!(dev, "Queue index {} is invalid\n", queue as i32);
        } else {
            dev_err_ratelimited!(
                dev,
                "Queue index {} does not support sync stream operations\n",
                queue
            );
        }
        // A handle and a count of signals, of which there are none.
        return Err(Refused {
            error: EINVAL,
            number: 0,
        });
    }
    if flags & HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY != 0 {
        dev_err_ratelimited!(dev, "failed to unreserve signals, cannot find handler\n");
        return Err(refused(EINVAL));
    }
    if flags & (HL_CS_FLAGS_ENGINE_CORE_COMMAND | HL_CS_FLAGS_ENGINES_COMMAND) != 0 {
        return Err(refused(EPERM));
    }
    if flags & HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES != 0 {
        dev_dbg!(dev, "HBW flush is not supported\n");
        return Err(refused(EOPNOTSUPP));
    }
    // Where nothing times out, no program's own time does.
    let timeout = call.data.settings.timeout_ms().map(|default| {
        if flags & HL_CS_FLAGS_CUSTOM_TIMEOUT != 0 {
            input.timeout.saturating_mul(1000)
        } else {
            default
        }
    });
    let (mut one, mut many) = ([CsChunk::new_zeroed()], KVec::new());
    let (address, count) = (input.chunks_execute, input.num_chunks_execute);
    let chunks = chunks(call, address, count, &mut one, &mut many)?;
    Ok(execute(call, chunks, flags, timeout, doorbell)?)
}

/// Whether the card has to be made ready for the context first, which takes as long as card and program like.
fn prepares(call: &Call<'_>, input: &CsIn) -> bool {
    let forced = input.cs_flags & HL_CS_FLAGS_FORCE_RESTORE != 0;
    forced || !call.file.context.phase.is_over()
}

/// Makes the card ready for the context, if that has to be done; `restored` gets the number of the submission which
/// does it for the program.
fn prepare(call: &Call<'_>, input: &CsIn, restored: &mut u64) -> Result {
    let forced = input.cs_flags & HL_CS_FLAGS_FORCE_RESTORE != 0;
    let context = &call.file.context;
    if !prepares(call, input) {
        return Ok(());
    }
    let (mut one, mut many) = ([CsChunk::new_zeroed()], KVec::new());
    let (address, count) = (input.chunks_restore, input.num_chunks_restore);
    // Before others have to wait: the program's memory can take as long as it likes.
    let chunks = chunks(call, address, count, &mut one, &mut many)
        .inspect_err(|error| switch::not_sent(call.data, context, *error))?;
    switch::enter(call.device(), context, forced, |timeout| {
        if chunks.is_empty() {
            return Ok(None);
        }
        *restored = execute(call, chunks, 0, timeout, Doorbell::Now)?.sequence();
        Ok(Some(*restored))
    })
}

/// The checks of `hl_cs_sanity_checks()`, in its order.
fn sanity(call: &Call<'_>, input: &CsIn) -> Result {
    let dev = &call.data.dev;
    let asid = call.file.context.asid();
    if input.pad.iter().any(|byte| *byte != 0) {
        dev_dbg!(dev, "Padding bytes must be 0\n");
        return Err(EINVAL);
    }
    if !call.data.status().operational() {
        return Err(EBUSY);
    }
    if input.cs_flags & HL_CS_FLAGS_STAGED_SUBMISSION != 0 {
        dev_err_ratelimited!(dev, "staged submission not supported");
        return Err(EPERM);
    }
    let kind = input.cs_flags & HL_CS_FLAGS_TYPE_MASK;
    if kind.count_ones() > 1 {
        dev_err_ratelimited!(
            dev,
            "CS type flags are mutually exclusive, context {}\n",
            asid
        );
        return Err(EINVAL);
    }
    if kind & (HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT | HL_CS_FLAGS_COLLECTIVE_WAIT) != 0 {
        dev_err_ratelimited!(dev, "Sync stream CS is not supported\n");
        return Err(EINVAL);
    }
    if kind == 0 && input.num_chunks_execute == 0 {
        dev_err_ratelimited!(dev, "Got execute CS with 0 chunks, context {}\n", asid);
        return Err(EINVAL);
    }
    Ok(())
}

/// Counts a refusal, for the context and for all.
fn refused(card: &Card, call: &Call<'_>, reason: Reason) {
    call.file.context.drops.count(reason);
    card.drops.count(reason);
}

/// Submits chunks; returns what will tell of the end.
fn execute(
    call: &Call<'_>,
    chunks: &[CsChunk],
    flags: u32,
    timeout: Option<u32>,
    doorbell: Doorbell,
) -> Result<Arc<Fence>> {
    let card: &Arc<Card> = call.data;
    let context = &call.file.context;
    let options = SubmitOptions {
        timeout,
        skip_reset: flags & HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT != 0
            || card.settings.skip_reset.load(Relaxed) != 0,
        timestamp: flags & HL_CS_FLAGS_TIMESTAMP != 0,
    };
    let live = call.enter()?;
    let fence = context.enter(options).inspect_err(|error| {
        refused(
            card,
            call,
            if *error == EAGAIN {
                Reason::InFlight
            } else {
                Reason::Memory
            },
        );
    })?;
    let request = NewSubmission {
        card,
        parent: live.parent(),
        context,
        fence: &fence,
        doorbell,
    };
    let submitted = assemble::submit(&request, chunks.iter().map(|chunk| validate(call, chunk)));
    submitted.map_err(|refusal| {
        refused(card, call, refusal.reason);
        // Its number is used up, and nobody shall wait for it.
        fence.signal(Err(EBUSY), 0);
        refusal.error
    })?;
    Ok(fence)
}

/// Copies the array of chunks, once: to `one`, if it fits. To clear room for more of them takes longer than to allocate it when
/// it is needed.
fn chunks<'a>(
    call: &Call<'_>,
    address: u64,
    count: u32,
    one: &'a mut [CsChunk; 1],
    many: &'a mut KVec<CsChunk>,
) -> Result<&'a [CsChunk]> {
    let card = call.data;
    if count > HL_MAX_JOBS_PER_CS {
        refused(card, call, Reason::Validation);
        dev_err_ratelimited!(
            card.dev,
            "Number of chunks can NOT be larger than {}\n",
            HL_MAX_JOBS_PER_CS
        );
        return Err(EINVAL);
    }
    let count = count as usize;
    let chunks = match one.get_mut(..count) {
        Some(one) => one,
        None => {
            *many = KVec::from_elem(CsChunk::new_zeroed(), count, GFP_KERNEL)
                .inspect_err(|_| refused(card, call, Reason::Memory))?;
            &mut many[..]
        }
    };
    let pointer = UserPtr::from_addr(usize::try_from(address)?);
    let bytes = chunks.as_mut_bytes();
    UserSlice::new(pointer, bytes.len())
        .reader()
        .read_slice(bytes)
        .map_err(|_| {
            refused(card, call, Reason::Validation);
            dev_err_ratelimited!(card.dev, "Failed to copy cs chunk array from user\n");
            EFAULT
        })?;
    Ok(chunks)
}

/// Checks where a chunk is to go, and finds its command buffer.
fn validate(call: &Call<'_>, chunk: &CsChunk) -> Result<Chunk, assemble::Refusal> {
    let dev = &call.data.dev;
    let queue = chunk.queue_index;
    match Kind::of(queue) {
        None => {
            // As upstream prints it.
            dev_err_ratelimited!(dev, "Queue index {} is invalid\n", queue as i32);
            Err(assemble::INVALID)
        }
        Some(Kind::Cpu) => {
            dev_err_ratelimited!(
                dev,
                "Queue index {} is restricted for the kernel driver\n",
                queue
            );
            Err(assemble::INVALID)
        }
        Some(Kind::External(queue)) => {
            let Some(buffer) = call.file.context.buffers.get(chunk.cb_handle) else {
                dev_err_ratelimited!(dev, "CB handle {:#x} invalid\n", chunk.cb_handle);
                return Err(assemble::INVALID);
            };
            if let Err(error) = check_size(chunk.cb_size, buffer.size()) {
                dev_err_ratelimited!(dev, "{}\n", error);
                return Err(assemble::INVALID);
            }
            Ok(Chunk::External {
                queue,
                buffer,
                size: chunk.cb_size,
            })
        }
        Some(Kind::Internal(queue)) => Ok(Chunk::Internal {
            queue,
            address: chunk.cb_handle,
            size: chunk.cb_size,
        }),
    }
}
