// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions by io_uring: many in one call, each of which is answered when it has ended.
//!
//! They are what [`super::cs`] takes, in the same order with the same errors. Documentation/uapi-uring.rst describes them.

use kernel::prelude::*;
use kernel::sync::Arc;

use super::cs::{self, Refused, NO_NUMBER};
#[cfg(CONFIG_BLOCK)]
use crate::abstractions::accel::AtEnd;
use crate::abstractions::accel::Commands;
use crate::abstractions::uring::{Answer, Command, Verdict};
use crate::card::{Card, Node};
use crate::file::{Call, File};
use crate::queue::fence::Fence;
use crate::queue::Doorbell;
use crate::uapi::consts::DRM_IOCTL_HL_CS;
use crate::uapi::uring_types::UringCs;

/// Takes them.
pub(super) struct Submissions;

impl Commands for Submissions {
    type Data = Arc<Card>;
    type File = File;
    type Target = Fence;

    fn run(call: &Call<'_>, command: Command<'_>) -> Verdict {
        let input = match input(&command) {
            Ok(input) => input,
            Err(error) => return command.finish(Self::refused(error)),
        };
        let doorbell = doorbell(call);
        let submitted = if command.may_sleep() {
            cs::submit(call, &input.cs, doorbell).map(Some)
        } else {
            cs::submit_at_once(call, &input.cs, doorbell)
        };
        match submitted {
            Ok(Some(fence)) => {
                if doorbell == Doorbell::Later {
                    ring_later(call);
                }
                command.wait_for(fence)
            }
            Ok(None) => command.retry(),
            Err(Refused { error, number }) => command.finish(Answer {
                result: Err(error),
                second: number,
            }),
        }
    }

    fn refused(error: Error) -> Answer {
        Answer {
            result: Err(error),
            second: NO_NUMBER,
        }
    }
}

/// What a program asks for.
fn input(command: &Command<'_>) -> Result<UringCs> {
    if command.opcode() != DRM_IOCTL_HL_CS {
        return Err(EOPNOTSUPP);
    }
    let input: UringCs = command.read()?;
    if input.reserved.iter().any(|word| *word != 0) {
        return Err(EINVAL);
    }
    Ok(input)
}

/// When to ring for a submission: with the others of a batch, at its end.
fn doorbell(call: &Call<'_>) -> Doorbell {
    #[cfg(CONFIG_BLOCK)]
    if call.in_batch() {
        return Doorbell::Later;
    }
    let _ = call;
    Doorbell::Now
}

/// Has the doorbells rung that were put off: at the end of the batch, or now if that cannot be arranged.
///
/// Only once the jobs are there. Making a submission may sleep, and a batch for which this was done before would end with
/// that, and nobody would ring for what comes afterwards. Who sleeps between the two is late.
fn ring_later(call: &Call<'_>) {
    #[cfg(CONFIG_BLOCK)]
    if call.at_end_of_batch::<Doorbells>() {
        return;
    }
    ring(call.device());
}

/// Rings the doorbells that were put off.
fn ring(node: &Node) {
    let Some(_live) = node.enter() else {
        return;
    };
    let card = node.data();
    // Under the locks that a reset takes once it has said so: it ends what was put off. Nothing else does.
    card.queues
        .ring_put_off(&card.bars, || !card.resets.ends_jobs());
}

/// Rings the doorbells of a batch.
#[cfg(CONFIG_BLOCK)]
struct Doorbells;

#[cfg(CONFIG_BLOCK)]
impl AtEnd for Doorbells {
    type Data = Arc<Card>;

    fn at_end(node: &Node) {
        ring(node);
    }
}
