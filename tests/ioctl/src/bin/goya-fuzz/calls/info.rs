// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_INFO`.

use std::io;

use goya_uapi::*;

use crate::user::Thread;

/// Bytes of answers.
const SIZES: [u64; 12] = [4, 8, 16, 24, 64, 72, 256, 1032, 4096, 8192, 20480, 65536];

/// Asks for anything.
pub fn info(thread: &mut Thread<'_>) -> io::Result<()> {
    let random = &mut thread.random;
    let op = random.below(u64::from(HL_INFO_DEV_SIGNED) + 2) as u32;
    let op = random.near32(op);
    let size = random.one_of(&SIZES) as u32;
    let parameter = match op {
        HL_INFO_REGISTER_EVENTFD => {
            let at = random.below(thread.user.counters.len() as u64) as usize;
            thread.user.counters.get(at).map_or(0, |counter| counter.number())
        }
        HL_INFO_DEVICE_UTILIZATION => 100 + random.below(1000) as u32,
        _ => random.below(12) as u32,
    };
    let mut args = hl_info_args { return_size: random.near32(size), op, ..Default::default() };
    args.__bindgen_anon_1.ctx_id = random.near32(parameter);
    args.pad = random.near32(0);
    let room = thread.room.address();
    args.return_pointer = thread.pointer(room);
    thread.ioctl(HL_IOCTL_INFO, op, &mut args)
}
