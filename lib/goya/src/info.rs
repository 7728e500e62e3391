// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Questions about a card.

use goya_uapi::*;

use crate::error::Call;
use crate::node::Node;
use crate::{Error, Result};

/// Questions about a card, of a [`Device`](crate::Device) or a [`Control`](crate::Control).
///
/// Structures are those of the user API (`drm/habanalabs_accel.h`), whose comments say what is in them.
#[derive(Debug, Clone, Copy)]
pub struct Info<'a>(pub(crate) &'a Node);

/// A structure of numbers, which any bytes are.
///
/// # Safety
/// Zeros, and whatever the kernel writes, are valid; there are no padding bytes that matter.
pub(crate) unsafe trait Answer: Copy {}

macro_rules! answers {
    ($($name:ident)*) => {$(
        // SAFETY: generated from a C structure of integers and arrays of them.
        unsafe impl Answer for $name {}
    )*};
}

answers! {
    hl_info_hw_ip_info hl_info_dram_usage hl_info_hw_idle hl_info_device_status hl_info_device_utilization
    hl_info_clk_rate hl_info_reset_count hl_info_time_sync hl_info_cs_counters hl_info_pci_counters
    hl_info_clk_throttle hl_info_sync_manager hl_info_energy hl_pll_frequency_info hl_power_info
    hl_open_stats_info hl_info_last_err_open_dev_time hl_info_cs_timeout_event hl_info_razwi_event
    hl_info_dev_memalloc_page_sizes hl_info_sec_attest hl_info_signed hl_info_undefined_opcode_event
    hl_page_fault_info hl_info_hw_err_event hl_info_fw_err_event hl_info_engine_err_event hl_user_mapping
}
// SAFETY: numbers.
unsafe impl Answer for u64 {}
// SAFETY: numbers.
unsafe impl Answer for u32 {}

/// State of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// All is well.
    Operational,
    /// It is being reset.
    InReset,
    /// A reset has failed, or the driver leaves.
    Malfunction,
    /// It waits for somebody to reset it by `hard_reset` in sysfs.
    NeedsReset,
    /// The driver is being loaded.
    InCreation,
    /// It is being reset softly.
    InSoftReset,
    /// Something new.
    Other(u32),
}

impl From<u32> for Status {
    fn from(number: u32) -> Self {
        use goya_uapi::hl_device_status as status;
        match number {
            status::HL_DEVICE_STATUS_OPERATIONAL => Self::Operational,
            status::HL_DEVICE_STATUS_IN_RESET => Self::InReset,
            status::HL_DEVICE_STATUS_MALFUNCTION => Self::Malfunction,
            status::HL_DEVICE_STATUS_NEEDS_RESET => Self::NeedsReset,
            status::HL_DEVICE_STATUS_IN_DEVICE_CREATION => Self::InCreation,
            status::HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE => Self::InSoftReset,
            other => Self::Other(other),
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Operational => f.write_str("operational"),
            Self::InReset => f.write_str("in reset"),
            Self::Malfunction => f.write_str("malfunction"),
            Self::NeedsReset => f.write_str("needs reset"),
            Self::InCreation => f.write_str("in creation"),
            Self::InSoftReset => f.write_str("in soft reset"),
            Self::Other(number) => write!(f, "status {number}"),
        }
    }
}

/// A request of [`Info::firmware_request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirmwareRequest {
    /// Versions.
    Versions = 0,
    /// Counters of errors; the buffer is input, too.
    ErrorCounters = 1,
    /// State of the power supply.
    PowerState = 2,
}

/// The text of an array that ends with a zero, or with the array.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or(bytes)).into_owned()
}

/// A record, if there is one: those that are not written stay zero, those that are have a time.
fn recorded<T>(record: T, time: i64) -> Option<T> {
    (time != 0).then_some(record)
}

impl Info<'_> {
    /// Asks a question whose answer is an array; as many elements are changed as the driver writes.
    fn fill<T: Answer>(self, op: u32, parameter: u32, what: &str, answer: &mut [T]) -> Result<u32> {
        let len = size_of_val(answer);
        // SAFETY: the bytes of the array, borrowed for the call; whatever is written there is valid (`Answer`).
        let bytes = unsafe { std::slice::from_raw_parts_mut(answer.as_mut_ptr().cast::<u8>(), len) };
        let (result, beside) = self.0.ask(op, parameter, bytes);
        result.map_err(|e| Call::Info.failed(what, e))?;
        Ok(beside)
    }

    /// Asks a question whose answer is a structure.
    fn one<T: Answer>(self, op: u32, parameter: u32, what: &str) -> Result<T> {
        // SAFETY: zeros are valid (`Answer`).
        let mut answer = [unsafe { std::mem::zeroed::<T>() }];
        self.fill(op, parameter, what, &mut answer)?;
        Ok(answer[0])
    }

    /// Asks any question (`HL_INFO_*`) with its parameter. The answer goes to `answer`; beside the result, what is returned is
    /// what the driver says in the parameter's place: some questions have that, how much there is, where they fail.
    pub fn ask(self, op: u32, parameter: u32, answer: &mut [u8]) -> (Result, u32) {
        let (result, beside) = self.0.ask(op, parameter, answer);
        (result.map_err(|e| Call::Info.failed(format!("question {op}"), e)), beside)
    }

    /// What the card is: memory, engines, versions. [`text`] makes strings of its arrays.
    pub fn hardware(self) -> Result<hl_info_hw_ip_info> {
        self.one(HL_INFO_HW_IP_INFO, 0, "HW_IP_INFO")
    }

    /// How often each event of the card came since the last hard reset, by its number.
    pub fn events(self) -> Result<Vec<u32>> {
        self.counts(HL_INFO_HW_EVENTS, "HW_EVENTS")
    }

    /// How often each event of the card came since the driver was loaded, by its number.
    pub fn events_ever(self) -> Result<Vec<u32>> {
        self.counts(HL_INFO_HW_EVENTS_AGGREGATE, "HW_EVENTS_AGGREGATE")
    }

    fn counts(self, op: u32, what: &str) -> Result<Vec<u32>> {
        let mut counts = vec![0u32; self.hardware()?.num_of_events as usize];
        self.fill(op, 0, what, &mut counts)?;
        Ok(counts)
    }

    /// Device memory that is free, and that of this device's.
    pub fn dram_usage(self) -> Result<hl_info_dram_usage> {
        self.one(HL_INFO_DRAM_USAGE, 0, "DRAM_USAGE")
    }

    /// Whether the engines are idle, and which are not (bits by `goya_engine_id`).
    pub fn idle(self) -> Result<hl_info_hw_idle> {
        self.one(HL_INFO_HW_IDLE, 0, "HW_IDLE")
    }

    /// State of the card.
    pub fn status(self) -> Result<Status> {
        let status: hl_info_device_status = self.one(HL_INFO_DEVICE_STATUS, 0, "DEVICE_STATUS")?;
        Ok(status.status.into())
    }

    /// Load in percent, from the power that the card draws.
    pub fn utilization(self) -> Result<u32> {
        let load: hl_info_device_utilization =
            self.one(HL_INFO_DEVICE_UTILIZATION, 0, "DEVICE_UTILIZATION")?;
        Ok(load.utilization)
    }

    /// Clock of the matrix engine.
    pub fn clock_rate(self) -> Result<hl_info_clk_rate> {
        self.one(HL_INFO_CLK_RATE, 0, "CLK_RATE")
    }

    /// Resets since the driver was loaded.
    pub fn resets(self) -> Result<hl_info_reset_count> {
        self.one(HL_INFO_RESET_COUNT, 0, "RESET_COUNT")
    }

    /// The clocks of card and host at about the same moment.
    pub fn time_sync(self) -> Result<hl_info_time_sync> {
        self.one(HL_INFO_TIME_SYNC, 0, "TIME_SYNC")
    }

    /// Submissions that were refused, by reason.
    pub fn refused(self) -> Result<hl_info_cs_counters> {
        self.one(HL_INFO_CS_COUNTERS, 0, "CS_COUNTERS")
    }

    /// Traffic on the PCI link.
    pub fn pci_counters(self) -> Result<hl_info_pci_counters> {
        self.one(HL_INFO_PCI_COUNTERS, 0, "PCI_COUNTERS")
    }

    /// Why the clock is slow, if it is.
    pub fn throttling(self) -> Result<hl_info_clk_throttle> {
        self.one(HL_INFO_CLK_THROTTLE_REASON, 0, "CLK_THROTTLE_REASON")
    }

    /// The first sync object and monitor that are the user's.
    pub fn sync_manager(self) -> Result<hl_info_sync_manager> {
        self.one(HL_INFO_SYNC_MANAGER, 0, "SYNC_MANAGER")
    }

    /// Energy used, in mJ.
    pub fn energy(self) -> Result<u64> {
        let energy: hl_info_energy = self.one(HL_INFO_TOTAL_ENERGY, 0, "TOTAL_ENERGY")?;
        Ok(energy.total_energy_consumption)
    }

    /// Power drawn, in mW.
    pub fn power(self) -> Result<u64> {
        let power: hl_power_info = self.one(HL_INFO_POWER, 0, "POWER")?;
        Ok(power.power)
    }

    /// The four outputs of a PLL (`hl_goya_pll_index`), in MHz.
    pub fn pll(self, index: u32) -> Result<[u16; 4]> {
        let pll: hl_pll_frequency_info = self.one(HL_INFO_PLL_FREQUENCY, index, "PLL_FREQUENCY")?;
        Ok(pll.output)
    }

    /// Who has the card, and had it.
    pub fn open_stats(self) -> Result<hl_open_stats_info> {
        self.one(HL_INFO_OPEN_STATS, 0, "OPEN_STATS")
    }

    /// Rows of DRAM that were replaced. No Goya firmware knows.
    pub fn replaced_rows(self) -> Result<u64> {
        self.one(HL_INFO_DRAM_REPLACED_ROWS, 0, "DRAM_REPLACED_ROWS")
    }

    /// Rows of DRAM that are to be replaced. No Goya firmware knows.
    pub fn pending_rows(self) -> Result<u32> {
        self.one(HL_INFO_DRAM_PENDING_ROWS, 0, "DRAM_PENDING_ROWS")
    }

    /// When the card was opened last (ns of `CLOCK_MONOTONIC`): records of errors are of what came after.
    pub fn last_open(self) -> Result<i64> {
        let time: hl_info_last_err_open_dev_time =
            self.one(HL_INFO_LAST_ERR_OPEN_DEV_TIME, 0, "LAST_ERR_OPEN_DEV_TIME")?;
        Ok(time.timestamp)
    }

    /// Sizes of pages that device memory can be allocated in, as a bit mask of them; 0 if there is no choice.
    pub fn page_sizes(self) -> Result<u64> {
        let sizes: hl_info_dev_memalloc_page_sizes =
            self.one(HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES, 0, "DEV_MEM_ALLOC_PAGE_SIZES")?;
        Ok(sizes.page_order_bitmask)
    }

    /// A quote that firmware signs. No Goya firmware does.
    pub fn attestation(self, nonce: u32) -> Result<hl_info_sec_attest> {
        self.one(HL_INFO_SECURED_ATTESTATION, nonce, "SECURED_ATTESTATION")
    }

    /// What firmware says of the card, signed. No Goya firmware does.
    pub fn signed(self, nonce: u32) -> Result<hl_info_signed> {
        self.one(HL_INFO_DEV_SIGNED, nonce, "DEV_SIGNED")
    }

    /// The first submission that was late since the card was opened.
    pub fn cs_timeout(self) -> Result<Option<hl_info_cs_timeout_event>> {
        let record: hl_info_cs_timeout_event = self.one(HL_INFO_CS_TIMEOUT_EVENT, 0, "CS_TIMEOUT_EVENT")?;
        Ok(recorded(record, record.timestamp))
    }

    /// The first access since then that protection refused. On Goya there is no such record.
    pub fn razwi(self) -> Result<Option<hl_info_razwi_event>> {
        let record: hl_info_razwi_event = self.one(HL_INFO_RAZWI_EVENT, 0, "RAZWI_EVENT")?;
        Ok(recorded(record, record.timestamp))
    }

    /// The first packet since then that does not exist. On Goya there is no such record.
    pub fn undefined_opcode(self) -> Result<Option<hl_info_undefined_opcode_event>> {
        let record: hl_info_undefined_opcode_event =
            self.one(HL_INFO_UNDEFINED_OPCODE_EVENT, 0, "UNDEFINED_OPCODE_EVENT")?;
        Ok(recorded(record, record.timestamp))
    }

    /// The first access since then to an address that nothing is mapped at.
    pub fn page_fault(self) -> Result<Option<hl_page_fault_info>> {
        let record: hl_page_fault_info = self.one(HL_INFO_PAGE_FAULT_EVENT, 0, "PAGE_FAULT_EVENT")?;
        Ok(recorded(record, record.timestamp))
    }

    /// What was mapped when that came.
    pub fn page_fault_mappings(self) -> Result<Vec<hl_user_mapping>> {
        let mut mappings = Vec::new();
        loop {
            // A size of zero is a question for the number; more may be there a moment later.
            let (result, count) = self.ask_mappings(&mut mappings);
            match result {
                Err(e) if e.errno() == libc::ENOMEM && count as usize > mappings.len() => {
                    mappings.resize(count as usize, hl_user_mapping::default());
                }
                Err(e) => return Err(e),
                Ok(()) => {
                    mappings.truncate(count as usize);
                    return Ok(mappings);
                }
            }
        }
    }

    fn ask_mappings(self, mappings: &mut [hl_user_mapping]) -> (Result, u32) {
        // The pointer may not be null, even if nothing is written there.
        let mut none = [hl_user_mapping::default()];
        let (to, len) = match mappings.len() {
            0 => (none.as_mut_ptr(), 0),
            n => (mappings.as_mut_ptr(), n * size_of::<hl_user_mapping>()),
        };
        // SAFETY: the bytes of one of the two arrays, borrowed for the call; any bytes are valid there.
        let bytes = unsafe { std::slice::from_raw_parts_mut(to.cast::<u8>(), len) };
        let (result, count) = self.0.ask(HL_INFO_USER_MAPPINGS, 0, bytes);
        (result.map_err(|e| Call::Info.failed("USER_MAPPINGS", e)), count)
    }

    /// The first error of the hardware since then. On Goya there is no such record.
    pub fn hardware_error(self) -> Result<Option<hl_info_hw_err_event>> {
        let record: hl_info_hw_err_event = self.one(HL_INFO_HW_ERR_EVENT, 0, "HW_ERR_EVENT")?;
        Ok(recorded(record, record.timestamp))
    }

    /// The first error of the firmware since then.
    pub fn firmware_error(self) -> Result<Option<hl_info_fw_err_event>> {
        let record: hl_info_fw_err_event = self.one(HL_INFO_FW_ERR_EVENT, 0, "FW_ERR_EVENT")?;
        Ok(recorded(record, record.timestamp))
    }

    /// The first error of an engine's since then. On Goya there is no such record.
    pub fn engine_error(self) -> Result<Option<hl_info_engine_err_event>> {
        let record: hl_info_engine_err_event =
            self.one(HL_INFO_USER_ENGINE_ERR_EVENT, 0, "USER_ENGINE_ERR_EVENT")?;
        Ok(recorded(record, record.timestamp))
    }

    /// Tables of the engines' status registers, for humans.
    pub fn engine_status(self) -> Result<String> {
        let mut size = 4096;
        loop {
            let mut buffer = vec![0u8; size];
            let (result, len) = self.0.ask(HL_INFO_ENGINE_STATUS, 0, &mut buffer);
            match result {
                Err(e)
                    if e.raw_os_error() == Some(libc::ENOMEM) && size < HL_ENGINES_DATA_MAX_SIZE as usize =>
                {
                    size *= 4;
                }
                Err(e) => return Err(Call::Info.failed("ENGINE_STATUS", e)),
                Ok(()) => {
                    // A row of strings, each with its zero.
                    buffer.truncate(len as usize);
                    return Ok(String::from_utf8_lossy(&buffer).replace('\0', ""));
                }
            }
        }
    }

    /// Hands a buffer to firmware, for an answer. No Goya firmware knows one of them.
    pub fn firmware_request(self, request: FirmwareRequest, buffer: &mut [u8]) -> Result {
        let (result, _) = self.0.ask(HL_INFO_FW_GENERIC_REQ, request as u32, buffer);
        result.map_err(|e| Call::Info.failed("FW_GENERIC_REQ", e))
    }

    /// Waits until the card is operational.
    ///
    /// # Errors
    /// [`Error::NotOperational`] if it is not within `patience`.
    pub fn wait_operational(self, patience: std::time::Duration) -> Result {
        let end = std::time::Instant::now().checked_add(patience);
        loop {
            let status = self.status()?;
            if status == Status::Operational {
                return Ok(());
            }
            if end.is_some_and(|end| std::time::Instant::now() >= end) {
                return Err(Error::NotOperational { status });
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
