// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Fetching and executing.

use super::packet::{Header, Packet, Payload};
use super::registers::{
    CP_CURRENT_INST_LO, FENCE0_CNT, MSG_BASE0_LO, PQ_BASE_LO, PQ_CI, PQ_PI, PQ_SIZE, block_base, engine_base,
};
use super::state::{Buffer, FenceWait, INPUT_DEPTH, Stream};
use super::{QueueError, QueueId, Unit};
use crate::access::register_address;
use crate::chip::Chip;
use crate::engine::launch;
use crate::map::Target;

/// Packets that a queue executes before the others have their turn.
const TURN: u32 = 64;
/// Bytes fetched at a time.
const LINE: u32 = 256;
/// Largest ring: log2 of its entries.
pub(super) const PQ_SIZE_MAX: u32 = 24;
/// Bytes in a ring entry: pointer, length, control (`struct hl_bd`).
const DESCRIPTOR: u64 = 16;

/// How a packet went.
enum Outcome {
    Done,
    /// It has to wait; the packet stays.
    Blocked,
    Failed(QueueError),
}

impl Chip {
    /// Lets queue `id` work for a turn; says whether it got anywhere.
    pub(super) fn queue_run(&mut self, id: QueueId) -> bool {
        if self.faults.hung(id) {
            return false;
        }
        if self.faults.slow(id) {
            return self.slow_step(id);
        }
        let mut moved = self.prefetch(id);
        for _ in 0..TURN {
            if self.faults.hung(id) || !self.execute_next(id) {
                return moved;
            }
            moved = true;
        }
        self.queues.wake(id);
        moved
    }

    /// Lets a slow queue make a step, if it is time for one.
    fn slow_step(&mut self, id: QueueId) -> bool {
        let now = self.host.now_ns();
        if !self.faults.may_step(id, now) || !(self.prefetch(id) || self.execute_next(id)) {
            return false;
        }
        self.faults.stepped(id, now);
        true
    }

    /// Takes descriptors from the ring while there is room for them.
    fn prefetch(&mut self, id: QueueId) -> bool {
        let mut moved = false;
        loop {
            let queue = self.queues.get(id);
            // Indices run through the ring twice, so that full and empty differ.
            let entries = 1u32 << queue.get(PQ_SIZE).min(PQ_SIZE_MAX);
            let (pi, ci) = (queue.get(PQ_PI) & (2 * entries - 1), queue.get(PQ_CI) & (2 * entries - 1));
            if pi == ci || !queue.runs(Unit::Pqf) || queue.input.len() >= INPUT_DEPTH {
                return moved;
            }
            let at = queue.address(PQ_BASE_LO).wrapping_add(u64::from(ci & (entries - 1)) * DESCRIPTOR);
            let mut entry = [0; DESCRIPTOR as usize];
            let secure = self.unit_secure(id, Unit::Pqf);
            if self.queue_read(id, at, &mut entry, secure).is_err() {
                self.queue_error(id, QueueError::PqfRead);
                return true;
            }
            let word = |i: usize| u32::from_le_bytes([entry[i], entry[i + 1], entry[i + 2], entry[i + 3]]);
            let buffer = Buffer {
                address: u64::from(word(0)) | u64::from(word(4)) << 32,
                size: word(8),
                ctl: word(12),
            };
            tracing::trace!(target: "goya::packet", queue = %id, ci, address = %format_args!("{:#x}", buffer.address), size = buffer.size, "descriptor");
            self.counters.descriptors += 1;
            let queue = self.queues.get_mut(id);
            queue.input.push_back(buffer);
            queue.set(PQ_CI, (ci + 1) & (2 * entries - 1));
            moved = true;
        }
    }

    /// Executes one packet, or opens the fence or buffer before it; says whether anything moved.
    fn execute_next(&mut self, id: QueueId) -> bool {
        let queue = self.queues.get_mut(id);
        if !queue.runs(Unit::Cp) {
            return false;
        }
        if let Some(FenceWait { id: fence, gate, decrement }) = queue.fence {
            let counter = FENCE0_CNT + 4 * fence as u32;
            let count = queue.get(counter);
            if count < u32::from(gate) {
                return false;
            }
            queue.set(counter, count.saturating_sub(u32::from(decrement)));
            queue.fence = None;
            return true;
        }
        if queue.stream.as_ref().is_none_or(|s| s.left() == 0) {
            queue.stream = None;
            if !queue.runs(Unit::Cqf) {
                return false;
            }
            let Some(buffer) = queue.input.pop_front() else { return false };
            queue.stream = Some(Stream::new(buffer));
            self.wake_feeder(id);
            return true;
        }
        match self.execute(id) {
            Outcome::Done => true,
            Outcome::Blocked => false,
            Outcome::Failed(error) => {
                self.queue_error(id, error);
                true
            }
        }
    }

    fn execute(&mut self, id: QueueId) -> Outcome {
        if let Err(error) = self.fetch(id, 8) {
            return Outcome::Failed(error);
        }
        let header = Header(self.peek(id, 8).try_into().map_or(0, u64::from_le_bytes));
        let queue = self.queues.get_mut(id);
        queue.set(CP_CURRENT_INST_LO, header.first());
        queue.set(CP_CURRENT_INST_LO + 4, header.ctl());
        let Some(size) = header.size() else {
            self.consume(id, 8);
            return Outcome::Failed(QueueError::UndefinedCommand);
        };
        if let Err(error) = self.fetch(id, size) {
            return Outcome::Failed(error);
        }
        let bytes = self.peek(id, size);
        let Some(packet) = Packet::decode(&bytes) else {
            return Outcome::Failed(QueueError::UndefinedCommand);
        };
        let waits = header.engine_barrier() || launches(id, &packet);
        if waits && self.queues.engine_busy(id) {
            return Outcome::Blocked;
        }
        let outcome = self.perform(id, &packet);
        if !matches!(outcome, Outcome::Blocked) {
            tracing::trace!(target: "goya::packet", queue = %id, %packet, ctl = %format_args!("{:#x}", header.ctl()));
            self.consume(id, size);
            self.counters.packets += 1;
            self.queues.get_mut(id).packets += 1;
        }
        outcome
    }

    fn perform(&mut self, id: QueueId, packet: &Packet) -> Outcome {
        match *packet {
            Packet::Nop => Outcome::Done,
            Packet::Stop => Outcome::Failed(QueueError::StopPacket),
            Packet::Wreg32 { offset, local, value } => self.write_registers(id, offset, local, &[value]),
            Packet::WregBulk { offset, local, ref values } => self.write_registers(id, offset, local, values),
            Packet::Message { address, payload, protected } => {
                let secure = protected && self.unit_secure(id, Unit::Cp);
                self.send(id, address, payload, secure)
            }
            Packet::MessageShort { base, offset, payload } => {
                let base = self.queues.get(id).address(MSG_BASE0_LO + 8 * base as u32);
                self.send(id, base.wrapping_add(u64::from(offset)), payload, false)
            }
            Packet::Fence { id: fence, gate, decrement } => {
                self.queues.get_mut(id).fence = Some(FenceWait { id: fence, gate, decrement });
                Outcome::Done
            }
            Packet::CpDma { size, source } => {
                let Some(cmdq) = id.cmdq() else { return Outcome::Failed(QueueError::UndefinedCommand) };
                let target = self.queues.get_mut(cmdq);
                if target.input.len() >= INPUT_DEPTH {
                    return Outcome::Blocked;
                }
                target.input.push_back(Buffer { address: source, size, ctl: 0 });
                self.queues.wake(cmdq);
                Outcome::Done
            }
            Packet::LinDma(transfer) => match id {
                QueueId::Dma(n) if self.queues.channel(n).full() => Outcome::Blocked,
                QueueId::Dma(n) => {
                    self.channel_start(n, transfer);
                    Outcome::Done
                }
                _ => Outcome::Failed(QueueError::UndefinedCommand),
            },
        }
    }

    fn write_registers(&mut self, id: QueueId, offset: u32, local: bool, values: &[u32]) -> Outcome {
        let first = if local { block_base(id) + (offset & 0xFFF) } else { engine_base(id) + offset };
        let secure = self.unit_secure(id, Unit::Cp);
        let mut at = register_address(first & !3);
        for value in values {
            if self.queue_write(id, at, &value.to_le_bytes(), secure).is_err() {
                return Outcome::Failed(QueueError::MessageWrite);
            }
            at += 4;
        }
        Outcome::Done
    }

    fn send(&mut self, id: QueueId, address: u64, payload: Payload, secure: bool) -> Outcome {
        let mut value = match payload {
            Payload::Value(value) => value,
            Payload::TimeStamp => self.time_stamp() as u32,
        };
        let to_host = matches!(self.target(address), Target::Host(_));
        if secure && to_host {
            if let Some(mask) = self.faults.take_corrupt(id) {
                value ^= mask;
            }
        }
        match self.queue_write(id, address, &value.to_le_bytes(), secure) {
            Ok(()) => {
                if secure && to_host {
                    self.faults.completed(id);
                }
                Outcome::Done
            }
            Err(_) => Outcome::Failed(QueueError::MessageWrite),
        }
    }

    /// Makes sure that `size` bytes of the buffer at work have been fetched.
    fn fetch(&mut self, id: QueueId, size: usize) -> Result<(), QueueError> {
        let Some(stream) = &self.queues.get(id).stream else { return Err(QueueError::UndefinedCommand) };
        let have = stream.window.len();
        if have >= size {
            return Ok(());
        }
        if size > stream.left() as usize {
            // The buffer ends in the middle of a packet: what is left of it makes no sense.
            let left = stream.left() as usize;
            self.consume(id, left);
            return Err(QueueError::UndefinedCommand);
        }
        let want = ((size - have) as u32).max(LINE).min(stream.unfetched);
        let (next, secure) = (stream.next, self.unit_secure(id, Unit::Cqf));
        let mut line = vec![0; want as usize];
        let result = self.queue_read(id, next, &mut line, secure);
        let Some(stream) = &mut self.queues.get_mut(id).stream else { return Err(QueueError::CqfRead) };
        if result.is_err() {
            (stream.unfetched, _) = (0, stream.window.clear());
            return Err(QueueError::CqfRead);
        }
        stream.window.extend(line);
        stream.next = next.wrapping_add(u64::from(want));
        stream.unfetched -= want;
        Ok(())
    }

    /// The next `size` bytes, which have been fetched.
    fn peek(&self, id: QueueId, size: usize) -> Vec<u8> {
        let stream = self.queues.get(id).stream.as_ref();
        stream.map_or_else(Vec::new, |s| s.window.iter().take(size).copied().collect())
    }

    fn consume(&mut self, id: QueueId, size: usize) {
        let Some(stream) = &mut self.queues.get_mut(id).stream else { return };
        let fetched = stream.window.len().min(size);
        stream.window.drain(..fetched);
        let skipped = ((size - fetched) as u32).min(stream.unfetched);
        stream.unfetched -= skipped;
        stream.next = stream.next.wrapping_add(u64::from(skipped));
    }

    /// A command queue that takes a buffer makes room for its queue manager.
    fn wake_feeder(&mut self, id: QueueId) {
        match id {
            QueueId::MmeCmdq => self.queues.wake(QueueId::Mme),
            QueueId::TpcCmdq(n) => self.queues.wake(QueueId::Tpc(n)),
            _ => self.queues.wake(id),
        }
    }
}

/// Whether `packet` has the engine behind queue `id` begin, which waits for the end of what it is at.
fn launches(id: QueueId, packet: &Packet) -> bool {
    let (QueueId::Tpc(n) | QueueId::TpcCmdq(n)) = id else { return false };
    let execute = launch::execute_register(n);
    let writes = |offset: u32, local: bool, count: usize| {
        let first = engine_base(id) + (offset & !3);
        !local && (first..first + 4 * count as u32).contains(&execute)
    };
    match *packet {
        Packet::Wreg32 { offset, local, .. } => writes(offset, local, 1),
        Packet::WregBulk { offset, local, ref values } => writes(offset, local, values.len()),
        _ => false,
    }
}
