// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Contexts: an address space of the card's, and the submissions of whoever has it (upstream `context.c`).

pub(crate) mod counters;
pub(crate) mod open_files;
pub(crate) mod phase;

use kernel::prelude::*;
use kernel::sync::atomic::{ordering::Acquire, ordering::Release, Atomic};
use kernel::sync::{
    new_mutex, new_spinlock, new_spinlock_irq, Arc, Mutex, MutexGuard, SpinLock, SpinLockIrq,
    UniqueArc,
};

use crate::mem::asid::Asid;
use crate::mem::command_buffer::BufferTable;
use crate::mem::memory::Memory;
use crate::mem::user_memory::UserMemory;
use crate::queue::busy::BusyTimes;
use crate::queue::fence::{Fence, Outcome, SubmitOptions};
use crate::queue::polling::Polling;
use crate::queue::submission::Owner;
use counters::DropCounters;
use phase::Phase;

/// Submissions of a context that can be at work (`GOYA_MAX_PENDING_CS`, `goyaP.h`); a power of two.
pub(crate) const WINDOW: usize = 64;
/// Ends of time-stamped submissions that are remembered after they have left the window
/// (`HL_CS_OUTCOME_HISTORY_LEN`).
const REMEMBERED: usize = 256;

/// A number that no submission has.
const NOBODY: u64 = u64::MAX;

/// What the window says of a sequence number.
pub(crate) enum Found {
    /// It is in the window.
    Fence(Arc<Fence>),
    /// It was, and its end is remembered no more.
    Gone,
    /// It was, and this is how it ended.
    Remembered(Outcome),
    /// It has not been given out.
    Future,
}

struct SubmissionWindow {
    /// The next number.
    next: u64,
    fences: [Option<Arc<Fence>>; WINDOW],
    /// One that has left, for the next submission: to allocate one costs more than all else that is done here.
    spare: Option<Pin<UniqueArc<Fence>>>,
}

impl SubmissionWindow {
    /// Gives the next number and its place to the spare fence, or to `new`; nothing if there is neither. `EAGAIN` while the
    /// submission that has the place is at work.
    fn enter(
        &mut self,
        options: SubmitOptions,
        new: Option<Arc<Fence>>,
    ) -> Result<Option<Arc<Fence>>> {
        let sequence = self.next;
        let place = (sequence as usize) & (WINDOW - 1);
        let slot = self.fences.get_mut(place).ok_or(EINVAL)?;
        if slot.as_ref().is_some_and(|fence| fence.result().is_none()) {
            return Err(EAGAIN);
        }
        let fence = match (self.spare.take(), new) {
            (Some(spare), _) => Fence::renew(spare, options),
            (None, Some(new)) => new,
            (None, None) => return Ok(None),
        };
        fence.set_sequence(sequence);
        let left = slot.replace(fence.clone());
        self.spare = left.and_then(Arc::into_unique_or_drop);
        self.next = sequence.wrapping_add(1);
        Ok(Some(fence))
    }
}

/// The ends of the latest submissions that were to be time-stamped: a ring.
struct Ends {
    ends: KVec<(u64, Outcome)>,
    next: usize,
}

/// A context.
#[pin_data]
pub(crate) struct Context {
    /// Its address space and what is mapped there. Its end sleeps; after it, the number is free.
    pub(crate) user_memory: Arc<UserMemory>,
    /// Its command buffers.
    pub(crate) buffers: BufferTable,
    /// Submissions that were refused, by reason.
    pub(crate) drops: DropCounters,
    /// For how long queues have had its work.
    #[pin]
    busy: BusyTimes,
    #[pin]
    window: SpinLock<SubmissionWindow>,
    #[pin]
    memory: SpinLockIrq<Ends>,
    /// How its waiters wait.
    pub(crate) polling: Polling,
    /// Its file is of no use any more. Changes with `on_card` held.
    dead: Atomic<bool>,
    /// Held by whoever changes the card's state for this context without any other lock that a reset takes.
    #[pin]
    on_card: Mutex<()>,
    /// Making the card ready for this context.
    #[pin]
    pub(crate) phase: Phase,
}

impl Context {
    /// A context that runs in address space `asid`. The last reference must be dropped where one may sleep.
    pub(crate) fn new(memory: &Arc<Memory>, asid: Asid) -> Result<Arc<Self>> {
        let user_memory = UserMemory::new(memory, asid)?;
        let ends = KVec::with_capacity(REMEMBERED, GFP_KERNEL)?;
        let buffers = BufferTable::new(&memory.buffers)?;
        let window = SubmissionWindow {
            next: 1,
            fences: [const { None }; WINDOW],
            spare: None,
        };
        Arc::pin_init(
            pin_init!(Self {
                user_memory,
                buffers,
                drops: DropCounters::default(),
                busy <- BusyTimes::new(),
                window <- new_spinlock!(window),
                memory <- new_spinlock_irq!(Ends { ends, next: 0 }),
                polling: Polling::new(),
                dead: Atomic::new(false),
                on_card <- new_mutex!(()),
                phase <- Phase::new(),
            }),
            GFP_KERNEL,
        )
    }

    /// The number of its address space.
    pub(crate) fn asid(&self) -> u32 {
        self.user_memory.asid()
    }

    /// Takes the next number and a place in the window for it. `EAGAIN` while the submission that has
    /// the place is at work.
    ///
    /// What goes wrong later must signal the fence.
    pub(crate) fn enter(&self, options: SubmitOptions) -> Result<Arc<Fence>> {
        if let Some(fence) = self.window.lock().enter(options, None)? {
            return Ok(fence);
        }
        // Made without the lock; its number is known under the lock only.
        let new = Fence::new(options)?;
        self.window.lock().enter(options, Some(new))?.ok_or(EINVAL)
    }

    /// Finds the submission with number `sequence`.
    pub(crate) fn find(&self, sequence: u64) -> Found {
        let window = self.window.lock();
        if sequence >= window.next {
            return Found::Future;
        }
        if sequence.saturating_add(WINDOW as u64) >= window.next {
            let place = (sequence as usize) & (WINDOW - 1);
            if let Some(Some(fence)) = window.fences.get(place) {
                if fence.sequence() == sequence {
                    return Found::Fence(fence.clone());
                }
            }
        }
        drop(window);
        self.recall(sequence).map_or(Found::Gone, Found::Remembered)
    }

    /// Takes the card from it for good: its file was not closed when the card was reset, and nobody could be made to.
    /// Waits for who is at the card.
    pub(crate) fn disown(&self) {
        let _nobody = self.on_card.lock();
        self.dead.store(true, Release);
    }

    /// Whether the card was taken from it.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Acquire)
    }

    /// A time during which the card is not taken from it. `ENODEV` if it was. Nobody may wait for a user meanwhile.
    pub(crate) fn on_card(&self) -> Result<MutexGuard<'_, ()>> {
        let guard = self.on_card.lock();
        if self.is_dead() {
            return Err(ENODEV);
        }
        Ok(guard)
    }

    /// Gives back what a dead context still had. The card can't reach it.
    pub(crate) fn bury(&self) {
        self.user_memory.bury();
        self.buffers.close();
    }

    /// Whether submission `sequence` took too long, as far as that is known.
    pub(crate) fn is_overdue(&self, sequence: u64) -> bool {
        let window = self.window.lock();
        let mut fences = window.fences.iter().flatten();
        fences.any(|fence| fence.sequence() == sequence && fence.is_overdue())
    }

    /// The next number.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.window.lock().next
    }

    /// The oldest submission that is at work.
    pub(crate) fn oldest(&self) -> Option<Arc<Fence>> {
        let window = self.window.lock();
        let at_work = window
            .fences
            .iter()
            .flatten()
            .filter(|fence| fence.result().is_none());
        at_work.min_by_key(|fence| fence.sequence()).cloned()
    }

    /// Does something to every submission that is at work, also if nobody waits for it any more. May not
    /// sleep.
    pub(crate) fn each_at_work(&self, run: impl FnMut(&Fence)) {
        let window = self.window.lock();
        let at_work = window
            .fences
            .iter()
            .flatten()
            .filter(|fence| !fence.is_retired());
        at_work.map(|fence| &**fence).for_each(run);
    }

    /// How many submissions are at work.
    pub(crate) fn at_work(&self) -> u32 {
        let mut count = 0u32;
        self.each_at_work(|_| count = count.saturating_add(1));
        count
    }

    /// Takes the end of submission `sequence` out of the memory: it is told once.
    fn recall(&self, sequence: u64) -> Option<Outcome> {
        let mut memory = self.memory.lock();
        let end = memory.ends.iter_mut().find(|end| end.0 == sequence)?;
        end.0 = NOBODY;
        Some(end.1)
    }
}

impl Owner for Context {
    fn asid(&self) -> u32 {
        self.asid()
    }

    fn busy(&self) -> &BusyTimes {
        &self.busy
    }

    fn remember(&self, sequence: u64, outcome: Outcome) {
        let mut memory = self.memory.lock();
        if memory.ends.len() < REMEMBERED {
            // Cannot fail: there is room.
            let _ = memory.ends.push_within_capacity((sequence, outcome));
            return;
        }
        let next = memory.next;
        if let Some(oldest) = memory.ends.get_mut(next) {
            *oldest = (sequence, outcome);
        }
        memory.next = next.wrapping_add(1) % REMEMBERED;
    }
}
