// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Jobs of the driver's own on external queues (upstream `goya_send_job_on_qman0()`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::{delay::fsleep, Delta};

use super::external::External;
use super::patience::Patience;
use crate::abstractions::shared::SharedMemory;
use crate::abstractions::time::Moment;
use crate::hw::bars::Bars;
use crate::hw::map;
use crate::hw::packet::{self, Direction};
use crate::hw::qman::FENCE_VALUE;

/// Bytes for packets, at the beginning; after them, the last of them writes the fence.
const PACKETS: usize = FENCE - packet::MESSAGE_SIZE;
const FENCE: usize = DATA - 8;
/// Where the data of a job begin.
const DATA: usize = 4096;
/// The time between two looks whether a job has ended.
pub(super) const LOOK: Delta = Delta::from_micros(20);
/// Most bytes that one job fills: whoever resets the card waits for the end of it.
pub(super) const MOST: u64 = 1 << 26;

/// Packets, and the data that they copy.
pub(crate) struct DriverJob {
    memory: SharedMemory,
    len: usize,
    /// Bytes that the packets move.
    pub(super) bytes: u64,
}

impl DriverJob {
    /// No packets, and `room` bytes for data, whole pages.
    pub(crate) fn new(dev: &Device<Bound>, room: usize) -> Result<Self> {
        let size = DATA.checked_add(room).ok_or(EINVAL)?;
        Ok(Self {
            memory: SharedMemory::new(dev, size, GFP_KERNEL)?,
            len: 0,
            bytes: 0,
        })
    }

    /// Forgets the packets.
    pub(crate) fn clear(&mut self) {
        (self.len, self.bytes) = (0, 0);
    }

    /// Adds a packet that moves `bytes`; `ENOSPC` if there is no room for it.
    fn push(&mut self, packet: &[u8], bytes: u64) -> Result {
        if packet.len() > PACKETS.saturating_sub(self.len) {
            return Err(ENOSPC);
        }
        self.memory.write(self.len, packet)?;
        self.len = self.len.saturating_add(packet.len());
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }

    /// Adds a packet that copies `size` bytes at `offset` of the data to DRAM at `address`.
    pub(crate) fn push_copy(&mut self, offset: usize, address: u64, size: u32) -> Result {
        let source = self.address(DATA).wrapping_add(offset as u64);
        self.push(&packet::copy_to_dram(source, address, size), size.into())
    }

    /// Adds a packet that fills memory.
    pub(super) fn push_fill(&mut self, fill: &Fill) -> Result {
        let direction = if fill.dram {
            Direction::HostToDram
        } else {
            Direction::HostToSram
        };
        let size = u32::try_from(fill.size)?;
        let packet = packet::fill(fill.address, size, fill.value, direction);
        self.push(&packet, fill.size)
    }

    /// Writes entries of the data, taken as double words, from `n` on: all or none.
    pub(crate) fn write_data(&self, n: usize, values: &[u64]) -> Result {
        self.memory.write64s(place(n)?, values)
    }

    /// Reads entry `n`.
    pub(crate) fn read_data(&self, n: usize) -> Result<u64> {
        self.memory.read64(place(n)?)
    }

    /// Where the card finds what is at `offset`.
    fn address(&self, offset: usize) -> u64 {
        let base = self.memory.dma_address().wrapping_add(map::HOST_BASE);
        base.wrapping_add(offset as u64)
    }

    /// Sends it to `queue`, waits for its end, and returns it without packets.
    ///
    /// Errors: `ETIMEDOUT`: the card may run it at any time, so it is gone until the card is reset.
    pub(super) fn run(self, bars: &Bars, queue: &Arc<External>) -> Result<Self> {
        let mut running = self.start(bars, queue)?;
        while !running.is_over(bars) {
            fsleep(LOOK);
        }
        running.end()
    }

    /// Sends it to `queue`.
    pub(super) fn start(self, bars: &Bars, queue: &Arc<External>) -> Result<Running> {
        let end = packet::message(self.address(FENCE), FENCE_VALUE, true);
        self.memory.write(self.len, &end)?;
        self.memory.write32(FENCE, 0)?;
        let size = self.len.saturating_add(end.len());
        queue.send_raw(bars, self.address(0), u32::try_from(size)?)?;
        Ok(Running {
            patience: Patience::new(self.bytes),
            sent: Moment::now(),
            queue: queue.clone(),
            ended: false,
            job: Some(self),
        })
    }
}

/// A job that the card has. If it is dropped before its end, the queue keeps its memory until the card is reset.
pub(super) struct Running {
    job: Option<DriverJob>,
    queue: Arc<External>,
    sent: Moment,
    patience: Patience,
    /// The last of its packets has told its end, so that the card has fetched them all.
    ended: bool,
}

impl Running {
    /// Whether it has ended, or never will.
    pub(super) fn is_over(&mut self, bars: &Bars) -> bool {
        // The clock first: who is not scheduled for long must not miss the end.
        let now = self.sent.elapsed();
        let fence = self.job.as_ref().map(|job| job.memory.read32(FENCE));
        self.ended = matches!(fence, Some(Ok(FENCE_VALUE)));
        self.ended || self.patience.is_over(now, || self.queue.position(bars))
    }

    /// The job, without packets; `ETIMEDOUT` if it has not ended.
    pub(super) fn end(mut self) -> Result<DriverJob> {
        if !self.ended {
            return Err(ETIMEDOUT);
        }
        let mut job = self.job.take().ok_or(EINVAL)?;
        job.clear();
        Ok(job)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(job) = self.job.take().filter(|_| !self.ended) {
            self.queue.keep(job.memory);
        }
    }
}

/// Where double word `n` of the data is.
fn place(n: usize) -> Result<usize> {
    n.checked_mul(8)
        .and_then(|offset| offset.checked_add(DATA))
        .ok_or(EINVAL)
}

/// Memory of the card, and what it is filled with.
pub(crate) struct Fill {
    /// A device address, and bytes.
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) value: u64,
    /// DRAM, not SRAM.
    pub(crate) dram: bool,
}

/// The default page: what is read where nothing is mapped.
pub(crate) const DEFAULT_PAGE: Fill = Fill {
    address: map::DEFAULT_PAGE,
    size: map::DEFAULT_PAGE_SIZE,
    value: 0x9999_9999_9999_9999,
    dram: true,
};

impl Fill {
    /// Pieces that one job can fill.
    pub(super) fn pieces(mut self) -> impl Iterator<Item = Self> {
        core::iter::from_fn(move || {
            let size = self.size.min(MOST);
            let piece = Self { size, ..self };
            self.address = self.address.wrapping_add(size);
            self.size = self.size.saturating_sub(size);
            (size > 0).then_some(piece)
        })
    }
}

#[kunit_tests(goya_driver_job)]
mod tests {
    use super::*;

    /// Pieces that one job can fill are all of it, in order.
    #[test]
    pub(super) fn pieces() {
        let pieces = |size| {
            let fill = Fill {
                address: 0x1000_0000,
                size,
                value: 7,
                dram: true,
            };
            fill.pieces().map(|piece| (piece.address, piece.size))
        };
        assert!(pieces(0).eq([]));
        assert!(pieces(MOST).eq([(0x1000_0000, MOST)]));
        let first = [(0x1000_0000, MOST), (0x1000_0000 + MOST, 5)];
        assert!(pieces(MOST + 5).eq(first));
    }
}
