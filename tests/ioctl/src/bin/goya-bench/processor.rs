// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The processor time that submitting and waiting takes from a program.

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::Packets;
use goya_tests::sys::processor_time;
use goya_uapi::hl_goya_dma_direction as direction;

use crate::row;
use crate::stream::Stream;

/// Samples of a row.
const SAMPLES: usize = 9;
/// Submissions of a sample, of those that do nothing and of those that take their time.
const SHORT: usize = 200;
const LONG: usize = 4;
/// Bytes of SRAM that take the card some milliseconds to fill.
const LATE: u32 = 32 << 20;

/// All rows about processor time.
pub fn rows() {
    let card = Card::open();
    let card = card.as_ref().map_err(Clone::clone);
    let fill = Packets::default().fill(direction::HL_DMA_HOST_TO_SRAM, 0, SRAM, LATE);
    let nop = Packets::default().nop();
    row::samples("nop_cpu_us", &card.clone().and_then(|c| measure(c, &nop, SHORT, 1)));
    row::samples("nop_cpu_us_depth64", &card.clone().and_then(|c| measure(c, &nop, SHORT, 64)));
    row::samples("late_cpu_us", &card.and_then(|c| measure(c, &fill, LONG, 1)));
}

/// Microseconds of the process's time for a submission of `packets` and the wait, with `depth` of them under way.
fn measure(card: &Card, packets: &Packets, count: usize, depth: usize) -> Result<Vec<f64>> {
    let jobs = Stream::new(card, &[1], packets)?;
    jobs.stream(depth.max(LONG), depth)?;
    let sample = |_| {
        let start = processor_time();
        jobs.stream(count, depth)?;
        Ok((processor_time() - start).as_secs_f64() * 1e6 / count as f64)
    };
    (0..SAMPLES).map(sample).collect()
}
