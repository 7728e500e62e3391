// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is no ioctl of the driver's: mappings, descriptors, processes.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::time::Duration;

use goya_tests::card::{Card, open_node};
use goya_tests::noise;
use goya_tests::sys::{self, Mapping};
use goya_uapi::{HL_INFO_DEVICE_STATUS, HL_IOCTL_INFO, hl_info_args};

use crate::commands::{self, Targets};
use crate::process::{self, Child};
use crate::tally::Kind;
use crate::user::{DATA, Thread, keep, take};

/// How long a child may take for two calls.
const CHILD: Duration = Duration::from_secs(30);

/// Writes to memory that the card uses: packets, or noise.
pub fn touch(thread: &mut Thread<'_>) -> io::Result<()> {
    let random = &mut thread.random;
    let at = (random.below(DATA as u64 - 4096) & !7) as usize;
    let bytes = if random.once_in(2) {
        noise(random.next(), 64)
    } else {
        let rough = thread.user.rough;
        commands::packets(random, Targets { host: None, device: None }, 1, rough)
    };
    if random.once_in(2) {
        thread.user.data.write(at, bytes.get(..4096).unwrap_or(&bytes));
    } else {
        let pool = thread.user.pool();
        let map = take(&mut pool.buffers.iter().filter_map(|b| b.map.clone()).collect(), random);
        drop(pool);
        if let Some(map) = map {
            map.write(0, bytes.get(..map.len()).unwrap_or(&bytes));
        }
    }
    thread.other("touch", Ok(()))
}

/// Maps a command buffer, time stamps, an export, or nothing that there is.
pub fn map(thread: &mut Thread<'_>) -> io::Result<()> {
    let random = &mut thread.random;
    let pool = thread.user.pool();
    let at = random.below(pool.buffers.len() as u64) as usize;
    let (handle, size) = match random.below(4) {
        0 => (random.pick(&pool.stamps).unwrap_or(0), 4096),
        1 => (random.number() & !0xFFF, random.size(1 << 20)),
        _ => pool.buffers.get(at).map_or((0, 4096), |buffer| (buffer.handle, buffer.size)),
    };
    drop(pool);
    let (size, handle) = (random.near(size).clamp(1, 1 << 24), random.near(handle));
    let private = if random.is_wild() { libc::MAP_PRIVATE } else { libc::MAP_SHARED };
    let map = Mapping::of_file_with(&thread.user.card, size as usize, handle, private);
    let map = Arc::new(thread.other("mmap", map)?);
    if let Some(buffer) = thread.user.pool().buffers.iter_mut().find(|buffer| buffer.handle == handle) {
        buffer.map = Some(map);
    }
    Ok(())
}

/// Takes a mapping away, maybe from under a thread that writes to it, whose own it stays till then.
pub fn unmap(thread: &mut Thread<'_>) -> io::Result<()> {
    let at = thread.random.below(48) as usize;
    let map = thread.user.pool().buffers.get_mut(at).and_then(|buffer| buffer.map.take());
    drop(map);
    thread.other("munmap", Ok(()))
}

/// A child that has all that this process has, uses some of it and goes.
pub fn fork(thread: &mut Thread<'_>) -> io::Result<()> {
    let op = thread.random.below(42) as u32;
    let room = thread.room.address();
    let (user, quiet) = (thread.user, thread.random.once_in(2));
    let child = Child::fork(|| {
        let mut args = hl_info_args {
            op: HL_INFO_DEVICE_STATUS,
            return_pointer: room,
            return_size: 4,
            ..Default::default()
        };
        let _ = sys::ioctl(&user.card, HL_IOCTL_INFO, &mut args);
        args.op = op;
        if !quiet {
            user.data.write(op as usize * 4096, &[op as u8; 64]);
            let _ = sys::ioctl(&user.card, HL_IOCTL_INFO, &mut args);
        }
        0
    });
    let child = thread.other("fork", child)?;
    if child.wait(CHILD).is_none() {
        child.signal(libc::SIGKILL);
    }
    Ok(())
}

/// Gives memory back that the card may use, or asks for it otherwise.
pub fn advise(thread: &mut Thread<'_>) -> io::Result<()> {
    let random = &mut thread.random;
    let size = random.size(2 << 20).next_multiple_of(4096) as usize;
    let at = random.below((DATA - size) as u64) as usize & !0xFFF;
    let advice = [
        libc::MADV_DONTNEED,
        libc::MADV_HUGEPAGE,
        libc::MADV_NOHUGEPAGE,
        libc::MADV_WILLNEED,
        libc::MADV_DONTFORK,
        libc::MADV_DOFORK,
    ];
    let advice = random.pick(&advice).unwrap_or(libc::MADV_DONTNEED);
    let advised = process::advise(&thread.user.data, at, size, advice);
    thread.other("advise", advised)
}

/// Opens a node once more.
pub fn open(thread: &mut Thread<'_>) -> io::Result<()> {
    let nodes = thread.user.nodes;
    let node = if thread.random.once_in(2) { nodes.compute() } else { nodes.control() };
    let opened = thread.other("open", open_node(&node))?;
    let read = File::open(node).and_then(|mut file| file.read(&mut [0; 64]));
    let _ = thread.other("open", read);
    drop::<Card>(opened);
    thread.other("close", Ok(()))
}

/// Keeps descriptors longer than what they are of, or gives them back.
pub fn descriptors(thread: &mut Thread<'_>) -> io::Result<()> {
    let file = take(&mut thread.user.pool().files, &mut thread.random);
    let Some(file) = file else { return Ok(()) };
    match thread.random.below(4) {
        // Who has only a path to it does not hold it open.
        0 => {
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            let path = File::options().read(true).custom_flags(libc::O_PATH).open(path);
            let path = thread.other("dup", path)?;
            keep(&mut thread.user.pool().files, &mut thread.random, path);
        }
        1 => {
            let again = thread.other("dup", file.try_clone())?;
            keep(&mut thread.user.pool().files, &mut thread.random, again);
        }
        2 => {
            let map = Mapping::of_file(&file, 4096, 0);
            let _ = thread.other("mmap", map);
        }
        _ => {}
    }
    drop(file);
    thread.other("drop", Ok(()))
}

/// An ioctl of DRM's, or one that nobody has, with anything in it.
pub fn stray(thread: &mut Thread<'_>) -> io::Result<()> {
    let random = &mut thread.random;
    let mut args: Vec<u64> = (0..32).map(|_| random.number()).collect();
    let number = random.below(256) as u32;
    let size = random.one_of(&[0, 4, 8, 16, 24, 32, 64, 128, 255]) as u32;
    let direction = random.below(4) as u32;
    // Letter d is DRM's.
    let letter = random.near32(u32::from(b'd')) & 0xFF;
    // What the driver has, other calls do, with pointers that are safe.
    let own = (goya_uapi::DRM_COMMAND_BASE..goya_uapi::DRM_COMMAND_BASE + 6).contains(&number);
    if letter == u32::from(b'd') && own {
        return Ok(());
    }
    let request = direction << 30 | size << 16 | letter << 8 | number;
    thread.trace(Kind::Stray, number / 4);
    let result = sys::request(&thread.user.card, request, &mut args);
    thread.user.tally.count(Kind::Stray, number / 4, result)
}
