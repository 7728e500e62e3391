// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The registers of a queue manager; a command queue has the same, less the prefetch ring
//! (`dma_qm_0_regs.h`, `tpc0_cmdq_regs.h` and their masks).

use super::state::{Buffer, INPUT_DEPTH};
use super::{QueueId, Unit};
use crate::chip::Chip;
use crate::regs;

pub(crate) const GLBL_CFG0: u32 = 0x000;
pub(crate) const GLBL_CFG1: u32 = 0x004;
pub(crate) const GLBL_PROT: u32 = 0x008;
pub(crate) const GLBL_ERR_CFG: u32 = 0x00C;
pub(crate) const GLBL_ERR_ADDR_LO: u32 = 0x010;
pub(crate) const GLBL_ERR_WDATA: u32 = 0x018;
pub(crate) const GLBL_SECURE_PROPS: u32 = 0x01C;
pub(crate) const GLBL_NON_SECURE_PROPS: u32 = 0x020;
const GLBL_STS0: u32 = 0x024;
pub(crate) const GLBL_STS1: u32 = 0x028;
pub(crate) const PQ_BASE_LO: u32 = 0x060;
pub(crate) const PQ_SIZE: u32 = 0x068;
pub(crate) const PQ_PI: u32 = 0x06C;
pub(crate) const PQ_CI: u32 = 0x070;
const PQ_PUSH0: u32 = 0x080;
const PQ_PUSH3: u32 = 0x08C;
const PQ_STS1: u32 = 0x094;
pub(crate) const CQ_PTR_LO: u32 = 0x0C0;
const CQ_CTL: u32 = 0x0CC;
const CQ_PTR_LO_STS: u32 = 0x0D4;
const CQ_CTL_STS: u32 = 0x0E0;
const CQ_STS1: u32 = 0x0E8;
const CQ_IFIFO_CNT: u32 = 0x108;
pub(crate) const MSG_BASE0_LO: u32 = 0x120;
const LDMA_OFFSETS: [(u32, u32); 6] =
    [(0x140, 0x103C), (0x144, 0x102C), (0x148, 0x1030), (0x14C, 0x1034), (0x150, 0x1038), (0x154, 0x1040)];
const FENCE0_RDATA: u32 = 0x158;
const FENCE3_RDATA: u32 = 0x164;
pub(crate) const FENCE0_CNT: u32 = 0x168;
const FENCE3_CNT: u32 = 0x174;
const CP_STS: u32 = 0x178;
pub(crate) const CP_CURRENT_INST_LO: u32 = 0x17C;
/// First byte after the registers that a queue answers itself.
pub(crate) const END: u32 = 0x400;

/// Flush bits of [`GLBL_CFG1`] (`*_FLUSH`).
const FLUSH_CQF: u32 = 1 << 9;
const FLUSH_CP: u32 = 1 << 10;

/// What a reset leaves in the registers: the MMU is bypassed for secure accesses, and linear DMA
/// goes to the channel's own registers.
pub(crate) fn reset_values() -> impl Iterator<Item = (u32, u32)> {
    LDMA_OFFSETS.into_iter().chain([(GLBL_SECURE_PROPS, 1 << 10)])
}

impl Chip {
    /// Reads register `reg` of queue `id`.
    pub(crate) fn queue_register_read(&mut self, id: QueueId, reg: u32) -> u32 {
        if reg >= END {
            return self.regs.get(block_base(id) + reg);
        }
        let queue = self.queues.get(id);
        match reg {
            GLBL_STS0 => self.queue_status(id),
            PQ_STS1 => {
                let empty = queue.get(PQ_PI) == queue.get(PQ_CI);
                u32::from(empty) << 30 | u32::from(!empty) << 31
            }
            CQ_PTR_LO_STS..=CQ_CTL_STS => queue.stream_register((reg - CQ_PTR_LO_STS) / 4),
            CQ_STS1 => {
                let empty = queue.stream.is_none();
                u32::from(empty) << 30 | u32::from(!empty) << 31
            }
            CQ_IFIFO_CNT => queue.input.len().min(3) as u32,
            CP_STS => {
                let fence = queue.fence.map_or(0, |f| 1 << 22 | (f.id as u32) << 20);
                // Engine, register and message ready; a stop by software.
                let busy = self.queues.engine_busy(id);
                u32::from(!busy) << 16 | 3 << 17 | u32::from(queue.stops(Unit::Cp)) << 19 | fence
            }
            _ => queue.get(reg),
        }
    }

    /// Idle bits of each unit, and its stop bits four further.
    fn queue_status(&self, id: QueueId) -> u32 {
        let queue = self.queues.get(id);
        let hung = self.faults.hung(id);
        let idle_pqf = queue.get(PQ_PI) == queue.get(PQ_CI);
        let idle_cqf = queue.input.is_empty() && queue.stream.is_none() && !hung;
        let idle_cp = idle_cqf && queue.fence.is_none();
        let idle_dma = !self.queues.engine_busy(id);
        let idle = match id {
            QueueId::Dma(_) => u32::from(idle_dma) << 3 | u32::from(idle_pqf),
            QueueId::Mme | QueueId::Tpc(_) => u32::from(idle_pqf),
            QueueId::MmeCmdq | QueueId::TpcCmdq(_) => 0,
        };
        let mut stopped = queue.get(GLBL_CFG1) & 0xF;
        // A processor that waits at a fence has not reached the packet boundary where it stops, and
        // one that hangs never does.
        if queue.fence.is_some() || hung {
            stopped &= !(1 << 2);
        }
        idle | u32::from(idle_cqf) << 1 | u32::from(idle_cp) << 2 | stopped << 4
    }

    /// Writes register `reg` of queue `id`.
    pub(crate) fn queue_register_write(&mut self, id: QueueId, reg: u32, value: u32) {
        if reg >= END {
            self.regs.set(block_base(id) + reg, value);
            return;
        }
        self.queues.wake(id);
        let queue = self.queues.get_mut(id);
        match reg {
            GLBL_STS0 | PQ_STS1 | CQ_PTR_LO_STS..=CQ_CTL_STS | CQ_STS1 | CQ_IFIFO_CNT | CP_STS => {}
            // Errors are acknowledged by writing ones; the last one acknowledged lets the queue go on.
            GLBL_STS1 => {
                queue.set(GLBL_STS1, queue.get(GLBL_STS1) & !value);
                queue.halted &= queue.get(GLBL_STS1) != 0;
            }
            GLBL_CFG1 => {
                if value & FLUSH_CQF != 0 {
                    queue.input.clear();
                }
                if value & FLUSH_CP != 0 {
                    queue.stream = None;
                    queue.fence = None;
                }
                queue.set(GLBL_CFG1, value & 0xF);
            }
            PQ_PI => {
                queue.set(PQ_PI, value);
                self.counters.doorbells += 1;
                self.busy.begin(id, self.host.now_ns());
            }
            PQ_PUSH3 => {
                let buffer = queue.buffer_from(PQ_PUSH0, value);
                queue.set(PQ_PUSH3, value);
                queue.push(buffer);
            }
            CQ_CTL => {
                let buffer = queue.buffer_from(CQ_PTR_LO, value);
                queue.set(CQ_CTL, value);
                queue.push(buffer);
            }
            FENCE0_RDATA..=FENCE3_RDATA => {
                queue.set(reg, value);
                let count = reg - FENCE0_RDATA + FENCE0_CNT;
                queue.set(count, (queue.get(count) + (value & 0xF)).min(0xFF));
            }
            FENCE0_CNT..=FENCE3_CNT => queue.set(reg, value & 0xFF),
            _ => queue.set(reg, value),
        }
    }
}

impl super::state::Queue {
    /// The buffer that three registers from `first` on and control word `ctl` describe.
    fn buffer_from(&self, first: u32, ctl: u32) -> Buffer {
        let address = u64::from(self.get(first)) | u64::from(self.get(first + 4)) << 32;
        Buffer { address, size: self.get(first + 8), ctl }
    }

    /// Adds a buffer; one too many is lost, as the registers offer no way to wait.
    fn push(&mut self, buffer: Buffer) {
        if self.input.len() < INPUT_DEPTH {
            self.input.push_back(buffer);
        }
    }

    /// What the `CQ_*_STS` registers show of the buffer at work.
    fn stream_register(&self, index: u32) -> u32 {
        let Some(stream) = &self.stream else { return 0 };
        match index {
            0 => stream.address() as u32,
            1 => (stream.address() >> 32) as u32,
            2 => stream.left(),
            _ => stream.ctl,
        }
    }
}

/// Offset of the first register of queue `id`.
pub(crate) fn block_base(id: QueueId) -> u32 {
    match id {
        QueueId::Dma(n) => regs::DMA_QM + u32::from(n) * regs::DMA_STRIDE,
        QueueId::Mme => regs::MME_QM,
        QueueId::MmeCmdq => regs::MME_CMDQ,
        QueueId::Tpc(n) => regs::TPC_QM + u32::from(n) * regs::TPC_STRIDE,
        QueueId::TpcCmdq(n) => regs::TPC_CMDQ + u32::from(n) * regs::TPC_STRIDE,
    }
}

/// Offset of the first register of the engine that queue `id` feeds: what WREG offsets count from.
pub(crate) fn engine_base(id: QueueId) -> u32 {
    match id {
        QueueId::Dma(n) => regs::DMA_QM + u32::from(n) * regs::DMA_STRIDE,
        QueueId::Mme | QueueId::MmeCmdq => regs::MME,
        QueueId::Tpc(n) | QueueId::TpcCmdq(n) => regs::TPC + u32::from(n) * regs::TPC_STRIDE,
    }
}
