// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Offsets of registers, relative to the configuration space, and their bits: those that are used, and no others.
//!
//! Facts from upstream's `include/goya/asic_reg/*_regs.h` and `*_masks.h`. Registers that several blocks of a kind
//! have are offsets into the block; the blocks' bases are with what drives them.

/// Raises an interrupt of the device CPU: the number written is an event of [`event`].
pub(crate) const GIC_SETSPI: u32 = 0x80_0040;

/// Queue managers (and command queues, which lack the ring): offsets into the block.
pub(crate) mod qm {
    /// Enables the parts of the block.
    pub(crate) const GLBL_CFG0: u32 = 0x00;
    /// Stops the parts of the block.
    pub(crate) const GLBL_CFG1: u32 = 0x04;
    /// Which parts' accesses are trusted.
    pub(crate) const GLBL_PROT: u32 = 0x08;
    /// What happens on an error.
    pub(crate) const GLBL_ERR_CFG: u32 = 0x0c;
    /// Where an error is reported, low half; the high half follows.
    pub(crate) const GLBL_ERR_ADDR: u32 = 0x10;
    /// What is written there.
    pub(crate) const GLBL_ERR_WDATA: u32 = 0x18;
    /// ASID and MMU bypass of trusted accesses.
    pub(crate) const GLBL_SECURE_PROPS: u32 = 0x1c;
    /// ASID and MMU bypass of the other accesses.
    pub(crate) const GLBL_NON_SECURE_PROPS: u32 = 0x20;
    /// Idle and stopped parts.
    pub(crate) const GLBL_STS0: u32 = 0x24;
    /// The ring's address, low half; the high half follows.
    pub(crate) const PQ_BASE: u32 = 0x60;
    /// Binary logarithm of the ring's entries.
    pub(crate) const PQ_SIZE: u32 = 0x68;
    /// Producer index: the doorbell.
    pub(crate) const PQ_PI: u32 = 0x6c;
    /// Consumer index.
    pub(crate) const PQ_CI: u32 = 0x70;
    /// Buffers for ring entries.
    pub(crate) const PQ_CFG1: u32 = 0x78;
    /// Buffers for packets.
    pub(crate) const CQ_CFG1: u32 = 0xb4;
    /// Base 0 of short messages, low half; the high half follows.
    pub(crate) const CP_MSG_BASE0: u32 = 0x120;
    /// Base 1 of short messages, low half; the high half follows.
    pub(crate) const CP_MSG_BASE1: u32 = 0x128;
    /// Where a CP_DMA packet's size goes in the command queue.
    pub(crate) const CP_LDMA_TSIZE_OFFSET: u32 = 0x140;
    /// Where its source goes, low half.
    pub(crate) const CP_LDMA_SRC_BASE_LO_OFFSET: u32 = 0x144;
    /// Where its source goes, high half.
    pub(crate) const CP_LDMA_SRC_BASE_HI_OFFSET: u32 = 0x148;
    /// What is written to start it.
    pub(crate) const CP_LDMA_COMMIT_OFFSET: u32 = 0x154;
    /// The command processor's state.
    pub(crate) const CP_STS: u32 = 0x178;
    /// The packet at work, low half; the high half follows.
    pub(crate) const CP_CURRENT_INST: u32 = 0x17c;

    /// In GLBL_CFG1: stop all four parts.
    pub(crate) const CFG1_ALL_STOP: u32 = 0xf;
    /// In GLBL_CFG1: stop the command processor.
    pub(crate) const CFG1_CP_STOP: u32 = 1 << 2;
    /// In GLBL_CFG1: stop the DMA channel.
    pub(crate) const CFG1_DMA_STOP: u32 = 1 << 3;
    /// In GLBL_STS0: the command processor has stopped.
    pub(crate) const STS0_CP_IS_STOP: u32 = 1 << 6;
    /// In CP_STS: it waits at a fence.
    pub(crate) const CP_STS_FENCE_IN_PROGRESS: u32 = 1 << 22;
    /// In GLBL_ERR_CFG: the DMA channel stops on an error.
    pub(crate) const ERR_CFG_DMA_STOP_ON_ERR: u32 = 1 << 11;

    /// In the two registers of properties: the ASID.
    pub(crate) const PROPS_ASID: u32 = 0x3ff;
    /// In the two registers of properties: ASID and MMU bypass together.
    pub(crate) const PROPS_MASK: u32 = 0x7ff;
}

/// DMA channels: offsets into the block.
pub(crate) mod dma_ch {
    /// Outstanding reads and writes.
    pub(crate) const CFG0: u32 = 0x00;
    /// Where an error is reported, low half; the high half follows.
    pub(crate) const ERRMSG_ADDR: u32 = 0x08;
    /// What is written there.
    pub(crate) const ERRMSG_WDATA: u32 = 0x10;
    /// Where the end of a transfer is reported, low half.
    pub(crate) const WR_COMP_ADDR_LO: u32 = 0x20;
    /// The high half of it.
    pub(crate) const WR_COMP_ADDR_HI: u32 = 0x24;
    /// What is written there.
    pub(crate) const WR_COMP_WDATA: u32 = 0x28;
    /// State.
    pub(crate) const STS0: u32 = 0x44;
    /// Where the transfer at work reads, low half.
    pub(crate) const SRC_ADDR_LO_STS: u32 = 0x58;
    /// Where it writes, low half.
    pub(crate) const DST_ADDR_LO_STS: u32 = 0x64;
    /// What it has left to write.
    pub(crate) const DST_TSIZE_STS: u32 = 0x6c;

    /// In STS0: busy.
    pub(crate) const STS0_DMA_BUSY: u32 = 1;
}

/// The DMA engine's traps for illegal accesses; each is set by the card and cleared by writing zero.
pub(crate) mod razwi {
    /// Illegal write on the low-bandwidth bus.
    pub(crate) const LBW_WRITE: u32 = 0x4b_013c;
    /// Illegal read on the low-bandwidth bus.
    pub(crate) const LBW_READ: u32 = 0x4b_0144;
    /// Illegal write on the high-bandwidth bus.
    pub(crate) const HBW_WRITE: u32 = 0x4b_014c;
    /// Illegal read on the high-bandwidth bus.
    pub(crate) const HBW_READ: u32 = 0x4b_0154;
}

/// The matrix engine.
pub(crate) mod mme {
    /// State of the pipes.
    pub(crate) const ARCH_STATUS: u32 = 0xd_0000;
    /// Stalls the pipes.
    pub(crate) const STALL: u32 = 0xd_020c;
    /// Address of the sync objects, low half; the high half follows.
    pub(crate) const SM_BASE_ADDRESS: u32 = 0xd_0210;
    /// Limits what is stored ahead.
    pub(crate) const STORE_MAX_CREDIT: u32 = 0xd_0300;
    /// Limits of the address generators.
    pub(crate) const AGU: u32 = 0xd_0304;
    /// The first of four: ASID and bypass of the suspension buffers A, B and C, and of the write buffer.
    pub(crate) const SBA_CONTROL_DATA: u32 = 0xd_0318;
    /// Which internal errors are masked.
    pub(crate) const SEI_MASK: u32 = 0xd_033c;
    /// In ARCH_STATUS: all pipes are empty.
    pub(crate) const ARCH_IDLE: u32 = 0x780;
}

/// Tensor processing cores: offsets into the block of the first part, see [`super::tpc::base`].
pub(crate) mod tpc {
    /// State of the pipes.
    pub(crate) const CFG_STATUS: u32 = 0x681c;
    /// Address of the sync objects, low half; the high half follows.
    pub(crate) const CFG_SM_BASE_ADDRESS: u32 = 0x6828;
    /// Stalls the core.
    pub(crate) const CFG_STALL: u32 = 0x683c;
    /// Memory subsystem.
    pub(crate) const CFG_MSS_CONFIG: u32 = 0x6854;
    /// Which interrupts are masked.
    pub(crate) const CFG_INTR_MASK: u32 = 0x685c;
    /// ASID and bypass of reads.
    pub(crate) const CFG_ARUSER: u32 = 0x6d18;
    /// ASID and bypass of writes.
    pub(crate) const CFG_AWUSER: u32 = 0x6d1c;
    /// Test of the core's memories: control.
    pub(crate) const MBIST_CNTRL: u32 = 0x6e00;
    /// Test of the core's memories: pattern.
    pub(crate) const MBIST_PAT: u32 = 0x6e04;
    /// Test of the core's memories: the first of ten memories.
    pub(crate) const MBIST_MEM: u32 = 0x6e08;

    /// In CFG_STATUS: pipes and queue empty, no access under way.
    pub(crate) const CFG_IDLE: u32 = 0x1e;
    /// In CFG_STALL: stall.
    pub(crate) const STALL: u32 = 1;
    /// In CFG_MSS_CONFIG: lines the instruction cache fetches at a time.
    pub(crate) const MSS_ICACHE_LINES: u32 = 0x300;
    /// In CFG_MSS_CONFIG: two of them.
    pub(crate) const MSS_ICACHE_LINES_2: u32 = 2 << 8;
    /// In MBIST_CNTRL: start.
    pub(crate) const MBIST_START: u32 = 1 << 0;
    /// In MBIST_CNTRL: done.
    pub(crate) const MBIST_DONE: u32 = 1 << 1;
    /// In MBIST_CNTRL: running.
    pub(crate) const MBIST_ACTIVE: u32 = 1 << 2;

    /// The first core's debug unit; the others' follow in steps of [`EML_STEP`].
    pub(crate) const EML: u32 = 0x304_0000;
    /// Bytes from a core's debug unit to the next one's.
    pub(crate) const EML_STEP: u32 = 0x20_0000;
    /// In the debug unit: control; bit 2 holds the core in reset.
    pub(crate) const EML_DBG_CNT: u32 = 0;
    /// In EML_DBG_CNT: core reset.
    pub(crate) const EML_CORE_RST: u32 = 1 << 2;
    /// In the debug unit: the core's scalar memory, 256 words.
    pub(crate) const EML_SLM: u32 = 0x10_0000;
}

/// Routers of the interconnect: offsets into the block.
pub(crate) mod rtr {
    /// The first of ten coefficients that spread accesses over the memories.
    pub(crate) const SPLIT_COEF: u32 = 0x400;
    /// Enables the spreading.
    pub(crate) const SCRAMB_EN: u32 = 0x600;
    /// Enables the other part of it.
    pub(crate) const NON_LIN_SCRAMB: u32 = 0x604;
}

/// The MMU and its second level.
pub(crate) mod mmu {
    /// Translation as a whole.
    pub(crate) const ENABLE: u32 = 0x48_000c;
    /// Binary logarithm of DRAM's size: accesses behind the end don't wrap around.
    pub(crate) const LOG2_DDR_SIZE: u32 = 0x48_0020;
    /// Which interrupts are masked.
    pub(crate) const SPI_MASK: u32 = 0x48_002c;
    /// The page fault that was caught: address bits 49:32 and a valid bit.
    pub(crate) const PAGE_ERROR_CAPTURE: u32 = 0x48_0034;
    /// Address bits 31:0 of it.
    pub(crate) const PAGE_ERROR_CAPTURE_VA: u32 = 0x48_0038;
    /// Which ASID's first table is set; the top bit starts it and is cleared at the end.
    pub(crate) const ASID_BUSY: u32 = 0x49_0000;
    /// The table's address, bits 43:12.
    pub(crate) const HOP0_PA43_12: u32 = 0x49_0004;
    /// The table's address, bits 49:44.
    pub(crate) const HOP0_PA49_44: u32 = 0x49_0008;
    /// Notes about invalidation: address bits 39:8.
    pub(crate) const CACHE_INV_BASE_39_8: u32 = 0x49_0014;
    /// Notes about invalidation: address bits 49:40.
    pub(crate) const CACHE_INV_BASE_49_40: u32 = 0x49_0018;
    /// Features of the second level.
    pub(crate) const FEATURE_EN: u32 = 0x49_001c;
    /// Invalidates everything; reads zero at the end.
    pub(crate) const INV_ALL_START: u32 = 0x49_0034;

    /// In ASID_BUSY: start, and under way.
    pub(crate) const BUSY: u32 = 1 << 31;
    /// In FEATURE_EN: a miss follows another miss to the same page.
    pub(crate) const FEATURE_FOLLOWER: u32 = 1 << 6;
    /// In PAGE_ERROR_CAPTURE: there is one.
    pub(crate) const CAPTURE_VALID: u32 = 1 << 18;
    /// In PAGE_ERROR_CAPTURE: address bits 49:32.
    pub(crate) const CAPTURE_VA_49_32: u32 = 0x3_ffff;
}

/// The device CPU's interface to the interconnect.
pub(crate) mod cpu_if {
    /// The CPU queue's producer index.
    pub(crate) const PQ_PI: u32 = 0x44_2100;
    /// ASID and bypass of reads, if overridden.
    pub(crate) const ARUSER_OVR: u32 = 0x44_2104;
    /// Which bits of it are.
    pub(crate) const ARUSER_OVR_EN: u32 = 0x44_2108;
    /// ASID and bypass of writes, if overridden.
    pub(crate) const AWUSER_OVR: u32 = 0x44_210c;
    /// Which bits of it are.
    pub(crate) const AWUSER_OVR_EN: u32 = 0x44_2110;
}

/// Sync manager.
pub(crate) mod sync {
    /// The first of 1024 sync objects.
    pub(crate) const SOB: u32 = 0x11_2000;
    /// The first of 256 monitors' payload addresses, low half.
    pub(crate) const MON_PAY_ADDRL: u32 = 0x11_3000;
    /// The first of 256 monitors' states.
    pub(crate) const MON_STATUS: u32 = 0x11_4000;
}

/// PCIe controller and its wrapper.
pub(crate) mod pcie {
    /// ASID and bypass of writes of the PCIe side.
    pub(crate) const WRAP_AWUSER: u32 = 0xc0_1d10;
    /// ASID and bypass of reads of the PCIe side.
    pub(crate) const WRAP_ARUSER: u32 = 0xc0_1d14;
    /// Vendor and device number: read to flush writes.
    pub(crate) const DBI_ID: u32 = 0xc0_2000;
    /// What the window at [`DBI_ID`] shows.
    pub(crate) const AUX_DBI: u32 = 0xc0_7490;
}

/// System controller.
pub(crate) mod psoc {
    /// Time stamp counter: enable; low half at 8, high half at 12.
    pub(crate) const TIMESTAMP: u32 = 0xc4_9000;
    /// Restarts the boot sequencer.
    pub(crate) const BOOT_SEQ_RE_START: u32 = 0xc4_b024;
    /// State of the boot manager, bits 3:0; 0 is out of reset.
    pub(crate) const BTM_FSM: u32 = 0xc4_b028;
    /// Moves the boot manager's state.
    pub(crate) const SW_BTM_FSM: u32 = 0xc4_b030;
    /// The driver's message to the boot loader (`UBOOT_MAGIC`), see [`super::kmd_msg`].
    pub(crate) const KMD_MSG_TO_CPU: u32 = 0xc4_b304;
    /// The driver's note that the card is in use (`APP_STATUS`); a reset clears it.
    pub(crate) const HW_STATE: u32 = 0xc4_b320;
    /// How the board is wired.
    pub(crate) const BOOT_STRAP_PINS: u32 = 0xc4_b430;
    /// Resets the units whose bits are written.
    pub(crate) const SW_ALL_RST_CFG: u32 = 0xc4_b474;

    /// In BTM_FSM: the state.
    pub(crate) const BTM_FSM_STATE: u32 = 0xf;
    /// In SW_BTM_FSM: the state before the boot sequencer starts.
    pub(crate) const BTM_FSM_PRE_BOOT: u32 = 0xa;
    /// In BOOT_STRAP_PINS: SR-IOV is enabled, which it must not be.
    pub(crate) const STRAP_SRIOV_EN: u32 = 1 << 21;
    /// For SW_ALL_RST_CFG: everything.
    pub(crate) const RESET_ALL: u32 = 0x7f_fe00;
    /// For SW_ALL_RST_CFG: DMA, MME and TPC.
    pub(crate) const RESET_ENGINES: u32 = 0x20_0600;
}

/// Messages of the driver to the boot loader (`enum kmd_msg`).
pub(crate) mod kmd_msg {
    /// Wait for an event: the CPU does nothing any more.
    pub(crate) const GOTO_WFE: u32 = 1;
}

/// Numbers of events that the driver programs or sends; the card has many more (`goya_async_events.h`).
pub(crate) mod event {
    /// Error of the first TPC's command queue; the others follow.
    pub(crate) const TPC0_CMDQ: u32 = 430;
    /// Error of the first TPC's queue manager; the others follow.
    pub(crate) const TPC0_QM: u32 = 438;
    /// Error of the MME's queue manager.
    pub(crate) const MME_QM: u32 = 447;
    /// Error of the MME's command queue.
    pub(crate) const MME_CMDQ: u32 = 448;
    /// Error of the first DMA queue manager; the others follow.
    pub(crate) const DMA0_QM: u32 = 449;
    /// Error of the first DMA channel; the others follow.
    pub(crate) const DMA0_CH: u32 = 455;
    /// To the device CPU: the CPU queue's producer index has moved.
    pub(crate) const PI_UPDATE: u32 = 484;
    /// To the device CPU: stop.
    pub(crate) const HALT_MACHINE: u32 = 485;
    /// To the device CPU: events may be sent.
    pub(crate) const INTS_REGISTER: u32 = 486;
    /// To the device CPU: the engines were reset.
    pub(crate) const SOFT_RESET: u32 = 487;
}
