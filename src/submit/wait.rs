// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Waiting for a submission (upstream `hl_wait_for_fence()`).

use kernel::prelude::*;

use crate::card::Node;
use crate::context::Context;
use crate::queue::fence::{Fence, Waited};

/// Waits for the end of a submission of `context`'s, at most `timeout_us` microseconds. A signal ends the wait with
/// `ERESTARTSYS`.
///
/// The card may go meanwhile: a wait is as long as the caller likes, and nobody waits for him.
pub(crate) fn wait(
    node: &Node,
    context: &Context,
    fence: &Fence,
    timeout_us: u64,
) -> Result<Waited> {
    fence.wait(timeout_us, &context.polling, || {
        let live = node.enter();
        move |queues| {
            if live.is_some() {
                node.data().queues.look(queues);
            }
        }
    })
}
