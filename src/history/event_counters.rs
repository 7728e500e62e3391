// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How often each event of the card's came (`HL_INFO_HW_EVENTS`, upstream `goya_get_events_stat()`).

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};

use crate::hw::events::COUNT;

/// A counter for each event.
type Counters = [Atomic<u32>; COUNT as usize];

/// The counters since the last hard reset and since probe.
pub(crate) struct EventCounters {
    since_reset: KBox<Counters>,
    since_probe: KBox<Counters>,
}

impl EventCounters {
    /// Nothing has come yet.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            since_reset: zeros()?,
            since_probe: zeros()?,
        })
    }

    /// Counts one more of event `id`; nothing for an id that no event has.
    pub(crate) fn count(&self, id: u16) {
        for counters in [&self.since_reset, &self.since_probe] {
            if let Some(counter) = counters.get(usize::from(id)) {
                counter.add(1u32, Relaxed);
            }
        }
    }

    /// The card was reset: counts anew what is counted since then.
    pub(crate) fn reset(&self) {
        for counter in self.since_reset.iter() {
            counter.store(0, Relaxed);
        }
    }

    /// The counters, by the events' ids: all since probe, or those since the last hard reset.
    pub(crate) fn get(&self, since_probe: bool) -> Result<KVec<u32>> {
        let counters = if since_probe {
            &self.since_probe
        } else {
            &self.since_reset
        };
        let mut values = KVec::from_elem(0u32, counters.len(), GFP_KERNEL)?;
        for (value, counter) in values.iter_mut().zip(counters.iter()) {
            *value = counter.load(Relaxed);
        }
        Ok(values)
    }
}

fn zeros() -> Result<KBox<Counters>> {
    KBox::init(pin_init::init_array_from_fn(|_| Atomic::new(0)), GFP_KERNEL)
}

#[kunit_tests(goya_event_counters)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_leaves_the_aggregate() -> Result {
        let counters = EventCounters::new()?;
        counters.count(1023);
        counters.count(1023);
        counters.count(1024);
        counters.reset();
        counters.count(1023);
        let (reset, probe) = (counters.get(false)?, counters.get(true)?);
        assert_eq!((reset.len(), probe.len()), (1024, 1024));
        assert_eq!((reset[1023], probe[1023]), (1, 3));
        assert_eq!(probe.iter().sum::<u32>(), 3);
        Ok(())
    }
}
