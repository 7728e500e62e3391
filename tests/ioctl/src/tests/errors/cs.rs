// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_CS` (`hl_cs_ioctl()`): arguments, chunks, restore phases, full queues.

use goya_tests::card::Card;
use goya_tests::device::{Job, SRAM_COMMANDS, chunk};
use goya_tests::kmsg::Kmsg;
use goya_tests::nodes;
use goya_tests::packet::{Packets, dma_fence};
use goya_tests::sys::{Mapping, errno};
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;
use libc::{EAGAIN, EFAULT, EINVAL, ENOMEM, EOPNOTSUPP, EPERM};

use super::super::notify::{PATIENCE, register};
use super::{Before, Drops, KERNELS, NOWHERE, expect, ok, pair, refused};

/// No submission has this number.
const NONE: u64 = u64::MAX;
const MME: u32 = goya_queue_id::GOYA_QUEUE_ID_MME;
/// Places on an internal queue.
const PLACES: usize = 64;

/// A way to submit what is refused: checks its error, and what is left of the arguments.
pub type Way = fn(card: &Card, words: [u64; 6], error: i32, left: [u64; 6], what: &str) -> Result;

fn ioctl(card: &Card, words: [u64; 6], error: i32, left: [u64; 6], what: &str) -> Result {
    refused(card, HL_IOCTL_CS, words, error, left, what)
}

/// What `CS` leaves of the arguments after an error.
fn left(seq: u64, error: i32) -> [u64; 6] {
    [seq, u64::from((-error) as u32), 0, 0, 0, 0]
}

/// What `CS` shall leave.
#[derive(Clone, Copy)]
enum Left {
    /// The error, and this number.
    Number(u64),
    /// All as it was, for the next try.
    All,
}

/// Submits chunks, which are refused.
fn submit(
    way: Way,
    card: &Card,
    (restore, execute): (&[hl_cs_chunk], &[hl_cs_chunk]),
    flags: u32,
    error: i32,
    leaves: Left,
    what: &str,
) -> Result {
    let words = args(restore, execute, flags);
    let left = match leaves {
        Left::Number(number) => left(number, error),
        Left::All => words,
    };
    way(card, words, error, left, what)
}

/// The arguments for some chunks of each phase, which must live as long as these.
fn args(restore: &[hl_cs_chunk], execute: &[hl_cs_chunk], flags: u32) -> [u64; 6] {
    let address = |chunks: &[hl_cs_chunk]| chunks.as_ptr() as u64;
    let counts = pair(restore.len() as u32, execute.len() as u32);
    [address(restore), address(execute), 0, counts, pair(0, flags), 0]
}

/// A job that waits until sync object `object` is 1.
fn gate(card: &Card, queue: u32, object: u32) -> Result<Job<'_>> {
    let fence = dma_fence(queue.into(), 1);
    card.job(queue, &Packets::default().monitor(object, object, 1, fence, 1).fence(1, 1, 1))
}

pub fn all() -> Result {
    all_by(ioctl)
}

/// The same by another way.
pub fn all_by(way: Way) -> Result {
    let card = Card::open()?;
    expect(&[
        "staged submission not supported",
        "CS type flags are mutually exclusive",
        "Sync stream CS is not supported",
        "Got execute CS with 0 chunks",
        "signals count(32768) exceeds the max SOB value",
        "Queue index 15 is invalid",
        "Queue index 99 is invalid",
        "Queue index -1 is invalid",
        "does not support sync stream operations",
        "failed to unreserve signals, cannot find handler",
        "Number of chunks can NOT be larger",
        "Failed to copy cs chunk array from user",
        "is restricted for the kernel driver",
        "CB handle 0x",
        "CB size ",
        "contains only internal queues jobs",
        "Failed to submit restore CS for context",
        "User not allowed to use STOP",
        "Failed to parse JOB",
    ])?;
    let mut before = Before::new(&card)?;
    let nop = card.job(1, &Packets::default().nop())?;
    first_restore(way, &card, &nop)?;
    before.counted(Drops::validation(1), "a first restore phase")?;
    arguments(way, &card, &nop)?;
    before.counted(Drops::default(), "arguments")?;
    let pointers = arrays(way, &card, &nop)?;
    before.counted(Drops::validation(pointers), "arrays of chunks")?;
    let chunks = chunks(way, &card, &nop)?;
    before.counted(Drops::validation(chunks), "chunks")?;
    restore(way, &card, &nop)?;
    let expected = Drops { validation: 5, parsing: 1, ..Drops::default() };
    before.counted(expected, "restore phases")?;
    before.unchanged()
}

/// A context whose first restore phase was refused wants another, be it empty.
fn first_restore(way: Way, card: &Card, nop: &Job<'_>) -> Result {
    let wrong = chunk(0, 1, 8, 0);
    let phases = (&[wrong][..], &[nop.chunk][..]);
    submit(way, card, phases, 0, EINVAL, Left::Number(NONE), "a wrong first restore phase")?;
    let seq = ok(card.submit(&[nop.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0), "another one, of nothing")?;
    card.finish(seq).map(drop)
}

/// What `hl_cs_sanity_checks()` refuses, and the kinds that other cards have.
fn arguments(way: Way, card: &Card, nop: &Job<'_>) -> Result {
    let one = std::slice::from_ref(&nop.chunk);
    let refused =
        |what: &str, words: [u64; 6], error: i32, seq: u64| way(card, words, error, left(seq, error), what);
    for byte in 0..4 {
        let mut words = args(&[], one, HL_CS_FLAGS_STAGED_SUBMISSION);
        words[5] = 1 << (32 + 8 * byte);
        refused(&format!("padding, byte {byte}"), words, EINVAL, NONE)?;
    }
    let staged = HL_CS_FLAGS_STAGED_SUBMISSION;
    for (what, flags, chunks, error) in [
        ("staged", staged, one, EPERM),
        ("staged, the first", staged | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST, one, EPERM),
        ("staged, of two kinds", staged | HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT, one, EPERM),
        ("staged, of nothing", staged, &[], EPERM),
        ("of two kinds", HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT, one, EINVAL),
        (
            "of two kinds that are refused later",
            HL_CS_FLAGS_ENGINES_COMMAND | HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES,
            one,
            EINVAL,
        ),
        ("signal", HL_CS_FLAGS_SIGNAL, one, EINVAL),
        ("wait", HL_CS_FLAGS_WAIT, one, EINVAL),
        ("collective wait", HL_CS_FLAGS_COLLECTIVE_WAIT, one, EINVAL),
        ("wait, encapsulated", HL_CS_FLAGS_WAIT | HL_CS_FLAGS_ENCAP_SIGNALS, one, EINVAL),
        ("signal of nothing", HL_CS_FLAGS_SIGNAL, &[], EINVAL),
        ("nothing", 0, &[], EINVAL),
        ("nothing, with a restore phase", HL_CS_FLAGS_FORCE_RESTORE, &[], EINVAL),
        ("commands to cores", HL_CS_FLAGS_ENGINE_CORE_COMMAND, one, EPERM),
        ("commands to no cores", HL_CS_FLAGS_ENGINE_CORE_COMMAND, &[], EPERM),
        ("commands to engines", HL_CS_FLAGS_ENGINES_COMMAND, &[], EPERM),
        ("flush", HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, &[], EOPNOTSUPP),
        ("flush, forced", HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES | HL_CS_FLAGS_FORCE_RESTORE, one, EOPNOTSUPP),
        ("unreserved signals", HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY, &[], EINVAL),
    ] {
        refused(what, args(&[], chunks, flags), error, NONE)?;
    }
    // Reserving has another answer: handle and count, of which there are none.
    for (what, count, queue) in [
        ("no signals on queue 0", 0, 0),
        ("signals on an internal queue", 1, MME),
        ("signals on a queue that is not", 1, 15),
        ("too many signals", 1 << 15, 0),
        ("too many on a queue that is not", 1 << 15, 99),
        ("too many everywhere", 1 << 15, u32::MAX),
    ] {
        let mut words = args(&[], &[], HL_CS_FLAGS_RESERVE_SIGNALS_ONLY);
        words[2] = pair(count, queue);
        refused(what, words, EINVAL, 0)?;
    }
    // What is unknown, and what says something only of a staged submission, says nothing.
    let nothing = 0xFFFE_0010 | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST | HL_CS_FLAGS_STAGED_SUBMISSION_LAST;
    let seq = ok(card.submit(one, nothing | HL_CS_FLAGS_ENCAP_SIGNALS, 0), "unknown flags")?;
    card.finish(seq).map(drop)
}

/// Arrays that are too long or not there; how many there were. They take no number.
fn arrays(way: Way, card: &Card, nop: &Job<'_>) -> Result<u64> {
    let first = ok(card.submit(&[nop.chunk], 0, 0), "submission")?;
    let memory = ok(Mapping::guarded(4096), "memory")?;
    // The last chunk of a page, and one behind.
    let last = memory.address() + 4096 - 64;
    let mut count = 0;
    for (address, number, error) in [
        (NOWHERE, 1, EFAULT),
        (KERNELS, 1, EFAULT),
        (0, 1, EFAULT),
        (u64::MAX - 63, 1, EFAULT),
        (last, 2, EFAULT),
        (NOWHERE, 512, EFAULT),
        (NOWHERE, 513, EINVAL),
        (last, u32::MAX, EINVAL),
    ] {
        let mut words = args(&[], &[], 0);
        (words[1], words[3]) = (address, pair(0, number));
        let what = format!("{number} chunks at {address:#x}");
        way(card, words, error, left(NONE, error), &what)?;
        count += 1;
    }
    let next = ok(card.submit(&[nop.chunk], 0, 0), "submission")?;
    check_eq!(next, first + 1, "the next number");
    Ok(count)
}

/// Wrong chunks, each behind one that is right; how many there were. Each takes a number.
fn chunks(way: Way, card: &Card, nop: &Job<'_>) -> Result<u64> {
    let first = ok(card.submit(&[nop.chunk], 0, 0), "submission")?;
    let internal = |queue| chunk(SRAM_COMMANDS, queue, 8, HL_CS_CHUNK_FLAGS_USER_ALLOC_CB);
    let mut count = 0;
    let handle = nop.handle;
    let mut wrong: Vec<_> = [5, 15, 99, u32::MAX].map(|queue| (handle, queue, 8)).into();
    wrong.extend([0, 77 << 12, u64::MAX].map(|handle| (handle, 1, 8)));
    // The buffer has a whole page.
    wrong.extend([0, 4, 7, 4097, u32::MAX].map(|size| (handle, 1, size)));
    for (handle, queue, size) in wrong {
        let wrong = chunk(handle, queue, size as usize, 0);
        for many in [&[wrong][..], &[nop.chunk, wrong], &[internal(MME), nop.chunk, wrong]] {
            let what = format!("{} jobs, {size} bytes of {handle:#x} on queue {queue}", many.len());
            submit(way, card, (&[], many), 0, EINVAL, Left::Number(NONE), &what)?;
            count += 1;
        }
    }
    for queues in [&[MME][..], &[MME, MME, 7, 14], &[14; 65]] {
        let jobs: Vec<_> = queues.iter().map(|queue| internal(*queue)).collect();
        let what = format!("internal queues only, {}", jobs.len());
        submit(way, card, (&[], &jobs), 0, EINVAL, Left::Number(NONE), &what)?;
        count += 1;
    }
    let next = ok(card.submit(&[nop.chunk], 0, 0), "submission")?;
    check_eq!(next, first + count + 1, "the next number");
    // Who waits for one that was refused finds it completed.
    let waited = ok(card.wait(next - 1, 0), "waiting for what was refused")?;
    check_eq!((waited.status, waited.flags, waited.time), (0, 0, 0), "what was refused");
    Ok(count)
}

/// Restore phases that are refused, and what comes behind those that are not.
fn restore(way: Way, card: &Card, nop: &Job<'_>) -> Result {
    let force = HL_CS_FLAGS_FORCE_RESTORE;
    let stop = card.job(1, &Packets::default().stop())?;
    let internal = chunk(SRAM_COMMANDS, MME, 8, HL_CS_CHUNK_FLAGS_USER_ALLOC_CB);
    let one = std::slice::from_ref(&nop.chunk);
    for (what, wrong, error) in [
        ("a wrong handle", chunk(0, 1, 8, 0), EINVAL),
        ("a forbidden packet", stop.chunk, EPERM),
        ("internal queues only", internal, EINVAL),
    ] {
        let what = format!("restore phase: {what}");
        submit(way, card, (&[wrong], one), force, error, Left::Number(NONE), &what)?;
    }
    for (address, count, error) in [(NOWHERE, 1, EFAULT), (NOWHERE, 513, EINVAL)] {
        let mut words = args(&[], one, force);
        (words[0], words[3]) = (address, pair(count, 1));
        let what = format!("restore phase: {count} chunks at {address:#x}");
        way(card, words, error, left(NONE, error), &what)?;
    }
    // Without the flag, nobody looks at it.
    let mut words = args(&[], one, 0);
    (words[0], words[3]) = (NOWHERE, pair(513, 1));
    ok(goya_tests::sys::ioctl(card, HL_IOCTL_CS, &mut words), "a restore phase that nobody wants")?;
    let mut seq = words[0];
    // The error is that of the other phase, the number that of the restore phase if there is no other.
    for (kind, error, told) in [
        (HL_CS_FLAGS_ENGINES_COMMAND, EPERM, true),
        (HL_CS_FLAGS_ENGINE_CORE_COMMAND, EPERM, true),
        (HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, EOPNOTSUPP, true),
        (HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY, EINVAL, true),
        (HL_CS_FLAGS_RESERVE_SIGNALS_ONLY, EINVAL, false),
    ] {
        seq += 1;
        let number = if told { seq } else { 0 };
        let what = format!("kind {kind:#x} behind a restore phase");
        submit(way, card, (one, one), force | kind, error, Left::Number(number), &what)?;
    }
    let wrong = chunk(0, 1, 8, 0);
    let what = "wrong jobs behind a restore phase";
    submit(way, card, (one, &[wrong]), force, EINVAL, Left::Number(NONE), what)?;
    // The refused jobs and the restore phase before them have numbers.
    let next = ok(card.submit(one, 0, 0), "submission")?;
    check_eq!(next, seq + 3, "the next number");
    card.finish(next).map(drop)
}

/// Queues without room: too many jobs for ever, and too many now.
pub fn queues() -> Result {
    queues_by(ioctl)
}

/// The same by another way.
pub fn queues_by(way: Way) -> Result {
    let card = Card::open()?;
    expect(&["Cannot populate queue", "to H/W queues, error -12", "has not finished in", "completed after"])?;
    let mut before = Before::new(&card)?;
    card.put(SRAM_COMMANDS, Packets::default().nop().bytes())?;
    let open = |object| card.run(4, &Packets::default().sync_object(object, 1)).map(drop);
    let full = |count| Drops { queue_full: count, ..Drops::default() };
    let nop = card.job(2, &Packets::default().nop())?;
    let internal = chunk(SRAM_COMMANDS, 9, 8, HL_CS_CHUNK_FLAGS_USER_ALLOC_CB);

    let mut jobs = vec![internal; PLACES + 1];
    jobs.push(nop.chunk);
    let what = "65 jobs for an internal queue";
    submit(way, &card, (&[], &jobs), 0, ENOMEM, Left::Number(NONE), what)?;
    before.counted(full(1), what)?;

    // The queue is empty soon, but its places are the submission's until that has ended.
    let closed = gate(&card, 3, 20)?;
    let mut jobs = vec![internal; PLACES];
    jobs.push(closed.chunk);
    let seq = ok(card.submit(&jobs, 0, 0), "64 jobs for an internal queue")?;
    submit(way, &card, (&[], &[internal, nop.chunk]), 0, EAGAIN, Left::All, "one more job for it")?;
    before.counted(full(1), "a full internal queue")?;
    open(20)?;
    card.finish(seq)?;
    ok(card.submit(&[internal, nop.chunk], 0, 0), "when there is room").and_then(|seq| card.finish(seq))?;

    let closed = gate(&card, 2, 21)?;
    ok(card.submit(&[closed.chunk], 0, 0), "a gate")?;
    let many = vec![nop.chunk; HL_MAX_JOBS_PER_CS as usize];
    let mut last = 0;
    for n in 1..8 {
        last = ok(card.submit(&many, 0, 0), &format!("512 jobs, {n}"))?;
    }
    let what = "more than 4096 jobs for an external queue";
    submit(way, &card, (&[], &many), 0, EAGAIN, Left::All, what)?;
    before.counted(full(1), "a full external queue")?;
    let next = ok(card.submit(&many[1..], 0, 0), "as many as there is room for")?;
    check_eq!(next, last + 2, "the number behind the one that was used up");
    let mut jobs = vec![internal; PLACES + 1];
    jobs.push(nop.chunk);
    let what = "65 jobs for an internal queue, and no room in an external one";
    submit(way, &card, (&[], &jobs), 0, EAGAIN, Left::All, what)?;
    before.counted(full(1), what)?;
    open(21)?;
    card.finish(next)?;
    overdue(&card)?;
    before.unchanged()
}

/// Without any time, a submission is overdue at once; this one may be. Upstream's driver waits for itself if it
/// ends before that has been told (Documentation/upstream-bugs.rst).
fn overdue(card: &Card) -> Result {
    let mut eventfd = register(card)?;
    let closed = gate(card, 3, 22)?;
    let flags = HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT;
    let mut log = Kmsg::here()?;
    let seq = ok(card.submit(&[closed.chunk], flags, 0), "a submission without time")?;
    check!(eventfd.take(PATIENCE).map_err(|e| e.to_string())? > 0, "nobody is told of what is overdue");
    let line = log.wait_for("has not finished in", PATIENCE)?;
    // Upstream's driver says its own default, whatever the submission's time is.
    check!(nodes::module()? != "goya" || line.contains("has not finished in 0 seconds"), "{line}");
    let mut event = hl_info_cs_timeout_event::default();
    ok(card.info(HL_INFO_CS_TIMEOUT_EVENT, &mut event), "CS_TIMEOUT_EVENT")?;
    check_eq!(event.seq, seq, "what is overdue");
    check_eq!(ok(card.wait(seq, 0), "wait")?.status, HL_WAIT_CS_STATUS_BUSY, "what is overdue");
    check_eq!(errno(card.destroy_cb(closed.handle)), 0, "destroying what runs from a copy");
    card.run(4, &Packets::default().sync_object(22, 1))?;
    card.finish(seq).map(drop)
}
