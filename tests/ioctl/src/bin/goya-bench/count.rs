// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Instructions of the guest, counted by QEMU between marks.

use std::io;

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::Packets;
use goya_tests::sys::Mapping;
use goya_uapi::hl_goya_dma_direction as direction;

use crate::load;
use crate::mark::{known, mark};
use crate::memory::{SIZE, map_and_unmap};
use crate::row;
use crate::stream::Stream;

/// Samples of a row about submissions. The timer ticks in a few of them, which the median leaves out.
const SUBMISSIONS: usize = 150;
/// Samples of a row about streams, and submissions of each.
const STREAMS: (usize, usize) = (5, 192);
/// Calls of a sample about io_uring, and submissions of each call: as many as of a stream.
const BATCHES: usize = 3;
const BATCH: usize = 64;
/// Samples of a row about memory.
const MAPS: usize = 3;

/// Bytes of SRAM that take the card some milliseconds to fill.
const LATE: u32 = 32 << 20;
/// What it is filled with: zeros would take no time.
const PATTERN: u64 = 0x0123_4567_89AB_CDEF;
/// How often what is known is counted: the timer may tick in one of them.
const KNOWN: usize = 9;

/// All rows.
pub fn rows() -> Result {
    (0..KNOWN).for_each(|_| known());
    load::only_load()?;
    row::marked("nop_guest_instructions", 2, 1, &nop());
    row::marked("submit_guest_instructions", 4, 1, &submit());
    row::marked("nop_guest_instructions_depth64", 6, STREAMS.1 as u32, &stream());
    row::marked("uring_guest_instructions_depth64", 12, (BATCHES * BATCH) as u32, &batches());
    row::marked("map_64m_guest_instructions", 8, 1, &map::<8, 9>(Mapping::anonymous));
    row::marked("map_64m_huge_guest_instructions", 10, 1, &map::<10, 11>(Mapping::huge));
    Ok(())
}

/// A submission and the wait for it.
fn nop() -> Result {
    let card = Card::open()?;
    let nop = Stream::nops(&card, 1)?;
    nop.stream(10, 1)?;
    (0..SUBMISSIONS).try_for_each(|_| {
        mark::<2>();
        let result = nop.run();
        mark::<3>();
        result
    })
}

/// The submission alone: the card is busy with another one meanwhile, so that no interrupt comes.
fn submit() -> Result {
    let card = Card::open()?;
    let fill = Packets::default().fill(direction::HL_DMA_HOST_TO_SRAM, PATTERN, SRAM, LATE);
    let (busy, nop) = (Stream::new(&card, &[1], &fill)?, Stream::nops(&card, 1)?);
    busy.run()?;
    nop.stream(10, 1)?;
    (0..SUBMISSIONS).try_for_each(|_| {
        busy.submit_now()?;
        mark::<4>();
        let seq = nop.submit_now();
        mark::<5>();
        nop.wait(seq?)
    })
}

/// Many submissions at the same time.
fn stream() -> Result {
    let card = Card::open()?;
    let nop = Stream::nops(&card, 1)?;
    nop.stream(STREAMS.1, 64)?;
    (0..STREAMS.0).try_for_each(|_| {
        mark::<6>();
        let result = nop.stream(STREAMS.1, 64);
        mark::<7>();
        result
    })
}

/// As many submissions, each 64 of them in one call.
fn batches() -> Result {
    let card = Card::open()?;
    let nop = Stream::nops(&card, 1)?;
    nop.stream(BATCH, BATCH)?;
    let mut ring = nop.ring(BATCH as u32)?;
    let mut run = || (0..BATCHES).try_for_each(|_| nop.run_batch(&mut ring, BATCH));
    run()?;
    (0..STREAMS.0).try_for_each(|_| {
        mark::<12>();
        let result = run();
        mark::<13>();
        result
    })
}

/// Mapping memory and taking the mapping away.
fn map<const BEGIN: u16, const END: u16>(memory: impl Fn(usize) -> io::Result<Mapping>) -> Result {
    let card = Card::open()?;
    let memory = memory(SIZE).map_err(|e| e.to_string())?;
    map_and_unmap(&card, &memory)?;
    (0..MAPS).try_for_each(|_| {
        mark::<BEGIN>();
        let result = map_and_unmap(&card, &memory);
        mark::<END>();
        result
    })
}
