// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_DEBUG`.

use std::io;

use goya_uapi::*;

use crate::user::Thread;

/// Where the answer of a call is in a thread's room.
const ANSWER: u64 = 0x4000;

/// Turns trace units on or off.
pub fn debug(thread: &mut Thread<'_>) -> io::Result<()> {
    let host = {
        let pool = thread.user.pool();
        thread.random.pick(&pool.host)
    };
    let random = &mut thread.random;
    let op = if random.once_in(3) { HL_DEBUG_OP_SET_MODE } else { random.below(8) as u32 };
    let (op, units) = (random.near32(op), random.below(180) as u32);
    // Buffers of trace units begin with their address and size, all others with numbers.
    let mut words = [0; 16];
    words.iter_mut().for_each(|word| *word = random.number());
    if let (HL_DEBUG_OP_ETR, Some(host)) = (op, host) {
        (words[0], words[1], words[2]) = (random.near(host.start), random.near(host.size), random.below(4));
    }
    let size = match op {
        HL_DEBUG_OP_ETR | HL_DEBUG_OP_ETF => size_of::<hl_debug_params_etr>(),
        HL_DEBUG_OP_STM => size_of::<hl_debug_params_stm>(),
        HL_DEBUG_OP_BMON => size_of::<hl_debug_params_bmon>(),
        HL_DEBUG_OP_SPMU => {
            // As many events as can be, or more.
            words[10] = random.below(9);
            size_of::<hl_debug_params_spmu>()
        }
        _ => 0,
    };
    let mut args = hl_debug_args {
        input_size: random.near32(size as u32),
        output_size: random.near32(64),
        op,
        reg_idx: random.near32(units),
        enable: random.near32(u32::from(random.clone().once_in(2))),
        ctx_id: random.near32(0),
        ..Default::default()
    };
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let input = if size == 0 { 0 } else { thread.hand(0, &bytes) };
    let answer = thread.room.address() + ANSWER;
    args.input_ptr = thread.pointer(input);
    args.output_ptr = thread.pointer(answer);
    thread.ioctl(HL_IOCTL_DEBUG, op, &mut args)
}
