// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A process that has the card, submits work which never ends when it is told to, and is killed by the
//! driver when that resets the card, or that races with others for it.

use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, ExitCode};
use std::time::Duration;

use goya_tests::card::{Card, open_node};
use goya_tests::device::{Job, SRAM, input};
use goya_tests::events::EventFd;
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::passing;
use goya_tests::sys::{Mapping, become_somebody, errno, monotonic};
use goya_tests::uring::Ring;
use goya_tests::{Result, check_eq};
use goya_uapi::{HL_CS_FLAGS_CUSTOM_TIMEOUT, hl_goya_dma_direction as direction};
use io_uring::squeue::Flags;

use crate::tests::{map_small_pages, tpc_endless};

/// Seconds that its work may take.
const TIMEOUT: u32 = 1;
/// A device address that is never mapped: behind the DRAM range, all of which has a default page.
pub const UNMAPPED: u64 = 0x30_0000_0000;
/// A device address of host memory that was mapped once.
pub const STALE: u64 = (1 << 48) + (3 << 30);
/// What it has mapped when it submits: so many bytes, so far behind the begin of a page.
pub const ODD_SIZE: u64 = 5000;
pub const ODD_OFFSET: u64 = 100;

/// Submits to a queue: `nop1` to DMA queue 1, and so on; `fence2`; `fault3` reads where nothing is mapped,
/// `stale2` writes where nothing is mapped any more. `hold` has everything that a user can have, `race` opens
/// the card with others, `map` maps memory, `spin` has all cores execute kernels without an end.
pub fn run(what: &str) -> ExitCode {
    let result = match what {
        "hold" => hold(),
        "race" => race(),
        "map" => map(),
        "unmap" => unmap(),
        "thread" => thread(),
        "fork" => fork(),
        "keep" => keep(),
        "post" => post(),
        "foreign" => become_somebody(4 << 20).map_err(|e| e.to_string()).and_then(|()| post()),
        "hoard" => hoard(),
        "mapped" => mapped(),
        "mapped-busy" => mapped_and_busy(),
        "listen" => listen(),
        "spin" => tpc_endless::spin(true),
        "spin-left" => tpc_endless::spin(false),
        "uring" => uring(0, 0),
        "uring-late" => uring(HL_CS_FLAGS_CUSTOM_TIMEOUT, TIMEOUT),
        _ => submit(what),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started us may not listen any more.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Waits for the driver to kill it, with whatever the caller has.
pub fn until_killed() -> Result {
    std::thread::sleep(Duration::from_secs(60));
    Err("the driver let us live".into())
}

fn submit(what: &str) -> Result {
    let at = what.len().saturating_sub(1);
    let queue: u32 = what.get(at..).unwrap_or("").parse().map_err(|_| format!("no queue in {what:?}"))?;
    let card = Card::open()?;
    // A first submission, which switches the context, so that the second finds the card as it is.
    card.run(4, &Packets::default().nop())?;
    let packets = match &what[..at] {
        "nop" => Packets::default().nop(),
        "fence" => Packets::default().fence(0, 1, 1),
        "fault" => Packets::default().copy(direction::HL_DMA_DRAM_TO_SRAM, UNMAPPED, SRAM, 4096),
        "stale" => stale(&card, queue)?,
        _ => return Err(format!("unknown work {what:?}")),
    };
    let memory = Mapping::anonymous(2 * ODD_SIZE as usize).map_err(|e| e.to_string())?;
    card.map_host_range(memory.address() + ODD_OFFSET, ODD_SIZE).map_err(|e| e.to_string())?;
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
    let job = card.job(queue, &packets)?;
    let seq = card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, TIMEOUT).map_err(|e| e.to_string())?;
    check_eq!(errno(card.wait(seq, 60_000_000)), libc::ETIMEDOUT, "waiting for work that never ends");
    // The driver kills whoever has the card.
    until_killed()
}

/// Uses memory at [`STALE`], so that the card knows it, and unmaps it; the packets that use it again.
fn stale(card: &Card, queue: u32) -> Result<Packets> {
    let packets = Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, SRAM, STALE, 64);
    let host = card.map_host_at(Mapping::anonymous(4096).map_err(|e| e.to_string())?, STALE)?;
    card.run(queue, &packets)?;
    drop(host);
    Ok(packets)
}

/// Has jobs in flight and memory mapped, and waits; says how the wait ended, and what became of the card.
fn hold() -> Result {
    let card = Card::open()?;
    let host = card.host_memory(1 << 20)?;
    let device = card.device_memory(4 << 20)?;
    let copy = Packets::default().copy(direction::HL_DMA_HOST_TO_DRAM, host.device, device.device, 1 << 20);
    let copy = card.job(1, &copy)?;
    let fence = card.job(3, &Packets::default().fence(0, 1, 1))?;
    let buffer =
        card.create_cb(4096).and_then(|handle| card.map_cb(handle, 4096)).map_err(|e| e.to_string())?;
    let submit = |job: &Job<'_>| card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string());
    let seq = submit(&fence)?;
    for _ in 0..10 {
        submit(&copy)?;
    }
    println!("ready");
    println!("wait: {}", errno(card.wait(seq, 60_000_000)));
    // What is mapped stays until the process goes.
    buffer.write(0, b"still there");
    host.memory.write(0, b"still there");
    println!("status: {}", card.status()?);
    until_killed()
}

/// Has two commands for io_uring under way that do not end; says how they end.
fn uring(flags: u32, timeout: u32) -> Result {
    let card = Card::open()?;
    card.run(4, &Packets::default().nop())?;
    let mut ring = Ring::plain(8).map_err(|e| e.to_string())?;
    let fence = card.job(2, &Packets::default().fence(0, 1, 1))?;
    let chunks = [fence.chunk];
    for name in 0..2 {
        ring.push(&card, input(&[], &chunks, flags, timeout), name, Flags::empty());
    }
    ring.submit().map_err(|e| e.to_string())?;
    println!("ready");
    let told = ring.told(2)?;
    println!("told: {} {}", -told[0].result, -told[1].result);
    until_killed()
}

/// Maps memory in thousands of pages when it is told to, and says with which error.
fn map() -> Result {
    let card = Card::open()?;
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
    println!("map: {}", errno(map_small_pages(&card)?));
    until_killed()
}

/// Maps memory, and unmaps it when it is told to; says with which error.
fn unmap() -> Result {
    let card = Card::open()?;
    let memory = Mapping::anonymous(1 << 20).map_err(|e| e.to_string())?;
    let at = card.map_host_range(memory.address(), 1 << 20).map_err(|e| e.to_string())?;
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| e.to_string())?;
    println!("unmap: {}", errno(card.unmap(at)));
    until_killed()
}

/// A thread opens the card and ends.
fn thread() -> Result {
    let card = std::thread::spawn(Card::open).join().map_err(|_| "a thread that panicked")??;
    println!("ready");
    let lived = until_killed();
    drop(card);
    lived
}

/// Has a child, of which it tells, that keeps the card, and ends.
fn fork() -> Result {
    let card = Card::open()?;
    // SAFETY: no descriptor is closed, and the child does nothing but call the kernel.
    unsafe { libc::fcntl(card.as_raw_fd(), libc::F_SETFD, 0) };
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let child = Command::new(program).args(["--child", "keep"]).spawn().map_err(|e| e.to_string())?;
    println!("ready\n{}", child.id());
    Ok(())
}

/// Does nothing for a while, with whatever it has.
fn keep() -> Result {
    std::thread::sleep(Duration::from_secs(60));
    Ok(())
}

/// Puts the card into a socket that somebody else has.
fn post() -> Result {
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    let _memory = card.host_memory(1 << 20)?;
    passing::post(&card)?;
    println!("ready");
    std::thread::sleep(Duration::from_secs(60));
    Err("nobody let us go".into())
}

/// The same with all the buffers that it can have.
fn hoard() -> Result {
    let card = Card::open()?;
    while card.create_cb(goya_uapi::HL_MAX_CB_SIZE).is_ok() {}
    passing::post(&card)?;
    println!("ready");
    std::thread::sleep(Duration::from_secs(60));
    Err("nobody let us go".into())
}

/// Has nothing of the card but a buffer that it has mapped.
fn mapped() -> Result {
    let card = Card::open()?;
    let buffer =
        card.create_cb(4096).and_then(|handle| card.map_cb(handle, 4096)).map_err(|e| e.to_string())?;
    drop(card);
    println!("ready");
    let lived = until_killed();
    drop(buffer);
    lived
}

/// The same, while its threads change its address space all the time.
fn mapped_and_busy() -> Result {
    let change = || {
        loop {
            drop(Mapping::anonymous(1 << 20));
        }
    };
    (0..4).for_each(|_| drop(std::thread::spawn(change)));
    mapped()
}

/// Wants to know of events, has work that never ends, and does not go when it is told of that.
fn listen() -> Result {
    let card = Card::open()?;
    let mut eventfd = EventFd::new().map_err(|e| e.to_string())?;
    card.info_of(goya_uapi::HL_INFO_REGISTER_EVENTFD, eventfd.number(), &mut ())
        .map_err(|e| format!("register: {e}"))?;
    let job = card.job(2, &Packets::default().fence(0, 1, 1))?;
    card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, TIMEOUT).map_err(|e| e.to_string())?;
    eventfd.take(Duration::from_secs(20)).map_err(|e| e.to_string())?;
    println!("ready");
    until_killed()
}

/// Opens the card at the time that it is told, says with which error, and closes it when told to.
fn race() -> Result {
    let node = Nodes::chosen().compute();
    println!("ready");
    let mut lines = std::io::stdin().lines();
    while let Some(line) = lines.next() {
        let begin: u64 = line.map_err(|e| e.to_string())?.parse().map_err(|_| "no time".to_owned())?;
        while monotonic() < begin {
            std::hint::spin_loop();
        }
        let card = open_node(&node);
        if let Ok(card) = &card {
            card.run(1, &Packets::default().nop())?;
        }
        println!("{}", card.as_ref().err().and_then(|e| e.raw_os_error()).unwrap_or(0));
        lines.next().transpose().map_err(|e| e.to_string())?;
        drop(card);
        println!("closed");
    }
    Ok(())
}
