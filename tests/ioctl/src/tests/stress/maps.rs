// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Very many mappings, very large ones, and very many at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use goya_tests::card::Card;
use goya_tests::device::{Job, SRAM};
use goya_tests::kernel_memory;
use goya_tests::packet::Packets;
use goya_tests::sys::Mapping;
use goya_tests::{Result, check, check_eq, noise};
use goya_uapi::hl_goya_dma_direction::{HL_DMA_HOST_TO_SRAM, HL_DMA_SRAM_TO_HOST};

use super::rounds;
use crate::run::skip;

const PAGE: usize = 4096;
/// Where jobs of these tests put data.
const DATA: u64 = SRAM + 0x20_0000;

/// Every page of a large piece of memory is mapped by itself. The addresses are the card's, none is given twice, and
/// all are free again in whatever order they go.
pub fn mappings() -> Result {
    let count = rounds(100_000, 300) as usize;
    let card = Card::open()?;
    let memory = Mapping::anonymous(count * PAGE).map_err(|e| e.to_string())?;
    let map = |n: usize| {
        let at = memory.address() + (n * PAGE) as u64;
        card.map_host_range(at, PAGE as u64).map_err(|e| format!("map page {n}: {e}"))
    };
    for round in 0..2 {
        let start = Instant::now();
        let mut mapped = (0..count).map(map).collect::<Result<Vec<_>>>()?;
        let seconds = start.elapsed().as_secs_f64();
        for n in [0, count / 3, count - 1] {
            memory.write(n * PAGE, &(n as u64).to_le_bytes());
            card.run(1, &Packets::default().copy(HL_DMA_HOST_TO_SRAM, mapped[n], DATA, 8))?;
            check_eq!(
                card.get(DATA, 8)?,
                (n as u64).to_le_bytes(),
                format!("what the card sees of page {n}")
            );
        }
        let mut sorted = mapped.clone();
        sorted.sort_unstable();
        check!(sorted.windows(2).all(|two| two[1] - two[0] >= PAGE as u64), "mappings overlap");
        // Every other one first, so that the free addresses are as scattered as can be.
        let start = Instant::now();
        let (even, odd): (Vec<_>, Vec<_>) = mapped.drain(..).enumerate().partition(|(n, _)| n % 2 == round);
        for (n, at) in even.into_iter().chain(odd) {
            card.unmap(at).map_err(|e| format!("unmap page {n}: {e}"))?;
        }
        println!(
            "{count} mappings in {seconds:.1} s, gone in {:.1} s ({:.0} us for both)",
            start.elapsed().as_secs_f64(),
            (seconds + start.elapsed().as_secs_f64()) * 1e6 / count as f64
        );
    }
    Ok(())
}

const THREADS: u64 = 16;

/// Threads map memory, have the card copy it there and back, and take the mapping away, while the queues are
/// never empty.
pub fn threads() -> Result {
    let each = rounds(500, 3);
    let card = Card::open()?;
    let nop = card.job(0, &Packets::default().nop())?;
    let over = AtomicBool::new(false);
    // While one thread's job is at work, the others' may fill the window.
    let finish = |job: &Job<'_>| -> Result {
        loop {
            match card.submit(&[job.chunk], 0, 0) {
                Err(e) if e.raw_os_error() == Some(libc::EAGAIN) => std::thread::yield_now(),
                seq => return card.finish(seq.map_err(|e| format!("submit: {e}"))?).map(drop),
            }
        }
    };
    let run = |thread: u64| -> Result {
        for n in 0..u64::from(each) {
            // From one page to 2 MiB.
            let len = PAGE << ((n + thread) % 10);
            let memory = if thread % 4 == 0 { Mapping::huge(2 << 20) } else { Mapping::anonymous(len) };
            let data = noise(thread << 32 | n, 1024);
            let host = card.map_host(memory.map_err(|e| e.to_string())?)?;
            let at = DATA + thread * 0x1000;
            host.memory.write(len - 1024, &data);
            let from = host.device + len as u64 - 1024;
            finish(&card.job(1, &Packets::default().copy(HL_DMA_HOST_TO_SRAM, from, at, 1024))?)?;
            finish(&card.job(2, &Packets::default().copy(HL_DMA_SRAM_TO_HOST, at, host.device, 1024))?)?;
            check!(host.memory.read(0, 1024) == data, "thread {thread}, round {n}: the data differ");
        }
        Ok(())
    };
    let busy = || -> Result<u32> {
        let mut count = 0;
        while !over.load(Ordering::Relaxed) {
            finish(&nop)?;
            count += 1;
        }
        Ok(count)
    };
    let start = Instant::now();
    let nops = std::thread::scope(|scope| {
        let run = &run;
        let busy = scope.spawn(busy);
        let running: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || run(thread))).collect();
        let panicked = |_| "a thread panicked".to_owned();
        let ends: Vec<_> =
            running.into_iter().map(|t| t.join().map_err(panicked).and_then(|end| end)).collect();
        over.store(true, Ordering::Relaxed);
        let nops = busy.join().map_err(panicked).and_then(|end| end);
        ends.into_iter().collect::<Result<()>>().and(nops)
    })?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} mappings of {THREADS} threads in {seconds:.1} s, beside {nops} NOPs",
        u64::from(each) * THREADS
    );
    Ok(())
}

/// More than 32 bits can tell, in one mapping.
const LARGE: usize = 5 << 30;

/// 5 GiB of memory are one mapping, all of which the card reaches.
pub fn large() -> Result {
    if kernel_memory::available()? < LARGE + (1 << 30) {
        skip("needs a guest with 7 GiB of memory");
    }
    let card = Card::open()?;
    let start = Instant::now();
    let host = card.map_host(Mapping::huge(LARGE).map_err(|e| e.to_string())?)?;
    let seconds = start.elapsed().as_secs_f64();
    let places = [0, 1 << 31, (4 << 30) - 8, 4 << 30, (4 << 30) + (2 << 20), LARGE - 8];
    for (n, at) in places.into_iter().enumerate() {
        let word = (0x5EED_0000_0000 + n as u64).to_le_bytes();
        host.memory.write(at, &word);
        card.run(1, &Packets::default().copy(HL_DMA_HOST_TO_SRAM, host.device + at as u64, DATA, 8))?;
        check_eq!(card.get(DATA, 8)?, word, format!("what the card sees at {at:#x}"));
    }
    let answer = noise(5, 4096);
    card.put(DATA, &answer)?;
    let end = LARGE - 4096;
    card.run(2, &Packets::default().copy(HL_DMA_SRAM_TO_HOST, DATA, host.device + end as u64, 4096))?;
    check!(host.memory.read(end, 4096) == answer, "what the card wrote at the end");
    check_eq!(host.memory.read(1 << 30, 8), [0; 8], "what is elsewhere");
    let start = Instant::now();
    drop(host);
    println!(
        "5 GiB mapped in {seconds:.1} s, with the pages' first use, unmapped in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
