// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_MEMORY` (`hl_mem_ioctl()`).

use goya_tests::card::Card;
use goya_tests::events::adopt;
use goya_tests::sys::{Mapping, errno};
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use libc::{EFAULT, EINVAL, ENOMEM, EPERM};

use super::{Before, Drops, KERNELS, NOWHERE, dram, expect, ok, pair, refused};

const PAGE: u64 = 4096;
const HUGE: u64 = 2 << 20;
/// Device addresses of device memory and of host memory begin, and end, here.
const DRAM: u64 = 0x8_0000_0000;
const DRAM_END: u64 = 0x20_0000_0000;
const HOST: u64 = 0x1_0000_0000_0000;
const HOST_END: u64 = 0x3_FF80_0000_0000;

/// The arguments, with a number in every field.
fn args(op: u32, flags: u32, payload: [u64; 3]) -> [u64; 5] {
    let [a, b, c] = payload;
    [a, b, c, pair(op, flags), pair(7, 9)]
}

/// Refusals of one operation.
struct Table<'a> {
    card: &'a Card,
    op: u32,
}

impl Table<'_> {
    /// What is refused leaves the arguments as they were.
    fn kept(&self, what: &str, flags: u32, payload: [u64; 3], error: i32) -> Result {
        let words = args(self.op, flags, payload);
        refused(self.card, HL_IOCTL_MEMORY, words, error, words, what)
    }

    /// What is refused leaves zeros.
    fn cleared(&self, what: &str, flags: u32, payload: [u64; 3], error: i32) -> Result {
        let words = args(self.op, flags, payload);
        refused(self.card, HL_IOCTL_MEMORY, words, error, [0; 5], what)
    }
}

pub fn all() -> Result {
    let card = Card::open()?;
    expect(&[
        "alloc size must be larger than 0",
        "Cannot allocate",
        "no match for handle",
        "is mapped, cannot free",
        "Hint address",
        "no available va block for handle",
        "user pointer",
        "size to pin is invalid",
        "to pin host memory with user ptr",
        "failed to get user memory for address",
        "unmap failed, no mem hnode for vaddr",
        "memory is exported",
        "failed to get a file descriptor for a dma-buf, -24",
        "Num of elements exceeds Max allowed number",
        "Unknown opcode for memory IOCTL",
    ])?;
    let mut before = Before::new(&card)?;
    allocations(&card)?;
    device_mappings(&card)?;
    host_mappings(&card)?;
    unmappings(&card)?;
    exports(&card)?;
    for op in [7, 99, u32::MAX] {
        Table { card: &card, op }.kept(&format!("operation {op}"), 1, [1, 2, 3], EINVAL)?;
    }
    // No register block; of the arguments only handle and size of one are set.
    let words = args(HL_MEM_OP_MAP_BLOCK, 1, [goya_tests::packet::CFG, u64::MAX, 3]);
    let mut left = words;
    (left[0], left[1]) = (0, u64::MAX << 32);
    refused(&card, HL_IOCTL_MEMORY, words, EPERM, left, "a register block")?;
    let stamps = |count: u32| {
        let mut words = args(HL_MEM_OP_TS_ALLOC, 1, [1, 2, 3]);
        words[4] = pair(7, count);
        refused(&card, HL_IOCTL_MEMORY, words, EINVAL, words, &format!("{count} time stamps"))
    };
    stamps(TS_MAX_ELEMENTS_NUM + 1)?;
    stamps(u32::MAX)?;
    before.counted(Drops::default(), "none of which is a submission")?;
    before.unchanged()
}

fn allocations(card: &Card) -> Result {
    let (free, _) = dram(card)?;
    let alloc = Table { card, op: HL_MEM_OP_ALLOC };
    // Looked at before all else, and the only one that leaves the arguments alone.
    alloc.kept("no bytes", 0, [0, HUGE, 3], EINVAL)?;
    alloc.kept("no bytes, in one piece", HL_MEM_CONTIGUOUS, [0, HUGE, 3], EINVAL)?;
    for flags in [0, HL_MEM_CONTIGUOUS, HL_MEM_SHARED] {
        for (what, size, error) in [
            ("a page more than is free", free + 1, ENOMEM),
            ("a tebibyte", 1 << 40, ENOMEM),
            // Rounded up to pages that is 0.
            ("all bytes that there are", u64::MAX, EINVAL),
            ("all but a page", u64::MAX - HUGE + 2, EINVAL),
        ] {
            alloc.cleared(&format!("{what}, flags {flags}"), flags, [size, 0, 0], error)?;
        }
    }
    // The size of pages is not the user's choice.
    for page_size in [1, 3, PAGE, u64::MAX] {
        let mut words = args(HL_MEM_OP_ALLOC, 0, [1, page_size, 0]);
        ok(goya_tests::sys::ioctl(card, HL_IOCTL_MEMORY, &mut words), "pages of another size")?;
        check_eq!(words[1..], [0; 4], "behind the handle");
        check_eq!(dram(card)?.1, HUGE, "own memory");
        // Of a handle only the low half counts.
        ok(card.free(words[0] | 5 << 32), "freeing it")?;
    }
    let release = Table { card, op: HL_MEM_OP_FREE };
    let memory = card.device_memory(HUGE)?;
    for handle in [0, 4711, u64::from(u32::MAX), u64::MAX, 1 << 32, memory.device] {
        release.kept(&format!("freeing handle {handle:#x}"), 0, [handle, 2, 3], EINVAL)?;
    }
    Ok(())
}

fn device_mappings(card: &Card) -> Result {
    let map = Table { card, op: HL_MEM_OP_MAP };
    for handle in [0, 4711, u64::from(u32::MAX), 1 << 32] {
        map.cleared(&format!("mapping handle {handle:#x}"), 0, [0, handle, 3], EINVAL)?;
    }
    let handle = ok(card.alloc(2 * HUGE, 0), "alloc")?;
    let taken = card.device_memory(HUGE)?;
    for (what, hint) in [
        ("0", 0),
        ("within a page", DRAM + PAGE),
        ("below", DRAM - HUGE),
        ("behind", DRAM_END),
        ("across the end", DRAM_END - HUGE),
        ("the host's", HOST),
        ("what is taken", taken.device),
        ("half of what is taken", taken.device - HUGE),
    ] {
        map.cleared(&format!("forced to {what}"), HL_MEM_FORCE_HINT, [hint, handle, 3], ENOMEM)?;
        // A wish is none of these, and gets something else.
        let mut words = args(HL_MEM_OP_MAP, 0, [hint, handle, 0]);
        ok(goya_tests::sys::ioctl(card, HL_IOCTL_MEMORY, &mut words), what)?;
        check_eq!(words[0] != hint && words[1..] == [0; 4], true, format!("{what}: {words:x?}"));
        check_eq!(errno(card.free(handle)), EINVAL, "freeing what is mapped");
        ok(card.unmap(words[0]), "unmap")?;
    }
    ok(card.free(handle), "free").map(drop)
}

fn host_mappings(card: &Card) -> Result {
    let map = Table { card, op: HL_MEM_OP_MAP };
    let memory = ok(Mapping::guarded(4 * PAGE as usize), "memory")?;
    let here = memory.address();
    let end = here + 4 * PAGE;
    ok(memory.protect(0, PAGE as usize, libc::PROT_READ), "protect")?;
    let cb = ok(card.create_cb(4096), "a buffer")?;
    let buffer = ok(card.map_cb(cb, 4096), "a mapping of it")?;
    for (what, address, size, error) in [
        ("no bytes", here, 0, EINVAL),
        ("no bytes of nothing", 0, 0, EINVAL),
        ("nothing", 0, PAGE, EFAULT),
        ("what is not there", NOWHERE, 1, EFAULT),
        ("the kernel's", KERNELS, PAGE, EFAULT),
        ("the last page but one", u64::MAX - 2 * PAGE + 1, PAGE, EFAULT),
        ("the last page", u64::MAX - PAGE + 1, PAGE, EINVAL),
        ("the last bytes", u64::MAX - 8, 4, EINVAL),
        ("what wraps round", here, u64::MAX - PAGE, EINVAL),
        ("all bytes", 1, u64::MAX, EINVAL),
        ("between the user's and the kernel's", 1 << 60, PAGE, EFAULT),
        ("what can only be read", here, 1, EFAULT),
        ("what can only be read at first", here, 2 * PAGE, EFAULT),
        ("what cannot be read", end, PAGE, EFAULT),
        ("what ends too early", end - PAGE, 2 * PAGE, ENOMEM),
        ("what ends a byte too early", end - 8, 9, ENOMEM),
        ("a command buffer", buffer.address(), PAGE, EFAULT),
    ] {
        for flags in [HL_MEM_USERPTR, HL_MEM_USERPTR | HL_MEM_FORCE_HINT] {
            map.cleared(&format!("host memory: {what}"), flags, [address, HOST, size], error)?;
        }
    }
    drop(buffer);
    ok(card.destroy_cb(cb), "destroying the buffer")?;
    let (here, force) = (here + PAGE, HL_MEM_USERPTR | HL_MEM_FORCE_HINT);
    let taken = ok(card.map_host_range(here, PAGE), "mapping a page")?;
    for (what, address, hint, error) in [
        ("0", here, 0, ENOMEM),
        ("0, from within a page", here + 1, 0, ENOMEM),
        ("within a page", here, HOST + 1, ENOMEM),
        ("below", here, HOST - PAGE, ENOMEM),
        ("behind", here, HOST_END, ENOMEM),
        ("the card's", here, DRAM, ENOMEM),
        ("what is taken", here, taken, ENOMEM),
        ("any, from within a page", here + 1, HOST + (1 << 30), EINVAL),
        ("a byte, from within a page", here + 1, 1, EINVAL),
    ] {
        map.cleared(&format!("host memory forced to {what}"), force, [address, hint, 8], error)?;
    }
    ok(card.unmap(taken), "unmap").map(drop)
}

fn unmappings(card: &Card) -> Result {
    let unmap = Table { card, op: HL_MEM_OP_UNMAP };
    let memory = ok(Mapping::anonymous(3 * PAGE as usize), "memory")?;
    let host = ok(card.map_host_range(memory.address() + 5, 2 * PAGE), "map")?;
    let device = card.device_memory(2 * HUGE)?;
    for (what, address) in [
        ("0", 0),
        ("nobody's", DRAM_END - HUGE),
        ("none", u64::MAX),
        ("the card's registers", goya_tests::packet::CFG),
        ("the page of the mapping", host - 5),
        ("the next page of it", host - 5 + PAGE),
        ("the next byte of it", host + 1),
        ("a byte of device memory", device.device + 1),
        ("its second page", device.device + HUGE),
    ] {
        unmap.kept(&format!("unmapping {what}"), 0, [address, 2, 3], EINVAL)?;
    }
    let words = args(HL_MEM_OP_UNMAP, 0, [host, 2, 3]);
    refused(card, HL_IOCTL_MEMORY, words, 0, words, "unmapping what is mapped")?;
    unmap.kept("unmapping it again", 0, [host, 2, 3], EINVAL)
}

fn exports(card: &Card) -> Result {
    let memory = ok(Mapping::anonymous(2 * PAGE as usize), "memory")?;
    let host = card.map_host(memory)?;
    let device = card.device_memory(2 * HUGE)?;
    let at = device.device;
    // No descriptor, and nothing else.
    let left = [u64::from((-libc::EBADF) as u32), 0, 0, 0, 0];
    let export = |what: &str, payload: [u64; 3], error: i32| {
        let words = args(HL_MEM_OP_EXPORT_DMABUF_FD, libc::O_CLOEXEC as u32, payload);
        refused(card, HL_IOCTL_MEMORY, words, error, left, &format!("exporting {what}"))
    };
    for (what, payload) in [
        ("what is not there", [0, PAGE, 0]),
        ("nobody's", [DRAM_END - HUGE, PAGE, 0]),
        ("a part by its address", [at + HUGE, PAGE, 0]),
        ("a byte by its address", [at + 1, PAGE, 0]),
        ("host memory", [host.device, PAGE, 0]),
        ("no bytes", [at, 0, 0]),
        ("no bytes at the end", [at, 0, 2 * HUGE]),
        ("a part of a page", [at, PAGE + 1, 0]),
        ("from within a page", [at, PAGE, 1]),
        ("more than there is", [at, 2 * HUGE + PAGE, 0]),
        ("beyond", [at, PAGE, 2 * HUGE]),
        ("across the end", [at, 2 * HUGE, PAGE]),
        ("far beyond", [at, PAGE, 1 << 40]),
        ("what is too large by far", [at, 1 << 63, 0]),
    ] {
        export(what, payload, EINVAL)?;
    }
    let words = args(HL_MEM_OP_EXPORT_DMABUF_FD, libc::O_CLOEXEC as u32, [at, PAGE, 0]);
    let mut exported = words;
    match goya_tests::sys::ioctl(card, HL_IOCTL_MEMORY, &mut exported) {
        // The card's window is too small: whatever is exported is outside of it.
        Err(e) if e.raw_os_error() == Some(EINVAL) => return Ok(()),
        result => ok(result, "exporting a page")?,
    }
    check_eq!(exported[1..], [0; 4], "behind the descriptor");
    let file = ok(adopt(exported[0] as i32), "the descriptor")?;
    check_eq!(errno(card.unmap(at)), EINVAL, "unmapping what is exported");
    without_descriptors(|| export("without a descriptor", [at, PAGE, 0], libc::EMFILE))?;
    drop(file);
    Ok(())
}

/// Does something while the process can open nothing.
fn without_descriptors(run: impl FnOnce() -> Result) -> Result {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is valid for the call.
    let read = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut before) };
    check_eq!(read, 0, "getrlimit()");
    let set = |limit: &libc::rlimit| {
        // SAFETY: as above.
        check_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) }, 0, "setrlimit()");
        Ok(())
    };
    set(&libc::rlimit { rlim_cur: 0, ..before })?;
    let result = run();
    set(&before)?;
    result
}
