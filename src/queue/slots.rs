// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Which jobs are behind the descriptors of an external queue's ring.

use kernel::prelude::*;

use super::index::EXTERNAL as LENGTH;

/// A job.
pub(super) trait QueuedJob {
    /// Its end was announced.
    fn is_done(&self) -> bool;
}

/// The jobs on a ring. The driver's own have a descriptor, too, but nothing here: they have left by the time that
/// somebody else uses the queue.
pub(super) struct Slots<J> {
    /// Next descriptor, and the oldest one that was not reclaimed.
    producer: u32,
    oldest: u32,
    /// All jobs before this one have ended. From `oldest` to `producer`.
    at_work: u32,
    jobs: KVec<Option<J>>,
}

impl<J: QueuedJob> Slots<J> {
    /// No jobs.
    pub(super) fn new() -> Result<Self> {
        let entries = LENGTH.entries() as usize;
        let mut jobs = KVec::with_capacity(entries, GFP_KERNEL)?;
        for _ in 0..entries {
            jobs.push_within_capacity(None)?;
        }
        Ok(Self {
            producer: 0,
            oldest: 0,
            at_work: 0,
            jobs,
        })
    }

    /// Index of the next descriptor.
    pub(super) fn producer(&self) -> u32 {
        self.producer
    }

    /// Whether there is room for `count` jobs.
    pub(super) fn has_room(&self, count: u32) -> bool {
        let used = LENGTH.distance(self.oldest, self.producer);
        used.checked_add(count)
            .is_some_and(|sum| sum <= LENGTH.entries())
    }

    /// The next descriptor is a job's, or one of the driver's own.
    pub(super) fn push(&mut self, job: Option<J>) {
        if let Some(slot) = self.jobs.get_mut(LENGTH.place(self.producer)) {
            *slot = job;
        }
        self.producer = LENGTH.next(self.producer);
    }

    /// The job of the descriptor at `place`.
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut J> {
        self.jobs.get_mut(place)?.as_mut()
    }

    /// The oldest job that has not ended.
    pub(super) fn oldest_at_work(&mut self) -> Option<&mut J> {
        while self.at_work != self.producer && self.at(self.at_work).is_none_or(QueuedJob::is_done)
        {
            self.at_work = LENGTH.next(self.at_work);
        }
        if self.at_work == self.producer {
            return None;
        }
        self.get_mut(LENGTH.place(self.at_work))
    }

    /// The oldest job, or one of the driver's own, is here no more.
    fn advance(&mut self) {
        let next = LENGTH.next(self.oldest);
        if self.at_work == self.oldest {
            self.at_work = next;
        }
        self.oldest = next;
    }

    /// All jobs, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &J> {
        self.jobs.iter().flatten()
    }

    fn at(&self, index: u32) -> Option<&J> {
        self.jobs.get(LENGTH.place(index))?.as_ref()
    }

    /// Takes the oldest job off the queue if `all` or it is done.
    pub(super) fn pop(&mut self, all: bool) -> Option<J> {
        if !all && !self.is_oldest_done() {
            return None;
        }
        self.skip();
        let job = self.jobs.get_mut(LENGTH.place(self.oldest))?.take()?;
        self.advance();
        Some(job)
    }

    /// Whether the oldest job is done, so that it can be taken.
    pub(super) fn is_oldest_done(&mut self) -> bool {
        self.skip();
        self.at(self.oldest).is_some_and(QueuedJob::is_done)
    }

    /// Whether all jobs are done, and there is room for one more.
    pub(super) fn is_idle(&mut self) -> bool {
        self.skip();
        let mut index = self.oldest;
        while index != self.producer {
            if self.at(index).is_some_and(|job| !job.is_done()) {
                return false;
            }
            index = LENGTH.next(index);
        }
        self.has_room(1)
    }

    /// Leaves the driver's own jobs behind.
    fn skip(&mut self) {
        while self.oldest != self.producer && self.at(self.oldest).is_none() {
            self.advance();
        }
    }

    /// The ring is empty, as the card's is. There must be no jobs any more.
    pub(super) fn reset(&mut self) {
        (self.producer, self.oldest, self.at_work) = (0, 0, 0);
    }
}

#[kunit_tests(goya_queue_slots)]
mod tests {
    use super::*;

    struct Done(u32, bool);

    impl QueuedJob for Done {
        fn is_done(&self) -> bool {
            self.1
        }
    }

    #[test]
    fn jobs_leave_in_order() -> Result {
        let mut slots = Slots::new()?;
        assert!(slots.pop(true).is_none() && slots.is_idle());
        slots.push(Some(Done(1, true)));
        slots.push(Some(Done(2, false)));
        slots.push(Some(Done(3, true)));
        assert_eq!(slots.iter().count(), 3);
        assert!(!slots.is_idle());
        assert_eq!(slots.pop(false).map(|job| job.0), Some(1));
        assert!(slots.pop(false).is_none());
        slots.get_mut(1).ok_or(EINVAL)?.1 = true;
        assert!(slots.is_idle());
        assert_eq!(slots.pop(false).map(|job| job.0), Some(2));
        assert_eq!(slots.pop(true).map(|job| job.0), Some(3));
        assert!(slots.pop(true).is_none() && slots.get_mut(2).is_none());
        Ok(())
    }

    /// It is found past those that have ended, reclaimed or not, and past the driver's own.
    #[test]
    fn the_oldest_at_work() -> Result {
        let mut slots = Slots::new()?;
        assert!(slots.oldest_at_work().is_none());
        for job in [Some(1), None, Some(2), Some(3)] {
            slots.push(job.map(|n| Done(n, n == 1)));
        }
        assert_eq!(slots.oldest_at_work().map(|job| job.0), Some(2));
        slots.get_mut(2).ok_or(EINVAL)?.1 = true;
        assert_eq!(slots.oldest_at_work().map(|job| job.0), Some(3));
        while slots.pop(true).is_some() {}
        assert!(slots.oldest_at_work().is_none());
        // What was reclaimed before anybody asked is not looked at.
        for n in 0..LENGTH.entries() {
            slots.push(Some(Done(n, true)));
            assert!(slots.pop(false).is_some());
        }
        slots.push(Some(Done(7, false)));
        assert_eq!(slots.oldest_at_work().map(|job| job.0), Some(7));
        Ok(())
    }

    /// Those of the driver hide no job that is done.
    #[test]
    fn own_jobs_hide_nothing() -> Result {
        let mut slots = Slots::new()?;
        for job in [None, Some(1), None, None, Some(2), None, Some(3), None] {
            slots.push(job.map(|n| Done(n, true)));
        }
        for n in 1..=3 {
            assert!(slots.is_oldest_done());
            assert_eq!(slots.pop(false).map(|job| job.0), Some(n));
        }
        assert!(!slots.is_oldest_done() && slots.pop(false).is_none());
        assert!(slots.has_room(LENGTH.entries()));
        Ok(())
    }

    /// Nor do they take up room once they are done.
    #[test]
    fn own_jobs_leave() -> Result {
        let mut slots = Slots::<Done>::new()?;
        for _ in 0..3 * LENGTH.entries() {
            assert!(slots.is_idle());
            slots.push(None);
        }
        // But users' jobs do, done or not.
        slots.push(Some(Done(0, true)));
        for _ in 1..LENGTH.entries() {
            assert!(slots.is_idle());
            slots.push(None);
        }
        assert!(!slots.is_idle() && !slots.has_room(1));
        assert_eq!(slots.pop(false).map(|job| job.0), Some(0));
        assert!(slots.is_idle());
        Ok(())
    }
}
