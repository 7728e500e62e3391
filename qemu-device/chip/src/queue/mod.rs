// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Queue managers, command queues and DMA channels.
//!
//! A queue manager has a prefetcher (PQF) that takes descriptors from a ring, a fetcher (CQF) that
//! reads the command buffers they name, and a command processor (CP) that executes their packets. A
//! command queue has the last two, and is fed by its queue manager's CP_DMA packets. Register
//! layouts: `dma_qm_0_regs.h` and its siblings.

mod cp;
mod dma;
mod id;
mod packet;
mod registers;
mod state;
mod view;

pub use id::QueueId;
pub use state::Queues;
pub use view::{ChannelView, QueueView};

use crate::access::Origin;
use crate::chip::{Chip, Progress};
use crate::host::BusError;
use crate::mmu::Attributes;
use registers::{
    GLBL_ERR_ADDR_LO, GLBL_ERR_CFG, GLBL_ERR_WDATA, GLBL_NON_SECURE_PROPS, GLBL_PROT, GLBL_SECURE_PROPS,
    GLBL_STS1,
};

/// A unit of a queue: its bit in the enable, stop, protection and status registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Prefetcher of the ring.
    Pqf = 0,
    /// Fetcher of command buffers.
    Cqf = 1,
    /// Command processor.
    Cp = 2,
    /// DMA channel.
    Dma = 3,
}

/// An error of a queue: its bit in `GLBL_STS1`, and the unit that reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueError {
    PqfRead = 0,
    CqfRead = 1,
    UndefinedCommand = 3,
    StopPacket = 4,
    MessageWrite = 5,
    DmaRead = 8,
    DmaWrite = 9,
}

impl QueueError {
    fn unit(self) -> Unit {
        match self {
            Self::PqfRead => Unit::Pqf,
            Self::CqfRead => Unit::Cqf,
            Self::UndefinedCommand | Self::StopPacket | Self::MessageWrite => Unit::Cp,
            Self::DmaRead | Self::DmaWrite => Unit::Dma,
        }
    }
}

/// Rounds over all queues in one [`Chip::run`].
const ROUNDS: u32 = 64;

impl Chip {
    /// Lets queues, channels and sync manager work until nothing moves, the bytes are used up, or
    /// a bounded number of rounds is over.
    pub(crate) fn engines_run(&mut self, mut bytes: u64) -> Progress {
        // Who asks for little wants an answer soon, whatever the cores are at.
        let turn = bytes;
        for _ in 0..ROUNDS {
            let mut moved = false;
            let ready = self.queues.take_ready();
            for id in QueueId::all() {
                if ready & 1 << id.index() != 0 || self.faults.slow(id) {
                    moved |= self.queue_run(id);
                }
            }
            for n in 0..crate::regs::DMA_COUNT {
                let done = self.channel_run(n, bytes);
                bytes = bytes.saturating_sub(done.unwrap_or(0));
                moved |= done.is_some();
            }
            let took = self.cores_run(turn);
            bytes = bytes.saturating_sub(took.unwrap_or(0));
            moved |= took.is_some();
            if self.sync.busy() {
                self.sync_send();
                moved = true;
            }
            self.busy_look();
            if !moved {
                let next = self.faults.next_step(self.host.now_ns());
                return next.map_or(Progress::Idle, Progress::WaitUntil);
            }
            if bytes == 0 {
                break;
            }
        }
        Progress::Busy
    }

    /// Whether accesses of `unit` carry the secure attribute (`GLBL_PROT`).
    fn unit_secure(&self, id: QueueId, unit: Unit) -> bool {
        self.queues.get(id).get(GLBL_PROT) & 1 << unit as u32 != 0
    }

    /// How an access of queue `id` is translated.
    fn queue_attributes(&self, id: QueueId, secure: bool) -> Attributes {
        let props = if secure { GLBL_SECURE_PROPS } else { GLBL_NON_SECURE_PROPS };
        Attributes::from_register(self.queues.get(id).get(props))
    }

    /// Reads for queue `id`: protection, translation, then the bus.
    fn queue_read(&mut self, id: QueueId, addr: u64, buf: &mut [u8], secure: bool) -> Result<(), BusError> {
        if !secure {
            self.protection_check(id, addr, buf.len() as u64, false)?;
        }
        let attributes = self.queue_attributes(id, secure);
        self.read_as(attributes, addr, buf, Origin::Queue { id, secure })
    }

    /// Writes for queue `id`.
    fn queue_write(&mut self, id: QueueId, addr: u64, buf: &[u8], secure: bool) -> Result<(), BusError> {
        if !secure {
            self.protection_check(id, addr, buf.len() as u64, true)?;
        }
        let attributes = self.queue_attributes(id, secure);
        self.write_as(attributes, addr, buf, Origin::Queue { id, secure })
    }

    /// Notes an error of queue `id`, reports it and stops as `GLBL_ERR_CFG` says: three bits a unit,
    /// interrupt, message and stop.
    fn queue_error(&mut self, id: QueueId, error: QueueError) {
        let unit = error.unit();
        let queue = self.queues.get_mut(id);
        queue.set(GLBL_STS1, queue.get(GLBL_STS1) | 1 << error as u32);
        let config = queue.get(GLBL_ERR_CFG) >> (3 * unit as u32);
        let stop = config & 4 != 0 || error == QueueError::StopPacket;
        tracing::debug!(target: "goya::packet", queue = %id, ?error, stop, "queue error");
        match (unit, id) {
            (Unit::Dma, QueueId::Dma(n)) => {
                self.queues.channel_mut(n).halted |= stop;
                if config & 2 != 0 {
                    self.channel_error_message(n);
                }
            }
            _ => {
                let queue = self.queues.get_mut(id);
                queue.halted |= stop;
                let (address, value) = (queue.address(GLBL_ERR_ADDR_LO), queue.get(GLBL_ERR_WDATA));
                if config & 2 != 0 {
                    self.error_message(id, address, value);
                }
            }
        }
    }

    /// Sends an error message; these are always secure (`*_ERR_PROT`).
    fn error_message(&mut self, id: QueueId, address: u64, value: u32) {
        if self.message(address, value, Origin::Queue { id, secure: true }).is_err() {
            self.counters.faults += 1;
        }
    }
}

#[cfg(test)]
mod tests;
