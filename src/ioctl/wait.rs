// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_WAIT_CS`: waiting for a submission (upstream `hl_wait_ioctl()`).

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::Delta;

use crate::abstractions::accel::Ioctl;
use crate::abstractions::ratelimit::{dev_err_ratelimited, dev_notice_ratelimited};
use crate::abstractions::signal::is_signalled;
use crate::abstractions::time::Moment;
use crate::card::Card;
use crate::context::Found;
use crate::file::{Call, File};
use crate::queue::fence::{Outcome, Waited};
use crate::submit;
use crate::uapi::consts::*;
use crate::uapi::types::{WaitCsArgs, WaitCsIn, WaitCsOut};
use crate::uapi::wait_timeout::WaitTimeout;

pub(crate) struct Wait;

/// Waits for something else than a submission.
const OTHER_KINDS: u32 = HL_WAIT_CS_FLAGS_INTERRUPT | HL_WAIT_CS_FLAGS_MULTI_CS;

impl Ioctl for Wait {
    type Data = Arc<Card>;
    type File = File;
    type Args = WaitCsArgs;
    const COMMAND: u32 = HL_IOCTL_WAIT_CS;
    const NAME: &'static CStr = c"HL_WAIT_CS";

    fn run(call: &Call<'_>, args: &mut WaitCsArgs) -> Result {
        let input = args.input();
        let dev = &call.data.dev;
        if !call.data.status().operational() || call.data.resets.release_awaited() {
            // Whoever asks for what has led to that is told so, however late he comes.
            if input.flags & OTHER_KINDS == 0 && call.file.context.is_overdue(input.seq) {
                return timed_out(call, input.seq, args);
            }
            return Err(EBUSY);
        }
        if input.flags & HL_WAIT_CS_FLAGS_INTERRUPT != 0 {
            dev_err_ratelimited!(dev, "no user interrupts allowed");
            return Err(EPERM);
        }
        if input.flags & HL_WAIT_CS_FLAGS_MULTI_CS != 0 {
            if input.pad.iter().any(|byte| *byte != 0) {
                dev_dbg!(dev, "Padding bytes must be 0\n");
                return Err(EINVAL);
            }
            dev_err_ratelimited!(dev, "Wait for multi CS is not supported\n");
            return Err(EPERM);
        }
        wait(call, &input, args)
    }
}

fn wait(call: &Call<'_>, input: &WaitCsIn, args: &mut WaitCsArgs) -> Result {
    let dev = &call.data.dev;
    let sequence = input.seq;
    let (waited, gone) = match look(call, input) {
        Ok(seen) => seen,
        Err((error, after)) if error == ERESTARTSYS && !is_signalled() => {
            // Something else interrupts the thread, as io_uring does, and is done before the call is made again: for what is
            // left of its time.
            *args = WaitCsArgs::new(input.rest(after));
            return Err(error);
        }
        Err((error, _)) if error == ERESTARTSYS => {
            dev_err_ratelimited!(
                dev,
                "user process got signal while waiting for CS handle {}\n",
                sequence
            );
            return Err(EINTR);
        }
        Err((error, _)) => {
            args.set_output(WaitCsOut::new(0, 0, 0));
            return Err(error);
        }
    };
    let Waited::Done(Outcome { result, timestamp }) = waited else {
        args.set_output(WaitCsOut::new(HL_WAIT_CS_STATUS_BUSY, 0, 0));
        return Ok(());
    };
    match result {
        Err(error) if error == ETIMEDOUT => timed_out(call, sequence, args),
        Err(error) if error == EIO => {
            dev_err_ratelimited!(
                dev,
                "CS {} has been aborted while user process is waiting for it\n",
                sequence
            );
            args.set_output(WaitCsOut::new(HL_WAIT_CS_STATUS_ABORTED, 0, 0));
            Err(error)
        }
        // One that was refused counts as completed.
        _ => {
            let flags = if gone { HL_WAIT_CS_STATUS_FLAG_GONE } else { 0 };
            args.set_output(WaitCsOut::new(
                HL_WAIT_CS_STATUS_COMPLETED,
                flags,
                timestamp,
            ));
            Ok(())
        }
    }
}

/// Tells that submission `sequence` took too long.
fn timed_out(call: &Call<'_>, sequence: u64, args: &mut WaitCsArgs) -> Result {
    dev_err_ratelimited!(
        call.data.dev,
        "CS {} has timed-out while user process is waiting for it\n",
        sequence
    );
    args.set_output(WaitCsOut::new(HL_WAIT_CS_STATUS_TIMEDOUT, 0, 0));
    Err(ETIMEDOUT)
}

/// Finds the submission and waits for it; also says whether nothing is known of it any more. With an error comes how long it has
/// waited.
fn look(call: &Call<'_>, input: &WaitCsIn) -> Result<(Waited, bool), (Error, Delta)> {
    let context = &call.file.context;
    match context.find(input.seq) {
        Found::Future => {
            dev_notice_ratelimited!(
                call.data.dev,
                "Can't wait on CS {} because current CS is at seq {}\n",
                input.seq,
                context.next_sequence()
            );
            Err((EINVAL, Delta::ZERO))
        }
        Found::Gone => Ok((
            Waited::Done(Outcome {
                result: Ok(()),
                timestamp: 0,
            }),
            true,
        )),
        Found::Remembered(outcome) => Ok((Waited::Done(outcome), false)),
        Found::Fence(fence) => {
            // Of what has ended nobody asks the time.
            if let Some(outcome) = fence.result() {
                return Ok((Waited::Done(outcome), false));
            }
            let start = Moment::now();
            let timeout = match input.timeout() {
                WaitTimeout::Poll => 0,
                WaitTimeout::Forever => u64::MAX,
                WaitTimeout::Microseconds(us) => u64::from(us),
            };
            submit::wait::wait(call.device(), context, &fence, timeout)
                .map(|waited| (waited, false))
                .map_err(|error| (error, start.elapsed()))
        }
    }
}
