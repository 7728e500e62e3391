// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_MEMORY`.

use std::io;

use goya_tests::events;
use goya_uapi::*;

use crate::user::{DATA, Range, Thread, keep, take};

/// The most bytes of device memory that an allocation asks for, as a rule.
const DEVICE: u64 = 16 << 20;
/// The most bytes of host memory that a mapping has.
const HOST: u64 = 2 << 20;

/// Does any operation.
pub fn memory(thread: &mut Thread<'_>) -> io::Result<()> {
    match thread.random.below(20) {
        0..=2 => allocate(thread),
        3 => free(thread),
        4 | 5 => map_device(thread),
        6..=11 => map_host(thread),
        12..=15 => unmap(thread),
        16 => export(thread),
        17 => stamps(thread),
        18 => block(thread),
        _ => {
            let op = thread.random.near32(7);
            call(thread, op, 0, |_| {}).map(drop)
        }
    }
}

/// Makes the call with what all operations have in common.
fn call(thread: &mut Thread<'_>, op: u32, flags: u32, fill: impl FnOnce(&mut hl_mem_in)) -> io::Result<u64> {
    let random = &mut thread.random;
    let mut input =
        hl_mem_in { op, flags: random.near32(flags), ctx_id: random.near32(0), ..Default::default() };
    fill(&mut input);
    let mut args = hl_mem_args::default();
    args.in_ = input;
    thread.ioctl(HL_IOCTL_MEMORY, op, &mut args)?;
    // SAFETY: the ioctl succeeded, so it has filled in the answer; all its readings are numbers.
    Ok(unsafe { args.out.__bindgen_anon_1.device_virt_addr })
}

fn allocate(thread: &mut Thread<'_>) -> io::Result<()> {
    let random = &mut thread.random;
    let most = if random.once_in(32) { 1 << 33 } else { DEVICE };
    let (size, page_size) = (random.size(most), random.near(0));
    let size = random.near(size);
    let flags = random.one_of(&[0, 0, HL_MEM_CONTIGUOUS.into(), HL_MEM_SHARED.into(), 3]) as u32;
    let handle = call(thread, HL_MEM_OP_ALLOC, flags, |m| {
        m.__bindgen_anon_1.alloc = hl_mem_in__bindgen_ty_1__bindgen_ty_1 { mem_size: size, page_size };
    })?;
    let old = keep(&mut thread.user.pool().handles, &mut thread.random, handle);
    old.map_or(Ok(()), |old| free_one(thread, old))
}

fn free(thread: &mut Thread<'_>) -> io::Result<()> {
    let handle = take(&mut thread.user.pool().handles, &mut thread.random).unwrap_or(1);
    let handle = thread.random.near(handle);
    free_one(thread, handle)
}

fn free_one(thread: &mut Thread<'_>, handle: u64) -> io::Result<()> {
    let freed = call(thread, HL_MEM_OP_FREE, 0, |m| {
        m.__bindgen_anon_1.free = hl_mem_in__bindgen_ty_1__bindgen_ty_2 { handle };
    });
    freed.map(drop)
}

/// A wish for an address: none, or one near where something is.
fn hint(thread: &mut Thread<'_>) -> u64 {
    if !thread.random.once_in(4) {
        return 0;
    }
    let pool = thread.user.pool();
    let near = thread.random.pick(&pool.host).or(thread.random.pick(&pool.device));
    drop(pool);
    let at = near.map_or(1 << 48, |range| range.start + range.size);
    thread.random.near(at)
}

fn map_device(thread: &mut Thread<'_>) -> io::Result<()> {
    let handle = {
        let pool = thread.user.pool();
        thread.random.pick(&pool.handles).unwrap_or(1)
    };
    let (handle, hint_addr) = (thread.random.near(handle), hint(thread));
    let flags = if thread.random.once_in(8) { HL_MEM_FORCE_HINT } else { 0 };
    let start = call(thread, HL_MEM_OP_MAP, flags, |m| {
        m.__bindgen_anon_1.map_device = hl_mem_in__bindgen_ty_1__bindgen_ty_3 { hint_addr, handle };
    })?;
    // How large it is, only the driver knows; copies of this size mostly fit.
    let range = Range { start, size: 4096 };
    let old = keep(&mut thread.user.pool().device, &mut thread.random, range);
    old.map_or(Ok(()), |old| unmap_one(thread, old.start))
}

fn map_host(thread: &mut Thread<'_>) -> io::Result<()> {
    let most = if thread.random.once_in(16) { HOST } else { HOST / 16 };
    let size = thread.random.size(most);
    let at = thread.random.below(DATA as u64 - size);
    let at = if thread.random.once_in(4) { at } else { at & !0xFFF };
    let size_asked = thread.random.near(size);
    let host_virt_addr = thread.user.data.address() + at;
    let (host_virt_addr, hint_addr) = (thread.pointer(host_virt_addr), hint(thread));
    let mut flags = HL_MEM_USERPTR;
    flags |= if thread.random.once_in(8) { HL_MEM_FORCE_HINT } else { 0 };
    flags |= if thread.random.once_in(8) { HL_MEM_PREFETCH } else { 0 };
    let start = call(thread, HL_MEM_OP_MAP, flags, |m| {
        m.__bindgen_anon_1.map_host =
            hl_mem_in__bindgen_ty_1__bindgen_ty_4 { host_virt_addr, hint_addr, mem_size: size_asked };
    })?;
    let range = Range { start, size };
    let old = keep(&mut thread.user.pool().host, &mut thread.random, range);
    old.map_or(Ok(()), |old| unmap_one(thread, old.start))
}

fn unmap(thread: &mut Thread<'_>) -> io::Result<()> {
    let range = {
        let mut pool = thread.user.pool();
        let ranges = if thread.random.once_in(3) { &mut pool.device } else { &mut pool.host };
        take(ranges, &mut thread.random)
    };
    let start = thread.random.near(range.map_or(0, |range| range.start));
    unmap_one(thread, start)
}

fn unmap_one(thread: &mut Thread<'_>, start: u64) -> io::Result<()> {
    let unmapped = call(thread, HL_MEM_OP_UNMAP, 0, |m| {
        m.__bindgen_anon_1.unmap = hl_mem_in__bindgen_ty_1__bindgen_ty_6 { device_virt_addr: start };
    });
    unmapped.map(drop)
}

fn export(thread: &mut Thread<'_>) -> io::Result<()> {
    let addr = {
        let pool = thread.user.pool();
        thread.random.pick(&pool.device).map_or(0, |range| range.start)
    };
    let random = &mut thread.random;
    let (addr, size, offset) = (random.near(addr), random.size(2 << 20), random.near(0));
    let fd = call(thread, HL_MEM_OP_EXPORT_DMABUF_FD, libc::O_CLOEXEC as u32, |m| {
        m.__bindgen_anon_1.export_dmabuf_fd =
            hl_mem_in__bindgen_ty_1__bindgen_ty_7 { addr, mem_size: size, offset };
    })?;
    let file = events::adopt(fd as i32)?;
    keep(&mut thread.user.pool().files, &mut thread.random, file);
    Ok(())
}

fn stamps(thread: &mut Thread<'_>) -> io::Result<()> {
    let most = if thread.random.once_in(16) { 1 << 20 } else { 4096 };
    let elements = thread.random.size(most) as u32;
    let elements = thread.random.near32(elements);
    let handle = call(thread, HL_MEM_OP_TS_ALLOC, 0, |m| m.num_of_elements = elements)?;
    keep(&mut thread.user.pool().stamps, &mut thread.random, handle);
    Ok(())
}

fn block(thread: &mut Thread<'_>) -> io::Result<()> {
    let block_addr = thread.random.number();
    let mapped = call(thread, HL_MEM_OP_MAP_BLOCK, 0, |m| {
        m.__bindgen_anon_1.map_block = hl_mem_in__bindgen_ty_1__bindgen_ty_5 { block_addr };
    });
    mapped.map(drop)
}
