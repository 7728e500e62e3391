// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions that do nothing: what the driver costs.

use std::time::{Duration, Instant};

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::packet::Packets;

use crate::row::{self, Traffic};
use crate::stream::Stream;

/// Samples of a row.
const SAMPLES: usize = 9;
/// Submissions of a sample of latency, or of the card's counters.
const SUBMISSIONS: usize = 100;
/// Samples of throughput, and how long each takes.
const STREAMS: (usize, Duration) = (8, Duration::from_millis(40));
/// Submissions under way at the same time.
const DEPTHS: [usize; 3] = [1, 16, 64];
/// Jobs of a submission.
const JOBS_EACH: [usize; 3] = [1, 4, 16];

/// All rows about submissions.
pub fn rows() {
    let card = Card::open();
    let card = card.as_ref().map_err(Clone::clone);
    row::samples("nop_latency_us", &card.clone().and_then(latency));
    traffic(&card.clone().and_then(measure_traffic));
    for jobs in JOBS_EACH {
        for depth in DEPTHS {
            row::samples(
                &name(depth, jobs),
                &card.clone().and_then(|c| per_second(c, depth, &vec![1; jobs])),
            );
        }
    }
    row::samples("uring_per_second_depth64", &card.clone().and_then(batches_per_second));
    // One job for each queue that users have.
    row::samples("nop_per_second_depth16_queues5", &card.and_then(|c| per_second(c, 16, &[0, 1, 2, 3, 4])));
}

fn name(depth: usize, jobs: usize) -> String {
    match jobs {
        1 => format!("nop_per_second_depth{depth}"),
        _ => format!("nop_per_second_depth{depth}_jobs{jobs}"),
    }
}

/// Microseconds from before the submission until after the wait: the medians of many.
fn latency(card: &Card) -> Result<Vec<f64>> {
    let nop = Stream::nops(card, 1)?;
    nop.stream(SUBMISSIONS, 1)?;
    let once = || {
        let start = Instant::now();
        nop.run().map(|()| start.elapsed().as_secs_f64() * 1e6)
    };
    let sample = |_| (0..SUBMISSIONS).map(|_| once()).collect::<Result<Vec<_>>>().map(row::median);
    (0..SAMPLES).map(sample).collect()
}

/// Submissions a second.
fn per_second(card: &Card, depth: usize, queues: &[u32]) -> Result<Vec<f64>> {
    let nops = Stream::new(card, queues, &Packets::default().nop())?;
    nops.stream(depth, depth)?;
    let sample = |_| {
        let start = Instant::now();
        let count = nops.stream_while(depth, || start.elapsed() < STREAMS.1)?;
        Ok(count as f64 / start.elapsed().as_secs_f64())
    };
    (0..STREAMS.0).map(sample).collect()
}

/// Submissions of a call by io_uring.
const BATCH: usize = 64;

/// Submissions a second by io_uring, a whole window of them in a call.
fn batches_per_second(card: &Card) -> Result<Vec<f64>> {
    let nop = Stream::nops(card, 1)?;
    let mut ring = nop.ring(BATCH as u32)?;
    nop.run_batch(&mut ring, BATCH)?;
    let mut sample = |_| {
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < STREAMS.1 {
            nop.run_batch(&mut ring, BATCH)?;
            count += BATCH;
        }
        Ok(count as f64 / start.elapsed().as_secs_f64())
    };
    (0..STREAMS.0).map(&mut sample).collect()
}

/// What goes across PCIe for a submission and the wait for it.
fn traffic(traffic: &Result<Vec<Traffic>>) {
    let tell = |name: &str, what: fn(&Traffic) -> f64| {
        row::samples(name, &traffic.as_ref().map(|t| t.iter().map(what).collect()).map_err(Clone::clone));
    };
    tell("nop_register_reads", |t| t.reads);
    tell("nop_register_writes", |t| t.writes);
    tell("nop_bar_accesses", |t| t.memory);
    tell("nop_interrupts", |t| t.interrupts);
}

fn measure_traffic(card: &Card) -> Result<Vec<Traffic>> {
    let mut control = Control::open()?;
    let nop = Stream::nops(card, 1)?;
    nop.run()?;
    let mut sample = || {
        let start = Traffic::now(&mut control)?;
        nop.stream(SUBMISSIONS, 1)?;
        Ok(Traffic::now(&mut control)?.since(start, SUBMISSIONS as f64))
    };
    // The heartbeat's messages are in one sample of many.
    (0..SAMPLES).map(|_| sample()).collect()
}
