// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Asynchronous events: their numbers and names, and what the driver does about each.
//!
//! Facts: `include/goya/goya_async_events.h`; `_goya_get_event_desc()`, `goya_handle_eqe()` and
//! `goya_all_events` in `goya/goya.c`; `struct hl_eq_entry` in `include/linux/habanalabs/cpucp_if.h`.

use kernel::{fmt, prelude::*};

use crate::uapi::consts::{GOYA_ENGINE_ID_DMA_0, GOYA_ENGINE_ID_MME_0, GOYA_ENGINE_ID_TPC_0};

/// Event numbers are below this; for others upstream says `Event type %u exceeds maximum of %u`.
pub(crate) const COUNT: u16 = 1024;

/// Numbers of the events that the driver programs or sends.
pub(crate) mod id {
    /// Error of the first TPC's command queue; the others follow.
    pub(crate) const TPC0_CMDQ: u16 = 430;
    /// Error of the first TPC's queue manager; the others follow.
    pub(crate) const TPC0_QM: u16 = 438;
    /// Error of the MME's queue manager.
    pub(crate) const MME_QM: u16 = 447;
    /// Error of the MME's command queue.
    pub(crate) const MME_CMDQ: u16 = 448;
    /// Error of the first DMA queue manager; the others follow.
    pub(crate) const DMA0_QM: u16 = 449;
    /// Error of the first DMA channel; the others follow.
    pub(crate) const DMA0_CH: u16 = 455;
    /// To the device CPU: the CPU queue's producer index has moved.
    pub(crate) const PI_UPDATE: u16 = 484;
    /// To the device CPU: stop.
    pub(crate) const HALT_MACHINE: u16 = 485;
    /// To the device CPU: events may be sent.
    pub(crate) const INTS_REGISTER: u16 = 486;
    /// To the device CPU: the engines were reset.
    pub(crate) const SOFT_RESET: u16 = 487;
}

/// A change of the card's clock, or the reason of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockEvent {
    PowerStart,
    PowerEnd,
    ThermalStart,
    ThermalEnd,
}

impl ClockEvent {
    /// What the log says.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::PowerStart => "Clock throttling due to power consumption",
            Self::PowerEnd => "Power envelop is safe, back to optimal clock",
            Self::ThermalStart => "Clock throttling due to overheating",
            Self::ThermalEnd => "Thermal envelop is safe, back to optimal clock",
        }
    }
}

/// What the driver does about an event.
///
/// `Received H/W interrupt %d ["%s"]` is what "report" means, with [`Event`]'s `Display` as the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Report, and reset the card: its data can't be trusted. The reset counts in the series of fatal
    /// errors after which a card is given up.
    FatalReset,
    /// Report, and reset the card.
    Reset,
    /// Report, with what the card has captured of illegal accesses and page faults; unmask the event.
    ReportAccess,
    /// Report, and unmask the event.
    Report,
    /// Take note of the change and say [`ClockEvent::text`]; unmask the event.
    Clock(ClockEvent),
    /// Report, with both sides' view of the processor's queue ([`Entry::queue_indices`]); reset the card.
    OutOfSync,
    /// `Received invalid H/W interrupt %d`, and nothing else.
    Invalid,
}

/// Events of one kind.
struct Row {
    first: u16,
    step: u16,
    /// 0 for an event whose name has no number.
    count: u16,
    /// Upstream's constant, without the prefix that all have, with `#` for the number.
    name: &'static str,
    /// Upstream's log: what stands before and after the number. Its buffer has 19 characters.
    label: (&'static str, &'static str),
    reaction: Reaction,
}

/// An event that the driver expects.
const fn one(first: u16, name: &'static str, label: &'static str, reaction: Reaction) -> Row {
    row(first, 1, 0, name, (label, ""), reaction)
}

/// Events that the driver expects.
const fn row(
    first: u16,
    step: u16,
    count: u16,
    name: &'static str,
    label: (&'static str, &'static str),
    reaction: Reaction,
) -> Row {
    Row {
        first,
        step,
        count,
        name,
        label,
        reaction,
    }
}

/// An event that exists, but not for the driver.
const fn other(first: u16, name: &'static str) -> Row {
    one(first, name, "N/A", Reaction::Invalid)
}

/// As [`other`], numbered one by one.
const fn others(first: u16, count: u16, name: &'static str) -> Row {
    row(first, 1, count, name, ("N/A", ""), Reaction::Invalid)
}

use Reaction::{Clock, FatalReset, OutOfSync, Report, ReportAccess, Reset};

/// All events, by number of the first of a kind.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    other(32, "PCIE_CORE"),
    one(33, "PCIE_IF", "PCIe_if", FatalReset),
    other(34, "PCIE_PHY"),
    row(36, 3, 8, "TPC#_ECC", ("TPC", "_ecc"), FatalReset),
    one(60, "MME_ECC", "MME_ecc", FatalReset),
    one(61, "MME_ECC_EXT", "MME_ecc_ext", FatalReset),
    one(63, "MMU_ECC", "MMU_ecc", FatalReset),
    one(64, "DMA_MACRO", "DMA_macro", FatalReset),
    one(66, "DMA_ECC", "DMA_ecc", FatalReset),
    other(69, "DDR0_PARITY"),
    other(72, "DDR1_PARITY"),
    one(75, "CPU_IF_ECC", "CPU_if_ecc", FatalReset),
    one(78, "PSOC_MEM", "PSOC_mem", FatalReset),
    one(79, "PSOC_CORESIGHT", "PSOC_coresight", FatalReset),
    row(81, 1, 30, "SRAM#", ("SRAM", ""), FatalReset),
    one(112, "GIC500", "GIC500", FatalReset),
    one(115, "PCIE_DEC", "PCIe_dec", ReportAccess),
    row(117, 3, 8, "TPC#_DEC", ("TPC", "_dec"), ReportAccess),
    one(139, "AXI_ECC", "AXI_ecc", FatalReset),
    one(140, "L2_RAM_ECC", "L2_ram_ecc", FatalReset),
    one(141, "MME_WACS", "MME_wacs", ReportAccess),
    one(142, "MME_WACSD", "MME_wacsd", ReportAccess),
    row(143, 1, 7, "PLL#", ("PLL", ""), FatalReset),
    one(155, "CPU_AXI_SPLITTER", "CPU_axi_splitter", ReportAccess),
    one(159, "PSOC_AXI_DEC", "PSOC_axi_dec", ReportAccess),
    one(160, "PSOC", "PSOC", ReportAccess),
    other(171, "PCIE_FLR"),
    other(172, "PCIE_HOT_RESET"),
    other(173, "PCIE_PERST"),
    others(174, 4, "PCIE_QID0_ENG#"),
    others(178, 4, "PCIE_QID1_ENG#"),
    other(182, "PCIE_APB"),
    other(183, "PCIE_QDB"),
    other(184, "PCIE_BM_D_P_WR"),
    other(185, "PCIE_BM_D_RD"),
    other(186, "PCIE_BM_U_P_WR"),
    other(187, "PCIE_BM_U_RD"),
    row(190, 10, 8, "TPC#_BMON_SPMU", ("TPC", "_bmon_spmu"), Report),
    row(191, 10, 8, "TPC#_KRN_ERR", ("TPC", "_krn_err"), ReportAccess),
    others(270, 2, "MMU_SBA_SPMU#"),
    other(272, "MME_WACS_UP"),
    other(273, "MME_WACS_DOWN"),
    other(280, "MMU_PAGE_FAULT"),
    other(281, "MMU_WR_PERM"),
    other(282, "MMU_DBG_BM"),
    row(290, 1, 5, "DMA_BM_CH#", ("DMA_bm_ch", ""), Report),
    other(300, "DDR0_PHY_DFI"),
    other(301, "DDR0_ECC_SCRUB"),
    other(302, "DDR0_DB_ECC"),
    other(303, "DDR0_SB_ECC"),
    other(304, "DDR0_SB_ECC_MC"),
    other(305, "DDR0_AXI_RD"),
    other(306, "DDR0_AXI_WR"),
    other(310, "DDR1_PHY_DFI"),
    other(311, "DDR1_ECC_SCRUB"),
    other(312, "DDR1_DB_ECC"),
    other(313, "DDR1_SB_ECC"),
    other(314, "DDR1_SB_ECC_MC"),
    other(315, "DDR1_AXI_RD"),
    other(316, "DDR1_AXI_WR"),
    other(320, "CPU_BMON"),
    other(322, "TS_EAST"),
    other(323, "TS_WEST"),
    other(324, "TS_NORTH"),
    others(330, 5, "PSOC_GPIO_U16_#"),
    one(356, "PSOC_GPIO_05_SW_RESET", "PSOC_gpio_05_sw_res", Reset),
    one(361, "PSOC_GPIO_10_VRHOT_ICRIT", "PSOC_gpio_10_vrhot_", Report),
    other(425, "FAN"),
    row(id::TPC0_CMDQ, 1, 8, "TPC#_CMDQ", ("TPC", "_cq"), ReportAccess),
    row(id::TPC0_QM, 1, 8, "TPC#_QM", ("TPC", "_qm"), ReportAccess),
    one(id::MME_QM, "MME_QM", "MME_qm", ReportAccess),
    one(id::MME_CMDQ, "MME_CMDQ", "MME_cq", ReportAccess),
    row(id::DMA0_QM, 1, 5, "DMA#_QM", ("DMA", "_qm"), ReportAccess),
    other(454, "DMA_ON_HBW"),
    row(id::DMA0_CH, 1, 5, "DMA#_CH", ("DMA", "_ch"), ReportAccess),
    other(id::PI_UPDATE, "PI_UPDATE"),
    other(id::HALT_MACHINE, "HALT_MACHINE"),
    other(id::INTS_REGISTER, "INTS_REGISTER"),
    other(id::SOFT_RESET, "SOFT_RESET"),
    one(506, "PKT_QUEUE_OUT_SYNC", "QUEUE_OUT_OF_SYNC", OutOfSync),
    one(507, "FIX_POWER_ENV_S", "POWER_ENV_S", Clock(ClockEvent::PowerStart)),
    one(508, "FIX_POWER_ENV_E", "POWER_ENV_E", Clock(ClockEvent::PowerEnd)),
    one(509, "FIX_THERMAL_ENV_S", "THERMAL_ENV_S", Clock(ClockEvent::ThermalStart)),
    one(510, "FIX_THERMAL_ENV_E", "THERMAL_ENV_E", Clock(ClockEvent::ThermalEnd)),
];

impl Row {
    /// All its event numbers.
    fn ids(&self) -> impl Iterator<Item = u16> {
        let (first, step) = (self.first, self.step);
        let id = move |n: u16| first.saturating_add(n.saturating_mul(step));
        (0..self.count.max(1)).map(id).filter(|id| *id < COUNT)
    }

    /// The position of `id` among its events.
    fn position(&self, id: u16) -> Option<u16> {
        let distance = id.checked_sub(self.first)?;
        let number = distance.checked_div(self.step)?;
        (distance.checked_rem(self.step)? == 0 && number < self.count.max(1)).then_some(number)
    }
}

/// An event that exists.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    row: &'static Row,
    number: u16,
}

impl Event {
    /// The event with the number `id`. Errors: `EINVAL` if there is none.
    pub(crate) fn new(id: u16) -> Result<Self> {
        ROWS.iter()
            .find_map(|row| row.position(id).map(|number| Self { row, number }))
            .ok_or(EINVAL)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: (&str, &str), numbered: bool) -> fmt::Result {
        f.write_str(text.0)?;
        if numbered {
            write!(f, "{}", self.number)?;
        }
        f.write_str(text.1)
    }
}

/// The name as in upstream's log: `TPC3_ecc`; `N/A` for what the driver does not expect.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbered = self.row.count > 0 && self.row.reaction != Reaction::Invalid;
        self.write(f, self.row.label, numbered)
    }
}

/// What the driver does about the event `id`, whether it exists or not.
pub(crate) fn reaction(id: u16) -> Reaction {
    Event::new(id).map_or(Reaction::Invalid, |event| event.row.reaction)
}

/// The engine (`GOYA_ENGINE_ID_*`) that event `id` comes from.
pub(crate) fn engine(id: u16) -> Option<u16> {
    let row = Event::new(id).ok()?.row;
    let number = id.checked_sub(row.first)?.checked_div(row.step)?;
    let first = match row.name {
        name if name.starts_with("TPC#") => GOYA_ENGINE_ID_TPC_0,
        "DMA#_QM" | "DMA#_CH" | "DMA_BM_CH#" => GOYA_ENGINE_ID_DMA_0,
        name if name.starts_with("MME") => return u16::try_from(GOYA_ENGINE_ID_MME_0).ok(),
        _ => return None,
    };
    u16::try_from(first).ok()?.checked_add(number)
}

/// Upstream unmasks neither after a soft reset: one of the PLLs, and an event that ends in a hard reset.
const NOT_UNMASKED: [u16; 2] = [145, 506];

/// Numbers of the events to unmask after a soft reset, during which some may have come.
pub(crate) fn unmask_after_reset() -> impl Iterator<Item = u32> {
    ROWS.iter()
        .filter(|row| row.reaction != Reaction::Invalid)
        .flat_map(Row::ids)
        .filter(|id| !NOT_UNMASKED.contains(id))
        .map(u32::from)
}

/// An entry of the event queue, copied out of memory that the card writes to.
pub(crate) struct Entry([u8; Entry::LEN]);

impl Entry {
    /// Bytes of an entry.
    pub(crate) const LEN: usize = 64;
    /// Byte offset of the word of control bits: the only one to look at until it says ready.
    pub(crate) const CTL_OFFSET: usize = 4;
    /// Set in the word of control bits when the card has written the entry.
    pub(crate) const READY: u32 = 1 << 31;

    /// Takes a copy of an entry that is ready.
    pub(crate) fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    fn word(&self, offset: usize) -> u32 {
        self.0
            .get(offset..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn ctl(&self) -> u32 {
        self.word(Self::CTL_OFFSET)
    }

    /// The event's number, up to 4095: only those below [`COUNT`] can exist.
    pub(crate) fn event(&self) -> u16 {
        // Twelve bits.
        (self.ctl() >> 16 & 0xFFF) as u16
    }

    /// For [`Reaction::OutOfSync`]: producer and consumer index of the processor's queue, as the
    /// firmware sees them.
    pub(crate) fn queue_indices(&self) -> (u32, u32) {
        (self.word(8), self.word(12))
    }
}

#[kunit_tests(goya_hw_events)]
mod tests {
    use super::*;
    use kernel::str::CString;

    fn label(id: u16) -> Result<CString> {
        CString::try_from_fmt(fmt!("{}", Event::new(id)?))
    }

    #[test]
    fn engines() {
        let engines = [455, 458, 448, 438, 445, 117, 120, 33, 141, 999].map(engine);
        let expected = [0, 3, 5, 6, 13, 6, 7].map(Some);
        assert_eq!(engines[..7], expected);
        assert_eq!(engines[7..], [None, Some(5), None]);
    }

    #[test]
    fn names_events() -> Result {
        assert_eq!(label(33)?.to_bytes(), b"PCIe_if");
        assert_eq!(label(57)?.to_bytes(), b"TPC7_ecc");
        assert_eq!(label(110)?.to_bytes(), b"SRAM29");
        assert_eq!(label(201)?.to_bytes(), b"TPC1_krn_err");
        assert_eq!(label(294)?.to_bytes(), b"DMA_bm_ch4");
        assert_eq!(label(356)?.to_bytes(), b"PSOC_gpio_05_sw_res");
        assert_eq!(label(177)?.to_bytes(), b"N/A");
        assert!(Event::new(35).is_err());
        assert!(Event::new(58).is_err());
        assert!(Event::new(446).is_err());
        Ok(())
    }

    #[test]
    fn every_event_has_one_row() {
        let mut count = 0;
        for id in 0..COUNT {
            let rows = ROWS.iter().filter(|row| row.position(id).is_some()).count();
            assert!(rows <= 1);
            count += rows;
        }
        // The header's, without its last one, which is only a limit.
        assert_eq!(count, 184);
        assert_eq!(ROWS.iter().flat_map(Row::ids).count(), 184);
    }

    #[test]
    fn labels_fit_upstreams_buffer() {
        for row in ROWS {
            assert!(row.label.0.len() + row.label.1.len() + usize::from(row.count > 0) * 2 < 20);
        }
    }

    #[test]
    fn classifies_events() {
        assert_eq!(reaction(0), Reaction::Invalid);
        assert_eq!(reaction(1023), Reaction::Invalid);
        assert_eq!(reaction(4095), Reaction::Invalid);
        assert_eq!(reaction(280), Reaction::Invalid);
        assert_eq!(reaction(48), Reaction::FatalReset);
        assert_eq!(reaction(145), Reaction::FatalReset);
        assert_eq!(reaction(356), Reaction::Reset);
        assert_eq!(reaction(361), Reaction::Report);
        assert_eq!(reaction(260), Reaction::Report);
        assert_eq!(reaction(261), Reaction::ReportAccess);
        assert_eq!(reaction(445), Reaction::ReportAccess);
        assert_eq!(reaction(506), Reaction::OutOfSync);
        assert_eq!(reaction(510), Reaction::Clock(ClockEvent::ThermalEnd));
    }

    #[test]
    fn unmasks_what_upstream_does() {
        assert_eq!(unmask_after_reset().count(), 125);
        assert!(!unmask_after_reset().any(|id| id == 145 || id == 506 || id == 34));
        assert!(unmask_after_reset().any(|id| id == 510));
    }

    #[test]
    fn decodes_an_entry() {
        let mut bytes = [0; Entry::LEN];
        bytes[4..8].copy_from_slice(&0x81FA_0007u32.to_le_bytes());
        bytes[8] = 5;
        bytes[12] = 3;
        let entry = Entry::new(bytes);
        assert_eq!(entry.event(), 506);
        assert_eq!(entry.queue_indices(), (5, 3));
        assert!(entry.ctl() & Entry::READY != 0);
    }
}
