// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The MMU and its second level (`mmu_regs.h`, `stlb_regs.h`; MMU_ASID_BUSY and MMU_HOP0_* from `goya_regs.h`).

use kernel::io::register;

register! {
    /// Translation as a whole.
    pub(crate) MMU_ENABLE(u32) @ 0x48_000c {
        0:0     r;
    }

    /// Binary logarithm of DRAM's size: accesses past the end don't wrap around.
    pub(crate) LOG2_DDR_SIZE(u32) @ 0x48_0020 {}

    /// Which interrupts are masked.
    pub(crate) SPI_MASK(u32) @ 0x48_002c {}

    /// The page fault that was caught.
    pub(crate) PAGE_ERROR_CAPTURE(u32) @ 0x48_0034 {
        17:0    va_49_32;
        /// There is one.
        18:18   entry_valid => bool;
    }

    /// Address bits 31:0 of it.
    pub(crate) PAGE_ERROR_CAPTURE_VA(u32) @ 0x48_0038 {}

    /// Which ASID's first table is set.
    pub(crate) ASID_BUSY(u32) @ 0x49_0000 {
        9:0     asid;
        /// Starts it, and is cleared at the end.
        31:31   busy => bool;
    }

    /// The table's address, bits 43:12.
    pub(crate) HOP0_PA43_12(u32) @ 0x49_0004 {}

    /// The table's address, bits 49:44.
    pub(crate) HOP0_PA49_44(u32) @ 0x49_0008 {}

    /// Notes about invalidation: address bits 39:8.
    pub(crate) CACHE_INV_BASE_39_8(u32) @ 0x49_0014 {}

    /// Notes about invalidation: address bits 49:40.
    pub(crate) CACHE_INV_BASE_49_40(u32) @ 0x49_0018 {}

    /// Features of the second level.
    pub(crate) STLB_FEATURE_EN(u32) @ 0x49_001c {
        /// A miss follows another miss to the same page.
        6:6     follower_en;
    }

    /// Invalidates everything.
    pub(crate) INV_ALL_START(u32) @ 0x49_0034 {
        /// Starts it; the register reads zero at the end.
        0:0     r;
    }
}
