// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The first error of each kind since the card was opened (upstream `struct hl_error_info`).
//!
//! Upstream records illegal accesses, unknown packets and errors of hardware and engines on other cards only,
//! and so do we; page faults are recorded here, although upstream does not do so for Goya. A record can be read as often as one likes, until the card is opened again.

use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::{Arc, Mutex};

use crate::abstractions::time::monotonic_ns;
use crate::uapi::consts::HL_INFO_FW_HEARTBEAT_ERR;
use crate::uapi::info_types::*;

/// What was mapped.
pub(crate) type Mappings = Arc<KVVec<InfoUserMapping>>;

/// A page fault, and what was mapped then, as soon as that is known.
struct PageFault {
    fault: InfoPageFault,
    mappings: Option<Mappings>,
}

#[derive(Default)]
struct Records {
    cs_timeout: Option<InfoCsTimeoutEvent>,
    page_fault: Option<PageFault>,
    firmware: Option<InfoFwErrEvent>,
}

/// The records.
#[pin_data]
pub(crate) struct ErrorRecords {
    #[pin]
    records: Mutex<Records>,
}

impl ErrorRecords {
    /// No error yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self { records <- new_mutex!(Records::default()) })
    }

    /// The card was opened: forgets what there was.
    pub(crate) fn clear(&self) {
        let old = core::mem::take(&mut *self.records.lock());
        // Not under the lock: it may be long.
        drop(old);
    }

    /// Submission `sequence` takes too long. Whether it is the first, so that users are to be told
    /// (`HL_NOTIFIER_EVENT_CS_TIMEOUT`).
    pub(crate) fn capture_cs_timeout(&self, sequence: u64) -> bool {
        let mut records = self.records.lock();
        let first = records.cs_timeout.is_none();
        records
            .cs_timeout
            .get_or_insert_with(|| InfoCsTimeoutEvent {
                timestamp: monotonic_ns(),
                seq: sequence,
            });
        first
    }

    /// An engine used an address that is not mapped; `mappings` lists what is, without the lock of
    /// the records. Whether it is the first, so that users are to be told (`HL_NOTIFIER_EVENT_PAGE_FAULT`).
    pub(crate) fn capture_page_fault(
        &self,
        address: u64,
        engine: u16,
        mappings: impl FnOnce() -> Result<KVVec<InfoUserMapping>>,
    ) -> Result<bool> {
        let mut records = self.records.lock();
        if records.page_fault.is_some() {
            return Ok(false);
        }
        let timestamp = monotonic_ns();
        records.page_fault = Some(PageFault {
            fault: InfoPageFault {
                timestamp,
                addr: address,
                engine_id: engine,
                pad: [0; 6],
            },
            mappings: None,
        });
        drop(records);

        // As upstream, no memory for the list is an empty list.
        let list = Arc::new(mappings().unwrap_or_default(), GFP_KERNEL)?;
        let mut records = self.records.lock();
        // Unless it is another's by now.
        let mine = |record: &&mut PageFault| record.fault.timestamp == timestamp;
        if let Some(record) = records.page_fault.as_mut().filter(mine) {
            record.mappings = Some(list);
        }
        Ok(true)
    }

    /// The firmware does not answer heartbeats; tell with `HL_NOTIFIER_EVENT_CRITICL_FW_ERR`.
    pub(crate) fn capture_heartbeat(&self) {
        let record = InfoFwErrEvent {
            timestamp: monotonic_ns(),
            err_type: HL_INFO_FW_HEARTBEAT_ERR as u16,
            event_id: 0,
            pad: 0,
        };
        self.records.lock().firmware.get_or_insert(record);
    }

    /// The submission that took too long.
    pub(crate) fn cs_timeout(&self) -> Option<InfoCsTimeoutEvent> {
        self.records.lock().cs_timeout
    }

    /// The page fault, with what was mapped then.
    pub(crate) fn page_fault(&self) -> Option<(InfoPageFault, Mappings)> {
        let records = self.records.lock();
        let record = records.page_fault.as_ref()?;
        Some((record.fault, record.mappings.clone()?))
    }

    /// The error of firmware.
    pub(crate) fn firmware(&self) -> Option<InfoFwErrEvent> {
        self.records.lock().firmware
    }
}

#[kunit_tests(goya_records)]
mod tests {
    use super::*;

    #[test]
    fn the_first_counts_until_the_next_open() -> Result {
        let records = KBox::pin_init(ErrorRecords::new(), GFP_KERNEL)?;
        assert!(records.capture_cs_timeout(5));
        assert!(!records.capture_cs_timeout(6));
        assert_eq!(records.cs_timeout().map(|event| event.seq), Some(5));
        records.capture_heartbeat();
        let first = records.firmware().map(|event| event.timestamp);
        records.capture_heartbeat();
        assert!(first.is_some() && first == records.firmware().map(|event| event.timestamp));
        records.clear();
        assert!(records.cs_timeout().is_none());
        assert!(records.capture_cs_timeout(6));
        Ok(())
    }

    #[test]
    fn page_faults_have_their_mappings() -> Result {
        let records = KBox::pin_init(ErrorRecords::new(), GFP_KERNEL)?;
        let mapping = InfoUserMapping {
            dev_va: 0x1000,
            size: 0x2000,
        };
        records.capture_page_fault(0x10, 3, || {
            assert!(records.page_fault().is_none());
            Ok(KVVec::from_elem(mapping, 2, GFP_KERNEL)?)
        })?;
        records.capture_page_fault(0x20, 4, || Ok(KVVec::new()))?;
        let (fault, mappings) = records.page_fault().ok_or(EINVAL)?;
        assert_eq!((fault.addr, fault.engine_id), (0x10, 3));
        assert_eq!(mappings.len(), 2);
        Ok(())
    }
}
