// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The device CPU: its interrupts (`goya_regs.h`), its interface to the interconnect (`cpu_if_regs.h`), and what it and
//! the driver tell each other in registers of the system controller that do nothing by themselves (`goya_reg_map.h`).

use kernel::io::register;

register! {
    /// Raises an interrupt: the number written is an event (`GIC_DISTRIBUTOR__5_GICD_SETSPI_NSR`).
    pub(crate) GICD_SETSPI_NSR(u32) @ 0x80_0040 {}

    /// The CPU queue's producer index.
    pub(crate) IF_PF_PQ_PI(u32) @ 0x44_2100 {}

    /// As whom the CPU reads, if overridden: a [`super::User`].
    pub(crate) IF_ARUSER_OVR(u32) @ 0x44_2104 {}

    /// Which bits of it are.
    pub(crate) IF_ARUSER_OVR_EN(u32) @ 0x44_2108 {}

    /// As whom the CPU writes, if overridden: a [`super::User`].
    pub(crate) IF_AWUSER_OVR(u32) @ 0x44_210c {}

    /// Which bits of it are.
    pub(crate) IF_AWUSER_OVR_EN(u32) @ 0x44_2110 {}

    /// Address of the CPU queue's ring, low half.
    pub(crate) PQ_BASE_ADDR_LOW(u32) @ 0xc4_b100 {}

    /// Address of the CPU queue's ring, high half.
    pub(crate) PQ_BASE_ADDR_HIGH(u32) @ 0xc4_b104 {}

    /// Address of the event queue, low half.
    pub(crate) EQ_BASE_ADDR_LOW(u32) @ 0xc4_b108 {}

    /// Address of the event queue, high half.
    pub(crate) EQ_BASE_ADDR_HIGH(u32) @ 0xc4_b10c {}

    /// Bytes of the event queue.
    pub(crate) EQ_LENGTH(u32) @ 0xc4_b110 {}

    /// Bytes of the CPU queue's ring.
    pub(crate) PQ_LENGTH(u32) @ 0xc4_b114 {}

    /// Consumer index of the event queue.
    pub(crate) EQ_CI(u32) @ 0xc4_b118 {}

    /// Which side has set up the queues.
    pub(crate) PQ_INIT_STATUS(u32) @ 0xc4_b11c {}

    /// Address of the memory that both share, low half.
    pub(crate) CQ_BASE_ADDR_LOW(u32) @ 0xc4_b120 {}

    /// Address of the memory that both share, high half.
    pub(crate) CQ_BASE_ADDR_HIGH(u32) @ 0xc4_b124 {}

    /// Bytes of it.
    pub(crate) CQ_LENGTH(u32) @ 0xc4_b128 {}

    /// What the firmware can do (`CPU_BOOT_DEV_STS0_*`, `hl_boot_if.h`).
    pub(crate) BOOT_DEV_STS0(u32) @ 0xc4_b150 {}

    /// More of it.
    pub(crate) BOOT_DEV_STS1(u32) @ 0xc4_b154 {}

    /// A loader's answer to an image.
    pub(crate) CMD_STATUS_TO_HOST(u32) @ 0xc4_b15c {}

    /// What went wrong while the card booted (`CPU_BOOT_ERR0_*`, `hl_boot_if.h`).
    pub(crate) BOOT_ERR0(u32) @ 0xc4_b160 {}

    /// More of it.
    pub(crate) BOOT_ERR1(u32) @ 0xc4_b164 {}

    /// Where preboot's version is in SRAM.
    pub(crate) PREBOOT_VER_OFFSET(u32) @ 0xc4_b170 {}

    /// Where the second-stage loader's version is in SRAM.
    pub(crate) UBOOT_VER_OFFSET(u32) @ 0xc4_b174 {}

    /// How far the boot is (`enum cpu_boot_status`, in `PSOC_GLOBAL_CONF_WARM_REBOOT`).
    pub(crate) BOOT_STATUS(u32) @ 0xc4_b300 {}

    /// The driver's message to the boot loader (`enum kmd_msg`, in `PSOC_GLOBAL_CONF_UBOOT_MAGIC`).
    pub(crate) KMD_MSG_TO_CPU(u32) @ 0xc4_b304 {}
}

impl PQ_INIT_STATUS {
    /// The driver has.
    pub(crate) const READY_FOR_CP: Self = Self::from_raw(1);
    /// The device CPU has, too.
    pub(crate) const READY_FOR_HOST: Self = Self::from_raw(2);
}

impl CMD_STATUS_TO_HOST {
    /// None yet.
    pub(crate) const UNDEF: Self = Self::from_raw(0);
    /// It is well.
    pub(crate) const OK: Self = Self::from_raw(1);
}

impl KMD_MSG_TO_CPU {
    /// Nothing.
    pub(crate) const NA: Self = Self::from_raw(0);
    /// Wait for an event: the CPU does nothing any more.
    pub(crate) const GOTO_WFE: Self = Self::from_raw(1);
    /// The image is in place.
    pub(crate) const FIT_RDY: Self = Self::from_raw(2);
}
