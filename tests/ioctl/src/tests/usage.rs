// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is told of the use that programs make of a card: fdinfo, and the load.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::{HostMemory, SRAM, SRAM_COMMANDS, chunk};
use goya_tests::fdinfo::FdInfo;
use goya_tests::packet::{Packets, dma_fence, tpc_fence};
use goya_tests::{Result, check, check_eq};
use goya_uapi::hl_goya_dma_direction as direction;
use goya_uapi::*;
use serde_json::json;

use super::{Test, test};
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("usage.fdinfo", fdinfo),
    test("usage.memory", memory),
    test("usage.waiting", waiting),
    Test { name: "usage.busy_times", run: busy_times, seconds: 90, emulated: true },
    Test { name: "usage.load", run: load, seconds: 90, emulated: true },
];

/// Engines, and the card's queues that each is the sum of.
const ENGINES: [(&str, &[&str]); 7] = [
    ("dma0", &["dma0"]),
    ("dma1", &["dma1"]),
    ("dma2", &["dma2"]),
    ("dma3", &["dma3"]),
    ("dma4", &["dma4"]),
    ("mme", &["mme"]),
    ("tpc", &["tpc0", "tpc1", "tpc2", "tpc3", "tpc4", "tpc5", "tpc6", "tpc7"]),
];

/// Opens the card, if its driver tells anything.
fn open() -> Result<Card> {
    only_goya("tells of files in fdinfo")?;
    Card::open()
}

/// What DRM tells of each file, and the engines.
fn fdinfo() -> Result {
    let card = open()?;
    let info = FdInfo::of(&card)?;
    check_eq!(info.get("drm-driver"), Some("habanalabs"), "the driver");
    let pdev = info.get("drm-pdev").unwrap_or_default();
    check!(
        pdev.len() == 12 && pdev.as_bytes()[4] == b':' && pdev.as_bytes()[10] == b'.',
        "drm-pdev {pdev:?}"
    );
    let first = info.number("drm-client-id")?;
    for (engine, _) in ENGINES {
        check_eq!(info.busy(engine)?, 0, format!("{engine} before anything was submitted"));
    }
    check_eq!(info.number("drm-engine-capacity-tpc")?, 8, "tensor cores");
    check!(info.get("drm-engine-capacity-dma1").is_none(), "a queue is one");
    let mut keys: Vec<_> = info.keys().filter(|key| key.starts_with("drm-engine")).collect();
    keys.sort_unstable();
    check_eq!(keys.len(), ENGINES.len() + 1, format!("the engines {keys:?}"));

    card.run(1, &Packets::default().nop())?;
    let info = FdInfo::of(&card)?;
    check!(info.busy("dma1")? > 0, "no time for a job");
    check_eq!(info.busy("dma2")?, 0, "the time of another queue");
    check_eq!(FdInfo::of(&card)?.busy("dma1")?, info.busy("dma1")?, "the time of a queue that is empty");
    drop(card);

    // Another file has nothing of it.
    let card = open()?;
    let info = FdInfo::of(&card)?;
    check!(info.number("drm-client-id")? != first, "two files are one client");
    check_eq!(info.busy("dma1")?, 0, "the time of a file before");
    Ok(())
}

/// Memory by region: what was allocated, pinned, and exported.
fn memory() -> Result {
    let card = open()?;
    let of = |key: &str| FdInfo::of(&card)?.number(key);
    let both = |region: &str| -> Result<u64> {
        let total = of(&format!("drm-total-{region}"))?;
        check_eq!(of(&format!("drm-resident-{region}"))?, total, "what is there");
        Ok(total)
    };
    check_eq!((both("dram")?, both("memory")?), (0, 0), "before anything was allocated");
    let device = card.device_memory(6 << 20)?;
    let mut usage = hl_info_dram_usage::default();
    card.info(HL_INFO_DRAM_USAGE, &mut usage).map_err(|e| e.to_string())?;
    check_eq!(both("dram")?, usage.ctx_dram_mem, "DRAM, as HL_INFO_DRAM_USAGE says");
    check_eq!(both("dram")?, 6 << 20, "DRAM");
    let host = card.host_memory(3 << 20)?;
    check_eq!(both("memory")?, 3 << 20, "pinned memory");
    let buffer = card.create_cb(5000).map_err(|e| e.to_string())?;
    check_eq!(both("memory")?, (3 << 20) + 8192, "with a command buffer");
    card.destroy_cb(buffer).map_err(|e| e.to_string())?;

    check_eq!(of("drm-shared-dram")?, 0, "what nobody else has");
    drop((host, device));
    check_eq!((both("dram")?, both("memory")?), (0, 0), "when all was given back");
    Ok(())
}

/// A queue that waits for a fence is busy, and one look sees more of that than the one before.
fn waiting() -> Result {
    let card = open()?;
    let job = card.job(4, &Packets::default().monitor(60, 60, 1, dma_fence(4, 0), 1).fence(0, 1, 1))?;
    let start = Instant::now();
    let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
    sleep(Duration::from_millis(50));
    let first = FdInfo::of(&card)?.busy("dma4")?;
    check!(first >= 50_000_000, "{first} ns after 50 ms");
    sleep(Duration::from_millis(50));
    let second = FdInfo::of(&card)?.busy("dma4")?;
    check!(second >= first + 50_000_000, "{second} ns, {first} ns 50 ms ago");
    card.run(1, &Packets::default().sync_object(60, 1))?;
    card.finish(seq)?;
    let (whole, end) = (start.elapsed().as_nanos() as u64, FdInfo::of(&card)?.busy("dma4")?);
    check!(second < end && end <= whole, "{end} ns of {whole} ns, {second} ns before the end");
    card.run(1, &Packets::default().sync_object(60, 0)).map(drop)
}

/// What the card counts itself: by queue, in nanoseconds since it was switched on.
fn counted(control: &mut Control) -> Result<BTreeMap<String, u64>> {
    let answer = control.ask(&json!({"cmd": "queues"}))?;
    let queues = answer["queues"].as_array().ok_or("no queues")?;
    let pair = |queue: &serde_json::Value| {
        let (name, busy) = (queue["queue"].as_str(), queue["busy_ns"].as_u64());
        name.zip(busy).map(|(name, busy)| (name.to_owned(), busy)).ok_or_else(|| format!("{queue}"))
    };
    queues.iter().map(pair).collect()
}

/// Bytes of a copy, and copies of a job: what an interrupt's way takes is little beside that.
const SIZE: u32 = 16 << 20;
const COPIES: u32 = 8;

/// Submissions of a burst.
const BURST: u32 = 48;
/// Where the sync objects and monitors of a burst begin: one each.
const OBJECTS: u32 = 70;

/// What submission `n` of a burst has on each queue.
fn packets(n: u32, host: u64, dram: u64) -> Vec<(u32, Packets)> {
    let packets = Packets::default;
    let many = |one: Packets, count| (1..count).fold(one.clone(), |all, _| all.then(&one));
    let times = |one| many(one, COPIES);
    let into = || times(packets().copy(direction::HL_DMA_HOST_TO_DRAM, host, dram, SIZE));
    let out = || times(packets().copy(direction::HL_DMA_DRAM_TO_HOST, dram, host, SIZE));
    let fill = || times(packets().fill(direction::HL_DMA_HOST_TO_DRAM, 7, dram, SIZE));
    // Only queue 1 reads from the host.
    let on = dram + u64::from(SIZE);
    // It goes faster than the others.
    let move_on = || many(packets().copy(direction::HL_DMA_DRAM_TO_DRAM, dram, on, SIZE), 4 * COPIES);
    let (first, second) = (OBJECTS + 2 * n, OBJECTS + 2 * n + 1);
    match n % 4 {
        0 => vec![(1, into()), (2, out())],
        1 => vec![(1, fill()), (2, out()), (1, into())],
        // One queue waits for another.
        2 => vec![
            (3, packets().monitor(first, first, 1, dma_fence(3, 0), 1).fence(0, 1, 1)),
            (0, move_on().sync_object(first, 1)),
        ],
        // And so does a tensor core's, for which a third waits.
        _ => vec![
            (
                TPC,
                packets().monitor(first, first, 1, tpc_fence(2, 0), 1).fence(0, 1, 1).sync_object(second, 1),
            ),
            (2, out().sync_object(first, 1)),
            (4, packets().monitor(second, second, 1, dma_fence(4, 0), 1).fence(0, 1, 1)),
        ],
    }
}

/// The tensor core that takes part.
const TPC: u32 = goya_queue_id::GOYA_QUEUE_ID_TPC2;

/// A mixed load: copies that follow and overlap each other on all DMA queues, some of which wait for others, and a tensor
/// core, all submitted at once.
///
/// What `told` tells before and after. That must not be near any other job: short ones are long to the driver, who hears late of
/// their ends.
fn work<T>(
    card: &Card,
    host: &HostMemory<'_>,
    dram: u64,
    mut told: impl FnMut() -> Result<T>,
) -> Result<(T, T)> {
    let (mut jobs, mut submissions) = (Vec::new(), Vec::new());
    for n in 0..BURST {
        let mut chunks = Vec::new();
        for (queue, packets) in packets(n, host.device, dram) {
            if queue == TPC {
                let at = SRAM_COMMANDS + 0x400 * u64::from(n);
                card.put(at, packets.bytes())?;
                chunks.push(chunk(at, queue, packets.bytes().len(), HL_CS_CHUNK_FLAGS_USER_ALLOC_CB));
            } else {
                jobs.push(card.job(queue, &packets)?);
                chunks.extend(jobs.last().map(|job| job.chunk));
            }
        }
        submissions.push(chunks);
    }
    let again = (0..2 * BURST).fold(Packets::default(), |all, n| all.sync_object(OBJECTS + n, 0));
    let submit = |chunks: &Vec<_>| card.submit(chunks, 0, 0).map_err(|e| format!("submit: {e}"));
    let before = told()?;
    let all = submissions.iter().map(submit).collect::<Result<Vec<_>>>()?;
    for seq in all {
        card.finish(seq)?;
    }
    let after = told()?;
    card.run(1, &again)?;
    Ok((before, after))
}

/// Busy times are those that the card counts itself, within 2 %.
fn busy_times() -> Result {
    let card = open()?;
    let mut control = Control::open()?;
    let host = card.host_memory(SIZE as usize)?;
    let dram = card.device_memory(2 * u64::from(SIZE))?;
    // The first submission is preceded by the driver's own.
    card.put(SRAM, &[0; 64])?;
    attempts(|| {
        let told = || Ok((FdInfo::of(&card)?, counted(&mut control)?));
        let ((before, counted_before), (after, counted_after)) = work(&card, &host, dram.device, told)?;
        let mut wrong = Vec::new();
        for (engine, queues) in ENGINES {
            let told = after.busy(engine)? - before.busy(engine)?;
            let count: u64 = queues.iter().map(|queue| counted_after[*queue] - counted_before[*queue]).sum();
            let off = 100.0 * (told as f64 - count as f64) / count.max(1) as f64;
            println!("{engine}: {told} ns told, {count} ns counted, {off:+.2} %");
            if off.abs() > 2.0 {
                wrong.push(format!("{engine}: {told} ns, the card counts {count} ns"));
            }
            check!(engine == "mme" || count > 50_000_000, "{engine} has had no work: {count} ns");
        }
        check!(wrong.is_empty(), "{}", wrong.join("; "));
        Ok(())
    })
}

/// Who has other things to do delays interrupts and threads, and so what is measured: one of three times is as it has to be.
fn attempts(mut once: impl FnMut() -> Result) -> Result {
    (0..2).find_map(|_| once().ok()).map_or_else(once, Ok)
}

/// The load that the driver tells (`HL_INFO_DEVICE_UTILIZATION`) is the share of time in which the queues were busy.
fn load() -> Result {
    let card = open()?;
    let told = || {
        let mut load = hl_info_device_utilization::default();
        card.info(HL_INFO_DEVICE_UTILIZATION, &mut load).map_err(|e| format!("utilization: {e}"))?;
        Ok::<_, String>(load.utilization)
    };
    card.poll("a card at rest", |_| Ok(told()? <= 3))?;
    for (busy, idle) in [(200, 0), (100, 100), (50, 150)] {
        attempts(|| {
            let (load, share) = load_of(&card, &told, busy, idle)?;
            println!("load {load:.1} %, busy {share:.1} %");
            check!((share - load).abs() < 6.0, "a load of {load:.1} %, busy for {share:.1} % of the time");
            Ok(())
        })?;
    }
    card.poll("a card at rest", |_| Ok(told()? <= 3))
}

/// Has a queue wait for so many milliseconds, and do nothing for others, again and again: the load that is `told` then,
/// and the share of time in which the queue was busy, both in percent.
fn load_of(card: &Card, told: &impl Fn() -> Result<u32>, busy: u64, idle: u64) -> Result<(f64, f64)> {
    // What was before counts no more after this, and after that the load is looked at often: it goes up and down.
    let (first, all) = (Duration::from_secs(2), Duration::from_secs(5));
    let fence = Packets::default().monitor(61, 61, 1, dma_fence(4, 0), 1).fence(0, 1, 1);
    let job = card.job(4, &fence.sync_object(61, 0))?;
    let open = card.job(1, &Packets::default().sync_object(61, 1))?;
    let submit = |chunk| card.submit(&[chunk], 0, 0).map_err(|e| e.to_string());
    let start = Instant::now();
    let (mut since, mut loads) = (None, Vec::new());
    while start.elapsed() < all {
        if start.elapsed() > first {
            let now = Instant::now();
            since = since.or(Some((now, FdInfo::of(card)?.busy("dma4")?)));
            loads.push(f64::from(told()?));
        }
        let seq = submit(job.chunk)?;
        sleep(Duration::from_millis(busy));
        // Before the end of a busy time, and of an idle one.
        if since.is_some() {
            loads.push(f64::from(told()?));
        }
        submit(open.chunk)?;
        card.finish(seq)?;
        sleep(Duration::from_millis(idle));
    }
    let (since, before) = since.ok_or("no time")?;
    let load = loads.iter().sum::<f64>() / loads.len() as f64;
    let ns = FdInfo::of(card)?.busy("dma4")? - before;
    Ok((load, 100.0 * ns as f64 / since.elapsed().as_nanos() as f64))
}
