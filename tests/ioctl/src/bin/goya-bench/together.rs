// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Several threads at a card: what they get done, and what they do to each other.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::packet::Packets;
use goya_uapi::hl_goya_dma_direction as direction;

use crate::row;
use crate::stream::Stream;

/// Samples of a row, and how long each takes.
const SAMPLES: usize = 8;
const TIME: Duration = Duration::from_millis(60);
/// Threads that do the same.
const THREADS: usize = 4;
/// What each of two loads has under way: both have room among the 64 submissions of a context.
const DEPTH: usize = 16;
const FLOOD: usize = 48;
/// Bytes of a copy of the mixed load.
const COPY: usize = 64 << 10;
/// Submissions whose latency is measured: enough for the last of a thousand.
const LATENCIES: usize = 3000;

/// All rows about threads.
pub fn rows() {
    let card = Card::open();
    let card = card.as_ref().map_err(Clone::clone);
    row::samples("nop_per_second_depth1_threads4", &card.clone().and_then(|c| threads(c, 1)));
    row::samples("nop_per_second_depth16_threads4", &card.clone().and_then(|c| threads(c, DEPTH)));
    let mixed = card.clone().and_then(mixed);
    let tell = |name: &str, what: fn(&(f64, f64)) -> f64| {
        row::samples(name, &mixed.as_ref().map(|m| m.iter().map(what).collect()).map_err(Clone::clone));
    };
    tell("mixed_dma_gb_s", |(copies, _)| *copies);
    tell("mixed_nop_per_second", |(_, nops)| *nops);
    percentiles("nop_latency", &card.clone().and_then(latencies));
    percentiles("flooded_latency", &card.and_then(flooded));
}

/// Submissions a second of [`THREADS`] threads, each with `depth` under way on queue 1.
fn threads(card: &Card, depth: usize) -> Result<Vec<f64>> {
    let nops = Stream::nops(card, 1)?;
    nops.stream(depth, depth)?;
    let sample = |_| {
        let start = Instant::now();
        let one = || nops.stream_while(depth, || start.elapsed() < TIME);
        let counts = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(joined).collect::<Result<Vec<usize>>>()
        })?;
        Ok(counts.iter().sum::<usize>() as f64 / start.elapsed().as_secs_f64())
    };
    (0..SAMPLES).map(sample).collect()
}

/// What a thread returns.
fn joined<T>(thread: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| "a thread has panicked".to_owned())?
}

/// One thread copies on queue 1, another one does nothing on queue 3, both as fast as they can: 10^9 bytes a second of the
/// one, submissions a second of the other.
fn mixed(card: &Card) -> Result<Vec<(f64, f64)>> {
    let (source, target) = (card.host_memory(COPY)?, card.device_memory(COPY as u64)?);
    let copy =
        Packets::default().copy(direction::HL_DMA_HOST_TO_DRAM, source.device, target.device, COPY as u32);
    let copies = Stream::new(card, &[1], &copy)?;
    let nops = Stream::new(card, &[3], &Packets::default().nop())?;
    let sample = |_| {
        let begin = Barrier::new(2);
        let one = |stream: &Stream<'_>| {
            begin.wait();
            let start = Instant::now();
            let count = stream.stream_while(DEPTH, || start.elapsed() < TIME)?;
            Ok(count as f64 / start.elapsed().as_secs_f64())
        };
        let (copied, done) = thread::scope(|scope| {
            let nops = scope.spawn(|| one(&nops));
            let copied = one(&copies);
            (copied, joined(nops))
        });
        Ok((copied? * COPY as f64 / 1e9, done?))
    };
    (0..SAMPLES).map(sample).collect()
}

/// Microseconds of each of many submissions that are waited for, on queue 3.
fn latencies(card: &Card) -> Result<Vec<f64>> {
    let nop = Stream::new(card, &[3], &Packets::default().nop())?;
    nop.stream(LATENCIES / 10, 1)?;
    let once = |_| {
        let start = Instant::now();
        // Beside others there may be no room among a context's submissions.
        nop.stream(1, 1).map(|()| start.elapsed().as_secs_f64() * 1e6)
    };
    (0..LATENCIES).map(once).collect()
}

/// The same, while another thread keeps queue 1 full.
fn flooded(card: &Card) -> Result<Vec<f64>> {
    let flood = Stream::nops(card, 1)?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let flood = scope.spawn(|| flood.stream_while(FLOOD, || !over.load(Ordering::Relaxed)));
        let latencies = latencies(card);
        over.store(true, Ordering::Relaxed);
        joined(flood)?;
        latencies
    })
}

/// Tells the middle of some times, and what 99 in 100 and 999 in 1000 are below.
fn percentiles(name: &str, times: &Result<Vec<f64>>) {
    let sorted = times.clone().map(|mut times| {
        times.sort_unstable_by(f64::total_cmp);
        times
    });
    for (suffix, per_mille) in [("p50", 500), ("p99", 990), ("p999", 999)] {
        let at = |times: &Vec<f64>| times.get(times.len() * per_mille / 1000).copied().into_iter().collect();
        row::samples(&format!("{name}_{suffix}_us"), &sorted.as_ref().map(at).map_err(Clone::clone));
    }
}
