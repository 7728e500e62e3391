// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What the queues look like from outside.

use serde::Serialize;

use super::registers::{FENCE0_CNT, GLBL_CFG0, GLBL_CFG1, GLBL_NON_SECURE_PROPS, GLBL_STS1};
use super::registers::{PQ_BASE_LO, PQ_CI, PQ_PI, PQ_SIZE};
use super::{QueueId, Unit};
use crate::chip::Chip;

/// A queue as a person or a tool sees it.
#[derive(Debug, Clone, Serialize)]
pub struct QueueView {
    /// Its name.
    pub queue: QueueId,
    /// `idle`, `running`, `fence`, `stopped`, `error`, `hung` or `off`.
    pub state: &'static str,
    /// Device address of the ring.
    pub ring: u64,
    /// Entries of the ring.
    pub entries: u32,
    /// Producer index.
    pub pi: u32,
    /// Consumer index.
    pub ci: u32,
    /// Address space of its non-secure accesses.
    pub asid: u32,
    /// Fence counters.
    pub fences: [u32; 4],
    /// The fence it waits for, and the gate.
    pub waits: Option<(usize, u8)>,
    /// Device address of the packet at work.
    pub at: Option<u64>,
    /// Buffers that wait behind it.
    pub queued: usize,
    /// `GLBL_STS1`.
    pub errors: u32,
    /// Packets executed since the last reset.
    pub packets: u64,
    /// For how long it has had work since power-on, in nanoseconds.
    pub busy_ns: u64,
    /// Its DMA channel, if it has one.
    pub channel: Option<ChannelView>,
}

/// A DMA channel.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelView {
    /// Transfers at work or waiting.
    pub pending: usize,
    /// Transfers finished since the last reset.
    pub transfers: u64,
    /// Stopped by an error.
    pub halted: bool,
}

impl Chip {
    /// All queues.
    pub fn queues_view(&self) -> Vec<QueueView> {
        QueueId::all().map(|id| self.queue_view(id)).collect()
    }

    fn queue_view(&self, id: QueueId) -> QueueView {
        let queue = self.queues.get(id);
        let at = queue.stream.as_ref().filter(|s| s.left() > 0).map(super::state::Stream::address);
        let state = match () {
            () if self.faults.hung(id) => "hung",
            () if queue.get(GLBL_CFG0) == 0 => "off",
            () if queue.halted => "error",
            () if queue.get(GLBL_CFG1) & 0xF != 0 => "stopped",
            () if queue.fence.is_some() => "fence",
            () if at.is_some() || !queue.input.is_empty() || self.queues.engine_busy(id) => "running",
            () => "idle",
        };
        let channel = match id {
            QueueId::Dma(n) => {
                let channel = self.queues.channel(n);
                Some(ChannelView {
                    pending: channel.pending(),
                    transfers: channel.transfers,
                    halted: channel.halted || !queue.runs(Unit::Dma) && channel.busy(),
                })
            }
            _ => None,
        };
        let ring = id.cmdq().is_some() || matches!(id, QueueId::Dma(_));
        QueueView {
            queue: id,
            state,
            ring: queue.address(PQ_BASE_LO),
            entries: if ring { 1 << queue.get(PQ_SIZE).min(24) } else { 0 },
            pi: queue.get(PQ_PI),
            ci: queue.get(PQ_CI),
            asid: queue.get(GLBL_NON_SECURE_PROPS) & 0x3FF,
            fences: [0, 1, 2, 3].map(|i| queue.get(FENCE0_CNT + 4 * i)),
            waits: queue.fence.map(|f| (f.id, f.gate)),
            at,
            queued: queue.input.len(),
            errors: queue.get(GLBL_STS1),
            packets: queue.packets,
            busy_ns: self.busy_ns(id),
            channel,
        }
    }
}
