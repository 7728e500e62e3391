// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The registers: where the blocks lie, and what their registers are called.
//!
//! Offsets are relative to the configuration space (`CFG_BASE`). Sources: `goya_blocks.h` and the
//! `asic_reg/*_regs.h` headers.

mod names;

pub use names::{Name, find, name};

use crate::queue::QueueId;

/// Queue manager 0 of the DMA engines; each DMA engine is [`DMA_STRIDE`] further.
pub const DMA_QM: u32 = 0x40_0000;
/// DMA channel 0; same stride.
pub const DMA_CH: u32 = 0x40_1000;
/// Bytes between two DMA engines.
pub const DMA_STRIDE: u32 = 0x8000;
/// DMA engines.
pub const DMA_COUNT: u8 = 5;
/// The matrix engine.
pub const MME: u32 = 0xD_0000;
/// Its queue manager.
pub const MME_QM: u32 = 0xD_8000;
/// Its command queue.
pub const MME_CMDQ: u32 = 0xD_9000;
/// TPC 0; each TPC is [`TPC_STRIDE`] further.
pub const TPC: u32 = 0xE0_0000;
/// TPC 0's configuration block.
pub const TPC_CFG: u32 = 0xE0_6000;
/// TPC 0's queue manager.
pub const TPC_QM: u32 = 0xE0_8000;
/// TPC 0's command queue.
pub const TPC_CMDQ: u32 = 0xE0_9000;
/// Bytes between two TPCs.
pub const TPC_STRIDE: u32 = 0x4_0000;
/// TPCs.
pub const TPC_COUNT: u8 = 8;
/// The sync manager: sync objects, then monitors.
pub const SYNC_MANAGER: u32 = 0x11_0000;
/// First byte after the sync manager's registers.
pub const SYNC_MANAGER_END: u32 = 0x11_4400;
/// Interface of the device CPU.
pub const CPU_IF: u32 = 0x44_2000;
/// The MMU.
pub const MMU: u32 = 0x48_0000;
/// Its second-level TLB.
pub const STLB: u32 = 0x49_0000;
/// The interrupt distributor of the device CPU.
pub const GIC: u32 = 0x80_0000;
/// The PCIe core's own registers, iATU included.
pub const PCIE_DBI: u32 = 0xC0_2000;
/// The PCIe wrapper's auxiliary registers.
pub const PCIE_AUX: u32 = 0xC0_7000;
/// The time stamp counter.
pub const PSOC_TIMESTAMP: u32 = 0xC4_9000;
/// Scratchpads, boot registers and resets.
pub const PSOC_GLOBAL_CONF: u32 = 0xC4_B000;

/// The block that answers a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// A queue manager or command queue, and the register's offset in it.
    Queue(QueueId, u32),
    /// A DMA channel, and the register's offset in it.
    DmaChannel(u8, u32),
    /// The sync manager.
    SyncManager,
    /// The MMU.
    Mmu,
    /// Its second-level TLB.
    Stlb,
    /// A TPC's configuration block.
    Tpc(u8),
    /// The matrix engine's registers.
    Mme,
    /// `PSOC_GLOBAL_CONF`.
    PsocGlobalConf,
    /// `PSOC_TIMESTAMP`.
    PsocTimestamp,
    /// The interrupt distributor.
    Gic,
    /// The PCIe core.
    PcieDbi,
    /// Registers that only keep what is written.
    Other,
}

/// Finds the block of the register at `offset`.
pub fn block(offset: u32) -> Block {
    let reg = offset & 0xFFF;
    match offset & !0xFFF {
        MMU => return Block::Mmu,
        STLB => return Block::Stlb,
        GIC => return Block::Gic,
        PCIE_DBI => return Block::PcieDbi,
        PSOC_TIMESTAMP => return Block::PsocTimestamp,
        PSOC_GLOBAL_CONF => return Block::PsocGlobalConf,
        MME_QM => return Block::Queue(QueueId::Mme, reg),
        MME_CMDQ => return Block::Queue(QueueId::MmeCmdq, reg),
        _ => {}
    }
    match offset {
        SYNC_MANAGER..SYNC_MANAGER_END => Block::SyncManager,
        MME..0xD_1000 => Block::Mme,
        DMA_QM..0x42_8000 => {
            // Five engines, so the quotient fits.
            let n = ((offset - DMA_QM) / DMA_STRIDE) as u8;
            match (offset - DMA_QM) % DMA_STRIDE & !0xFFF {
                0 => Block::Queue(QueueId::Dma(n), reg),
                0x1000 => Block::DmaChannel(n, reg),
                _ => Block::Other,
            }
        }
        TPC..0x100_0000 => {
            // Eight TPCs, so the quotient fits.
            let n = ((offset - TPC) / TPC_STRIDE) as u8;
            match (offset - TPC) % TPC_STRIDE & !0xFFF {
                0x6000 => Block::Tpc(n),
                0x8000 => Block::Queue(QueueId::Tpc(n), reg),
                0x9000 => Block::Queue(QueueId::TpcCmdq(n), reg),
                _ => Block::Other,
            }
        }
        _ => Block::Other,
    }
}
