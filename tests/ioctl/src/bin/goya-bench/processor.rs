// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The processor time that submitting and waiting takes, of all the guest: also of what the driver does in interrupts and by workers.

use std::fs;
use std::time::{Duration, Instant};

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::Packets;
use goya_uapi::hl_goya_dma_direction as direction;

use crate::row;
use crate::stream::Stream;

/// Samples of a row, and how long each takes: the kernel tells idle time in hundredths of a second.
const SAMPLES: (usize, Duration) = (4, Duration::from_millis(400));
/// Ticks of the idle time a second (`USER_HZ`, which is part of the kernel's ABI).
const TICKS: f64 = 100.0;
/// Bytes of SRAM that take the card some milliseconds to fill, and with what: zeros would take no time.
const LATE: u32 = 32 << 20;
const PATTERN: u64 = 0x0123_4567_89AB_CDEF;

/// All rows about processor time.
pub fn rows() {
    let card = Card::open();
    let card = card.as_ref().map_err(Clone::clone);
    let fill = Packets::default().fill(direction::HL_DMA_HOST_TO_SRAM, PATTERN, SRAM, LATE);
    let nop = Packets::default().nop();
    row::samples("nop_cpu_us", &card.clone().and_then(|c| measure(c, &nop, 1)));
    row::samples("nop_cpu_us_depth64", &card.clone().and_then(|c| measure(c, &nop, 64)));
    row::samples("late_cpu_us", &card.and_then(|c| measure(c, &fill, 1)));
}

/// Microseconds of all processors for a submission of `packets` and the wait, with `depth` of them under way.
fn measure(card: &Card, packets: &Packets, depth: usize) -> Result<Vec<f64>> {
    let jobs = Stream::new(card, &[1], packets)?;
    jobs.stream(depth, depth)?;
    let sample = |_| {
        let ((processors, idle), start) = (idle()?, Instant::now());
        let count = jobs.stream_while(depth, || start.elapsed() < SAMPLES.1)?;
        let (all, idle) = (start.elapsed().as_secs_f64() * processors, self::idle()?.1 - idle);
        Ok((all - idle).max(0.0) * 1e6 / count as f64)
    };
    (0..SAMPLES.0).map(sample).collect()
}

/// How many processors there are, and the seconds that all of them have been idle.
fn idle() -> Result<(f64, f64)> {
    let path = "/proc/stat";
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let processors = text.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu ")).count();
    let all = text.lines().find(|line| line.starts_with("cpu ")).ok_or("/proc/stat has no sum")?;
    // user, nice, system, idle, iowait.
    let ticks = all.split_whitespace().skip(4).take(2).filter_map(|word| word.parse::<f64>().ok());
    Ok((processors as f64, ticks.sum::<f64>() / TICKS))
}
