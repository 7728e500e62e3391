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

const PAGE: usize = 4096;
/// In the page: where the fence is; packets begin at 0.
const FENCE: usize = PAGE - 8;
/// Control words of packets.
const MSG_PROT: u32 = 7 << 24 | 1 << 29 | 1 << 31;
const LIN_DMA: u32 = 9 << 24;
const WEAKLY_ORDERED: u32 = 1;
const FILL: u32 = 1 << 6;
const DIRECTION: u32 = 20;
const HOST_TO_DRAM: u32 = 0;
const HOST_TO_SRAM: u32 = 1;
const BARRIERS: u32 = 1 << 30 | 1 << 31;
/// The most that one packet fills. Bytes.
const FILL_MAX: u64 = 2 << 30;

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

    fn push(&mut self, first: u32, control: u32, more: &[u64]) -> Result {
        self.word(u64::from(first) | u64::from(control) << 32)?;
        more.iter().try_for_each(|word| self.word(*word))
    }

    fn word(&mut self, word: u64) -> Result {
        if self.len >= FENCE {
            return Err(ENOSPC);
        }
        self.page.write64(self.len, word)?;
        self.len += 8;
        Ok(())
    }

    /// Sends it to queue `n` and waits for its end.
    fn run(mut self, bars: &Bars, queues: &Queues, n: usize, timeout: Delta) -> Result {
        let fence = self.address().wrapping_add(FENCE as u64);
        self.push(FENCE_VALUE, MSG_PROT, &[fence])?;
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
    let direction = if dram { HOST_TO_DRAM } else { HOST_TO_SRAM };
    let control = LIN_DMA | WEAKLY_ORDERED | FILL | direction << DIRECTION | BARRIERS;
    let mut job = Job::new(dev)?;
    let mut done = 0;
    while done < size {
        let part = (size - done).min(FILL_MAX);
        job.push(part as u32, control, &[value, address.wrapping_add(done)])?;
        done += part;
    }
    qman::trust_dma_0(bars, true);
    let result = job.run(bars, queues, 0, JOB_TIMEOUT);
    qman::trust_dma_0(bars, false);
    result.inspect_err(|_| dev_err!(dev, "QMAN0 Job timeout\n"))
}
