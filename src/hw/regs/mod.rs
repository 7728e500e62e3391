// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Registers: where they are and what they hold; those that are used, and no others.
//!
//! Names and numbers are upstream's (`include/goya/asic_reg/*_regs.h` and `*_masks.h`, without `mm` and the block's name),
//! so that either driver's sources can be searched for them. A module here is a block, or a family of blocks.
//!
//! # Words
//!
//! - **AGU**: address generation unit of the MME.
//! - **ASID**: address space identifier, which tells the MMU whose tables to use.
//! - **AxUSER** (ARUSER, AWUSER): what reads and writes on the AXI bus say of who makes them; see [`User`].
//! - **BTM**: boot manager.
//! - **CP**: command processor of a queue manager, which runs packets.
//! - **CQ, CQF**: what a queue manager keeps packets in, and what fetches them.
//! - **DBI**: the PCIe controller's way to its own registers.
//! - **EML**: debug unit of a TPC.
//! - **GIC**: generic interrupt controller of the device CPU.
//! - **HBW, LBW**: high and low bandwidth, the buses to memory and to registers.
//! - **MBIST**: built-in self-test of memories.
//! - **MME**: matrix engine.
//! - **MMBP**: MMU bypass.
//! - **PQ, PQF**: primary queue, the ring with jobs, and what fetches them. PI and CI are its producer and consumer
//!   index.
//! - **PSOC**: the part of the chip with the system controller, the boot, and slow buses.
//! - **QM**: queue manager. **CMDQ**: command queue, a queue manager without ring.
//! - **RAZWI**: read as zero, write ignored, which is what becomes of an illegal access.
//! - **RTR**: router of the interconnect.
//! - **SOB**: sync object. **MON**: monitor, which waits for one.
//! - **STLB**: second-level TLB of the MMU.
//! - **TPC**: tensor processing core.

use kernel::bitfield;

pub(crate) mod cpu;
pub(crate) mod dma;
pub(crate) mod mme;
pub(crate) mod mmu;
pub(crate) mod pcie;
pub(crate) mod pll;
pub(crate) mod psoc;
pub(crate) mod qm;
pub(crate) mod rtr;
pub(crate) mod sync;
pub(crate) mod tpc;

bitfield! {
    /// As whom an engine accesses memory, in many registers (`*_PROPS`, `*USER`, `*_CONTROL_DATA`).
    pub(crate) struct User(u32) {
        9:0     asid;
        /// Past the MMU.
        10:10   mmbp;
    }
}

impl User {
    /// What [`User`] is in a register that has more.
    pub(crate) const MASK: u32 = Self::ASID_MASK | Self::MMBP_MASK;
}
