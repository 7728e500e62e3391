// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The first error of each kind since the card was opened (upstream `struct hl_error_info`).
//!
//! Whoever meets an error calls the function of its kind, and tells the users of it: see
//! [`super::notify`]. A record can be read as often as one likes, until the card is opened again.

use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::{Arc, Mutex};
use zerocopy::FromZeros;

use crate::abstractions::time::monotonic_ns;
use crate::uapi::consts::{HL_INFO_FW_HEARTBEAT_ERR, HL_INFO_FW_REPORTED_ERR};
use crate::uapi::info_types::*;

/// Engines that can be named as possible causes of one access.
const ENGINES: usize = 128;

/// What was mapped.
pub(crate) type Mappings = Arc<KVVec<InfoUserMapping>>;

/// An access to an address that has nobody.
#[derive(Clone, Copy)]
pub(crate) struct Razwi<'a> {
    pub(crate) address: u64,
    /// Those that it may have come from.
    pub(crate) engines: &'a [u16],
    /// `HL_RAZWI_*`.
    pub(crate) flags: u8,
}

/// What is wrong with firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirmwareError {
    /// It does not answer.
    Heartbeat,
    /// It has sent this event.
    Reported(u16),
}

/// A page fault, and what was mapped then, as soon as that is known.
struct PageFault {
    fault: InfoPageFault,
    mappings: Option<Mappings>,
}

#[derive(Default)]
struct Records {
    cs_timeout: Option<InfoCsTimeoutEvent>,
    razwi: Option<KBox<InfoRazwiEvent>>,
    undefined_opcode: Option<KBox<InfoUndefinedOpcodeEvent>>,
    page_fault: Option<PageFault>,
    hardware: Option<InfoHwErrEvent>,
    firmware: Option<InfoFwErrEvent>,
    engine: Option<InfoEngineErrEvent>,
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

    /// An access met nobody; tell with `HL_NOTIFIER_EVENT_RAZWI`.
    pub(crate) fn capture_razwi(&self, dev: &kernel::device::Device, razwi: &Razwi<'_>) -> Result {
        if razwi.engines.len() > ENGINES {
            dev_err!(
                dev,
                "Number of possible razwi initiators ({}) exceeded limit ({})\n",
                razwi.engines.len(),
                ENGINES
            );
            return Ok(());
        }
        let mut event = KBox::new(InfoRazwiEvent::new_zeroed(), GFP_KERNEL)?;
        event.timestamp = monotonic_ns();
        event.addr = razwi.address;
        for (to, from) in event.engine_id.iter_mut().zip(razwi.engines) {
            *to = *from;
        }
        event.num_of_possible_engines = razwi.engines.len() as u16;
        event.flags = razwi.flags;
        self.records.lock().razwi.get_or_insert(event);
        Ok(())
    }

    /// An engine met a packet that it does not know; the time of `event` is set here. Tell with
    /// `HL_NOTIFIER_EVENT_UNDEFINED_OPCODE`.
    pub(crate) fn capture_undefined_opcode(&self, event: &InfoUndefinedOpcodeEvent) -> Result {
        let mut event = KBox::new(*event, GFP_KERNEL)?;
        event.timestamp = monotonic_ns();
        self.records.lock().undefined_opcode.get_or_insert(event);
        Ok(())
    }

    /// An engine used an address that is not mapped; `mappings` lists what is, without the lock of
    /// the records. Tell with `HL_NOTIFIER_EVENT_PAGE_FAULT`.
    pub(crate) fn capture_page_fault(
        &self,
        address: u64,
        engine: u16,
        mappings: impl FnOnce() -> Result<KVVec<InfoUserMapping>>,
    ) -> Result {
        let mut records = self.records.lock();
        if records.page_fault.is_some() {
            return Ok(());
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
        Ok(())
    }

    /// The hardware has a critical error, by its event; tell with `HL_NOTIFIER_EVENT_CRITICL_HW_ERR`.
    pub(crate) fn capture_hardware(&self, event: u16) {
        let record = InfoHwErrEvent {
            timestamp: monotonic_ns(),
            event_id: event,
            pad: [0; 3],
        };
        self.records.lock().hardware.get_or_insert(record);
    }

    /// Firmware has a critical error; tell with `HL_NOTIFIER_EVENT_CRITICL_FW_ERR`.
    pub(crate) fn capture_firmware(&self, error: FirmwareError) {
        let (kind, event) = match error {
            FirmwareError::Heartbeat => (HL_INFO_FW_HEARTBEAT_ERR, 0),
            FirmwareError::Reported(event) => (HL_INFO_FW_REPORTED_ERR, event),
        };
        let record = InfoFwErrEvent {
            timestamp: monotonic_ns(),
            err_type: kind as u16,
            event_id: event,
            pad: 0,
        };
        self.records.lock().firmware.get_or_insert(record);
    }

    /// An engine has `count` errors of the user's making; tell with `HL_NOTIFIER_EVENT_USER_ENGINE_ERR`.
    pub(crate) fn capture_engine(&self, engine: u16, count: u16) {
        let record = InfoEngineErrEvent {
            timestamp: monotonic_ns(),
            engine_id: engine,
            error_count: count,
            pad: 0,
        };
        self.records.lock().engine.get_or_insert(record);
    }

    /// The submission that took too long.
    pub(crate) fn cs_timeout(&self) -> Option<InfoCsTimeoutEvent> {
        self.records.lock().cs_timeout
    }

    /// The access that met nobody.
    pub(crate) fn razwi(&self) -> Option<InfoRazwiEvent> {
        self.records.lock().razwi.as_deref().copied()
    }

    /// The packet that no engine knows.
    pub(crate) fn undefined_opcode(&self) -> Option<InfoUndefinedOpcodeEvent> {
        self.records.lock().undefined_opcode.as_deref().copied()
    }

    /// The page fault, with what was mapped then.
    pub(crate) fn page_fault(&self) -> Option<(InfoPageFault, Mappings)> {
        let records = self.records.lock();
        let record = records.page_fault.as_ref()?;
        Some((record.fault, record.mappings.clone()?))
    }

    /// The error of the hardware.
    pub(crate) fn hardware(&self) -> Option<InfoHwErrEvent> {
        self.records.lock().hardware
    }

    /// The error of firmware.
    pub(crate) fn firmware(&self) -> Option<InfoFwErrEvent> {
        self.records.lock().firmware
    }

    /// The error of an engine.
    pub(crate) fn engine(&self) -> Option<InfoEngineErrEvent> {
        self.records.lock().engine
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
        records.capture_firmware(FirmwareError::Reported(7));
        records.capture_firmware(FirmwareError::Heartbeat);
        assert_eq!(
            records
                .firmware()
                .map(|event| (event.err_type, event.event_id)),
            Some((1, 7))
        );
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
