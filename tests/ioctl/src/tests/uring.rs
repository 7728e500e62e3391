// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions by io_uring, an extension of goya.ko: Documentation/uapi-uring.rst.

use std::mem::{size_of, transmute};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use goya_tests::card::{Card, open_node};
use goya_tests::control::Control;
use goya_tests::device::{Job, SRAM, input};
use goya_tests::nodes::{self, Nodes};
use goya_tests::packet::{CFG, Packets, SYNC_OBJECT, dma_fence};
use goya_tests::stall::Stall;
use goya_tests::sys::{errno, in_child};
use goya_tests::uring::{self, Ring, SUBMIT, Told};
use goya_tests::{Result, check, check_eq, kmsg};
use goya_uapi::*;
use io_uring::squeue::Flags;
use libc::{EAGAIN, EBUSY, ECANCELED, EINVAL, EIO, ENOENT, EOPNOTSUPP, ETIMEDOUT};

use super::stress::asleep;
use super::{Test, errors, fault, test};
use crate::card_user::CardUser;
use crate::run::{only_goya, skip};
use goya_tests::binding::Binding;

pub const TESTS: &[Test] = &[
    test("uring.discovery", discovery),
    test("uring.errors", errors_of_submissions),
    test("uring.full_queues", full_queues),
    test("uring.malformed", malformed),
    test("uring.many", many),
    test("uring.order", order),
    fault("uring.doorbells", doorbells),
    fault("uring.window", window),
    test("uring.first", first),
    test("uring.restore", restore),
    test("uring.links", links),
    test("uring.cancel", cancel),
    test("uring.ring_closed", ring_closed),
    fault("uring.card_closed", card_closed),
    test("uring.stalled", stalled),
    fault("uring.told_in_restore", told_in_restore),
    fault("uring.told_in_wait", told_in_wait),
    test("uring.thread_ended", thread_ended),
    test("uring.exec", exec),
];

/// Those that reset the card.
pub const ROUGH: &[Test] = &[
    fault("uring.killed", killed),
    fault("uring.time_out", time_out),
    fault("uring.hard_reset", hard_reset),
    fault("uring.unbind", unbind),
];

/// Submissions in flight at most.
const WINDOW: usize = 64;
/// No submission's number.
const NONE: u64 = u64::MAX;
const NOTHING: Flags = Flags::empty();
/// How long the driver may take to touch memory.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends the test where there is nothing to be tested.
fn needed() -> Result {
    only_goya("takes submissions by io_uring")?;
    if !uring::exists() {
        skip("the kernel has no io_uring");
    }
    Ok(())
}

fn plain() -> Result<Ring> {
    Ring::plain(128).map_err(|e| format!("a ring: {e}"))
}

/// A job that waits until sync object `object` is 1.
fn gate(card: &Card, queue: u32, object: u32) -> Result<Job<'_>> {
    let fence = dma_fence(queue.into(), 1);
    card.job(queue, &Packets::default().monitor(object, object, 1, fence, 1).fence(1, 1, 1))
}

/// Where the card's registers have sync object `object`.
fn object(object: u64) -> u64 {
    SYNC_OBJECT - CFG + 4 * object
}

fn submission(job: &Job<'_>) -> hl_cs_in {
    input(&[], std::slice::from_ref(&job.chunk), 0, 0)
}

/// A context for which the card was made ready.
fn ready() -> Result<Card> {
    let card = Card::open()?;
    card.run(1, &Packets::default().nop())?;
    Ok(card)
}

/// A program finds out whether there is what it wants, and upstream's driver says no.
fn discovery() -> Result {
    let card = Card::open()?;
    if nodes::module()? != "goya" {
        kmsg::expect("Invalid request")?;
        check_eq!(errno(uring::extensions(&card)), EINVAL, "asking upstream's driver for extensions");
        return Ok(());
    }
    let expected = if uring::exists() { u64::from(GOYA_EXTENSION_URING_CS) } else { 0 };
    for card in [&card, &Card::open_control()?] {
        check_eq!(uring::extensions(card).map_err(|e| e.to_string())?, expected, "extensions");
        check_eq!(errno(card.info(GOYA_INFO_EXTENSIONS, &mut ())), EINVAL, "no room for them");
    }
    Ok(())
}

/// Whatever the ioctl refuses is refused, in the same order, with the same number.
fn refused(card: &Card, words: [u64; 6], error: i32, left: [u64; 6], what: &str) -> Result {
    let mut ring = plain()?;
    ring.push(card, uring::input_of(words), 7, NOTHING);
    let seq = if left == words { NONE } else { left[0] };
    check_eq!(ring.told_one()?, Told { name: 7, result: -error, seq }, what);
    Ok(())
}

fn errors_of_submissions() -> Result {
    needed()?;
    errors::submissions_by(refused)
}

fn full_queues() -> Result {
    needed()?;
    errors::queues_by(refused)
}

/// What is no submission at all.
fn malformed() -> Result {
    needed()?;
    let card = ready()?;
    let nop = card.job(1, &Packets::default().nop())?;
    let mut ring = plain()?;
    let mut tell = |op: u32, reserved: [u64; 4]| {
        ring.push_command(&card, op, &goya_uring_cs { in_: submission(&nop), reserved }, 9, NOTHING);
        ring.told_one()
    };
    let info = goya_uapi::drm_iowr::<hl_info_args>(HL_IOCTL_INFO) as u32;
    for op in [0, info, SUBMIT + 1, u32::MAX] {
        let told = tell(op, [0; 4])?;
        check_eq!(told, Told { name: 9, result: -EOPNOTSUPP, seq: NONE }, format!("command {op:#x}"));
    }
    for n in 0..4 {
        let mut reserved = [0; 4];
        reserved[n] = 1 << (n * 20);
        let told = tell(SUBMIT, reserved)?;
        check_eq!(told, Told { name: 9, result: -EINVAL, seq: NONE }, format!("reserved word {n}"));
    }
    let small = uring::by_small_entry(&card, SUBMIT).map_err(|e| format!("a ring of small entries: {e}"))?;
    check_eq!(small, -EINVAL, "a command of 16 bytes");
    let seq = tell(SUBMIT, [0; 4])?.seq;
    check_eq!(card.submit(&[nop.chunk], 0, 0).map_err(|e| e.to_string())?, seq + 1, "the next number");
    Ok(())
}

/// Many submissions in a call, on all external queues; each is told of, with its number.
fn many() -> Result {
    needed()?;
    let card = ready()?;
    let jobs = (0..5).map(|queue| card.job(queue, &Packets::default().nop())).collect::<Result<Vec<_>>>()?;
    let mut next = card.submit(&[jobs[0].chunk], 0, 0).map_err(|e| e.to_string())? + 1;
    card.finish(next - 1)?;
    for (kind, ring) in
        [("alone", Ring::new(128)), ("plain", Ring::plain(128)), ("polled", Ring::polled(128))]
    {
        let mut ring = ring.map_err(|e| format!("a ring, {kind}: {e}"))?;
        for round in 0..20 {
            for n in 0..WINDOW {
                ring.push(&card, submission(&jobs[n % 5]), n as u64, NOTHING);
            }
            let mut told = ring.told(WINDOW)?;
            told.sort_by_key(|told| told.name);
            for (n, told) in told.iter().enumerate() {
                let expected = Told { name: n as u64, result: 0, seq: next };
                check_eq!(*told, expected, format!("{kind}, round {round}, command {n}"));
                next += 1;
            }
        }
    }
    Ok(())
}

/// Submissions of a call run in their order: each copies what the one before has copied.
fn order() -> Result {
    needed()?;
    let card = ready()?;
    let at = |n: usize| SRAM + 0x10_0000 + 4 * n as u64;
    for (seed, mut ring) in
        [(0x1234_5678u32, plain()?), (0x8765_4321, Ring::new(128).map_err(|e| e.to_string())?)]
    {
        card.run(1, &Packets::default().msg_long(at(0), seed))?;
        let copy = |n| card.job(1, &Packets::default().copy(7, at(n), at(n + 1), 4));
        let copies = (0..WINDOW).map(copy).collect::<Result<Vec<_>>>()?;
        for copy in &copies {
            ring.push(&card, submission(copy), 0, NOTHING);
        }
        for told in ring.told(WINDOW)? {
            check_eq!(told.result, 0, "a copy");
        }
        check_eq!(card.get(at(WINDOW), 4)?, seed.to_le_bytes(), "what has come to the end of the row");
    }
    Ok(())
}

/// A call costs one doorbell a queue, however many submissions it makes.
fn doorbells() -> Result {
    needed()?;
    if !Path::new("/sys/block").exists() {
        skip("the kernel has no block layer, which tells of the end of a call");
    }
    let card = ready()?;
    let mut control = Control::open()?;
    let mut writes = || -> Result<u64> {
        let counters = control.ask(&serde_json::json!({"cmd": "counters"}))?;
        counters["register_writes"].as_u64().ok_or_else(|| "the card does not count writes".to_owned())
    };
    let jobs = (0..5).map(|queue| card.job(queue, &Packets::default().nop())).collect::<Result<Vec<_>>>()?;
    let mut ring = plain()?;
    // Queue 0 is the driver's, too, and told of each.
    for (first, queues, count, expected) in
        [(1, 1, 60, 1), (1, 4, 60, 4), (0, 5, 60, 4 + 12), (1, 1, 3, 1), (1, 1, 1, 1)]
    {
        // The heartbeat writes a register now and then, too.
        let fewest = (0..5).try_fold(u64::MAX, |fewest, _| -> Result<u64> {
            for n in 0..count {
                ring.push(&card, submission(&jobs[first + n % queues]), 0, NOTHING);
            }
            let before = writes()?;
            ring.told(count)?;
            Ok(fewest.min(writes()? - before))
        })?;
        check_eq!(
            fewest,
            expected,
            format!("doorbells of {count} submissions to {queues} queues from {first} on")
        );
    }
    Ok(())
}

/// What is too much is refused at once, and neither tried again nor overtaken.
fn window() -> Result {
    needed()?;
    let card = ready()?;
    let mut control = Control::open()?;
    let (closed, nop) = (gate(&card, 3, 8)?, card.job(3, &Packets::default().nop())?);
    let mut ring = plain()?;
    ring.push(&card, submission(&closed), 0, NOTHING);
    for n in 1..WINDOW + 10 {
        ring.push(&card, submission(&nop), n as u64, NOTHING);
    }
    for (n, told) in ring.told(10)?.iter().enumerate() {
        let expected = Told { name: (WINDOW + n) as u64, result: -EAGAIN, seq: NONE };
        check_eq!(*told, expected, "what is more than the window holds");
    }
    check!(ring.take().is_none(), "a submission ended behind a closed gate");
    control.set_register(object(8), 1)?;
    let told = ring.told(WINDOW)?;
    for (n, told) in told.iter().enumerate() {
        // Number 1 was that of `ready()`.
        check_eq!(*told, Told { name: n as u64, result: 0, seq: n as u64 + 2 }, "what was in the window");
    }
    Ok(())
}

/// The first submission of a context makes the card ready, which a worker does.
fn first() -> Result {
    needed()?;
    for ring in [Ring::new(8), Ring::plain(8), Ring::polled(8)] {
        let card = Card::open()?;
        let mut ring = ring.map_err(|e| e.to_string())?;
        let nop = card.job(1, &Packets::default().nop())?;
        ring.push(&card, submission(&nop), 1, NOTHING);
        check_eq!(ring.told_one()?, Told { name: 1, result: 0, seq: 1 }, "the first submission");
        ring.push(&card, submission(&nop), 2, NOTHING);
        check_eq!(ring.told_one()?, Told { name: 2, result: 0, seq: 2 }, "the second one");
        drop((nop, ring));
        drop(card);
        Card::open_control()?.wait_unused()?;
    }
    Ok(())
}

/// Restore phases run first, and are waited for.
fn restore() -> Result {
    needed()?;
    let card = ready()?;
    let at = SRAM + 0x10_0000;
    let restore = card.job(4, &Packets::default().msg_long(at, 0x3333))?;
    let execute = card.job(1, &Packets::default().copy(7, at, at + 16, 4))?;
    let mut ring = plain()?;
    let (restore, execute) = ([restore.chunk], [execute.chunk]);
    ring.push(&card, input(&restore, &execute, HL_CS_FLAGS_FORCE_RESTORE, 0), 1, NOTHING);
    check_eq!(
        ring.told_one()?,
        Told { name: 1, result: 0, seq: 3 },
        "the submission behind the restore phase"
    );
    check_eq!(card.get(at + 16, 4)?, 0x3333u32.to_le_bytes(), "what it has found");
    Ok(())
}

/// A link of the ring's orders submissions to different queues, and a failure breaks it.
fn links() -> Result {
    needed()?;
    let card = ready()?;
    let at = SRAM + 0x10_0000;
    let slow = Packets::default().fill(
        hl_goya_dma_direction::HL_DMA_HOST_TO_SRAM,
        0x5A5A_5A5A_5A5A_5A5A,
        at,
        1 << 20,
    );
    let (slow, quick) =
        (card.job(1, &slow)?, card.job(2, &Packets::default().copy(7, at + 0xF_FFFC, at + (1 << 20), 4))?);
    let mut ring = plain()?;
    ring.push(&card, submission(&slow), 1, Flags::IO_LINK);
    ring.push(&card, submission(&quick), 2, NOTHING);
    let told = ring.told(2)?;
    check_eq!([1, 2].map(|n| told[n - 1].name == n as u64 && told[n - 1].result == 0), [true; 2], "a link");
    check_eq!(card.get(at + (1 << 20), 4)?, 0x5A5A_5A5Au32.to_le_bytes(), "what the second one has found");
    kmsg::expect("Got execute CS with 0 chunks")?;
    ring.push(&card, input(&[], &[], 0, 0), 3, Flags::IO_LINK);
    ring.push(&card, submission(&quick), 4, NOTHING);
    let told = ring.told(2)?;
    check_eq!((told[0].result, told[1].result), (-EINVAL, -ECANCELED), "a link that has broken");
    check_eq!((told[0].seq, told[1].seq), (NONE, 0), "no submissions' numbers");
    Ok(())
}

/// What is on the card cannot be taken back: io_uring does not find it, and it ends as if nobody had asked.
fn cancel() -> Result {
    needed()?;
    let card = ready()?;
    let closed = gate(&card, 3, 9)?;
    let mut ring = plain()?;
    ring.push(&card, submission(&closed), 1, NOTHING);
    ring.submit().map_err(|e| e.to_string())?;
    ring.push_cancel(1, 2);
    let told = ring.told_one()?;
    check_eq!((told.name, told.result), (2, -ENOENT), "the wish to cancel");
    card.run(4, &Packets::default().sync_object(9, 1))?;
    let told = ring.told_one()?;
    check_eq!((told.name, told.result), (1, 0), "what was to be cancelled");
    Ok(())
}

/// The ring goes, with what it would have told; the work goes on.
fn ring_closed() -> Result {
    needed()?;
    let card = ready()?;
    let before = card.resets()?;
    for n in 0..20 {
        let closed = gate(&card, 3, 10)?;
        let mut ring = if n % 2 == 0 { plain()? } else { Ring::new(128).map_err(|e| e.to_string())? };
        for _ in 0..10 {
            ring.push(&card, submission(&closed), 0, NOTHING);
        }
        ring.submit().map_err(|e| e.to_string())?;
        let last = card.submit(&[closed.chunk], 0, 0).map_err(|e| e.to_string())?;
        drop(ring);
        check_eq!(card.wait(last, 0).map_err(|e| e.to_string())?.status, HL_WAIT_CS_STATUS_BUSY, "the work");
        for _ in 0..11 {
            card.run(4, &Packets::default().sync_object(10, 1))?;
        }
        card.finish(last)?;
        card.run(4, &Packets::default().sync_object(10, 0))?;
    }
    check_eq!(card.resets()?, before, "resets");
    card.run(1, &Packets::default().nop()).map(drop)
}

/// The card stays open as long as a command for it is under way: what it does is not cut off by a reset.
fn card_closed() -> Result {
    needed()?;
    let control_node = Card::open_control()?;
    let mut control = Control::open()?;
    let before = control_node.resets()?;
    let card = ready()?;
    let mut ring = plain()?;
    let closed = gate(&card, 3, 8)?;
    ring.push(&card, submission(&closed), 1, NOTHING);
    ring.submit().map_err(|e| e.to_string())?;
    drop(closed);
    drop(card);
    let other = open_node(&Nodes::chosen().compute());
    check_eq!(errno(other), EBUSY, "opening the card while a command is under way");
    control.set_register(object(8), 1)?;
    check_eq!(ring.told_one()?, Told { name: 1, result: 0, seq: 2 }, "the command");
    control_node.wait_unused()?;
    check_eq!(control_node.resets()?, before, "resets");
    ready().map(drop)
}

/// The card is told of all that a call submits, also of what comes after the thread has slept.
fn stalled() -> Result {
    needed()?;
    let card = ready()?;
    let nop = card.job(1, &Packets::default().nop())?;
    let stall = Stall::new()?;
    let mut late = submission(&nop);
    late.__bindgen_anon_1.__bindgen_anon_1.chunks_execute = stall.page().address();
    // SAFETY: all of its readings are numbers, with nothing between them.
    let chunk: [u8; size_of::<hl_cs_chunk>()] = unsafe { transmute(nop.chunk) };
    let mut ring = Ring::new(8).map_err(|e| e.to_string())?;
    for name in 1..3 {
        ring.push(&card, submission(&nop), name, NOTHING);
    }
    ring.push(&card, late, 3, NOTHING);
    thread::scope(|scope| {
        let memory = scope.spawn(|| stall.touched(PATIENCE).and_then(|()| stall.fill(&chunk)));
        ring.submit().map_err(|e| e.to_string())?;
        memory.join().map_err(|_| "a thread has panicked".to_owned())?
    })?;
    // Number 1 was that of `ready()`.
    let status = card.wait(4, 5_000_000).map_err(|e| e.to_string())?.status;
    check_eq!(status, HL_WAIT_CS_STATUS_COMPLETED, "the submission that came after the thread has slept");
    for (told, seq) in ring.told(3)?.iter().zip(2..) {
        check_eq!(*told, Told { name: seq - 1, result: 0, seq }, "a submission");
    }
    Ok(())
}

/// Sets sync objects while the thread that calls this waits in `wait`, each after a while.
fn opened_during<T>(objects: &[u64], wait: impl FnOnce() -> T) -> Result<T> {
    let mut control = Control::open()?;
    thread::scope(|scope| {
        let opener = scope.spawn(move || -> Result {
            for n in objects {
                thread::sleep(Duration::from_secs(2));
                control.set_register(object(*n), 1)?;
            }
            Ok(())
        });
        let waited = wait();
        opener.join().map_err(|_| "a thread has panicked".to_owned())??;
        Ok(waited)
    })
}

/// What a ring tells of does not break a restore phase that the same thread waits for.
fn told_in_restore() -> Result {
    needed()?;
    let card = ready()?;
    let (closed, restore) = (gate(&card, 3, 8)?, gate(&card, 4, 11)?);
    let nop = card.job(1, &Packets::default().nop())?;
    let mut ring = plain()?;
    ring.push(&card, submission(&closed), 1, NOTHING);
    ring.submit().map_err(|e| e.to_string())?;
    let seq = opened_during(&[8, 11], || {
        card.submit_phases(&[restore.chunk], &[nop.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0)
    })?;
    check_eq!(seq.map_err(|e| e.to_string())?, 4, "the submission behind the restore phase");
    card.finish(4)?;
    check_eq!(ring.told_one()?, Told { name: 1, result: 0, seq: 2 }, "what ended meanwhile");
    Ok(())
}

/// Nor does it break a wait, or make it longer.
fn told_in_wait() -> Result {
    needed()?;
    let card = ready()?;
    let (first, second) = (gate(&card, 3, 8)?, gate(&card, 4, 11)?);
    let mut ring = plain()?;
    ring.push(&card, submission(&first), 1, NOTHING);
    ring.submit().map_err(|e| e.to_string())?;
    let seq = card.submit(&[second.chunk], 0, 0).map_err(|e| e.to_string())?;
    let start = Instant::now();
    let status = opened_during(&[8], || card.wait(seq, 3_000_000))?.map_err(|e| e.to_string())?.status;
    let took = start.elapsed();
    check_eq!(status, HL_WAIT_CS_STATUS_BUSY, "a wait that was too short");
    let (shortest, longest) = (Duration::from_millis(2900), Duration::from_millis(4500));
    check!((shortest..longest).contains(&took), "a wait of three seconds took {took:?}");
    check_eq!(ring.told_one()?, Told { name: 1, result: 0, seq: 2 }, "what ended meanwhile");
    let status = opened_during(&[11], || card.wait(seq, i64::MAX as u64))?.map_err(|e| e.to_string())?.status;
    check_eq!(status, HL_WAIT_CS_STATUS_COMPLETED, "a wait without a limit");
    Ok(())
}

/// A thread that ends leaves its commands to the ring.
fn thread_ended() -> Result {
    needed()?;
    let card = ready()?;
    let closed = gate(&card, 3, 9)?;
    let mut ring = plain()?;
    ring.push(&card, submission(&closed), 1, NOTHING);
    thread::scope(|scope| scope.spawn(|| ring.submit().map_err(|e| e.to_string())).join())
        .map_err(|_| "a thread has panicked")??;
    check_eq!(card.wait(2, 0).map_err(|e| e.to_string())?.status, HL_WAIT_CS_STATUS_BUSY, "the work");
    card.run(4, &Packets::default().sync_object(9, 1))?;
    check_eq!(ring.told_one()?, Told { name: 1, result: 0, seq: 2 }, "what the thread has submitted");
    Ok(())
}

/// A process that becomes another program leaves none: they are taken from it, and told of with their numbers to whoever
/// shares the ring. The card goes on with them.
fn exec() -> Result {
    needed()?;
    let card = ready()?;
    let closed = gate(&card, 3, 9)?;
    let mut ring = plain()?;
    ring.push(&card, submission(&closed), 1, NOTHING);
    let status = in_child(|| {
        if ring.submit().is_ok() {
            // Returns if it fails only; what the program says of such an argument is of no interest.
            let _ = Command::new("/proc/self/exe").arg("--list").stdout(Stdio::null()).exec();
        }
        9
    });
    check!(status.map_err(|e| e.to_string())? != 9, "a process could not become another program");
    check_eq!(ring.told_one()?, Told { name: 1, result: -ECANCELED, seq: 2 }, "what it has submitted");
    check_eq!(card.wait(2, 0).map_err(|e| e.to_string())?.status, HL_WAIT_CS_STATUS_BUSY, "the work");
    card.run(4, &Packets::default().sync_object(9, 1))?;
    card.finish(2).map(drop)
}

/// A process with a command that never ends ends at once when it is killed, and the card is reset.
fn killed() -> Result {
    needed()?;
    let control = Card::open_control()?;
    let before = control.resets()?;
    let user = CardUser::start("uring")?;
    asleep(user.id())?;
    let start = Instant::now();
    // It is killed, and waited for.
    drop(user);
    let took = start.elapsed();
    check!(took < Duration::from_secs(10), "a process that was killed took {took:?} to end");
    control.poll("a reset", |card| Ok(card.resets()?.0 > before.0))?;
    control.wait_operational()?;
    ready().map(drop)
}

/// Who waits for what is overdue is told so, and who waits behind it that a reset has ended his work.
fn time_out() -> Result {
    needed()?;
    kmsg::expect("has not finished in")?;
    told_by("uring-late", [ETIMEDOUT, EIO], || Ok(()))
}

/// A reset ends what is on the card.
fn hard_reset() -> Result {
    needed()?;
    told_by("uring", [EIO; 2], || super::resets::reset("hard_reset").map(drop))
}

/// A process is told `errors` when `end` does something to the card, and is killed then.
fn told_by(work: &str, errors: [i32; 2], end: impl FnOnce() -> Result) -> Result {
    let control = Card::open_control()?;
    let before = control.resets()?;
    let mut user = CardUser::start(work)?;
    end()?;
    check_eq!(user.line()?, format!("told: {} {}", errors[0], errors[1]), "what the process was told");
    user.ends_killed()?;
    control.poll("a reset", |card| Ok(card.resets()?.0 > before.0))?;
    control.wait_operational()?;
    ready().map(drop)
}

/// Taken from the driver, the card ends all commands.
fn unbind() -> Result {
    needed()?;
    let binding = Binding::current()?;
    let mut user = CardUser::start("uring")?;
    asleep(user.id())?;
    let end = thread::scope(|scope| -> Result {
        let unbinding = scope.spawn(|| binding.end());
        check_eq!(user.line()?, format!("told: {EIO} {EIO}"), "what the process was told");
        unbinding.join().map_err(|_| "a thread has panicked".to_owned())?
    });
    end?;
    user.ends_killed()?;
    binding.renew()?;
    ready().map(drop)
}
