// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Every allocation of a path fails in turn (`Documentation/fault-injection`, `fail-nth`): the program gets an
//! error, nothing is lost, and the card works on.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use goya_tests::card::Card;
use goya_tests::device::{SRAM, chunk};
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::packet::Packets;
use goya_tests::pins::pinned;
use goya_tests::sys::Mapping;
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;

use super::reload::{self, Binding};
use super::{Test, holders};
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    path("fail_nth.open", open),
    path("fail_nth.command_buffer", || with_card(command_buffer)),
    path("fail_nth.host_memory", host_memory),
    path("fail_nth.device_memory", || with_card(device_memory)),
    path("fail_nth.submission", || with_card(submission)),
    path("fail_nth.info", || with_card(info)),
    Test { name: "fail_nth.unbind", run: unbind, seconds: 300, emulated: false },
    Test { name: "fail_nth.bind", run: bind, seconds: 600, emulated: false },
];

const fn path(name: &'static str, run: fn() -> Result) -> Test {
    Test { name, run, seconds: 60, emulated: false }
}

/// The most allocations that a path may have.
const MOST: u32 = 2000;
const FAIL_NTH: &str = "/proc/thread-self/fail-nth";

/// Lets every allocation fail when its turn has come, in silence.
fn prepare() -> Result {
    if !Path::new(FAIL_NTH).exists() {
        skip("the kernel does not let allocations fail");
    }
    for (file, text) in [
        ("failslab/verbose", "0"),
        ("failslab/ignore-gfp-wait", "N"),
        ("fail_page_alloc/verbose", "0"),
        ("fail_page_alloc/ignore-gfp-wait", "N"),
        ("fail_page_alloc/min-order", "0"),
    ] {
        let path = Path::new("/sys/kernel/debug").join(file);
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    // Whatever the driver says of its trouble is fine; a splat is not.
    kmsg::expect("0000:")?;
    // The checkers need memory, too: one gives up without, one does with less.
    kmsg::expect("DMA-API: cacheline tracking ENOMEM, dma-debug disabled")?;
    kmsg::expect("kmemleak: Cannot allocate a scan area")
}

/// Runs `path` with an allocation that fails, the `n`th. Also says how many more would have been needed for that.
fn failing<T>(n: u32, path: impl FnOnce() -> T) -> Result<(T, u32)> {
    let fail = |e: io::Error| format!("{FAIL_NTH}: {e}");
    let mut control = File::options().read(true).write(true).open(FAIL_NTH).map_err(fail)?;
    control.write_all(n.to_string().as_bytes()).map_err(fail)?;
    let result = path();
    // What is left of the count; and no more failures from here on.
    let mut left = [0; 16];
    let len = control.read_at(&mut left, 0);
    control.write_all(b"0").map_err(fail)?;
    let left = String::from_utf8_lossy(&left[..len.map_err(fail)?]).trim().to_owned();
    Ok((result, left.parse().map_err(|e| format!("{FAIL_NTH} is {left:?}: {e}"))?))
}

/// Runs `path` again and again, each time with a later allocation that fails, until none does any more.
fn walk(path: impl Fn() -> Result) -> Result {
    prepare()?;
    // Whatever is allocated once.
    path()?;
    let before = pinned()?;
    let mut failed = 0;
    for n in 1..MOST {
        let (result, left) = failing(n, &path)?;
        if left != 0 {
            result.map_err(|e| format!("without a failure: {e}"))?;
            println!("{} allocations, {failed} of which the program got to know", n - 1);
            check!(failed > 0, "no allocation has failed");
            check_eq!(pinned()?, before, "pinned pages");
            return Ok(());
        }
        failed += u32::from(result.is_err());
    }
    Err(format!("no end after {MOST} allocations"))
}

fn open() -> Result {
    walk(|| Card::open().map(drop))?;
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// The same with a card that is open.
fn with_card(path: impl Fn(&Card) -> Result) -> Result {
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    let usage = || {
        let mut usage = hl_info_dram_usage::default();
        card.info(HL_INFO_DRAM_USAGE, &mut usage).map(|()| usage.ctx_dram_mem).map_err(|e| e.to_string())
    };
    let before = usage()?;
    walk(|| path(&card))?;
    check_eq!(usage()?, before, "device memory");
    card.run(1, &Packets::default().nop()).map(drop)
}

fn command_buffer(card: &Card) -> Result {
    let handle = card.create_cb(0x3000).map_err(|e| format!("create: {e}"))?;
    let mapped = card.map_cb(handle, 0x3000).map(drop).map_err(|e| format!("map: {e}"));
    card.destroy_cb(handle).map_err(|e| format!("destroy: {e}"))?;
    mapped
}

fn host_memory() -> Result {
    let memory = Mapping::anonymous(64 << 12).map_err(|e| e.to_string())?;
    memory.write(0, &[1; 64 << 12]);
    with_card(|card| {
        let (address, size) = (memory.address(), memory.len() as u64);
        let device = card.map_host_range(address, size).map_err(|e| format!("map: {e}"))?;
        // Taking away must not need memory: a failure would leave it mapped.
        card.unmap(device).map(drop).map_err(|e| panic!("unmap: {e}"))
    })
}

fn device_memory(card: &Card) -> Result {
    let handle = card.alloc(6 << 20, 0).map_err(|e| format!("allocate: {e}"))?;
    let mapped = card.map_device(handle).map_err(|e| format!("map: {e}"));
    let unmapped = mapped.and_then(|at| card.unmap(at).map(drop).map_err(|e| format!("unmap: {e}")));
    card.free(handle).map_err(|e| format!("free: {e}"))?;
    unmapped
}

/// Jobs on external and internal queues, more than fit without an allocation.
fn submission(card: &Card) -> Result {
    let nop = Packets::default().nop();
    let jobs = [1, 2, 3, 1, 1].map(|queue| card.job(queue, &nop));
    let jobs = jobs.into_iter().collect::<Result<Vec<_>>>()?;
    let mut chunks: Vec<_> = jobs.iter().map(|job| job.chunk).collect();
    chunks.push(chunk(SRAM + 0x8000, goya_queue_id::GOYA_QUEUE_ID_TPC0, 8, 0));
    let seq = card.submit(&chunks, 0, 0).map_err(|e| format!("submit: {e}"))?;
    card.finish(seq).map(drop)
}

fn info(card: &Card) -> Result {
    card.hw_ip()?;
    card.events(0)?;
    card.status().map(drop)
}

/// More allocations than anything has.
const NEVER: u32 = 1_000_000_000;
/// How many of the last allocations of a probe, and of the first of a removal, fail in turn.
const LAST: u32 = 6;
const FIRST: u32 = 6;

/// A probe that fails at its very end leaves nothing behind.
fn bind() -> Result {
    only_goya("takes back a probe that fails")?;
    prepare()?;
    let binding = Binding::current()?;
    binding.end()?;
    let (result, left) = failing(NEVER, || binding.renew())?;
    result?;
    let count = NEVER - left;
    println!("{count} allocations");
    binding.end()?;
    for n in count.saturating_sub(LAST)..=count {
        if failing(n, || binding.renew())?.0.is_ok() {
            binding.end()?;
        }
    }
    binding.renew()?;
    reload::reload()
}

/// A removal goes as it should without memory, also when the card has to be taken from somebody.
fn unbind() -> Result {
    only_goya("does without those that it can't kill")?;
    prepare()?;
    let binding = Binding::current()?;
    for n in 1..=FIRST {
        let parcel = holders::posted("post")?;
        let mut log = Kmsg::here()?;
        let (result, left) = failing(n, || binding.end())?;
        if left != 0 {
            println!("{} allocations", n - left);
        }
        if result.is_ok() {
            let taken = log.count("The device is taken from 1 open files")?;
            check_eq!(taken, 1, format!("files that the card is taken from, without allocation {n}"));
            drop(parcel);
            binding.renew()?;
        }
    }
    reload::reload()
}
