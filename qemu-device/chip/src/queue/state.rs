// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What a queue remembers.

use std::collections::VecDeque;

use super::cp::PQ_SIZE_MAX;
use super::dma::Channel;
use super::registers::{self, END, GLBL_CFG0, GLBL_CFG1, PQ_CI, PQ_PI, PQ_SIZE};
use super::{QueueId, Unit};
use crate::engine::launch::Units;
use crate::regs::DMA_COUNT;

/// Buffers that wait behind the one at work.
pub(crate) const INPUT_DEPTH: usize = 4;
const QUEUES: usize = 23;

/// A command buffer in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buffer {
    pub address: u64,
    /// Bytes.
    pub size: u32,
    /// Control word of its descriptor; software's own.
    pub ctl: u32,
}

/// The command buffer at work: a small window that was fetched, and what is still to fetch.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Fetched and not yet executed.
    pub window: VecDeque<u8>,
    /// Address of the next byte to fetch.
    pub next: u64,
    /// Bytes still to fetch.
    pub unfetched: u32,
    pub ctl: u32,
}

impl Stream {
    pub fn new(buffer: Buffer) -> Self {
        Self { window: VecDeque::new(), next: buffer.address, unfetched: buffer.size, ctl: buffer.ctl }
    }

    /// Address of the packet at work.
    pub fn address(&self) -> u64 {
        self.next.wrapping_sub(self.window.len() as u64)
    }

    /// Bytes not yet executed.
    pub fn left(&self) -> u32 {
        self.unfetched.saturating_add(self.window.len() as u32)
    }
}

/// A fence that a command processor waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FenceWait {
    pub id: usize,
    pub gate: u8,
    pub decrement: u8,
}

/// A queue manager or command queue.
#[derive(Debug)]
pub(crate) struct Queue {
    regs: Box<[u32; END as usize / 4]>,
    pub input: VecDeque<Buffer>,
    pub stream: Option<Stream>,
    pub fence: Option<FenceWait>,
    /// Stopped by an error or a STOP packet, until acknowledged or reset.
    pub halted: bool,
    /// Packets executed since the last reset.
    pub packets: u64,
}

impl Default for Queue {
    fn default() -> Self {
        let mut queue = Self {
            regs: Box::new([0; END as usize / 4]),
            input: VecDeque::new(),
            stream: None,
            fence: None,
            halted: false,
            packets: 0,
        };
        for (reg, value) in registers::reset_values() {
            queue.set(reg, value);
        }
        queue
    }
}

impl Queue {
    /// Reads a stored register; zero past the end.
    pub fn get(&self, reg: u32) -> u32 {
        self.regs.get(reg as usize / 4).copied().unwrap_or(0)
    }

    /// Stores a register; nothing past the end.
    pub fn set(&mut self, reg: u32, value: u32) {
        if let Some(slot) = self.regs.get_mut(reg as usize / 4) {
            *slot = value;
        }
    }

    /// Two registers as one address.
    pub fn address(&self, low: u32) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    /// Whether software has stopped `unit`.
    pub fn stops(&self, unit: Unit) -> bool {
        self.get(GLBL_CFG1) & 1 << unit as u32 != 0
    }

    /// Whether `unit` is enabled and nothing stops it.
    pub fn runs(&self, unit: Unit) -> bool {
        self.get(GLBL_CFG0) & 1 << unit as u32 != 0 && !self.stops(unit) && !self.halted
    }
}

/// All queues, the DMA channels, and which of them may have something to do.
#[derive(Debug)]
pub struct Queues {
    queues: Vec<Queue>,
    channels: Vec<Channel>,
    ready: u32,
    /// What the TPCs are at.
    pub(crate) cores: Units,
}

impl Default for Queues {
    fn default() -> Self {
        let mut channels = Vec::new();
        channels.resize_with(usize::from(DMA_COUNT), Channel::default);
        let mut queues = Vec::new();
        queues.resize_with(QUEUES, Queue::default);
        Self { queues, channels, ready: 0, cores: Units::default() }
    }
}

impl Queues {
    pub(crate) fn get(&self, id: QueueId) -> &Queue {
        &self.queues[id.index()]
    }

    pub(crate) fn get_mut(&mut self, id: QueueId) -> &mut Queue {
        &mut self.queues[id.index()]
    }

    pub(crate) fn channel(&self, n: u8) -> &Channel {
        &self.channels[usize::from(n % DMA_COUNT)]
    }

    pub(crate) fn channel_mut(&mut self, n: u8) -> &mut Channel {
        &mut self.channels[usize::from(n % DMA_COUNT)]
    }

    /// Whether the engine behind queue `id` is at work; the matrix engine finishes at once.
    pub(crate) fn engine_busy(&self, id: QueueId) -> bool {
        match id {
            QueueId::Dma(n) => self.channel(n).busy(),
            QueueId::Tpc(n) | QueueId::TpcCmdq(n) => self.cores.is_running(n),
            QueueId::Mme | QueueId::MmeCmdq => false,
        }
    }

    /// Whether anything is left of what queue `id` was given, here or at its command queue.
    pub(crate) fn has_work(&self, id: QueueId) -> bool {
        let own = |id| {
            let queue = self.get(id);
            let executing = queue.stream.as_ref().is_some_and(|stream| stream.left() > 0);
            executing || !queue.input.is_empty() || queue.fence.is_some()
        };
        let queue = self.get(id);
        let indices = |reg| queue.get(reg) & ((2 << queue.get(PQ_SIZE).min(PQ_SIZE_MAX)) - 1);
        indices(PQ_PI) != indices(PQ_CI) || own(id) || id.cmdq().is_some_and(own) || self.engine_busy(id)
    }

    /// Something happened to `id` that may let it go on.
    pub(crate) fn wake(&mut self, id: QueueId) {
        self.ready |= 1 << id.index();
    }

    /// Everybody may go on: a fault was cleared.
    pub(crate) fn wake_all(&mut self) {
        self.ready = (1 << QUEUES) - 1;
    }

    /// The queues that were woken since the last call.
    pub(crate) fn take_ready(&mut self) -> u32 {
        std::mem::take(&mut self.ready)
    }
}
