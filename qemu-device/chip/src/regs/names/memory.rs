// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The MMU and the device CPU's interface.

use super::{Register, one};

/// The MMU (`mmu_regs.h`).
pub(super) const MMU: &[Register] = &[
    one(0x000, "INPUT_FIFO_THRESHOLD"),
    one(0x00C, "MMU_ENABLE"),
    one(0x010, "FORCE_ORDERING"),
    one(0x014, "FEATURE_ENABLE"),
    one(0x018, "VA_ORDERING_MASK_31_7"),
    one(0x01C, "VA_ORDERING_MASK_49_32"),
    one(0x020, "LOG2_DDR_SIZE"),
    one(0x024, "SCRAMBLER"),
    one(0x028, "MEM_INIT_BUSY"),
    one(0x02C, "SPI_MASK"),
    one(0x030, "SPI_CAUSE"),
    one(0x034, "PAGE_ERROR_CAPTURE"),
    one(0x038, "PAGE_ERROR_CAPTURE_VA"),
    one(0x03C, "ACCESS_ERROR_CAPTURE"),
    one(0x040, "ACCESS_ERROR_CAPTURE_VA"),
];

/// Its second-level TLB (`stlb_regs.h`).
pub(super) const STLB: &[Register] = &[
    one(0x010, "CACHE_INV"),
    one(0x014, "CACHE_INV_BASE_39_8"),
    one(0x018, "CACHE_INV_BASE_49_40"),
    one(0x01C, "STLB_FEATURE_EN"),
    one(0x020, "STLB_AXI_CACHE"),
    one(0x024, "HOP_CONFIGURATION"),
    one(0x028, "LINK_LIST_LOOKUP_MASK_49_32"),
    one(0x02C, "LINK_LIST_LOOKUP_MASK_31_0"),
    one(0x030, "LINK_LIST"),
    one(0x034, "INV_ALL_START"),
    one(0x038, "INV_ALL_SET"),
    one(0x03C, "INV_PS"),
    one(0x040, "INV_CONSUMER_INDEX"),
    one(0x044, "INV_HIT_COUNT"),
    one(0x048, "INV_SET"),
    one(0x04C, "SRAM_INIT"),
];

/// What the device CPU sees (`cpu_if_regs.h`).
pub(super) const CPU_IF: &[Register] = &[
    one(0x100, "PF_PQ_PI"),
    one(0x104, "ARUSER_OVR"),
    one(0x108, "ARUSER_OVR_EN"),
    one(0x10C, "AWUSER_OVR"),
    one(0x110, "AWUSER_OVR_EN"),
    one(0x114, "AXCACHE_OVR"),
    one(0x118, "LOCK_OVR"),
    one(0x11C, "PROT_OVR"),
    one(0x120, "MAX_OUTSTANDING"),
    one(0x124, "EARLY_BRESP_EN"),
    one(0x128, "FORCE_RSP_OK"),
    one(0x12C, "CPU_MSB_ADDR"),
    one(0x130, "AXI_SPLIT_INTR"),
];

/// The device CPU (`cpu_ca53_cfg_regs.h`).
pub(super) const CA53: &[Register] = &[
    one(0x100, "ARM_CFG"),
    (0x104, 0x4, 2, "RST_ADDR_LSB_#"),
    (0x114, 0x4, 2, "RST_ADDR_MSB_#"),
    one(0x124, "ARM_RST_CONTROL"),
    one(0x128, "ARM_AFFINITY"),
    one(0x12C, "ARM_DISABLE"),
    one(0x130, "ARM_GIC_PERIPHBASE"),
    one(0x134, "ARM_GIC_IRQ_CFG"),
    one(0x138, "ARM_PWR_MNG"),
    one(0x13C, "ARB_DBG_ROM_ADDR"),
    one(0x140, "ARM_DBG_MODES"),
    (0x200, 0x4, 2, "ARM_PWR_STAT_#"),
    one(0x208, "ARM_DBG_STATUS"),
    one(0x20C, "ARM_MEM_ATTR"),
    (0x210, 0x4, 2, "ARM_PMU_#"),
];
