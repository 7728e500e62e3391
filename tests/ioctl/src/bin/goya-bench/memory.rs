// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory: mapping it, and moving it.

use std::time::Instant;

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::packet::Packets;
use goya_tests::sys::Mapping;
use goya_uapi::hl_goya_dma_direction as direction;

use crate::row::{self, Traffic};

/// What is mapped and moved.
pub const SIZE: usize = 64 << 20;
/// Samples of a row.
const SAMPLES: usize = 5;

/// All rows about memory.
pub fn rows() {
    let card = Card::open();
    let card = card.as_ref().map_err(Clone::clone);
    row::samples("map_64m_us", &card.clone().and_then(|c| map(c, Mapping::anonymous)));
    row::samples("map_64m_huge_us", &card.clone().and_then(|c| map(c, Mapping::huge)));
    let traffic = card.clone().and_then(traffic);
    let tell = |name: &str, what: fn(&Traffic) -> f64| {
        row::samples(name, &traffic.as_ref().map(|t| vec![what(t)]).map_err(Clone::clone));
    };
    tell("map_64m_register_reads", |t| t.reads);
    tell("map_64m_register_writes", |t| t.writes);
    tell("map_64m_bar_accesses", |t| t.memory);
    row::samples("dma_64m_gb_s", &card.and_then(dma));
}

/// Maps memory for the card and takes the mapping away.
pub fn map_and_unmap(card: &Card, memory: &Mapping) -> Result {
    let device =
        card.map_host_range(memory.address(), memory.len() as u64).map_err(|e| format!("map: {e}"))?;
    card.unmap(device).map(drop).map_err(|e| format!("unmap: {e}"))
}

/// Microseconds for both.
fn map(card: &Card, memory: impl Fn(usize) -> std::io::Result<Mapping>) -> Result<Vec<f64>> {
    let memory = memory(SIZE).map_err(|e| e.to_string())?;
    map_and_unmap(card, &memory)?;
    let sample = |_| {
        let start = Instant::now();
        map_and_unmap(card, &memory).map(|()| start.elapsed().as_secs_f64() * 1e6)
    };
    (0..SAMPLES).map(sample).collect()
}

fn traffic(card: &Card) -> Result<Traffic> {
    let mut control = Control::open()?;
    let memory = Mapping::anonymous(SIZE).map_err(|e| e.to_string())?;
    map_and_unmap(card, &memory)?;
    let start = Traffic::now(&mut control)?;
    map_and_unmap(card, &memory)?;
    Ok(Traffic::now(&mut control)?.since(start, 1.0))
}

/// Host memory to the card's DRAM in 10^9 bytes a second, with the submission and the wait.
fn dma(card: &Card) -> Result<Vec<f64>> {
    let source = card.map_host(Mapping::anonymous(SIZE).map_err(|e| e.to_string())?)?;
    let target = card.device_memory(SIZE as u64)?;
    let copy =
        Packets::default().copy(direction::HL_DMA_HOST_TO_DRAM, source.device, target.device, SIZE as u32);
    let job = card.job(1, &copy)?;
    let once = || {
        let start = Instant::now();
        let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| format!("submit: {e}"))?;
        card.finish(seq).map(|_| SIZE as f64 / start.elapsed().as_secs_f64() / 1e9)
    };
    once()?;
    (0..SAMPLES).map(|_| once()).collect()
}
