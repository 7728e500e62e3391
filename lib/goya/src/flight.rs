// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is in flight: submissions that have not ended, and what they use.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Result;
use crate::fence::Tracked;
use crate::node::Node;

/// How many may be in the list before the ended ones are looked for.
const MANY: usize = 32;
/// How long the last user waits for what is in flight. The driver ends what is overdue after half a minute, unless it is told
/// otherwise.
const LAST: Duration = Duration::from_secs(60);

/// The submissions of a device that have not ended, as far as somebody has looked.
#[derive(Debug)]
pub(crate) struct Flight {
    // Mappings hold the node too, but not this: it is what lets go of them.
    node: Arc<Node>,
    all: Mutex<VecDeque<Arc<Tracked>>>,
    /// How many make it worth while to look for those that have ended.
    many: AtomicUsize,
    /// Those that a reset has ended, with the memory that they still keep.
    lost: Mutex<Vec<Arc<Tracked>>>,
}

impl Flight {
    pub(crate) fn new(node: Arc<Node>) -> Arc<Self> {
        Arc::new(Self { node, all: Mutex::default(), many: AtomicUsize::new(MANY), lost: Mutex::default() })
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Takes note of a submission.
    pub(crate) fn launched(&self, tracked: Arc<Tracked>) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push_back(tracked);
    }

    /// Forgets a submission that has ended.
    pub(crate) fn landed(&self, tracked: &Arc<Tracked>) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, tracked));
        if tracked.keeps() {
            let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            if !lost.iter().any(|other| Arc::ptr_eq(other, tracked)) {
                lost.push(tracked.clone());
            }
        }
    }

    fn snapshot(&self) -> Vec<Arc<Tracked>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Forgets those that have ended, if there are many. The driver knows of the last 64 how they have ended.
    pub(crate) fn tidy(&self) {
        let len = self.all.lock().unwrap_or_else(PoisonError::into_inner).len();
        if len >= self.many.load(Relaxed) {
            let left = self.sweep();
            // Those that last are not asked for each time.
            self.many.store(MANY.max(left + MANY / 2), Relaxed);
        }
    }

    /// Forgets those that have ended; returns how many are left.
    pub(crate) fn sweep(&self) -> usize {
        let all = self.snapshot();
        all.iter().filter(|tracked| !self.wait_for(tracked, Some(Instant::now()))).count()
    }

    /// Waits for one, until `end` at most; says whether it has ended.
    fn wait_for(&self, tracked: &Arc<Tracked>, end: Option<Instant>) -> bool {
        let _ = tracked.wait(&self.node, end);
        let ended = tracked.has_ended();
        if ended {
            self.landed(tracked);
        }
        ended
    }

    /// Waits for the oldest one; says whether one has ended.
    pub(crate) fn wait_for_oldest(&self, timeout: Duration) -> bool {
        let oldest = self.all.lock().unwrap_or_else(PoisonError::into_inner).front().cloned();
        oldest.is_some_and(|oldest| self.wait_for(&oldest, Instant::now().checked_add(timeout)))
    }

    /// How many numbers the oldest that has not ended is behind the newest: the driver has room for a window of them.
    pub(crate) fn span(&self) -> u64 {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers = || all.iter().map(|tracked| tracked.seq);
        numbers().max().zip(numbers().min()).map_or(0, |(newest, oldest)| newest - oldest + 1)
    }

    /// Waits for all of them, and tells of the first that has not ended well.
    pub(crate) fn finish(&self) -> Result {
        let mut first = Ok(());
        for tracked in self.snapshot() {
            let result = tracked.wait(&self.node, None).map(drop);
            if tracked.has_ended() {
                self.landed(&tracked);
            }
            first = first.and(result);
        }
        first
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.node.is_ours() {
            return;
        }
        // Whoever closes the card while it works costs it a reset, and what is mapped is used until the end.
        let end = Instant::now() + LAST;
        let all = self.snapshot();
        let ended = all.iter().filter(|tracked| self.wait_for(tracked, Some(end))).count();
        // What is left, or was ended by a reset, may be used until the card is taken from it: by the end of the file.
        if ended < all.len() || self.lost.get_mut().is_ok_and(|lost| !lost.is_empty()) {
            self.node.close_soon();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_what_has_ended_is_forgotten() {
        // Waits fail here, so nobody knows how anything has ended.
        let flight = Flight::new(Node::of_file(Path::new("/dev/null")));
        for seq in [7, 9, 8] {
            flight.launched(Arc::new(Tracked::new(seq, Vec::new())));
        }
        assert_eq!((flight.sweep(), flight.span()), (3, 3));
        assert!(flight.finish().is_err() && !flight.wait_for_oldest(Duration::ZERO));
        assert_eq!(flight.snapshot().len(), 3);
        let node = flight.node().clone();
        drop(flight);
        assert!(node.is_closing());
    }
}
