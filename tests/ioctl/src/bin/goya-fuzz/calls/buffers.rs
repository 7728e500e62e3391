// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_CB`.

use std::io;
use std::sync::Arc;

use goya_uapi::*;

use crate::user::{Buffer, Thread, keep, take};

/// The most bytes of a buffer that stays.
const STAYS: u64 = 256 << 10;

/// Makes command buffers, destroys them, asks about them.
pub fn buffer(thread: &mut Thread<'_>) -> io::Result<()> {
    let op = match thread.random.below(8) {
        0..=3 => HL_CB_OP_CREATE,
        4 | 5 => HL_CB_OP_DESTROY,
        6 => HL_CB_OP_INFO,
        _ => thread.random.near32(3),
    };
    if op == HL_CB_OP_CREATE { create(thread) } else { existing(thread, op) }
}

fn create(thread: &mut Thread<'_>) -> io::Result<()> {
    let random = &mut thread.random;
    let most = if random.once_in(16) { u64::from(HL_MAX_CB_SIZE) + 64 } else { 16384 };
    let size = random.size(most) as u32;
    let flags = if random.once_in(8) { HL_CB_FLAGS_MAP } else { 0 };
    let cb_size = random.near32(size);
    let (cb_handle, ctx_id) = (random.near(0), random.near32(0));
    let mut args = hl_cb_args::default();
    args.in_ = hl_cb_in { op: HL_CB_OP_CREATE, cb_size, cb_handle, ctx_id, flags: random.near32(flags) };
    thread.ioctl(HL_IOCTL_CB, HL_CB_OP_CREATE, &mut args)?;
    // SAFETY: the ioctl succeeded, so it has filled in the answer; all its readings are numbers.
    let handle = unsafe { args.out.__bindgen_anon_1.cb_handle };
    let size = u64::from(cb_size).next_multiple_of(4096);
    let old = if size > STAYS {
        Some(handle)
    } else {
        let map = thread.user.card.map_cb(handle, size as usize).ok().map(Arc::new);
        let map = thread.other("mmap", map.ok_or_else(|| io::Error::from_raw_os_error(libc::ENXIO))).ok();
        let buffer = Buffer { handle, size, map };
        keep(&mut thread.user.pool().buffers, &mut thread.random, buffer).map(|old| old.handle)
    };
    match old {
        Some(old) => destroy(thread, old),
        None => Ok(()),
    }
}

fn destroy(thread: &mut Thread<'_>, handle: u64) -> io::Result<()> {
    let mut args = hl_cb_args::default();
    args.in_ = hl_cb_in { op: HL_CB_OP_DESTROY, cb_handle: handle, ..Default::default() };
    thread.ioctl(HL_IOCTL_CB, HL_CB_OP_DESTROY, &mut args)
}

fn existing(thread: &mut Thread<'_>, op: u32) -> io::Result<()> {
    let random = &mut thread.random;
    let handle = {
        let mut pool = thread.user.pool();
        let at = random.below(pool.buffers.len() as u64) as usize;
        let buffer = if op == HL_CB_OP_DESTROY {
            take(&mut pool.buffers, random)
        } else {
            pool.buffers.get(at).cloned()
        };
        buffer.map_or(0, |buffer| buffer.handle)
    };
    let flags = if random.once_in(2) { HL_CB_FLAGS_GET_DEVICE_VA } else { 0 };
    let mut args = hl_cb_args::default();
    args.in_ = hl_cb_in {
        op,
        cb_handle: random.near(handle),
        cb_size: random.near32(0),
        ctx_id: random.near32(0),
        flags: random.near32(flags),
    };
    thread.ioctl(HL_IOCTL_CB, op, &mut args)
}
