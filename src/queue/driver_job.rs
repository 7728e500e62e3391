// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Jobs of the driver's own on external queues: tests, and the filling of the card's memory (upstream
//! `goya_test_queue()`, `goya_send_job_on_qman0()`, `goya_memset_device_memory()`).

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
/// In the page: where the fence is; packets begin at 0.
const FENCE: usize = PAGE - 8;

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

/// Fills `size` bytes of the card's memory at device address `address` with `value`.
///
/// Errors: `EBUSY` if an engine is at work; `ETIMEDOUT`.
pub(crate) fn fill(
    dev: &Device<Bound>,
    bars: &Bars,
    queues: &Queues,
    address: u64,
    size: u64,
    value: u64,
    dram: bool,
) -> Result {
    if !idle::engines(bars, None).is_idle() {
        dev_err!(
            dev,
            "Can't send driver job on QMAN0 because the device is not idle\n"
        );
        return Err(EBUSY);
    }
    let direction = if dram {
        Direction::HostToDram
    } else {
        Direction::HostToSram
    };
    let mut job = Job::new(dev)?;
    packet::fill(address, size, value, direction).try_for_each(|packet| job.push(&packet))?;
    qman::trust_dma_0(bars, true);
    let result = job.run(bars, queues, 0, JOB_TIMEOUT);
    qman::trust_dma_0(bars, false);
    result.inspect_err(|_| dev_err!(dev, "QMAN0 Job timeout\n"))
}
