// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Names of registers, as the headers spell them, for traces and tools.
//!
//! One table serves all blocks of a kind. A register without a name of its own is shown as its
//! block and offset.

use std::fmt;

/// Offset in its block, distance between the members of an array and their number, name. The number of
/// a member stands where the name has `#`.
type Register = (u32, u32, u32, &'static str);

const fn one(offset: u32, name: &'static str) -> Register {
    (offset, 4, 1, name)
}

/// A kind of block: its registers.
type Table = &'static [&'static [Register]];

const GLOBAL: &[Register] = &[
    one(0x000, "GLBL_CFG0"),
    one(0x004, "GLBL_CFG1"),
    one(0x008, "GLBL_PROT"),
    one(0x00C, "GLBL_ERR_CFG"),
    one(0x010, "GLBL_ERR_ADDR_LO"),
    one(0x014, "GLBL_ERR_ADDR_HI"),
    one(0x018, "GLBL_ERR_WDATA"),
    one(0x01C, "GLBL_SECURE_PROPS"),
    one(0x020, "GLBL_NON_SECURE_PROPS"),
    (0x024, 4, 2, "GLBL_STS#"),
    (0x0B0, 4, 2, "CQ_CFG#"),
    one(0x0B8, "CQ_ARUSER"),
    one(0x0C0, "CQ_PTR_LO"),
    one(0x0C4, "CQ_PTR_HI"),
    one(0x0C8, "CQ_TSIZE"),
    one(0x0CC, "CQ_CTL"),
    one(0x0D4, "CQ_PTR_LO_STS"),
    one(0x0D8, "CQ_PTR_HI_STS"),
    one(0x0DC, "CQ_TSIZE_STS"),
    one(0x0E0, "CQ_CTL_STS"),
    (0x0E4, 4, 2, "CQ_STS#"),
    one(0x0F0, "CQ_RD_RATE_LIM_EN"),
    one(0x0F4, "CQ_RD_RATE_LIM_RST_TOKEN"),
    one(0x0F8, "CQ_RD_RATE_LIM_SAT"),
    one(0x0FC, "CQ_RD_RATE_LIM_TOUT"),
    one(0x108, "CQ_IFIFO_CNT"),
    (0x120, 8, 4, "CP_MSG_BASE#_ADDR_LO"),
    (0x124, 8, 4, "CP_MSG_BASE#_ADDR_HI"),
    one(0x140, "CP_LDMA_TSIZE_OFFSET"),
    one(0x144, "CP_LDMA_SRC_BASE_LO_OFFSET"),
    one(0x148, "CP_LDMA_SRC_BASE_HI_OFFSET"),
    one(0x14C, "CP_LDMA_DST_BASE_LO_OFFSET"),
    one(0x150, "CP_LDMA_DST_BASE_HI_OFFSET"),
    one(0x154, "CP_LDMA_COMMIT_OFFSET"),
    (0x158, 4, 4, "CP_FENCE#_RDATA"),
    (0x168, 4, 4, "CP_FENCE#_CNT"),
    one(0x178, "CP_STS"),
    one(0x17C, "CP_CURRENT_INST_LO"),
    one(0x180, "CP_CURRENT_INST_HI"),
    one(0x184, "CP_BARRIER_CFG"),
    one(0x188, "CP_DBG_0"),
    one(0x308, "CQ_BUF_ADDR"),
    one(0x30C, "CQ_BUF_RDATA"),
];

const RING: &[Register] = &[
    one(0x060, "PQ_BASE_LO"),
    one(0x064, "PQ_BASE_HI"),
    one(0x068, "PQ_SIZE"),
    one(0x06C, "PQ_PI"),
    one(0x070, "PQ_CI"),
    (0x074, 4, 2, "PQ_CFG#"),
    one(0x07C, "PQ_ARUSER"),
    (0x080, 4, 4, "PQ_PUSH#"),
    (0x090, 4, 2, "PQ_STS#"),
    one(0x0A0, "PQ_RD_RATE_LIM_EN"),
    one(0x0A4, "PQ_RD_RATE_LIM_RST_TOKEN"),
    one(0x0A8, "PQ_RD_RATE_LIM_SAT"),
    one(0x0AC, "PQ_RD_RATE_LIM_TOUT"),
    one(0x300, "PQ_BUF_ADDR"),
    one(0x304, "PQ_BUF_RDATA"),
];

const CHANNEL: &[Register] = &[
    (0x000, 4, 2, "CFG#"),
    one(0x008, "ERRMSG_ADDR_LO"),
    one(0x00C, "ERRMSG_ADDR_HI"),
    one(0x010, "ERRMSG_WDATA"),
    one(0x014, "RD_COMP_ADDR_LO"),
    one(0x018, "RD_COMP_ADDR_HI"),
    one(0x01C, "RD_COMP_WDATA"),
    one(0x020, "WR_COMP_ADDR_LO"),
    one(0x024, "WR_COMP_ADDR_HI"),
    one(0x028, "WR_COMP_WDATA"),
    one(0x02C, "LDMA_SRC_ADDR_LO"),
    one(0x030, "LDMA_SRC_ADDR_HI"),
    one(0x034, "LDMA_DST_ADDR_LO"),
    one(0x038, "LDMA_DST_ADDR_HI"),
    one(0x03C, "LDMA_TSIZE"),
    one(0x040, "COMIT_TRANSFER"),
    (0x044, 4, 5, "STS#"),
    one(0x058, "SRC_ADDR_LO_STS"),
    one(0x05C, "SRC_ADDR_HI_STS"),
    one(0x060, "SRC_TSIZE_STS"),
    one(0x064, "DST_ADDR_LO_STS"),
    one(0x068, "DST_ADDR_HI_STS"),
    one(0x06C, "DST_TSIZE_STS"),
    one(0x1FC, "MEM_INIT_BUSY"),
];

const TPC: &[Register] = &[
    one(0x714, "KERNEL_SYNC_OBJECT_MESSAGE"),
    one(0x808, "SEMAPHORE"),
    one(0x81C, "STATUS"),
    one(0x820, "CFG_BASE_ADDRESS_HIGH"),
    one(0x828, "SM_BASE_ADDRESS_LOW"),
    one(0x82C, "SM_BASE_ADDRESS_HIGH"),
    one(0x830, "TPC_CMD"),
    one(0x838, "TPC_EXECUTE"),
    one(0x83C, "TPC_STALL"),
    one(0x858, "TPC_INTR_CAUSE"),
    one(0x85C, "TPC_INTR_MASK"),
    one(0xA00, "QM_TENSOR_0_BASE_ADDR_LOW"),
    one(0xA04, "QM_TENSOR_0_BASE_ADDR_HIGH"),
    one(0xD14, "QM_SYNC_OBJECT_MESSAGE"),
    one(0xD18, "ARUSER"),
    one(0xD1C, "AWUSER"),
    one(0xE00, "FUNC_MBIST_CNTRL"),
    one(0xE04, "FUNC_MBIST_PAT"),
    (0xE08, 4, 10, "FUNC_MBIST_MEM_#"),
];

const MME: &[Register] = &[
    one(0x000, "ARCH_STATUS"),
    one(0x1A0, "ARCH_SYNC_OBJECT_MESSAGE"),
    one(0x200, "CMD"),
    one(0x208, "RESET"),
    one(0x20C, "STALL"),
    one(0x210, "SM_BASE_ADDRESS_LOW"),
    one(0x214, "SM_BASE_ADDRESS_HIGH"),
    one(0x304, "AGU"),
    one(0x33C, "SEI_MASK"),
    (0x400, 0x200, 4, "SHADOW_#_STATUS"),
    (0x5A0, 0x200, 4, "SHADOW_#_SYNC_OBJECT_MESSAGE"),
];

const MMU: &[Register] = &[
    one(0x00, "INPUT_FIFO_THRESHOLD"),
    one(0x0C, "MMU_ENABLE"),
    one(0x10, "FORCE_ORDERING"),
    one(0x14, "FEATURE_ENABLE"),
    one(0x20, "LOG2_DDR_SIZE"),
    one(0x24, "SCRAMBLER"),
    one(0x28, "MEM_INIT_BUSY"),
    one(0x2C, "SPI_MASK"),
    one(0x30, "SPI_CAUSE"),
    one(0x34, "PAGE_ERROR_CAPTURE"),
    one(0x38, "PAGE_ERROR_CAPTURE_VA"),
    one(0x3C, "ACCESS_ERROR_CAPTURE"),
    one(0x40, "ACCESS_ERROR_CAPTURE_VA"),
];

const STLB: &[Register] = &[
    one(0x00, "ASID_BUSY"),
    one(0x04, "HOP0_PA43_12"),
    one(0x08, "HOP0_PA49_44"),
    one(0x10, "CACHE_INV"),
    one(0x14, "CACHE_INV_BASE_39_8"),
    one(0x18, "CACHE_INV_BASE_49_40"),
    one(0x1C, "STLB_FEATURE_EN"),
    one(0x20, "STLB_AXI_CACHE"),
    one(0x24, "HOP_CONFIGURATION"),
    one(0x34, "INV_ALL_START"),
    one(0x38, "INV_ALL_SET"),
    one(0x3C, "INV_PS"),
    one(0x40, "INV_CONSUMER_INDEX"),
    one(0x44, "INV_HIT_COUNT"),
    one(0x48, "INV_SET"),
    one(0x4C, "SRAM_INIT"),
];

const SYNC: &[Register] = &[
    (0x2000, 4, 1024, "SOB_OBJ_#"),
    (0x3000, 4, 256, "MON_PAY_ADDRL_#"),
    (0x3400, 4, 256, "MON_PAY_ADDRH_#"),
    (0x3800, 4, 256, "MON_PAY_DATA_#"),
    (0x3C00, 4, 256, "MON_ARM_#"),
    (0x4000, 4, 256, "MON_STATUS_#"),
];

const PSOC: &[Register] = &[
    (0x000, 4, 4, "NON_RST_FLOPS_#"),
    one(0x024, "BOOT_SEQ_RE_START"),
    one(0x028, "BTM_FSM"),
    one(0x030, "SW_BTM_FSM"),
    (0x100, 4, 32, "SCRATCHPAD_#"),
    one(0x300, "WARM_REBOOT"),
    one(0x304, "UBOOT_MAGIC"),
    one(0x320, "APP_STATUS"),
    one(0x430, "BOOT_STRAP_PINS"),
    one(0x474, "SW_ALL_RST_CFG"),
    one(0x480, "UNIT_RST_N"),
];

const TIMESTAMP: &[Register] =
    &[one(0x00, "CNTCR"), one(0x04, "CNTSR"), one(0x08, "CNTCVL"), one(0x0C, "CNTCVU"), one(0x20, "CNTFID0")];

const CPU_IF: &[Register] = &[
    one(0x100, "PF_PQ_PI"),
    one(0x104, "ARUSER_OVR"),
    one(0x108, "ARUSER_OVR_EN"),
    one(0x10C, "AWUSER_OVR"),
    one(0x110, "AWUSER_OVR_EN"),
    one(0x12C, "CPU_MSB_ADDR"),
    one(0x130, "AXI_SPLIT_INTR"),
];

const DMA_MACRO: &[Register] = &[
    one(0x000, "LBW_RANGE_HIT_BLOCK"),
    (0x004, 4, 16, "LBW_RANGE_MASK_#"),
    (0x044, 4, 16, "LBW_RANGE_BASE_#"),
    one(0x084, "HBW_RANGE_HIT_BLOCK"),
    (0x0A8, 4, 8, "HBW_RANGE_MASK_49_32_#"),
    (0x0C8, 4, 8, "HBW_RANGE_MASK_31_0_#"),
    (0x0E8, 4, 8, "HBW_RANGE_BASE_49_32_#"),
    (0x108, 4, 8, "HBW_RANGE_BASE_31_0_#"),
    one(0x13C, "RAZWI_LBW_WT_VLD"),
    one(0x140, "RAZWI_LBW_WT_ID"),
    one(0x144, "RAZWI_LBW_RD_VLD"),
    one(0x148, "RAZWI_LBW_RD_ID"),
    one(0x14C, "RAZWI_HBW_WT_VLD"),
    one(0x150, "RAZWI_HBW_WT_ID"),
    one(0x154, "RAZWI_HBW_RD_VLD"),
    one(0x158, "RAZWI_HBW_RD_ID"),
];

const ROUTER: &[Register] = &[
    one(0x470, "HBW_RANGE_HIT"),
    (0x480, 4, 8, "HBW_RANGE_MASK_L_#"),
    (0x4A0, 4, 8, "HBW_RANGE_MASK_H_#"),
    (0x4C0, 4, 8, "HBW_RANGE_BASE_L_#"),
    (0x4E0, 4, 8, "HBW_RANGE_BASE_H_#"),
    one(0x500, "LBW_RANGE_HIT"),
    (0x510, 4, 16, "LBW_RANGE_MASK_#"),
    (0x550, 4, 16, "LBW_RANGE_BASE_#"),
];

const PLL: &[Register] = &[
    one(0x100, "NR"),
    one(0x104, "NF"),
    one(0x108, "OD"),
    (0x200, 4, 4, "DIV_FACTOR_#"),
    (0x220, 4, 4, "DIV_FACTOR_CMD_#"),
    (0x280, 4, 4, "DIV_SEL_#"),
    (0x2C0, 4, 4, "DIV_FACTOR_BUSY_#"),
];

const GIC: &[Register] = &[one(0x40, "GICD_SETSPI_NSR")];
const DBI: &[Register] = &[one(0x000, "DEVICE_ID_VENDOR_ID_REG"), one(0x948, "MSIX_DOORBELL_OFF")];
const AUX: &[Register] = &[one(0x490, "DBI")];

/// First offset, distance between instances, how many, bytes of one, name (with its number at `#`), registers.
const BLOCKS: &[(u32, u32, u32, u32, &str, Table)] = &[
    (0x40_0000, 0x8000, 5, 0x1000, "DMA_QM_#", &[GLOBAL, RING]),
    (0x40_1000, 0x8000, 5, 0x1000, "DMA_CH_#", &[CHANNEL]),
    (0xD_8000, 0, 1, 0x1000, "MME_QM", &[GLOBAL, RING]),
    (0xD_9000, 0, 1, 0x1000, "MME_CMDQ", &[GLOBAL]),
    (0xD_0000, 0, 1, 0x8000, "MME", &[MME]),
    (0xE0_8000, 0x4_0000, 8, 0x1000, "TPC#_QM", &[GLOBAL, RING]),
    (0xE0_9000, 0x4_0000, 8, 0x1000, "TPC#_CMDQ", &[GLOBAL]),
    (0xE0_6000, 0x4_0000, 8, 0x1000, "TPC#_CFG", &[TPC]),
    (0xE0_0000, 0, 1, 0x1000, "TPC0_NRTR", &[ROUTER]),
    (0xFC_0000, 0, 1, 0x1000, "TPC7_NRTR", &[ROUTER]),
    (0xE0_0000, 0x4_0000, 7, 0x1000, "TPC#_RTR", &[ROUTER]),
    (0x0_0000, 0x4_0000, 7, 0x1000, "MME#_RTR", &[ROUTER]),
    (0x11_0000, 0, 1, 0x5000, "SYNC_MNGR", &[SYNC]),
    (0x48_0000, 0, 1, 0x1000, "MMU", &[MMU]),
    (0x49_0000, 0, 1, 0x1000, "STLB", &[STLB]),
    (0x4B_0000, 0, 1, 0x1000, "DMA_MACRO", &[DMA_MACRO]),
    (0x44_2000, 0, 1, 0x1000, "CPU_IF", &[CPU_IF]),
    (0x80_0000, 0, 1, 0x1_0000, "GIC_DISTRIBUTOR__5", &[GIC]),
    (0xC0_2000, 0, 1, 0x1000, "PCIE_DBI", &[DBI]),
    (0xC0_7000, 0, 1, 0x1000, "PCIE_AUX", &[AUX]),
    (0xC4_9000, 0, 1, 0x1000, "PSOC_TIMESTAMP", &[TIMESTAMP]),
    (0xC4_B000, 0, 1, 0x1000, "PSOC_GLOBAL_CONF", &[PSOC]),
    (0xC7_2000, 0, 1, 0x1000, "PSOC_PCI_PLL", &[PLL]),
];

/// A register's name, made when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(u32);

/// The name of the register at `offset`.
pub fn name(offset: u32) -> Name {
    Name(offset)
}

/// The number of the member at `offset` of an array, and how far into the member that is.
fn member(offset: u32, first: u32, distance: u32, count: u32) -> Option<(u32, u32)> {
    let from = offset.checked_sub(first)?;
    let number = from.checked_div(distance).unwrap_or(0);
    (number < count).then(|| (number, from - number * distance))
}

fn write_numbered(f: &mut fmt::Formatter<'_>, name: &str, number: u32) -> fmt::Result {
    match name.split_once('#') {
        Some((before, after)) => write!(f, "{before}{number}{after}"),
        None => f.write_str(name),
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &(first, distance, count, size, block, tables) in BLOCKS {
            let Some((number, at)) = member(self.0, first, distance, count).filter(|m| m.1 < size) else {
                continue;
            };
            let registers = tables.iter().flat_map(|t| t.iter());
            let found = registers.copied().find_map(|(first, distance, count, name)| {
                member(at, first, distance, count).filter(|m| m.1 < 4).map(|m| (name, m.0))
            });
            write_numbered(f, block, number)?;
            return match found {
                Some((register, number)) => {
                    f.write_str("_")?;
                    write_numbered(f, register, number)
                }
                None => write!(f, "+{at:#x}"),
            };
        }
        write!(f, "{:#x}", self.0)
    }
}

/// The register that [`name`] calls `text`.
pub fn find(text: &str) -> Option<u32> {
    let members = |&(first, distance, count, _, name, tables): &(u32, u32, u32, u32, &'static str, Table)| {
        (0..count).map(move |n| (name.replacen('#', &n.to_string(), 1), first + n * distance, tables))
    };
    BLOCKS.iter().flat_map(members).find_map(|(block, base, tables)| {
        let rest = text.strip_prefix(block.as_str())?.strip_prefix('_')?;
        let registers = tables.iter().flat_map(|t| t.iter());
        registers.copied().find_map(|(first, distance, count, name)| {
            let number = (0..count).find(|n| name.replacen('#', &n.to_string(), 1) == rest)?;
            Some(base + first + number * distance)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_headers_and_lead_back() {
        for (offset, text) in [
            (0x40_0000, "DMA_QM_0_GLBL_CFG0"),
            (0x42_006C, "DMA_QM_4_PQ_PI"),
            (0x41_1020, "DMA_CH_2_WR_COMP_ADDR_LO"),
            (0xD_8178, "MME_QM_CP_STS"),
            (0xD_9024, "MME_CMDQ_GLBL_STS0"),
            (0xD_0000, "MME_ARCH_STATUS"),
            (0xE0_681C, "TPC0_CFG_STATUS"),
            (0xFC_8060, "TPC7_QM_PQ_BASE_LO"),
            (0xE4_9158, "TPC1_CMDQ_CP_FENCE0_RDATA"),
            (0xE4_0470, "TPC1_RTR_HBW_RANGE_HIT"),
            (0xE0_0500, "TPC0_NRTR_LBW_RANGE_HIT"),
            (0x11_2FA0, "SYNC_MNGR_SOB_OBJ_1000"),
            (0x11_43FC, "SYNC_MNGR_MON_STATUS_255"),
            (0x48_000C, "MMU_MMU_ENABLE"),
            (0x49_0034, "STLB_INV_ALL_START"),
            (0x80_0040, "GIC_DISTRIBUTOR__5_GICD_SETSPI_NSR"),
            (0xC4_B150, "PSOC_GLOBAL_CONF_SCRATCHPAD_20"),
            (0xC4_B474, "PSOC_GLOBAL_CONF_SW_ALL_RST_CFG"),
            (0xC7_2284, "PSOC_PCI_PLL_DIV_SEL_1"),
            (0x4B_014C, "DMA_MACRO_RAZWI_HBW_WT_VLD"),
            (0x44_2100, "CPU_IF_PF_PQ_PI"),
            (0x4_0470, "MME1_RTR_HBW_RANGE_HIT"),
        ] {
            assert_eq!(name(offset).to_string(), text);
            assert_eq!(find(text), Some(offset), "{text}");
        }
    }

    #[test]
    fn the_rest_is_block_and_offset() {
        assert_eq!(name(0xE0_6004).to_string(), "TPC0_CFG+0x4");
        assert_eq!(name(0x200_0000).to_string(), "0x2000000");
        assert_eq!(find("NOTHING"), None);
    }
}
