// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Queues that wait for each other by sync objects, monitors and fences.

use goya_tests::card::Card;
use goya_tests::device::{SRAM, SRAM_COMMANDS, chunk};
use goya_tests::packet::{ADD, Packets, SYNC_OBJECT, dma_fence, tpc_fence};
use goya_tests::{Result, check, check_eq, noise};
use goya_uapi::hl_goya_dma_direction as direction;
use goya_uapi::{HL_CS_CHUNK_FLAGS_USER_ALLOC_CB, goya_queue_id};

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("chain.two_dma_queues", two_dma_queues),
    test("chain.dma_completion_message", dma_completion_message),
    test("chain.tpc_and_dma", tpc_and_dma),
    test("chain.ping_pong", ping_pong),
    test("chain.all_fences", all_fences),
    test("chain.sync_object_value", sync_object_value),
];

/// Queue 2 copies out what queue 1 copied in, and may not begin before.
fn two_dma_queues() -> Result {
    let card = Card::open()?;
    let (source, target) = (card.host_memory(1 << 20)?, card.host_memory(1 << 20)?);
    let data = noise(3, 1 << 20);
    source.memory.write(0, &data);
    let consumer = Packets::default().monitor(0, 10, 1, dma_fence(2, 0), 1).fence(0, 1, 1).copy(
        direction::HL_DMA_SRAM_TO_HOST,
        SRAM,
        target.device,
        1 << 20,
    );
    let producer = Packets::default()
        .copy(direction::HL_DMA_HOST_TO_SRAM, source.device, SRAM, 1 << 20)
        .sync_object(10, 1);
    let (second, first) = (card.job(2, &consumer)?, card.job(1, &producer)?);
    let seq = card.submit(&[second.chunk, first.chunk], 0, 0).map_err(|e| e.to_string())?;
    card.finish(seq)?;
    check!(target.memory.read(0, 1 << 20) == data, "the data differ");
    Ok(())
}

/// The channel's own completion message opens a fence. Channel 1 tells sync object 1000.
fn dma_completion_message() -> Result {
    let card = Card::open()?;
    let source = card.host_memory(4096)?;
    let waiting = Packets::default().monitor(3, 1000, 1, dma_fence(4, 1), 1).fence(1, 1, 1);
    let copy = Packets::default().copy_and_tell(direction::HL_DMA_HOST_TO_SRAM, source.device, SRAM, 4096);
    let (second, first) = (card.job(4, &waiting)?, card.job(1, &copy)?);
    let seq = card.submit(&[second.chunk, first.chunk], 0, 0).map_err(|e| e.to_string())?;
    card.finish(seq).map(drop)
}

/// A TPC's queue waits for DMA, writes a word, and tells another DMA queue to fetch it.
fn tpc_and_dma() -> Result {
    let card = Card::open()?;
    let target = card.host_memory(4096)?;
    for n in 0..8u32 {
        let at = SRAM + 0x4000 + u64::from(n) * 64;
        let tpc = Packets::default()
            .monitor(20, 20, 1, tpc_fence(u64::from(n), 0), 1)
            .fence(0, 1, 1)
            .msg_long(at, 0x7C00 + n)
            .sync_object(21, 1);
        card.put(SRAM_COMMANDS, tpc.bytes())?;
        let tpc = chunk(
            SRAM_COMMANDS,
            goya_queue_id::GOYA_QUEUE_ID_TPC0 + n,
            tpc.bytes().len(),
            HL_CS_CHUNK_FLAGS_USER_ALLOC_CB,
        );
        let fetch = Packets::default().monitor(21, 21, 1, dma_fence(2, 2), 1).fence(2, 1, 1).copy(
            direction::HL_DMA_SRAM_TO_HOST,
            at,
            target.device,
            4,
        );
        let start = Packets::default().sync_object(20, 1);
        let (fetch, start) = (card.job(2, &fetch)?, card.job(3, &start)?);
        let seq = card.submit(&[tpc, fetch.chunk, start.chunk], 0, 0).map_err(|e| e.to_string())?;
        card.finish(seq).map_err(|e| format!("TPC {n}: {e}"))?;
        check_eq!(target.memory.word(0), 0x7C00 + n, format!("the word of TPC {n}"));
        card.run(3, &Packets::default().sync_object(20, 0).sync_object(21, 0))?;
    }
    Ok(())
}

/// Two queues take turns a hundred times.
fn ping_pong() -> Result {
    let card = Card::open()?;
    let (mut one, mut two) = (Packets::default(), Packets::default());
    for round in 1..=100u32 {
        one = one.sync_object(30, ADD | 1).monitor(30, 31, round, dma_fence(1, 3), 1).fence(3, 1, 1);
        two = two.monitor(31, 30, round, dma_fence(2, 3), 1).fence(3, 1, 1).sync_object(31, ADD | 1);
    }
    let (one, two) = (card.job(1, &one)?, card.job(2, &two)?);
    let seq = card.submit(&[one.chunk, two.chunk], 0, 0).map_err(|e| e.to_string())?;
    card.finish(seq).map(drop)
}

/// Four fences of one queue, opened in the order in which they are waited for.
fn all_fences() -> Result {
    let card = Card::open()?;
    let mut waiting = Packets::default();
    for fence in 0..4u32 {
        let at = dma_fence(4, u64::from(fence));
        waiting = waiting.monitor(40 + fence, 40 + fence, 2, at, 2).fence(fence, 2, 2);
    }
    let job = card.job(4, &waiting)?;
    let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    for object in 40..44 {
        check_eq!(card.wait(seq, 0).map_err(|e| e.to_string())?.status, 1, "busy until the last fence opens");
        card.run(1, &Packets::default().sync_object(object, 1).sync_object(object, ADD | 1))?;
    }
    card.finish(seq).map(drop)
}

/// A sync object keeps what was written and added; the card's DMA reads it.
fn sync_object_value() -> Result {
    let card = Card::open()?;
    let at = SYNC_OBJECT + 4 * 55;
    card.run(1, &Packets::default().sync_object(55, 5).sync_object(55, ADD | 4).msg_long(at, ADD | 2))?;
    check_eq!(card.get(at, 4)?, 11u32.to_le_bytes(), "the value");
    Ok(())
}
