// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Mappings of thousands of pages, whose tables a driver may have the card's DMA write, beside work on that.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::{HostMemory, SRAM};
use goya_tests::kmsg;
use goya_tests::packet::{Packets, dma_fence};
use goya_tests::sys::Mapping;
use goya_tests::{Result, check, check_eq, noise};
use goya_uapi::hl_goya_dma_direction as direction;
use goya_uapi::*;
use serde_json::json;

use super::pages::page;
use super::{Test, fault, test};
use crate::card_user::CardUser;
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("tables.used_at_once", used_at_once),
    test("tables.first_queue_waits", first_queue_waits),
    test("tables.first_queue_works", first_queue_works),
    fault("tables.while_copied", while_copied),
    fault("tables.slow_copy", slow_copy),
];

pub const ROUGH: &[Test] = &[fault("tables.lost_copy", lost_copy)];

const MIB: usize = 1 << 20;
/// A device address for host memory.
const AT: u64 = (1 << 48) + (5 << 30) + 4096;
/// The first queue's producer index (`mmDMA_QM_0_PQ_PI`).
pub const PRODUCER: u64 = 0x40_006C;
/// Queue whose DMA the driver may use.
const FIRST: u32 = 0;

/// Copies all of `from` to all of `to` by way of device memory at `dram`, on other queues than the first.
fn copy(card: &Card, from: &HostMemory<'_>, dram: u64, to: &HostMemory<'_>) -> Result {
    let size = from.memory.len() as u32;
    let into = Packets::default().copy(direction::HL_DMA_HOST_TO_DRAM, from.device, dram, size);
    card.run(1, &into)?;
    let out = Packets::default().copy(direction::HL_DMA_DRAM_TO_HOST, dram, to.device, size);
    card.run(2, &out).map(drop)
}

/// Mappings of odd numbers of pages at the addresses of others before, used as soon as they are there.
fn used_at_once() -> Result {
    let card = Card::open()?;
    let dram = card.device_memory(8 << 20)?;
    for (round, pages) in [300, 1025, 511, 1500, 129, 2048, 127, 1999].into_iter().enumerate() {
        let (from, to) = (card.host_memory(pages * 4096)?, card.host_memory(pages * 4096)?);
        let data = noise(round as u64, pages * 4096);
        from.memory.write(0, &data);
        copy(&card, &from, dram.device, &to)?;
        check!(to.memory.read(0, data.len()) == data, "{pages} pages: the data differ");
    }
    Ok(())
}

/// A job that waits on the first queue keeps nobody from mapping, and goes on afterwards.
fn first_queue_waits() -> Result {
    let card = Card::open()?;
    let dram = card.device_memory(8 << 20)?;
    let gate = Packets::default().monitor(12, 12, 1, dma_fence(u64::from(FIRST), 2), 1).fence(2, 1, 1);
    let gate = card.job(FIRST, &gate)?;
    let seq = card.submit(&[gate.chunk], 0, 0).map_err(|e| e.to_string())?;
    let (from, to) = (card.host_memory(6 * MIB)?, card.host_memory(6 * MIB)?);
    let data = noise(5, 6 * MIB);
    from.memory.write(0, &data);
    copy(&card, &from, dram.device, &to)?;
    check!(to.memory.read(0, data.len()) == data, "the data differ");
    let waited = card.wait(seq, 0).map_err(|e| e.to_string())?;
    check_eq!(waited.status, HL_WAIT_CS_STATUS_BUSY, "the job that waits");
    card.run(3, &Packets::default().sync_object(12, 1))?;
    card.finish(seq).map(drop)
}

/// Does `work` again and again while others map and unmap memory.
fn while_mapping(card: &Card, mut work: impl FnMut() -> Result) -> Result {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let mapper = scope.spawn(|| {
            let rounds = (0..12).try_for_each(|_| card.host_memory(4 * MIB).map(drop));
            done.store(true, Ordering::Relaxed);
            rounds
        });
        let mut result = work();
        while result.is_ok() && !done.load(Ordering::Relaxed) {
            result = work();
        }
        mapper.join().map_err(|_| "the thread that maps has panicked")??;
        result
    })
}

/// Jobs on the first queue do what they are to do, with a user's addresses.
fn first_queue_works() -> Result {
    let card = Card::open()?;
    let dram = card.device_memory(2 << 20)?;
    let target = card.host_memory(65536)?;
    let data = noise(3, 65536);
    card.put(dram.device, &data)?;
    let there = Packets::default().copy(direction::HL_DMA_DRAM_TO_SRAM, dram.device, SRAM, 65536);
    let back = Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, SRAM, target.device, 65536);
    while_mapping(&card, || {
        target.memory.write(0, &[0; 65536]);
        card.run(FIRST, &there)?;
        card.run(2, &back)?;
        check!(target.memory.read(0, data.len()) == data, "the data differ");
        Ok(())
    })
}

/// Maps 8 MiB but for two pages at [`AT`], by small pages even if an IOMMU makes one piece of it. It stays mapped.
pub fn map_small_pages(card: &Card) -> Result<io::Result<u64>> {
    let memory = Mapping::anonymous(8 * MIB).map_err(|e| e.to_string())?;
    let size = memory.len() as u64 - 8192;
    Ok(card.map_host_hint(memory.address() + 4096, size, AT, HL_MEM_FORCE_HINT))
}

/// While the card copies tables, nothing leads to them, users' jobs do not get on the queue that it needs, where
/// they could use any address, and the card does not look busy.
fn while_copied() -> Result {
    only_goya("has the card copy tables")?;
    let card = Card::open()?;
    let mut control = Control::open()?;
    let dram = card.device_memory(2 << 20)?;
    card.put(dram.device, b"a user's")?;
    // Tables that are used again hold what led there; those above them stay.
    let _neighbour =
        card.map_host_at(Mapping::anonymous(4096).map_err(|e| e.to_string())?, AT + (64 << 20))?;
    let device = map_small_pages(&card)?.map_err(|e| format!("map: {e}"))?;
    card.unmap(device).map_err(|e| format!("unmap: {e}"))?;
    let before = control.register(PRODUCER)?;
    control.inject("hang-queue", &json!({"queue": "dma0"}))?;
    let there = Packets::default().copy(direction::HL_DMA_DRAM_TO_SRAM, dram.device, SRAM, 8);
    thread::scope(|scope| {
        let map = scope.spawn(|| map_small_pages(&card)?.map_err(|e| format!("map: {e}")));
        let rung = card.poll("a copy", |_| Ok(map.is_finished() || control.register(PRODUCER)? != before));
        let page = page(&mut control, AT);
        let idle = scope.spawn(|| card.hw_idle());
        let job = scope.spawn(|| card.run(FIRST, &there).map(drop));
        // Time enough for whoever does not wait.
        let early = (0..10).any(|_| {
            thread::sleep(Duration::from_millis(10));
            idle.is_finished() || map.is_finished()
        });
        control.clear()?;
        let panicked = |_| "a thread has panicked".to_owned();
        let (map, idle) = (map.join().map_err(panicked)?, idle.join().map_err(panicked)?);
        job.join().map_err(panicked)??;
        rung?;
        map?;
        check_eq!(page?, None, "a page before its table is there");
        check_eq!(idle?.is_idle, 1, "idle");
        check!(!early, "the driver has not waited for the copy");
        Ok(())
    })?;
    check!(card.get(SRAM, 8)? == b"a user's", "a user's job could use any address");
    Ok(())
}

/// A copy may take its time, as long as the card gets on.
fn slow_copy() -> Result {
    only_goya("has the card copy tables")?;
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    control.inject("slow-queue", &json!({"queue": "dma0", "ms": 300}))?;
    let device = map_small_pages(&card)?.map_err(|e| format!("map: {e}"))?;
    control.clear()?;
    check!(page(&mut control, device)?.is_some(), "nothing is mapped");
    check_eq!(card.resets()?, before, "resets");
    card.unmap(device).map(drop).map_err(|e| format!("unmap: {e}"))
}

/// Tables that the card does not copy are never believed to be there: the mapping fails, and the card is reset.
fn lost_copy() -> Result {
    only_goya("has the card copy tables")?;
    for text in ["QMAN0 Job timeout", "cache invalidation failed"] {
        kmsg::expect(text)?;
    }
    let card = Card::open_control()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    let mut user = CardUser::start("map")?;
    control.inject("hang-queue", &json!({"queue": "dma0"}))?;
    user.go()?;
    check_eq!(user.line()?, format!("map: {}", libc::ETIMEDOUT), "what the user is told");
    control.clear()?;
    user.ends_killed()?;
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()?;
    used_at_once()
}
