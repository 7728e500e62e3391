// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_CS`.

use std::io;

use goya_tests::device::{SRAM_COMMANDS, chunk};
use goya_uapi::*;

use crate::commands::{self, EXTERNAL, Targets};
use crate::random::Random;
use crate::user::{Buffer, Thread, keep};

/// Sequence numbers that are waited for.
const REMEMBERED: usize = 64;
/// Where the chunks of the phases are in a thread's room.
const RESTORE: usize = 0;
const EXECUTE: usize = 0x8000;

/// Submits command buffers with new or old packets.
pub fn submit(thread: &mut Thread<'_>) -> io::Result<()> {
    let restore = if thread.random.once_in(8) { chunks(thread, RESTORE)? } else { 0 };
    let execute = chunks(thread, EXECUTE)?;
    let random = &mut thread.random;
    let mut flags = HL_CS_FLAGS_CUSTOM_TIMEOUT;
    for flag in [HL_CS_FLAGS_TIMESTAMP, HL_CS_FLAGS_FORCE_RESTORE, HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT] {
        // A submission that may stay for ever is of no use.
        let share = if flag == HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT { 64 } else { 4 };
        flags |= if random.once_in(share) { flag } else { 0 };
    }
    let (flags, timeout) = (random.near32(flags), random.near32(1));
    let mut input = input(random, flags, timeout);
    input.num_chunks_restore = random.near32(restore);
    input.num_chunks_execute = random.near32(execute);
    let room = thread.room.address();
    input.__bindgen_anon_1.__bindgen_anon_1.chunks_restore = thread.pointer(room + RESTORE as u64);
    input.__bindgen_anon_1.__bindgen_anon_1.chunks_execute = thread.pointer(room + EXECUTE as u64);
    send(thread, 0, input)
}

/// The kinds of submission that other cards have.
pub fn other_kinds(thread: &mut Thread<'_>) -> io::Result<()> {
    const FLAGS: [u32; 10] = [
        HL_CS_FLAGS_SIGNAL,
        HL_CS_FLAGS_WAIT,
        HL_CS_FLAGS_COLLECTIVE_WAIT,
        HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST,
        HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_LAST,
        HL_CS_FLAGS_RESERVE_SIGNALS_ONLY,
        HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY,
        HL_CS_FLAGS_ENGINE_CORE_COMMAND,
        HL_CS_FLAGS_ENGINES_COMMAND,
        HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES,
    ];
    let execute = chunks(thread, EXECUTE)?;
    let random = &mut thread.random;
    let at = random.below(FLAGS.len() as u64) as u32;
    let flags = FLAGS.get(at as usize).copied().unwrap_or(0) | HL_CS_FLAGS_CUSTOM_TIMEOUT;
    let flags = random.near32(flags);
    let mut input = input(random, flags, 1);
    input.num_chunks_execute = random.near32(execute);
    let (engines, command) = (random.below(20) as u32, random.below(6) as u32);
    let room = thread.room.address() + EXECUTE as u64;
    input.__bindgen_anon_1.__bindgen_anon_1.chunks_execute = thread.pointer(room);
    if flags & (HL_CS_FLAGS_ENGINE_CORE_COMMAND | HL_CS_FLAGS_ENGINES_COMMAND) != 0 {
        input.__bindgen_anon_1.__bindgen_anon_3 = hl_cs_in__bindgen_ty_1__bindgen_ty_3 {
            engines: thread.pointer(room),
            num_engines: engines,
            engine_command: command,
        };
    }
    send(thread, 1 + at, input)
}

fn input(random: &mut Random, flags: u32, timeout: u32) -> hl_cs_in {
    let mut input = hl_cs_in {
        cs_flags: flags,
        // No time-out would be no end of what nobody ends.
        timeout: if timeout == 0 { 1 } else { timeout },
        ctx_id: random.near32(0),
        ..Default::default()
    };
    input.__bindgen_anon_2.seq = random.near(0);
    input
}

fn send(thread: &mut Thread<'_>, subject: u32, input: hl_cs_in) -> io::Result<()> {
    let mut args = hl_cs_args::default();
    args.in_ = input;
    thread.ioctl(HL_IOCTL_CS, subject, &mut args)?;
    // SAFETY: the ioctl succeeded, so it has filled in the answer; all its readings are numbers.
    let sequence = unsafe { args.out.__bindgen_anon_1.seq };
    let mut pool = thread.user.pool();
    if pool.sequences.len() >= REMEMBERED {
        pool.sequences.remove(0);
    }
    pool.sequences.push(sequence);
    Ok(())
}

/// Puts chunks at `at` of the thread's room, and says how many.
fn chunks(thread: &mut Thread<'_>, at: usize) -> io::Result<u32> {
    let count = match thread.random.below(64) {
        0 => 500 + thread.random.below(14),
        1 => 64,
        _ => 1 + thread.random.below(3),
    };
    let size = size_of::<hl_cs_chunk>();
    for n in 0..count as usize {
        let chunk = one(thread);
        // Chunks are numbers without gaps between them.
        // SAFETY: the structure is read as the bytes that it is, while it lives.
        let bytes = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(&chunk).cast::<u8>(), size) };
        if n < EXECUTE / size {
            thread.hand(at + n * size, bytes);
        }
    }
    Ok(count as u32)
}

fn one(thread: &mut Thread<'_>) -> hl_cs_chunk {
    let external = !thread.random.once_in(6);
    let queue = if external {
        1 + thread.random.below(EXTERNAL)
    } else {
        u64::from(goya_queue_id::GOYA_QUEUE_ID_CPU_PQ) + thread.random.below(11)
    };
    let (handle, size, flags) = if external {
        let buffer = filled(thread, queue);
        buffer.map_or((0, 8, 0), |(buffer, size)| (buffer.handle, size, 0))
    } else {
        (SRAM_COMMANDS, thread.random.size(512) & !7, HL_CS_CHUNK_FLAGS_USER_ALLOC_CB)
    };
    let random = &mut thread.random;
    let (handle, size) = (random.near(handle), random.near32(size as u32));
    let mut chunk = chunk(handle, random.near32(queue as u32), size as usize, random.near32(flags));
    chunk.collective_engine_id = random.near32(0);
    chunk
}

/// A command buffer with packets, most often new ones; who else uses it finds these.
fn filled(thread: &mut Thread<'_>, queue: u64) -> Option<(Buffer, u64)> {
    let (buffer, targets) = {
        let pool = thread.user.pool();
        let at = thread.random.below(pool.buffers.len() as u64) as usize;
        let host = thread.random.pick(&pool.host);
        let device = thread.random.pick(&pool.device);
        (pool.buffers.get(at).cloned()?, Targets { host, device })
    };
    let rough = thread.user.rough && thread.random.once_in(8);
    let packets = commands::packets(&mut thread.random, targets, queue, rough);
    let size = packets.len() as u64;
    if let Some(map) = &buffer.map {
        map.write(0, packets.get(..map.len()).unwrap_or(&packets));
    }
    Some((buffer, size))
}

/// Makes sure that there is a command buffer to begin with.
pub fn prepare(thread: &mut Thread<'_>) -> io::Result<()> {
    for _ in 0..8 {
        let handle = thread.user.card.create_cb(4096)?;
        let map = thread.user.card.map_cb(handle, 4096)?;
        let buffer = Buffer { handle, size: 4096, map: Some(map.into()) };
        keep(&mut thread.user.pool().buffers, &mut thread.random, buffer);
    }
    Ok(())
}
