// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions that take too long (upstream `cs_timedout()`, `cs_handle_tdr()`).
//!
//! Only the oldest submission of a context is timed, from the moment when it has become that. Nobody's timer
//! is set or stopped for it: while something is at work, a task looks at it now and then, and frees what belongs to
//! jobs that are done.

use kernel::prelude::*;
use kernel::static_lock_class;
use kernel::sync::atomic::Relaxed;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::Delta;

use crate::abstractions::task::{Run, Task};
use crate::abstractions::time::Moment;
use crate::context::asid::ASIDS;
use crate::context::Context;
use crate::device::Card;
use crate::link::Link;
use crate::observers;
use crate::reset::{self, Request};
use crate::submit::fence::Fence;
use crate::uapi::consts::{HL_NOTIFIER_EVENT_CS_TIMEOUT, HL_NOTIFIER_EVENT_DEVICE_RESET};

/// Time between two looks.
const PERIOD_MS: u32 = 250;

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
    task: Pin<KBox<Task<Watch>>>,
    #[pin]
    oldest: Mutex<Oldest>,
}

struct Watch(Arc<Link>);

impl Run for Watch {
    fn run(&self) {
        self.0.with(|card, _| look(card));
    }
}

impl Watchdog {
    pub(crate) fn new(link: &Arc<Link>) -> Result<impl PinInit<Self>> {
        let watch = Arc::new(Watch(link.clone()), GFP_KERNEL)?;
        let task = Task::new(watch, c"goya_watchdog", static_lock_class!())?;
        Ok(pin_init!(Self { task, oldest <- new_mutex!([const { None }; ASIDS as usize]) }))
    }

    /// Something has been submitted.
    pub(crate) fn start(&self) {
        self.task.schedule(PERIOD_MS);
    }

    /// Looks no more, until something is submitted.
    pub(crate) fn stop(&self) {
        self.task.cancel();
        *self.oldest.lock() = [const { None }; ASIDS as usize];
    }
}

/// Looks at the oldest submission of each context.
fn look(card: &Arc<Card>) {
    let mut at_work = false;
    let mut late: [Option<Arc<Fence>>; ASIDS as usize] = [const { None }; ASIDS as usize];
    {
        let mut oldest = card.watchdog.oldest.lock();
        let mut found: Oldest = [const { None }; ASIDS as usize];
        card.users.each(|context| {
            let asid = context.asid.number() as usize;
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
        card.watchdog.start();
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
            since: fence.submitted,
            fence,
            reported: false,
        },
    };
    let limit = seen
        .fence
        .terms
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
    let reset = !fence.terms.skip_reset && card.params.reset_on_lockup;
    if fence.terms.skip_reset {
        if fence.outcome().is_some() {
            return;
        }
    } else if !fence.set_overdue() {
        return;
    } else if !reset {
        card.state.needs_reset.set(true);
    }
    let sequence = fence.sequence();
    let mut events = 0;
    if observers::submission_timed_out(card, sequence) {
        events |= HL_NOTIFIER_EVENT_CS_TIMEOUT;
    }
    dev_err!(
        card.dev,
        "Command submission {} has not finished in {} seconds!\n",
        sequence,
        card.settings.timeout.load(Relaxed)
    );
    if reset {
        reset::conditional(
            card,
            Request::LOCKUP,
            events | HL_NOTIFIER_EVENT_DEVICE_RESET,
        );
    } else if events != 0 {
        observers::notify(card, events);
    }
}
