// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is in flight: submissions that have not ended, and what they use.

use std::collections::VecDeque;
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
    /// Those that a reset has ended, with the memory that they still keep.
    lost: Mutex<Vec<Arc<Tracked>>>,
}

impl Flight {
    pub(crate) fn new(node: Arc<Node>) -> Arc<Self> {
        Arc::new(Self { node, all: Mutex::default(), lost: Mutex::default() })
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

    fn oldest(&self) -> Option<Arc<Tracked>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).front().cloned()
    }

    fn len(&self) -> usize {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets the oldest ones, if there are many, up to the first that has not ended. The driver knows of the last 64 how
    /// they have ended.
    pub(crate) fn tidy(&self) {
        while self.len() >= MANY && self.wait_for_oldest(Duration::ZERO) {}
    }

    /// Waits for the oldest one; says whether one has ended.
    pub(crate) fn wait_for_oldest(&self, timeout: Duration) -> bool {
        let Some(oldest) = self.oldest() else { return false };
        let result = oldest.wait(&self.node, Some(Instant::now() + timeout));
        let ended = !matches!(result, Ok(None));
        if ended {
            self.landed(&oldest);
        }
        ended
    }

    /// Waits for all of them; says whether all have ended in time.
    pub(crate) fn wait_for_all(&self, end: Instant) -> bool {
        while self.len() > 0 {
            if !self.wait_for_oldest(end.saturating_duration_since(Instant::now())) {
                return false;
            }
        }
        true
    }

    /// Waits for all of them, and tells of the first that has not ended well.
    pub(crate) fn finish(&self) -> Result {
        while let Some(oldest) = self.oldest() {
            let result = oldest.wait(&self.node, None);
            self.landed(&oldest);
            result?;
        }
        Ok(())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        // Whoever closes the card while it works costs it a reset, and what is mapped is used until the end.
        self.wait_for_all(Instant::now() + LAST);
    }
}
