// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The device CPU's queue, and the memory that driver and device CPU share (upstream
//! `hl_fw_send_cpu_message()`, `goya_init_cpu_queues()`).
//!
//! The CPU reaches that memory, and nothing else of the host's, at a virtual address of its own.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_mutex, new_spinlock, Arc, Mutex, SpinLock};
use kernel::time::{delay::fsleep, Delta};

use super::index::{EVENTS, EXTERNAL as LENGTH};
use crate::abstractions::shared::{read_barrier, write_barrier, SharedMemory};
use crate::abstractions::time::Moment;
use crate::abstractions::trace;
use crate::fw::mailbox::Mailbox;
use crate::fw::message::{
    expected_fence, Buffer, Packet, Reply, FENCE_OFFSET, PACKET_LEN, PACKET_LEN_MAX,
};
use crate::hw::bars::Bars;
use crate::hw::events::{id, Entry};
use crate::hw::regs::cpu;
use crate::hw::{self, map, signal_cpu, Io};

/// Bytes that driver and device CPU share (`HL_CPU_ACCESSIBLE_MEM_SIZE`): one huge page.
pub(crate) const SHARED_SIZE: usize = 2 << 20;
/// Where the CPU finds them (`VA_CPU_ACCESSIBLE_MEM_ADDR`, `goyaP.h`).
pub(crate) const SHARED_ADDRESS: u64 = map::HOST_BASE;
/// Bytes of a descriptor.
const DESCRIPTOR: usize = map::RING_ENTRY_SIZE as usize;
/// What is where in the shared memory: the ring, the event queue, the packet under way, what the card's bring-up
/// needs, and blocks that messages borrow.
const RING: usize = 0;
const RING_SIZE: usize = DESCRIPTOR * LENGTH.entries() as usize;
pub(crate) const EVENT_QUEUE: usize = RING + RING_SIZE;
const EVENT_QUEUE_SIZE: usize = Entry::LEN * EVENTS.entries() as usize;
const PACKET: usize = EVENT_QUEUE + EVENT_QUEUE_SIZE;
const RESERVED: usize = PACKET + PACKET_LEN_MAX.next_multiple_of(4096);
const RESERVED_SIZE: usize = 4096;
const BLOCKS: usize = RESERVED + RESERVED_SIZE;
/// Large enough that requests that users pass through to firmware, of up to 1 MiB, find room.
const BLOCK: usize = 24 << 10;
const _: () = assert!(BLOCKS + BLOCK * BLOCK_COUNT <= SHARED_SIZE);
/// Blocks that there are: a bit for each in the map of those that are lent.
const BLOCK_COUNT: usize = 64;

/// How long the CPU may take to answer that the queues are set up.
const START: Delta = Delta::from_secs(15);
/// The longest pause between two looks at a packet. Microseconds.
const PAUSE_MAX: i64 = 1000;

/// The queue.
#[pin_data]
pub(crate) struct CpuQueue {
    /// For messages.
    dev: ARef<Device>,
    shared: Arc<Shared>,
    bars: Arc<Bars>,
    /// Messages are sent (the queue is set up, and the card is not disabled).
    open: Atomic<bool>,
    /// A message was not answered: no other is sent before the card has been reset.
    dead: Atomic<bool>,
    /// The CPU acknowledges with the producer index.
    index_ack: Atomic<bool>,
    /// Next descriptor. Held while a message is under way: the CPU serves one at a time, and there is one
    /// [`PACKET`].
    #[pin]
    producer: Mutex<u32>,
}

/// The shared memory, and which of its blocks are lent: a bit for each.
#[pin_data]
struct Shared {
    memory: SharedMemory,
    #[pin]
    lent: SpinLock<u64>,
}

impl Shared {
    /// Zeroes ring and event queue.
    fn clear_queues(&self) -> Result {
        for at in (RING..PACKET).step_by(8) {
            self.memory.write64(at, 0)?;
        }
        Ok(())
    }
}

impl CpuQueue {
    pub(crate) fn new(dev: &Device<Bound>, bars: Arc<Bars>) -> Result<Arc<Self>> {
        let memory = SharedMemory::new(dev, SHARED_SIZE, GFP_KERNEL)?;
        let shared = Arc::pin_init(
            pin_init!(Shared { memory, lent <- new_spinlock!(0) }),
            GFP_KERNEL,
        )?;
        let dev: ARef<Device> = dev.into();
        Arc::pin_init(
            pin_init!(Self {
                dev,
                shared,
                bars,
                open: Atomic::new(false),
                dead: Atomic::new(false),
                index_ack: Atomic::new(false),
                producer <- new_mutex!(0),
            }),
            GFP_KERNEL,
        )
    }

    /// Where the shared memory is in the host, as the card addresses it.
    pub(crate) fn host_address(&self) -> u64 {
        self.shared
            .memory
            .dma_address()
            .wrapping_add(map::HOST_BASE)
    }

    /// The memory that holds the event queue, at [`EVENT_QUEUE`].
    pub(crate) fn memory(&self) -> &SharedMemory {
        &self.shared.memory
    }

    /// Announces the queues to the CPU, which must be able to reach the shared memory by now.
    ///
    /// Errors: `EIO` if it does not answer.
    pub(crate) fn start(&self, dev: &Device) -> Result {
        let io = &*self.bars;
        let mut producer = self.producer.lock();
        self.shared.clear_queues()?;
        *producer = 0;
        io.write_pair(
            cpu::PQ_BASE_ADDR_LOW,
            cpu::PQ_BASE_ADDR_HIGH,
            SHARED_ADDRESS + RING as u64,
        );
        io.write_pair(
            cpu::EQ_BASE_ADDR_LOW,
            cpu::EQ_BASE_ADDR_HIGH,
            SHARED_ADDRESS + EVENT_QUEUE as u64,
        );
        io.write_pair(
            cpu::CQ_BASE_ADDR_LOW,
            cpu::CQ_BASE_ADDR_HIGH,
            SHARED_ADDRESS,
        );
        io.write_reg(cpu::PQ_LENGTH::from(RING_SIZE as u32));
        io.write_reg(cpu::EQ_LENGTH::from(EVENT_QUEUE_SIZE as u32));
        io.write_reg(cpu::CQ_LENGTH::from(SHARED_SIZE as u32));
        io.write_reg(cpu::EQ_CI::from(0));
        io.write_reg(cpu::IF_PF_PQ_PI::from(0));
        io.write_reg(cpu::PQ_INIT_STATUS::READY_FOR_CP);
        signal_cpu(io, id::PI_UPDATE);
        let ready = |status| status == cpu::PQ_INIT_STATUS::READY_FOR_HOST;
        hw::poll(io, cpu::PQ_INIT_STATUS, START, ready).map_err(|_| {
            dev_err!(dev, "Failed to setup communication with device CPU\n");
            EIO
        })?;
        self.dead.store(false, Relaxed);
        self.open.store(true, Relaxed);
        Ok(())
    }

    /// Takes it that the CPU does not answer any more.
    pub(crate) fn give_up(&self) {
        self.dead.store(true, Relaxed);
    }

    /// Sends no more messages.
    pub(crate) fn stop(&self) {
        self.open.store(false, Relaxed);
    }

    /// The CPU acknowledges with the producer index instead of a constant.
    pub(crate) fn set_index_ack(&self, yes: bool) {
        self.index_ack.store(yes, Relaxed);
    }

    /// Tells the CPU how far events have been read.
    pub(crate) fn set_event_consumer(&self, index: u32) {
        self.bars.write_reg(cpu::EQ_CI::from(index));
    }

    /// Producer and consumer index, for comparison with the firmware's.
    pub(crate) fn indices(&self) -> (u32, u32) {
        // One message at a time: what was sent was read.
        let producer = *self.producer.lock();
        (producer, producer)
    }
}

impl Mailbox for CpuQueue {
    type Buffer = PoolBuffer;

    fn send(&self, packet: &Packet<'_>, timeout: Delta) -> Result<Reply> {
        if !trace::goya_fw_message_enabled() {
            return self.exchange(packet, timeout);
        }
        let start = Moment::now();
        let result = self.exchange(packet, timeout);
        trace::goya_fw_message(&self.dev, || {
            let (opcode, argument) = packet.traced();
            let value = result.as_ref().map_or(0, |reply| reply.result);
            let error = result.as_ref().err().map_or(0, |error| error.to_errno());
            let ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(0);
            (opcode, argument, value, error, ns)
        });
        result
    }

    fn buffer(&self, len: usize) -> Result<PoolBuffer> {
        let lent = PoolBuffer::new(&self.shared, len)?;
        // In this order: who has not got his answer says so here, and then gives back what the CPU may write to.
        if self.dead.load(Relaxed) {
            return Err(EAGAIN);
        }
        Ok(lent)
    }

    fn reserved(&self, len: usize) -> Result<PoolBuffer> {
        if len > RESERVED_SIZE {
            return Err(EINVAL);
        }
        PoolBuffer::take(&self.shared, RESERVED, len, 0)
    }
}

impl CpuQueue {
    /// Sends a packet and waits for its answer.
    fn exchange(&self, packet: &Packet<'_>, timeout: Delta) -> Result<Reply> {
        let mut producer = self.producer.lock();
        if !self.open.load(Relaxed) {
            return Ok(Reply::NOTHING);
        }
        if self.dead.load(Relaxed) {
            return Err(EAGAIN);
        }
        let memory = &self.shared.memory;
        for (at, word) in (PACKET..RESERVED).step_by(4).zip(packet.words()) {
            memory.write32(at, word)?;
        }
        let at = RING + LENGTH.place(*producer) * DESCRIPTOR;
        let (index, next) = (*producer, LENGTH.next(*producer));
        memory.write64(at, device_address(PACKET))?;
        memory.write64(at + 8, packet.len() as u64 | u64::from(next) << 32)?;
        *producer = next;
        write_barrier();
        self.bars.write_reg(cpu::IF_PF_PQ_PI::from(next));
        signal_cpu(&*self.bars, id::PI_UPDATE);

        let expected = expected_fence(self.index_ack.load(Relaxed), next);
        let served = self.wait(expected, timeout);
        // The CPU must not find this index when it comes round again.
        memory.write32(at + 12, u32::MAX)?;
        if let Err(fence) = served {
            // It may write to the packet at any time: there is no other before it was reset.
            self.dead.store(true, Relaxed);
            dev_err!(
                self.dev,
                "Device CPU packet timeout (status = {:#x})\n\
                 Pkt info[{}]: dma_addr: {:#x}, len:{:#x}, ctl: {:#x}, ptr:{:#x}\n",
                fence,
                index,
                device_address(PACKET),
                packet.len(),
                next,
                device_address(PACKET)
            );
            return Err(ETIMEDOUT);
        }
        read_barrier();
        let mut reply = [0; PACKET_LEN];
        memory.read(PACKET, &mut reply)?;
        drop(producer);
        Reply::decode(&reply)?.accepted(self.dev.as_ref())
    }

    /// Waits until the fence is as `expected`; what it is instead when the time is up.
    fn wait(&self, expected: u32, timeout: Delta) -> Result<(), u32> {
        let start = Moment::now();
        let mut pause = 10i64;
        loop {
            // The clock first: who is not scheduled for long must not miss the answer.
            let late = start.elapsed() > timeout;
            // Cannot fail: it is in the shared memory.
            let fence = self.shared.memory.read32(PACKET + FENCE_OFFSET);
            let fence = fence.unwrap_or(!expected);
            if fence == expected {
                return Ok(());
            }
            if late {
                return Err(fence);
            }
            fsleep(Delta::from_micros(pause));
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    }
}

/// Where the CPU finds what is at `offset` in the shared memory.
const fn device_address(offset: usize) -> u64 {
    SHARED_ADDRESS.wrapping_add(offset as u64)
}

/// A piece of the shared memory; its blocks are given back when it is dropped.
pub(crate) struct PoolBuffer {
    shared: Arc<Shared>,
    offset: usize,
    len: usize,
    mask: u64,
}

impl PoolBuffer {
    fn new(shared: &Arc<Shared>, len: usize) -> Result<Self> {
        let blocks = len.div_ceil(BLOCK).max(1);
        if blocks >= BLOCK_COUNT {
            return Err(ENOMEM);
        }
        // Fewer than there are bits, at places where they fit.
        let run = 1u64.wrapping_shl(blocks as u32).wrapping_sub(1);
        let mut lent = shared.lent.lock();
        let first = (0..=BLOCK_COUNT - blocks)
            .find(|&n| *lent & run.wrapping_shl(n as u32) == 0)
            .ok_or(ENOMEM)?;
        let mask = run.wrapping_shl(first as u32);
        *lent |= mask;
        drop(lent);
        // Such a block is in the shared memory.
        let offset = BLOCKS.wrapping_add(first.wrapping_mul(BLOCK));
        Self::take(shared, offset, len, mask)
    }

    /// The `len` bytes at `offset`, zeroed; the blocks of `mask` are given back with them.
    fn take(shared: &Arc<Shared>, offset: usize, len: usize, mask: u64) -> Result<Self> {
        let this = Self {
            shared: shared.clone(),
            offset,
            len,
            mask,
        };
        let end = offset.checked_add(len).ok_or(EINVAL)?;
        for at in (offset..end).step_by(8) {
            this.shared.memory.write64(at, 0)?;
        }
        Ok(this)
    }

    /// Where `len` bytes at `offset` are in the shared memory.
    fn place(&self, offset: usize, len: usize) -> Result<usize> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(self.offset.wrapping_add(offset)),
            _ => Err(EINVAL),
        }
    }
}

impl Buffer for PoolBuffer {
    fn device_address(&self) -> u64 {
        device_address(self.offset)
    }

    fn len(&self) -> usize {
        self.len
    }

    fn read(&self, offset: usize, out: &mut [u8]) -> Result {
        self.shared.memory.read(self.place(offset, out.len())?, out)
    }

    fn write(&self, offset: usize, data: &[u8]) -> Result {
        self.shared
            .memory
            .write(self.place(offset, data.len())?, data)
    }
}

impl Drop for PoolBuffer {
    fn drop(&mut self) {
        *self.shared.lent.lock() &= !self.mask;
    }
}
