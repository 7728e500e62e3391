// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions that take too long (upstream `cs_timedout()`, `cs_handle_tdr()`).
//!
//! Only the oldest submission of a context is timed, from the moment when it has become that. Nobody's timer
//! is set or stopped for it: while something is at work, a task looks at it now and then, and frees what belongs to
//! jobs that are done.
//!
//! One that takes too long is overdue: its waiters get `ETIMEDOUT` when it ends ([`crate::queue::fence`]). It is recorded, logged
//! and told to whoever listens, and the card is reset, at once or when its user has gone ([`super::conditional_reset`]), unless
//! the program or `reset_on_lockup` says otherwise.

use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::Delta;

use super::conditional_reset;
use crate::abstractions::task::Run;
use crate::abstractions::time::Moment;
use crate::card::{BoundCard, Card};
use crate::context::Context;
use crate::mem::asid::ASIDS;
use crate::queue::fence::Fence;
use crate::state::request::ResetRequest;
use crate::uapi::consts::{HL_NOTIFIER_EVENT_CS_TIMEOUT, HL_NOTIFIER_EVENT_DEVICE_RESET};

/// The oldest submission of a context, as it was at the last look.
struct Seen {
    fence: Arc<Fence>,
    /// Since when it is the oldest.
    since: Moment,
    /// It took too long, and that was said.
    reported: bool,
}

/// The submissions that are timed: one for each address space.
type Oldest = [Option<Seen>; ASIDS as usize];

/// Looks at submissions while there are any.
#[pin_data]
pub(crate) struct Watchdog {
    bound: Arc<BoundCard>,
    #[pin]
    oldest: Mutex<Oldest>,
}

impl Watchdog {
    pub(crate) fn new(bound: &Arc<BoundCard>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                bound: bound.clone(),
                oldest <- new_mutex!([const { None }; ASIDS as usize]),
            }),
            GFP_KERNEL,
        )
    }
}

impl Run for Watchdog {
    fn run(&self) {
        self.bound.with(|node, _| look(node.data(), &self.oldest));
    }

    /// Looks no more, until something is submitted.
    fn cancelled(&self) {
        *self.oldest.lock() = [const { None }; ASIDS as usize];
    }
}

/// Looks at the oldest submission of each context.
fn look(card: &Arc<Card>, oldest: &Mutex<Oldest>) {
    let mut at_work = false;
    let mut late: [Option<Arc<Fence>>; ASIDS as usize] = [const { None }; ASIDS as usize];
    {
        let mut oldest = oldest.lock();
        let mut found: Oldest = [const { None }; ASIDS as usize];
        card.users.each(|context| {
            let asid = context.asid() as usize;
            let (Some(old), Some(new), Some(late)) = (
                oldest.get_mut(asid),
                found.get_mut(asid),
                late.get_mut(asid),
            ) else {
                return;
            };
            *new = follow(old.take(), context, late);
            at_work |= new.is_some();
        });
        *oldest = found;
    }
    for fence in late.into_iter().flatten() {
        timed_out(card, &fence);
    }
    // What nobody's next submission has freed meanwhile.
    card.queues.reclaim();
    if at_work && card.status().operational() {
        card.watch_submissions();
    }
}

/// What is known of `context`'s oldest submission now; `late` gets it when it has taken too long.
fn follow(old: Option<Seen>, context: &Context, late: &mut Option<Arc<Fence>>) -> Option<Seen> {
    let fence = context.oldest()?;
    let mut seen = match old {
        Some(old) if Arc::ptr_eq(&old.fence, &fence) => old,
        // It has moved up.
        Some(_) => Seen {
            fence,
            since: Moment::now(),
            reported: false,
        },
        None => Seen {
            since: fence.submitted().unwrap_or_else(Moment::now),
            fence,
            reported: false,
        },
    };
    let limit = seen
        .fence
        .options
        .timeout
        .map(|ms| Delta::from_millis(i64::from(ms)));
    if !seen.reported && limit.is_some_and(|limit| seen.since.elapsed() >= limit) {
        seen.reported = true;
        *late = Some(seen.fence.clone());
    }
    Some(seen)
}

/// Submission `fence` has taken too long, unless it has ended by now.
fn timed_out(card: &Arc<Card>, fence: &Fence) {
    // Its end may have come without anybody's being told.
    card.queues.look(u32::MAX);
    let reset = !fence.options.skip_reset && card.params.reset_on_lockup;
    if fence.options.skip_reset {
        if fence.result().is_some() {
            return;
        }
    } else if !fence.set_overdue() {
        return;
    } else if !reset {
        card.resets.set_needs_reset(true);
    }
    let sequence = fence.sequence();
    let mut events = 0;
    if card.history.submission_timed_out(sequence) {
        events |= HL_NOTIFIER_EVENT_CS_TIMEOUT;
    }
    dev_err!(
        card.dev,
        "Command submission {} has not finished in {} seconds!\n",
        sequence,
        fence.options.timeout.unwrap_or(0) / 1000
    );
    if reset {
        conditional_reset::request(
            card,
            ResetRequest::LOCKUP,
            events | HL_NOTIFIER_EVENT_DEVICE_RESET,
        );
    } else if events != 0 {
        card.history.notify(&card.dev, events);
    }
}
