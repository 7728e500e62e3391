// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! DMA channels (`dma_ch_0_regs.h`).
//!
//! A channel takes transfers in order and works beside its command processor: only a packet with an
//! engine barrier waits for it.

use std::collections::VecDeque;

use super::packet::LinDma;
use super::{QueueError, QueueId, Unit};
use crate::access::Origin;
use crate::chip::Chip;
use crate::host::BusError;
use crate::map::{Target, register_at};
use crate::regs::{DMA_CH, DMA_STRIDE};

/// Transfers that a channel takes before its command processor has to wait.
const DEPTH: usize = 8;
/// Bytes moved before others have their turn.
const TURN: u64 = 1 << 20;
const ERRMSG_ADDR_LO: u32 = 0x008;
const ERRMSG_WDATA: u32 = 0x010;
const RD_COMP_ADDR_LO: u32 = 0x014;
const WR_COMP_ADDR_LO: u32 = 0x020;
const LDMA_SRC_LO: u32 = 0x02C;
const LDMA_DST_LO: u32 = 0x034;
const LDMA_TSIZE: u32 = 0x03C;
const COMMIT: u32 = 0x040;
const STS0: u32 = 0x044;
const STS1: u32 = 0x048;
const STS4: u32 = 0x054;
const SRC_STS: u32 = 0x058;
const DST_TSIZE_STS: u32 = 0x06C;
const END: u32 = 0x200;

const READ_COMPLETION: u32 = 1 << 1;
const WRITE_COMPLETION: u32 = 1 << 2;
const SOURCE_FIXED: u32 = 1 << 4;
const DESTINATION_FIXED: u32 = 1 << 5;
const MEMSET: u32 = 1 << 6;
/// Tensor mode, in the packet and in the commit register: this model has linear DMA only, as upstream.
const TENSOR: u32 = 1 << 7 | 1 << 15;

#[derive(Debug)]
pub(crate) struct Transfer {
    what: LinDma,
    done: u32,
}

/// A DMA channel.
#[derive(Debug)]
pub(crate) struct Channel {
    regs: Box<[u32; END as usize / 4]>,
    fifo: VecDeque<Transfer>,
    /// Stopped by an error, until reset.
    pub halted: bool,
    pub transfers: u64,
}

impl Default for Channel {
    fn default() -> Self {
        Self { regs: Box::new([0; END as usize / 4]), fifo: VecDeque::new(), halted: false, transfers: 0 }
    }
}

impl Channel {
    fn get(&self, reg: u32) -> u32 {
        self.regs.get(reg as usize / 4).copied().unwrap_or(0)
    }

    fn set(&mut self, reg: u32, value: u32) {
        if let Some(slot) = self.regs.get_mut(reg as usize / 4) {
            *slot = value;
        }
    }

    fn address(&self, low: u32) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    /// Whether a transfer is at work or waits.
    pub fn busy(&self) -> bool {
        !self.fifo.is_empty()
    }

    /// Whether no further transfer fits.
    pub fn full(&self) -> bool {
        self.fifo.len() >= DEPTH
    }

    /// Transfers at work or waiting.
    pub fn pending(&self) -> usize {
        self.fifo.len()
    }

    fn status(&self, reg: u32) -> u32 {
        let front = self.fifo.front();
        let at = |base: u64, fixed: u32| {
            front.map_or(0, |t| {
                if t.what.flags & fixed != 0 { base } else { base.wrapping_add(u64::from(t.done)) }
            })
        };
        let source = at(front.map_or(0, |t| t.what.source), SOURCE_FIXED | MEMSET);
        let destination = at(front.map_or(0, |t| t.what.destination), DESTINATION_FIXED);
        let left = front.map_or(0, |t| t.what.size - t.done);
        match (reg - SRC_STS) / 4 {
            0 => source as u32,
            1 => (source >> 32) as u32,
            3 => destination as u32,
            4 => (destination >> 32) as u32,
            _ => left,
        }
    }
}

impl Chip {
    /// Reads register `reg` of channel `n`.
    pub(crate) fn channel_register_read(&mut self, n: u8, reg: u32) -> u32 {
        let channel = self.queues.channel(n);
        match reg {
            STS0 => u32::from(channel.busy()),
            STS1..=STS4 => channel.fifo.len() as u32,
            SRC_STS..=DST_TSIZE_STS => channel.status(reg),
            _ if reg >= END => self.regs.get(channel_base(n) + reg),
            _ => channel.get(reg),
        }
    }

    /// Writes register `reg` of channel `n`; the commit register starts what the others describe.
    pub(crate) fn channel_register_write(&mut self, n: u8, reg: u32, value: u32) {
        let channel = self.queues.channel_mut(n);
        match reg {
            STS0..=STS4 | SRC_STS..=DST_TSIZE_STS => {}
            _ if reg >= END => self.regs.set(channel_base(n) + reg, value),
            COMMIT => {
                channel.set(reg, value);
                let what = LinDma {
                    size: channel.get(LDMA_TSIZE),
                    flags: value & 0xFFFF,
                    direction: 0,
                    source: channel.address(LDMA_SRC_LO),
                    destination: channel.address(LDMA_DST_LO),
                };
                if !channel.full() {
                    self.channel_start(n, what);
                }
            }
            _ => channel.set(reg, value),
        }
    }

    /// Gives channel `n`, which is not full, a transfer.
    pub(super) fn channel_start(&mut self, n: u8, what: LinDma) {
        let channel = self.queues.channel_mut(n);
        for (reg, value) in [
            (LDMA_SRC_LO, what.source as u32),
            (LDMA_SRC_LO + 4, (what.source >> 32) as u32),
            (LDMA_DST_LO, what.destination as u32),
            (LDMA_DST_LO + 4, (what.destination >> 32) as u32),
            (LDMA_TSIZE, what.size),
            (COMMIT, what.flags),
        ] {
            channel.set(reg, value);
        }
        channel.fifo.push_back(Transfer { what, done: 0 });
    }

    /// Lets channel `n` move at most about `bytes` bytes: how many it moved, or `None` when it had
    /// nothing to do or may not.
    pub(super) fn channel_run(&mut self, n: u8, bytes: u64) -> Option<u64> {
        let id = QueueId::Dma(n);
        let channel = self.queues.channel(n);
        let front = channel.fifo.front()?;
        if channel.halted || !self.queues.get(id).runs(Unit::Dma) || self.faults.hung(id) {
            return None;
        }
        let now = self.host.now_ns();
        if !self.faults.may_step(id, now) {
            return None;
        }
        self.faults.stepped(id, now);
        let (what, mut done) = (front.what, front.done);
        let end = u64::from(what.size).min(u64::from(done) + bytes.clamp(1, TURN)) as u32;
        let start = done;
        let mut failed = (what.flags & TENSOR != 0).then_some(QueueError::DmaRead);
        while done < end && failed.is_none() {
            match self.move_some(id, &what, done, end - done) {
                Ok(0) => failed = Some(QueueError::DmaWrite),
                Ok(moved) => done += moved,
                Err(error) => failed = Some(error),
            }
        }
        let moved = u64::from(done - start);
        self.counters.dma_bytes += moved;
        if let Some(front) = self.queues.channel_mut(n).fifo.front_mut() {
            front.done = done;
        }
        if let Some(error) = failed {
            tracing::debug!(target: "goya::dma", channel = n, ?error, source = %format_args!("{:#x}", what.source), destination = %format_args!("{:#x}", what.destination), size = what.size, done, "transfer failed");
            self.queue_error(id, error);
            if self.queues.channel(n).halted {
                return Some(moved);
            }
        }
        if done == what.size || failed.is_some() {
            self.finish(n, &what);
        }
        Some(moved)
    }

    /// Takes the transfer at work off channel `n` and sends its completion messages. One that failed
    /// without stopping the channel completes as well: nobody else could tell its end.
    fn finish(&mut self, n: u8, what: &LinDma) {
        tracing::trace!(target: "goya::dma", channel = n, source = %format_args!("{:#x}", what.source), destination = %format_args!("{:#x}", what.destination), size = what.size, "transfer done");
        let id = QueueId::Dma(n);
        self.counters.dma_transfers += 1;
        let channel = self.queues.channel_mut(n);
        channel.fifo.pop_front();
        channel.transfers += 1;
        let message = |reg: u32| (channel.address(reg), channel.get(reg + 8));
        let (read, write) = (message(RD_COMP_ADDR_LO), message(WR_COMP_ADDR_LO));
        let secure = self.unit_secure(id, Unit::Dma);
        for (wanted, (address, value)) in [(READ_COMPLETION, read), (WRITE_COMPLETION, write)] {
            if what.flags & wanted != 0
                && self.queue_write(id, address, &value.to_le_bytes(), secure).is_err()
            {
                self.queue_error(id, QueueError::DmaWrite);
            }
        }
        self.queues.wake(id);
    }

    /// Moves at most `left` bytes from position `done` of a transfer: as many as lie in one piece on
    /// both sides.
    fn move_some(&mut self, id: QueueId, what: &LinDma, done: u32, left: u32) -> Result<u32, QueueError> {
        let secure = self.unit_secure(id, Unit::Dma);
        let at = |base: u64, fixed: bool| if fixed { base } else { base.wrapping_add(u64::from(done)) };
        // With its address held, each side sees one word again and again.
        let held = what.flags & (SOURCE_FIXED | DESTINATION_FIXED) != 0;
        let len = if held { left.min(4) } else { left };
        let write = at(what.destination, what.flags & DESTINATION_FIXED != 0);
        let (to, len) = self.locate(id, write, len, true, secure).map_err(|_| QueueError::DmaWrite)?;
        if what.flags & MEMSET != 0 {
            return self.fill(id, to, len, what.source, done, secure);
        }
        let read = at(what.source, what.flags & SOURCE_FIXED != 0);
        let (from, len) = self.locate(id, read, len, false, secure).map_err(|_| QueueError::DmaRead)?;
        if let (Some(source), Some(target)) = (self.memory(from, len as usize), self.memory(to, len as usize))
        {
            let n = source.len().min(target.len());
            if let Ok(source) = source.subslice(0, n) {
                source.copy_to_volatile_slice(target);
            }
            return Ok(n as u32);
        }
        // A side is a register block (or nothing): word by word.
        let n = len.min(4);
        let mut word = [0; 4];
        let word = &mut word[..n as usize];
        let origin = Origin::Queue { id, secure };
        self.target_read(from, word, origin).map_err(|_| QueueError::DmaRead)?;
        self.target_write(to, word, origin).map_err(|_| QueueError::DmaWrite)?;
        Ok(n)
    }

    /// What lies behind `addr` for the channel of `id`, and how many of `len` bytes are in one piece.
    fn locate(
        &mut self,
        id: QueueId,
        addr: u64,
        len: u32,
        write: bool,
        secure: bool,
    ) -> Result<(Target, u32), BusError> {
        // Registers are moved word by word: to look at all that follow for each would take the square of their number.
        let len = if register_at(addr).is_some() { len.min(4) } else { len };
        if !secure {
            self.protection_check(id, addr, u64::from(len), write)?;
        }
        let attributes = self.queue_attributes(id, secure);
        let (physical, room) =
            self.translate(attributes, addr, u64::from(len), Origin::Queue { id, secure })?;
        let target = self.target(physical);
        if !matches!(target, Target::Cfg(_)) && self.memory(target, 1).is_none() {
            self.capture_access_error(addr);
            return Err(BusError::Unmapped(addr));
        }
        Ok((target, u64::from(len).min(room) as u32))
    }

    fn fill(
        &mut self,
        id: QueueId,
        to: Target,
        len: u32,
        value: u64,
        phase: u32,
        secure: bool,
    ) -> Result<u32, QueueError> {
        let pattern = value.rotate_right(8 * (phase % 8)).to_le_bytes();
        match (to, value) {
            (Target::Dram(at), 0) => {
                let n = u64::from(len).min(self.dram.size() - at);
                self.dram.zero(at, n);
                return Ok(n as u32);
            }
            (Target::Sram(at), 0) => {
                let n = u64::from(len).min(self.sram.size() - at);
                self.sram.zero(at, n);
                return Ok(n as u32);
            }
            _ => {}
        }
        let Some(slice) = self.memory(to, len as usize) else {
            let n = len.min(4);
            let bytes = &pattern[..n as usize];
            let origin = Origin::Queue { id, secure };
            return self.target_write(to, bytes, origin).map(|()| n).map_err(|_| QueueError::DmaWrite);
        };
        let mut block = [0; 4096];
        let block = &mut block[..slice.len().min(4096)];
        for (i, byte) in block.iter_mut().enumerate() {
            *byte = pattern[i % 8];
        }
        let mut done = 0;
        while done < slice.len() {
            let n = block.len().min(slice.len() - done);
            if let Ok(part) = slice.subslice(done, n) {
                part.copy_from(&block[..n]);
            }
            done += n;
        }
        Ok(slice.len() as u32)
    }

    fn target_read(&mut self, from: Target, buf: &mut [u8], origin: Origin) -> Result<(), BusError> {
        self.physical_read(from.address(), buf, origin)
    }

    fn target_write(&mut self, to: Target, buf: &[u8], origin: Origin) -> Result<(), BusError> {
        self.physical_write(to.address(), buf, origin)
    }

    /// Reports an error of channel `n`.
    pub(super) fn channel_error_message(&mut self, n: u8) {
        let channel = self.queues.channel(n);
        let (address, value) = (channel.address(ERRMSG_ADDR_LO), channel.get(ERRMSG_WDATA));
        self.error_message(QueueId::Dma(n), address, value);
    }
}

fn channel_base(n: u8) -> u32 {
    DMA_CH + u32::from(n) * DMA_STRIDE
}
