// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions by io_uring, an extension of goya.ko.

use std::io;
use std::mem::transmute;
use std::os::fd::AsRawFd;

use goya_uapi::*;
use io_uring::{IoUring, cqueue, opcode, squeue, types};

use crate::card::Card;
use crate::sys;

/// The command (`DRM_IOCTL_HL_CS`).
pub const SUBMIT: u32 = goya_uapi::drm_iowr::<hl_cs_args>(HL_IOCTL_CS) as u32;

/// What was told of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// What the program has called it.
    pub name: u64,
    /// 0, or a negative error.
    pub result: i32,
    /// The number of the submission.
    pub seq: u64,
}

/// A ring with large entries on both sides.
pub struct Ring(IoUring<squeue::Entry128, cqueue::Entry32>);

impl Ring {
    /// A ring for `entries` commands at a time, which the thread that has made it uses alone.
    pub fn new(entries: u32) -> io::Result<Self> {
        IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(entries).map(Self)
    }

    /// The same for anybody: what is done is told of at once.
    pub fn plain(entries: u32) -> io::Result<Self> {
        IoUring::builder().build(entries).map(Self)
    }

    /// One that a thread of the kernel's looks at.
    pub fn polled(entries: u32) -> io::Result<Self> {
        IoUring::builder().setup_sqpoll(100).build(entries).map(Self)
    }

    /// Appends a submission.
    pub fn push(&mut self, card: &Card, input: hl_cs_in, name: u64, flags: squeue::Flags) {
        self.push_command(card, SUBMIT, &goya_uring_cs { in_: input, reserved: [0; 4] }, name, flags);
    }

    /// Appends any command.
    ///
    /// # Panics
    /// When there is no room.
    pub fn push_command(
        &mut self,
        card: &Card,
        op: u32,
        command: &goya_uring_cs,
        name: u64,
        flags: squeue::Flags,
    ) {
        // SAFETY: all of its fields are numbers, with nothing between them.
        let bytes: [u8; 80] = unsafe { transmute(*command) };
        let fd = types::Fd(card.as_raw_fd());
        let entry = opcode::UringCmd80::new(fd, op).cmd(bytes).build().user_data(name).flags(flags);
        self.push_entry(&entry);
    }

    /// Appends the wish to cancel what is called `name`.
    pub fn push_cancel(&mut self, name: u64, own_name: u64) {
        self.push_entry(&opcode::AsyncCancel::new(name).build().user_data(own_name).into());
    }

    fn push_entry(&mut self, entry: &squeue::Entry128) {
        // SAFETY: whatever its command points to, callers keep until it was told of: chunks are copied before.
        let pushed = unsafe { self.0.submission().push(entry) };
        assert!(pushed.is_ok(), "there is no room in the ring");
    }

    /// Submits what was appended.
    pub fn submit(&self) -> io::Result<usize> {
        self.0.submit()
    }

    /// Submits what was appended, and waits until `count` commands were told of that nobody has taken.
    pub fn wait(&self, count: usize) -> io::Result<usize> {
        self.0.submit_and_wait(count)
    }

    /// Takes what was told of a command.
    pub fn take(&mut self) -> Option<Told> {
        let told = self.0.completion().next()?;
        Some(Told { name: told.user_data(), result: told.result(), seq: told.big_cqe()[0] })
    }

    /// Submits what was appended, and waits for `count` commands.
    pub fn told(&mut self, count: usize) -> crate::Result<Vec<Told>> {
        let mut told = Vec::with_capacity(count);
        while told.len() < count {
            self.wait(1).map_err(|e| format!("io_uring_enter: {e}"))?;
            told.extend(std::iter::from_fn(|| self.take()));
        }
        crate::check_eq!(told.len(), count, "commands that were told of");
        Ok(told)
    }

    /// The same for one.
    pub fn told_one(&mut self) -> crate::Result<Told> {
        Ok(self.told(1)?[0])
    }
}

/// The question of an ioctl as words.
pub fn input_of(words: [u64; 6]) -> hl_cs_in {
    // SAFETY: all of its readings are numbers, with nothing between them.
    unsafe { transmute(words) }
}

/// What is told of a command whose entry is a small one.
pub fn by_small_entry(card: &Card, op: u32) -> io::Result<i32> {
    let mut ring: IoUring = IoUring::new(1)?;
    let entry = opcode::UringCmd16::new(types::Fd(card.as_raw_fd()), op).build();
    // SAFETY: the command points to nothing.
    if unsafe { ring.submission().push(&entry) }.is_err() {
        return Err(io::Error::other("there is no room in the ring"));
    }
    ring.submit_and_wait(1)?;
    ring.completion().next().map(|told| told.result()).ok_or_else(|| io::Error::other("nothing was told"))
}

/// What the driver of `card` says that it does beyond upstream's.
pub fn extensions(card: &Card) -> io::Result<u64> {
    let mut answer = goya_info_extensions::default();
    card.info(GOYA_INFO_EXTENSIONS, &mut answer)?;
    Ok(answer.extensions)
}

/// Whether the kernel has io_uring, and lets us use it.
pub fn exists() -> bool {
    sys::errno(Ring::plain(1)) == 0
}
