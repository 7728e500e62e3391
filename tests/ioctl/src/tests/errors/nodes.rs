// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the nodes say to requests that are none of theirs, or of other sizes (`drm_ioctl()`,
//! `hl_ioctl_control()`), to mappings (`hl_mmap()`), and to all else that one can do with a file.

use std::io;
use std::os::fd::AsRawFd;

use goya_tests::card::Card;
use goya_tests::sys::{Mapping, errno, request, request_in};
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use libc::{EACCES, EFAULT, EINVAL, ENODEV, ENOSYS, ENOTTY, EOPNOTSUPP, EPERM, ESPIPE};

use super::{Before, Drops, expect, ok, pair};

/// Bits of a request: written by the caller, read by the caller.
const W: u32 = 1 << 30;
const R: u32 = 2 << 30;

/// A request of DRM's.
const fn number(direction: u32, number: u32, size: u32) -> u32 {
    direction | size << 16 | 0x6400 | number
}

/// A request of the driver's.
const fn of(direction: u32, command: u32, size: u32) -> u32 {
    number(direction, DRM_COMMAND_BASE + command, size)
}

pub fn all() -> Result {
    let card = Card::open()?;
    let control = Card::open_control()?;
    expect(&[
        "Got execute CS with 0 chunks",
        "alloc size must be larger than 0",
        "device not in debug mode",
        "User requested CB size -1 must be less than",
        "Memory mmap failed",
    ])?;
    let mut before = Before::new(&card)?;
    numbers(&card, &control)?;
    sizes(&card, &control)?;
    places(&card)?;
    places(&control)?;
    mappings(&card, &control)?;
    before.counted(Drops::default(), "none of which is a submission")?;
    files(&card, &control)?;
    before.unchanged()
}

/// Numbers that are not the driver's.
fn numbers(card: &Card, control: &Card) -> Result {
    let ask = |card: &Card, code: u32| errno(request(card, code, &mut [0; 8]));
    for n in 0..256 {
        // What graphics cards have, an accelerator refuses. 1, 2, 0x2D and 0x2E are for these, too, but DRM
        // looks at what only their files have: the kernel would fall.
        let error = match n {
            0x40..0x46 | 1 | 2 | 0x2D | 0x2E => continue,
            0 | 5 | 6 | 0x2C | 0xD1 => 0,
            9..0xE | 0x3A..0x3D | 0xA0 | 0xA1 | 0xA4 | 0xA6 | 0xA7 | 0xAA | 0xAC..0xB0 => EOPNOTSUPP,
            0xB5 | 0xB6 | 0xB8 | 0xB9 | 0xBD..0xC6 | 0xCA..=0xCD | 0xCF | 0xD0 => EOPNOTSUPP,
            7 | 0x10..0x14 | 0x27 | 0x28 | 0x3F | 0xA2 | 0xA3 | 0xA5 | 0xA8 | 0xA9 | 0xAB => EACCES,
            0xB0 | 0xB1 | 0xB7 | 0xBA..0xBD | 0xC6..0xCA => EACCES,
            0xB2..0xB5 => ENOSYS,
            _ => EINVAL,
        };
        check_eq!(ask(card, number(W | R, n, 64)), error, format!("request {n:#x}"));
    }
    for n in (0..256).filter(|n| *n != 0x40) {
        for code in [number(W | R, n, 64), number(0, n, 0)] {
            check_eq!(ask(control, code), ENOTTY, format!("request {n:#x} to the control node"));
        }
    }
    for kind in [0, b'D', b'e', 0xFF] {
        let code = (DRM_IOCTL_HL_INFO & !0xFF00) | u32::from(kind) << 8;
        check_eq!(ask(card, code), ENOTTY, format!("kind {kind:#x}"));
        // Here it is a question without room, as it would be by its own kind.
        check_eq!(ask(control, code), EINVAL, format!("kind {kind:#x} to the control node"));
    }
    Ok(())
}

/// `INFO` by its number, kind and size.
const DRM_IOCTL_HL_INFO: u32 = of(W | R, HL_IOCTL_INFO, 24);

/// Structures that are shorter or longer than the driver's, and requests that say nothing of one.
fn sizes(card: &Card, control: &Card) -> Result {
    let mut status = [0xAAu32; 2];
    let place = status.as_mut_ptr() as u64;
    let asked = [place, pair(8, HL_INFO_DEVICE_STATUS), 1 << 63, 4, 5];
    // Without the padding, which is wrong, without the question, which is number 0 then, without room.
    for (size, error) in [(40, EINVAL), (24, EINVAL), (23, 0), (16, 0), (12, 0), (11, 0), (8, EINVAL)] {
        for node in [card, control] {
            let mut words = asked;
            let result = errno(request(node, of(W | R, HL_IOCTL_INFO, size), &mut words));
            check_eq!(result, error, format!("INFO of {size} bytes"));
            check_eq!(words, asked, format!("INFO of {size} bytes: arguments"));
        }
    }
    // What is not asked for by the caller is not read: zeros are.
    for (direction, compute) in [(W, 0), (R, EINVAL), (0, EINVAL)] {
        let mut words = asked;
        words[2] = 0;
        let code = of(direction, HL_IOCTL_INFO, 24);
        check_eq!(errno(request(card, code, &mut words)), compute, format!("INFO by {code:#x}"));
        // The control node reads and writes, whatever the caller says.
        words = [place, pair(8, HL_INFO_DEVICE_STATUS), 0, 4, 5];
        check_eq!(
            errno(request(control, code, &mut words)),
            0,
            format!("INFO to the control node by {code:#x}")
        );
    }
    check_eq!(status, [0; 2], "the answer");
    // All zeros: `HW_IP_INFO` without room, a buffer, no chunks, number 0, no bytes, the trace buffer.
    for (command, error) in [
        (HL_IOCTL_INFO, EINVAL),
        (HL_IOCTL_CB, 0),
        (HL_IOCTL_CS, EINVAL),
        (HL_IOCTL_WAIT_CS, 0),
        (HL_IOCTL_MEMORY, EINVAL),
        (HL_IOCTL_DEBUG, EFAULT),
    ] {
        for direction in [0, W, R, W | R] {
            let mut words = [u64::MAX];
            let result = request(card, of(direction, command, 0), &mut words);
            check_eq!(errno(result), error, format!("command {command} of no bytes"));
            check_eq!(words, [u64::MAX], format!("command {command} of no bytes: arguments"));
        }
    }
    let result = request(control, of(W | R, HL_IOCTL_INFO, 0), &mut []);
    check_eq!(errno(result), EINVAL, "INFO of no bytes to the control node");
    // Only as much of an answer as there is room for; and what is behind the structure stays.
    let mut words = [0, pair(HL_CB_OP_CREATE, 4096), 0, 7, 8];
    ok(request(card, of(W | R, HL_IOCTL_CB, 4), &mut words), "CB of 4 bytes")?;
    check_eq!(words[0] != 0 && words[0] >> 32 == 0, true, "the lower half of a handle");
    let mut words = [u64::MAX, pair(HL_CB_OP_CREATE, u32::MAX), 9, 7, 8];
    check_eq!(errno(request(card, of(W | R, HL_IOCTL_CB, 40), &mut words)), EINVAL, "CB of 40 bytes");
    check_eq!(words, [0, 0, 0, 7, 8], "CB of 40 bytes: arguments");
    let mut large = vec![5; 0x3FF8 / 8];
    large[..3].copy_from_slice(&[place, pair(8, HL_INFO_DEVICE_STATUS), 0]);
    for node in [card, control] {
        ok(request(node, of(W | R, HL_IOCTL_INFO, 0x3FF8), &mut large), "the largest INFO")?;
        check_eq!(large[3..].iter().all(|word| *word == 5), true, "what is behind the largest INFO");
    }
    Ok(())
}

/// Arguments in memory that cannot be read or written.
fn places(node: &Card) -> Result {
    let memory = ok(Mapping::guarded(4096), "memory")?;
    let mut status = [0xAAu32; 2];
    let words = [status.as_mut_ptr() as u64, pair(8, HL_INFO_DEVICE_STATUS), 0];
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    memory.write(0, &bytes);
    memory.write(4096 - 24, &bytes);
    memory.write(4096 - 16, &bytes[..16]);
    for (at, size, error) in
        [(0, 24, 0), (4096 - 16, 24, EFAULT), (4096 - 16, 16, 0), (4096, 24, EFAULT), (4096, 8, EFAULT)]
    {
        let result = request_in(node, of(W | R, HL_IOCTL_INFO, size), &memory, at);
        check_eq!(errno(result), error, format!("{size} bytes of arguments at {at}"));
    }
    // They are written back in any case, at last.
    ok(memory.protect(0, 4096, libc::PROT_READ), "protect")?;
    status = [0xAA; 2];
    let result = request_in(node, DRM_IOCTL_HL_INFO, &memory, 0);
    check_eq!(errno(result), EFAULT, "arguments that cannot be written");
    check_eq!(status, [0; 2], "the answer, which could be");
    Ok(())
}

/// Offsets and sizes that cannot be mapped.
fn mappings(card: &Card, control: &Card) -> Result {
    let handle = ok(card.create_cb(5000), "a buffer")?;
    let id = handle & 0xFFFF_FFFF_FFFF & !0xFFF;
    let kind = |kind: u64| kind << 59 | id;
    check_eq!(kind(2), handle, "the handle, whose kind is 2");
    let map = |what: &str, offset: u64, len: usize, error: i32| {
        let result = Mapping::of_file(card, len, offset);
        check_eq!(errno(result), error, format!("mapping {what}"));
        Ok(())
    };
    for n in (0..32).filter(|n| ![2, 4, 16].contains(n)) {
        map(&format!("what has kind {n}"), kind(n), 8192, EINVAL)?;
    }
    for len in [4096, 8192] {
        map("a block of registers", kind(4), len, EPERM)?;
    }
    map("the first block", 4 << 59, 4096, EPERM)?;
    for (what, offset, len) in [
        ("nothing", 0, 4096),
        ("a part of a buffer", handle, 4096),
        ("more than a buffer", handle, 12288),
        ("a buffer that is not", handle + (77 << 12), 8192),
        ("a buffer without a number", 2 << 59, 8192),
        ("stamps that are not", kind(16) + (77 << 12), 8192),
        ("no bytes", handle, 0),
        ("from within a page", handle + 8, 8192),
    ] {
        map(what, offset, len, EINVAL)?;
    }
    // The number alone says which buffer it is.
    map("a buffer as if it were stamps", kind(16), 8192, 0)?;
    for flags in [libc::MAP_PRIVATE, libc::MAP_SHARED, libc::MAP_SHARED | libc::MAP_POPULATE] {
        let mapped = Mapping::of_file_with(card, 8192, handle, flags);
        ok(mapped, &format!("mapping with flags {flags:#x}"))?;
    }
    for offset in [0, handle, 4 << 59] {
        check_eq!(errno(Mapping::of_file(control, 8192, offset)), ENODEV, "a mapping of the control node");
    }
    ok(card.destroy_cb(handle), "destroying the buffer").map(drop)
}

/// What a system call says that returns a number, or -1.
fn called(result: impl Into<i64>) -> i32 {
    if result.into() < 0 { errno::<()>(Err(io::Error::last_os_error())) } else { 0 }
}

/// Nodes are no files to read or write.
fn files(card: &Card, control: &Card) -> Result {
    for (name, fd, seek) in [("compute", card.as_raw_fd(), 0), ("control", control.as_raw_fd(), ESPIPE)] {
        let mut bytes = [0u8; 64];
        let at = bytes.as_mut_ptr().cast::<libc::c_void>();
        let mut poll = libc::pollfd { fd, events: libc::POLLIN | libc::POLLOUT | libc::POLLPRI, revents: 0 };
        // SAFETY: all pointers are to `bytes` or `poll`, with no more than their sizes.
        let calls = unsafe {
            [
                ("read()", called(libc::read(fd, at, 64) as i64), EINVAL),
                ("read() of nothing", called(libc::read(fd, at, 0) as i64), EINVAL),
                ("write()", called(libc::write(fd, at, 64) as i64), EINVAL),
                ("lseek()", called(libc::lseek(fd, 0, libc::SEEK_SET)), seek),
                ("pread()", called(libc::pread(fd, at, 64, 0) as i64), if seek == 0 { EINVAL } else { seek }),
                ("fsync()", called(libc::fsync(fd)), EINVAL),
                ("ftruncate()", called(libc::ftruncate(fd, 0)), EINVAL),
                ("poll()", called(libc::poll(&mut poll, 1, 0)), 0),
            ]
        };
        for (call, result, error) in calls {
            check_eq!(result, error, format!("{call} of the {name} node"));
        }
        // A file without a `poll()` of its own is always ready.
        check_eq!(poll.revents, libc::POLLIN | libc::POLLOUT, format!("poll() of the {name} node"));
    }
    Ok(())
}
