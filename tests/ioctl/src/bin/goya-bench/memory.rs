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

/// What memory is of.
type Make = fn(usize) -> std::io::Result<Mapping>;
/// What is mapped, by small and by huge pages.
const MAPS: [(&str, usize, Make); 6] = [
    ("map_4k_us", 4 << 10, Mapping::anonymous),
    ("map_64m_us", SIZE, Mapping::anonymous),
    ("map_1g_us", 1 << 30, Mapping::anonymous),
    ("map_2m_huge_us", 2 << 20, Mapping::huge),
    ("map_64m_huge_us", SIZE, Mapping::huge),
    ("map_1g_huge_us", 1 << 30, Mapping::huge),
];
/// What is moved.
const MOVES: [(&str, usize); 4] =
    [("dma_4k_gb_s", 4 << 10), ("dma_64k_gb_s", 64 << 10), ("dma_1m_gb_s", 1 << 20), ("dma_64m_gb_s", SIZE)];

/// All rows about memory.
pub fn rows() {
    let card = Card::open();
    let card = card.as_ref().map_err(Clone::clone);
    for (name, size, memory) in MAPS {
        row::samples(name, &card.clone().and_then(|c| map(c, size, memory)));
    }
    row::samples("alloc_64m_us", &card.clone().and_then(alloc));
    let traffic = card.clone().and_then(traffic);
    let tell = |name: &str, what: fn(&Traffic) -> f64| {
        row::samples(name, &traffic.as_ref().map(|t| vec![what(t)]).map_err(Clone::clone));
    };
    tell("map_64m_register_reads", |t| t.reads);
    tell("map_64m_register_writes", |t| t.writes);
    tell("map_64m_bar_accesses", |t| t.memory);
    for (name, size) in MOVES {
        row::samples(name, &card.clone().and_then(|c| dma(c, size)));
    }
}

/// Maps memory for the card and takes the mapping away.
pub fn map_and_unmap(card: &Card, memory: &Mapping) -> Result {
    let device =
        card.map_host_range(memory.address(), memory.len() as u64).map_err(|e| format!("map: {e}"))?;
    card.unmap(device).map(drop).map_err(|e| format!("unmap: {e}"))
}

/// Microseconds for both.
fn map(card: &Card, size: usize, memory: Make) -> Result<Vec<f64>> {
    let memory = memory(size).map_err(|e| e.to_string())?;
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

/// Microseconds for an allocation of device memory and its end.
fn alloc(card: &Card) -> Result<Vec<f64>> {
    let sample = |_| {
        let start = Instant::now();
        let handle = card.alloc(SIZE as u64, 0).map_err(|e| format!("allocate: {e}"))?;
        card.free(handle).map_err(|e| format!("free: {e}"))?;
        Ok(start.elapsed().as_secs_f64() * 1e6)
    };
    (0..SAMPLES).map(sample).collect()
}

/// Host memory to the card's DRAM in 10^9 bytes a second, with the submission and the wait.
fn dma(card: &Card, size: usize) -> Result<Vec<f64>> {
    let source = card.host_memory(size)?;
    let target = card.device_memory(size as u64)?;
    let copy =
        Packets::default().copy(direction::HL_DMA_HOST_TO_DRAM, source.device, target.device, size as u32);
    let job = card.job(1, &copy)?;
    let once = || {
        let start = Instant::now();
        let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| format!("submit: {e}"))?;
        card.finish(seq).map(|_| size as f64 / start.elapsed().as_secs_f64() / 1e9)
    };
    once()?;
    (0..SAMPLES).map(|_| once()).collect()
}
