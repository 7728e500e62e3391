// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Asynchronous events: their numbers and names (`goya_async_events.h`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names that count: prefix, suffix, first number, distance, how many.
const SERIES: &[(&str, &str, u16, u16, u16)] = &[
    ("TPC", "_ECC", 36, 3, 8),
    ("SRAM", "", 81, 1, 30),
    ("TPC", "_DEC", 117, 3, 8),
    ("PLL", "", 143, 1, 7),
    ("PCIE_QID0_ENG", "", 174, 1, 4),
    ("PCIE_QID1_ENG", "", 178, 1, 4),
    ("TPC", "_BMON_SPMU", 190, 10, 8),
    ("TPC", "_KRN_ERR", 191, 10, 8),
    ("MMU_SBA_SPMU", "", 270, 1, 2),
    ("DMA_BM_CH", "", 290, 1, 5),
    ("PSOC_GPIO_U16_", "", 330, 1, 5),
    ("TPC", "_CMDQ", 430, 1, 8),
    ("TPC", "_QM", 438, 1, 8),
    ("DMA", "_QM", 449, 1, 5),
    ("DMA", "_CH", 455, 1, 5),
];

/// All other names.
const SINGLES: &[(&str, u16)] = &[
    ("PCIE_CORE", 32),
    ("PCIE_IF", 33),
    ("PCIE_PHY", 34),
    ("MME_ECC", 60),
    ("MME_ECC_EXT", 61),
    ("MMU_ECC", 63),
    ("DMA_MACRO", 64),
    ("DMA_ECC", 66),
    ("DDR0_PARITY", 69),
    ("DDR1_PARITY", 72),
    ("CPU_IF_ECC", 75),
    ("PSOC_MEM", 78),
    ("PSOC_CORESIGHT", 79),
    ("GIC500", 112),
    ("PCIE_DEC", 115),
    ("AXI_ECC", 139),
    ("L2_RAM_ECC", 140),
    ("MME_WACS", 141),
    ("MME_WACSD", 142),
    ("CPU_AXI_SPLITTER", 155),
    ("PSOC_AXI_DEC", 159),
    ("PSOC", 160),
    ("PCIE_FLR", 171),
    ("PCIE_HOT_RESET", 172),
    ("PCIE_PERST", 173),
    ("PCIE_APB", 182),
    ("PCIE_QDB", 183),
    ("PCIE_BM_D_P_WR", 184),
    ("PCIE_BM_D_RD", 185),
    ("PCIE_BM_U_P_WR", 186),
    ("PCIE_BM_U_RD", 187),
    ("MME_WACS_UP", 272),
    ("MME_WACS_DOWN", 273),
    ("MMU_PAGE_FAULT", 280),
    ("MMU_WR_PERM", 281),
    ("MMU_DBG_BM", 282),
    ("DDR0_PHY_DFI", 300),
    ("DDR0_ECC_SCRUB", 301),
    ("DDR0_DB_ECC", 302),
    ("DDR0_SB_ECC", 303),
    ("DDR0_SB_ECC_MC", 304),
    ("DDR0_AXI_RD", 305),
    ("DDR0_AXI_WR", 306),
    ("DDR1_PHY_DFI", 310),
    ("DDR1_ECC_SCRUB", 311),
    ("DDR1_DB_ECC", 312),
    ("DDR1_SB_ECC", 313),
    ("DDR1_SB_ECC_MC", 314),
    ("DDR1_AXI_RD", 315),
    ("DDR1_AXI_WR", 316),
    ("CPU_BMON", 320),
    ("TS_EAST", 322),
    ("TS_WEST", 323),
    ("TS_NORTH", 324),
    ("PSOC_GPIO_05_SW_RESET", 356),
    ("PSOC_GPIO_10_VRHOT_ICRIT", 361),
    ("FAN", 425),
    ("MME_QM", 447),
    ("MME_CMDQ", 448),
    ("DMA_ON_HBW", 454),
    ("PKT_QUEUE_OUT_SYNC", 506),
    ("FIX_POWER_ENV_S", 507),
    ("FIX_POWER_ENV_E", 508),
    ("FIX_THERMAL_ENV_S", 509),
    ("FIX_THERMAL_ENV_E", 510),
];

/// Numbers below this one are events (`GOYA_ASYNC_EVENT_ID_SIZE`).
pub const SIZE: u16 = 1024;
/// The CPU queue's indices do not agree.
pub const PKT_QUEUE_OUT_SYNC: u16 = 506;

/// An event named by number or by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EventRef {
    /// By number.
    Id(u16),
    /// By name, such as `TPC3_ECC`.
    Name(String),
}

impl EventRef {
    /// The event's number, if there is such an event.
    pub fn resolve(&self) -> Option<u16> {
        match self {
            Self::Id(id) => Some(*id).filter(|&id| id < SIZE),
            Self::Name(name) => all().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, id)| id),
        }
    }
}

impl fmt::Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The event of TPC `n` whose kernel has failed (`TPCn_KRN_ERR`).
pub const fn tpc_kernel_error(n: u8) -> u16 {
    191 + 10 * n as u16
}

/// Every event's name and number.
pub fn all() -> impl Iterator<Item = (String, u16)> {
    let series = SERIES.iter().flat_map(|&(prefix, suffix, first, distance, count)| {
        (0..count).map(move |n| (format!("{prefix}{n}{suffix}"), first + n * distance))
    });
    series.chain(SINGLES.iter().map(|&(name, id)| (name.to_owned(), id)))
}

/// The name of event `id`, or its number.
pub fn name(id: u16) -> String {
    all().find(|&(_, i)| i == id).map_or_else(|| id.to_string(), |(name, _)| name)
}

/// Whether the firmware masks `id` once reported, until the driver unmasks it: the events that
/// `goya_handle_eqe()` answers with an unmask message.
pub fn masked_when_reported(id: u16) -> bool {
    const RANGES: &[(u16, u16)] = &[(141, 142), (430, 445), (447, 453), (455, 459), (507, 510), (290, 294)];
    const IDS: &[u16] = &[115, 155, 159, 160, 361];
    let every =
        |first: u16, distance: u16| id >= first && (id - first) % distance == 0 && id < first + 8 * distance;
    IDS.contains(&id)
        || RANGES.iter().any(|&(a, b)| (a..=b).contains(&id))
        || every(117, 3)
        || every(190, 10)
        || every(191, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique() {
        let mut names: Vec<_> = all().collect();
        let count = names.len();
        names.sort();
        names.dedup_by(|a, b| a.0 == b.0);
        assert_eq!(names.len(), count);
        names.sort_by_key(|n| n.1);
        names.dedup_by_key(|n| n.1);
        assert_eq!(names.len(), count);
    }

    #[test]
    fn events_resolve() {
        let by_name = |n: &str| EventRef::Name(n.into()).resolve();
        assert_eq!(by_name("tpc7_dec"), Some(138));
        assert_eq!(by_name("TPC7_KRN_ERR"), Some(261));
        assert_eq!(by_name("SRAM29"), Some(110));
        assert_eq!(by_name("NONE"), None);
        assert_eq!(EventRef::Id(1024).resolve(), None);
        assert_eq!(name(459), "DMA4_CH");
    }

    #[test]
    fn only_events_that_the_driver_unmasks_are_masked() {
        for id in [115, 117, 138, 141, 190, 261, 430, 447, 453, 459, 507, 361] {
            assert!(masked_when_reported(id), "{id}");
        }
        for id in [36, 60, 64, 81, 112, 143, 356, 454, 506] {
            assert!(!masked_when_reported(id), "{id}");
        }
    }
}
