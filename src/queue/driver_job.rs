// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Jobs of the driver's own on external queues: tests, and the filling of the card's memory (upstream
//! `goya_test_queue()`, `goya_send_job_on_qman0()`, `goya_memset_device_memory()`).

use core::mem::replace;

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::time::{delay::fsleep, Delta, Instant, Monotonic};

use super::Queues;
use crate::abstractions::shared::SharedMemory;
use crate::hw::bars::Bars;
use crate::hw::qman::{self, FENCE_VALUE, JOB_TIMEOUT, TEST_TIMEOUT};
use crate::hw::{idle, map};
use crate::submit::packet::{self, Direction};

const PAGE: usize = 4096;
/// In the page: where the fence is; packets begin at 0. Behind that many bytes of them there is room for those of
/// one more fill, and for the end.
const FENCE: usize = PAGE - 8;
const PACKETS: usize = PAGE - 256;
/// Most bytes that one job fills: it has a second.
const MOST: u64 = 1 << 26;

/// Packets in a page, with a fence at its end.
struct Job {
    page: SharedMemory,
    len: usize,
}

impl Job {
    fn new(dev: &Device<Bound>) -> Result<Self> {
        Ok(Self {
            page: SharedMemory::new(dev, PAGE, GFP_KERNEL)?,
            len: 0,
        })
    }

    fn address(&self) -> u64 {
        self.page.dma_address().wrapping_add(map::HOST_BASE)
    }

    fn push(&mut self, packet: &[u8]) -> Result {
        let end = self.len.checked_add(packet.len()).ok_or(ENOSPC)?;
        if end > FENCE {
            return Err(ENOSPC);
        }
        self.page.write(self.len, packet)?;
        self.len = end;
        Ok(())
    }

    /// Sends it to queue `n` and waits for its end.
    fn run(mut self, bars: &Bars, queues: &Queues, n: usize, timeout: Delta) -> Result {
        let fence = self.address().wrapping_add(FENCE as u64);
        self.push(&packet::message(fence, FENCE_VALUE, true))?;
        queues
            .external(n)
            .ok_or(EINVAL)?
            .send_raw(bars, self.address(), self.len as u32)?;
        let start = Instant::<Monotonic>::now();
        loop {
            let late = start.elapsed() > timeout;
            if self.page.read32(FENCE)? == FENCE_VALUE {
                return Ok(());
            }
            if late {
                // The card may write there at any time: the page must not be used for anything else.
                core::mem::forget(self.page);
                return Err(ETIMEDOUT);
            }
            fsleep(Delta::from_micros(20));
        }
    }
}

/// Has every external queue write a word; `EINVAL` if one does not.
pub(crate) fn test_queues(dev: &Device<Bound>, bars: &Bars, queues: &Queues) -> Result {
    let mut result = Ok(());
    for n in 0..super::EXTERNAL {
        if Job::new(dev)?.run(bars, queues, n, TEST_TIMEOUT).is_err() {
            dev_err!(dev, "H/W queue {} test failed\n", n);
            result = Err(EINVAL);
        }
    }
    result
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

impl Fill {
    /// Pieces that one job can fill in its time.
    fn pieces(self) -> impl Iterator<Item = Self> {
        (0..self.size).step_by(MOST as usize).map(move |done| Self {
            address: self.address.wrapping_add(done),
            size: (self.size - done).min(MOST),
            ..self
        })
    }
}

/// Fills memory of the card, with as few jobs as it takes.
///
/// Errors: `EBUSY` if an engine is at work; `ETIMEDOUT`.
pub(crate) fn fill(
    dev: &Device<Bound>,
    bars: &Bars,
    queues: &Queues,
    fills: impl IntoIterator<Item = Fill>,
) -> Result {
    if !idle::engines(bars, None).is_idle() {
        dev_err!(
            dev,
            "Can't send driver job on QMAN0 because the device is not idle\n"
        );
        return Err(EBUSY);
    }
    let run = |job: Job| {
        qman::trust_dma_0(bars, true);
        let result = job.run(bars, queues, 0, JOB_TIMEOUT);
        qman::trust_dma_0(bars, false);
        result.inspect_err(|_| dev_err!(dev, "QMAN0 Job timeout\n"))
    };
    let mut job = Job::new(dev)?;
    let mut bytes = 0u64;
    for fill in fills.into_iter().flat_map(Fill::pieces) {
        let direction = if fill.dram {
            Direction::HostToDram
        } else {
            Direction::HostToSram
        };
        bytes = bytes.saturating_add(fill.size);
        if bytes > MOST || job.len > PACKETS {
            run(replace(&mut job, Job::new(dev)?))?;
            bytes = fill.size;
        }
        let packet = packet::fill(fill.address, fill.size as u32, fill.value, direction);
        job.push(&packet)?;
    }
    run(job)
}

#[kunit_tests(goya_driver_job)]
mod tests {
    use super::*;

    /// Pieces that one job can fill are all of it, in order.
    #[test]
    fn pieces() {
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
