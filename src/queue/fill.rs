// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the driver has its queues do: tests of all, and the filling of the card's memory (upstream `goya_test_queue()`,
//! `goya_memset_device_memory()`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::time::delay::fsleep;

use super::driver_job::{DriverJob, Fill, LOOK, MOST};
use super::id::EXTERNAL;
use super::Queues;
use crate::hw::bars::Bars;
use crate::hw::idle;

/// Has every external queue write a word; `EINVAL` if one does not.
pub(crate) fn test_queues(dev: &Device<Bound>, bars: &Bars, queues: &Queues) -> Result {
    let _turn = queues.kernel_queue().hold();
    let mut tests = KVec::with_capacity(EXTERNAL, GFP_KERNEL)?;
    for queue in queues.externals() {
        tests.push_within_capacity(DriverJob::new(dev, 0)?.start(bars, queue)?)?;
    }
    // Side by side: a card of which nothing works is found dead at once.
    while !tests
        .iter_mut()
        .fold(true, |over, test| test.is_over(bars) && over)
    {
        fsleep(LOOK);
    }
    let mut result = Ok(());
    for (n, test) in tests.into_iter().enumerate() {
        if test.end().is_err() {
            dev_err!(dev, "H/W queue {} test failed\n", n);
            result = Err(EINVAL);
        }
    }
    result
}

/// Fills memory of the card, with as few jobs as it takes.
///
/// Errors: `EBUSY`: an engine is at work, or the card is about to be reset; `ETIMEDOUT`.
pub(crate) fn fill(
    dev: &Device<Bound>,
    bars: &Bars,
    queues: &Queues,
    fills: impl IntoIterator<Item = Fill>,
) -> Result {
    let mut turn = queues.kernel_queue().hold();
    if !turn.works() {
        // Nor can a card be asked that is being reset.
        return Err(EBUSY);
    }
    if !queues.idle(|| idle::engines(bars, || (), None).is_idle()) {
        dev_err!(
            dev,
            "Can't send driver job on QMAN0 because the device is not idle\n"
        );
        return Err(EBUSY);
    }
    let mut run = |job: DriverJob| {
        if turn.works() {
            turn.run(bars, job)
        } else {
            Err(EBUSY)
        }
    };
    let mut job = DriverJob::new(dev, 0)?;
    for fill in fills.into_iter().flat_map(Fill::pieces) {
        let full = job.bytes.saturating_add(fill.size) > MOST;
        if full || job.push_fill(&fill).is_err() {
            job = run(job)?;
            job.push_fill(&fill)?;
        }
    }
    run(job)?;
    Ok(())
}
