// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A submission on its way through the queues (upstream `hl_cs`).

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{ordering::Full, Atomic};
use kernel::sync::Arc;

use super::fence::Fence;
use crate::abstractions::time::monotonic_ns;
use crate::context::Context;
use crate::queue::internal::Occupied;

/// Jobs that belong together: it has ended when its last external job has.
pub(crate) struct Submission {
    /// Who submitted it.
    pub(crate) context: Arc<Context>,
    /// Signalled at its end.
    pub(crate) fence: Arc<Fence>,
    /// The program wants to know when it ended.
    timestamp: bool,
    /// Its end is to be said in the log.
    announce: Option<ARef<Device>>,
    /// External jobs that are not done.
    remaining: Atomic<i32>,
    /// Places in the internal queues' rings, free again at its end.
    _internal: Occupied,
}

impl Submission {
    pub(crate) fn new(
        context: Arc<Context>,
        fence: Arc<Fence>,
        external: usize,
        timestamp: bool,
        dev: &ARef<Device>,
        internal: Occupied,
    ) -> Result<Arc<Self>> {
        let remaining = Atomic::new(i32::try_from(external)?);
        let announce = fence.skip_reset.then(|| dev.clone());
        Ok(Arc::new(
            Self {
                context,
                fence,
                timestamp,
                announce,
                remaining,
                _internal: internal,
            },
            GFP_KERNEL,
        )?)
    }

    /// One of its external jobs is done, or will never be.
    pub(crate) fn job_ended(&self, result: Result) {
        if result.is_err() {
            // The first one that is lost ends it, if it has not ended.
            if self.remaining.xchg(0, Full) <= 0 {
                return;
            }
        } else if self.remaining.fetch_sub(1, Full) != 1 {
            return;
        }
        let now = if self.timestamp { monotonic_ns() } else { 0 };
        if let Some(dev) = &self.announce {
            dev_err!(
                dev,
                "Command submission {} completed after {} (s)\n",
                self.fence.sequence(),
                self.fence.submitted.elapsed().as_millis() / 1000
            );
        }
        let Some(outcome) = self.fence.signal(result, now) else {
            return;
        };
        if self.timestamp {
            self.context.remember(self.fence.sequence(), outcome);
        }
    }
}
