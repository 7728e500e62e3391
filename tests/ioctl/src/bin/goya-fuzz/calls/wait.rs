// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_WAIT_CS`.

use std::io;

use goya_uapi::*;

use crate::user::Thread;

/// Waits for a submission, for a moment.
pub fn wait(thread: &mut Thread<'_>) -> io::Result<()> {
    let sequence = sequence(thread);
    let random = &mut thread.random;
    let time = random.one_of(&[0, 1, 100, 1000, 5000, 50_000]);
    let mut input = hl_wait_cs_in { flags: random.near32(0), ctx_id: random.near32(0), ..Default::default() };
    input.__bindgen_anon_1.__bindgen_anon_1.seq = random.near(sequence);
    input.__bindgen_anon_1.__bindgen_anon_1.timeout_us = random.near(time);
    send(thread, 0, input)
}

/// Waits for several, or for what Goya does not have.
pub fn others(thread: &mut Thread<'_>) -> io::Result<()> {
    let count = 1 + thread.random.below(u64::from(HL_WAIT_MULTI_CS_LIST_MAX_LEN));
    let list: Vec<u8> = (0..count).flat_map(|_| sequence(thread).to_le_bytes()).collect();
    let at = thread.hand(0, &list);
    let random = &mut thread.random;
    let flags = match random.below(4) {
        0 | 1 => HL_WAIT_CS_FLAGS_MULTI_CS,
        2 => HL_WAIT_CS_FLAGS_INTERRUPT | HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ,
        _ => HL_WAIT_CS_FLAGS_INTERRUPT | HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT,
    };
    let subject = if flags == HL_WAIT_CS_FLAGS_MULTI_CS { 1 } else { 2 };
    let interrupt = (random.below(1 << 12) as u32) << 20;
    let flags = if subject == 1 { flags } else { flags | interrupt };
    let mut input = hl_wait_cs_in {
        flags: random.near32(flags),
        cq_counters_offset: random.near(0),
        timestamp_offset: random.number(),
        ..Default::default()
    };
    input.__bindgen_anon_1.__bindgen_anon_1.timeout_us = random.below(20_000);
    input.__bindgen_anon_2.__bindgen_anon_1.seq_arr_len = random.near32(count as u32) as u8;
    if subject == 2 {
        let pool = thread.user.pool();
        input.timestamp_handle = random.pick(&pool.stamps).unwrap_or(0);
        drop(pool);
        input.__bindgen_anon_2.interrupt_timeout_us = random.below(20_000);
    }
    input.__bindgen_anon_1.__bindgen_anon_1.seq = thread.pointer(at);
    send(thread, subject, input)
}

fn sequence(thread: &mut Thread<'_>) -> u64 {
    let pool = thread.user.pool();
    thread.random.pick(&pool.sequences).unwrap_or(1)
}

fn send(thread: &mut Thread<'_>, subject: u32, input: hl_wait_cs_in) -> io::Result<()> {
    let mut args = hl_wait_cs_args::default();
    args.in_ = input;
    thread.ioctl(HL_IOCTL_WAIT_CS, subject, &mut args)
}
