// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Who calls: a process with a node, memory and what the driver has given it, and the threads that share all of it.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::events::EventFd;
use goya_tests::nodes::Nodes;
use goya_tests::sys::{self, Mapping};
use goya_uapi::HL_IOCTL_INFO;

use crate::calls::Launches;
use crate::random::Random;
use crate::tally::{Kind, Tally};

/// Bytes that a process lets the card reach.
pub const DATA: usize = 4 << 20;
/// Bytes of a thread for arguments and answers.
pub const ROOM: usize = 64 << 10;
/// How long to leave a card alone that is busy.
const BUSY: Duration = Duration::from_millis(1);
/// How many of a kind a process keeps.
const KEPT: usize = 48;

/// Memory that the card can reach.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Device address.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

/// A command buffer.
#[derive(Debug, Clone)]
pub struct Buffer {
    pub handle: u64,
    pub size: u64,
    pub map: Option<Arc<Mapping>>,
}

/// What the driver has given to the process, as far as it remembers.
#[derive(Debug, Default)]
pub struct Pool {
    pub buffers: Vec<Buffer>,
    pub host: Vec<Range>,
    pub handles: Vec<u64>,
    pub device: Vec<Range>,
    pub stamps: Vec<u64>,
    pub sequences: Vec<u64>,
    pub files: Vec<File>,
}

/// Keeps `new`, instead of an old one if there are too many.
pub fn keep<T>(pool: &mut Vec<T>, random: &mut Random, new: T) -> Option<T> {
    if pool.len() < KEPT {
        pool.push(new);
        return None;
    }
    let at = random.below(KEPT as u64) as usize;
    pool.get_mut(at).map(|old| std::mem::replace(old, new))
}

/// Takes one out.
pub fn take<T>(pool: &mut Vec<T>, random: &mut Random) -> Option<T> {
    let at = random.below(pool.len() as u64) as usize;
    (at < pool.len()).then(|| pool.swap_remove(at))
}

/// A process's part.
pub struct User {
    pub card: Card,
    pub tally: Tally,
    pub data: Mapping,
    /// A page that can only be read.
    pub read_only: Mapping,
    pub counters: Vec<EventFd>,
    pub nodes: Nodes,
    /// The card is the control node.
    pub control: bool,
    /// Packets may keep the card busy for ever.
    pub rough: bool,
    /// Each call is told to the kernel log, first.
    pub trace: Option<File>,
    pub stop: AtomicBool,
    pool: Mutex<Pool>,
    launches: Mutex<Option<Launches>>,
}

impl User {
    pub fn new(card: Card, tally: Tally, trace: bool) -> io::Result<Self> {
        let read_only = Mapping::anonymous(4096)?;
        read_only.protect(0, 4096, libc::PROT_READ)?;
        Ok(Self {
            card,
            tally,
            data: Mapping::guarded(DATA)?,
            read_only,
            counters: (0..4).map(|_| EventFd::new()).collect::<io::Result<_>>()?,
            nodes: Nodes::chosen(),
            control: false,
            rough: false,
            trace: trace.then(|| File::options().write(true).open("/dev/kmsg")).transpose()?,
            stop: AtomicBool::new(false),
            pool: Mutex::default(),
            launches: Mutex::default(),
        })
    }

    pub fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its threads launch programs with, one at a time.
    pub fn launches(&self) -> MutexGuard<'_, Option<Launches>> {
        self.launches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

/// A thread's part.
pub struct Thread<'a> {
    pub user: &'a User,
    pub random: Random,
    /// Arguments and answers, with nothing behind it.
    pub room: Mapping,
    /// A page that 32-bit programs reach.
    low: Mapping,
}

impl<'a> Thread<'a> {
    pub fn new(user: &'a User, random: Random) -> io::Result<Self> {
        Ok(Self { user, random, room: Mapping::guarded(ROOM)?, low: Mapping::low(4096)? })
    }

    /// Does one of the driver's ioctls; `subject` is its operation.
    pub fn ioctl<T>(&mut self, command: u32, subject: u32, args: &mut T) -> io::Result<()> {
        let kind = match command {
            _ if self.user.control => Kind::Control,
            goya_uapi::HL_IOCTL_INFO => Kind::Info,
            goya_uapi::HL_IOCTL_CB => Kind::Buffer,
            goya_uapi::HL_IOCTL_CS => Kind::Submit,
            goya_uapi::HL_IOCTL_WAIT_CS => Kind::Wait,
            goya_uapi::HL_IOCTL_MEMORY => Kind::Memory,
            _ => Kind::Debug,
        };
        let subject = if self.user.control && command != HL_IOCTL_INFO { 50 + command } else { subject };
        self.trace(kind, subject);
        let result = if self.random.once_in(32) {
            self.ioctl32(command, args)
        } else {
            sys::ioctl(&self.user.card, command, args)
        };
        if result.as_ref().is_err_and(|e| e.raw_os_error() == Some(libc::EBUSY)) {
            // While the card is reset, all calls are alike.
            std::thread::sleep(BUSY);
        }
        self.user.tally.count(kind, subject, result)
    }

    /// The same as a 32-bit program does it; addresses in the argument are those of this one.
    fn ioctl32<T>(&self, command: u32, args: &mut T) -> io::Result<()> {
        let size = size_of::<T>();
        let bytes: *mut u8 = std::ptr::from_mut(args).cast();
        // SAFETY: an argument of an ioctl is numbers without gaps, whatever they are, and borrowed for the call.
        let bytes = unsafe { std::slice::from_raw_parts_mut(bytes, size) };
        self.low.write(0, bytes);
        let result = sys::request32(&self.user.card, goya_uapi::drm_iowr::<T>(command) as u32, &self.low, 0);
        bytes.copy_from_slice(&self.low.read(0, size));
        result
    }

    /// Counts something else that was done.
    pub fn other<T>(&self, name: &str, result: io::Result<T>) -> io::Result<T> {
        self.user.tally.count(Kind::Other, crate::tally::other(name), result)
    }

    pub fn trace(&self, kind: Kind, subject: u32) {
        if let Some(mut log) = self.user.trace.as_ref() {
            let _ = writeln!(log, "<7>goya-fuzz: {} {kind:?}.{subject}", std::process::id());
        }
    }

    /// An address in the process: `valid`, or sometimes one where nothing is or that may not be used so.
    pub fn pointer(&mut self, valid: u64) -> u64 {
        if !self.random.is_wild() {
            return valid;
        }
        match self.random.below(7) {
            0 => 0,
            1 => 0xFFFF_8880_0000_0000 + self.random.below(1 << 30),
            2 => 1 << 63 | valid,
            3 => self.user.read_only.address(),
            // What begins here ends where nothing is.
            4 => self.room.address() + ROOM as u64 - self.random.below(64),
            5 => self.user.data.address() + DATA as u64 - self.random.below(8192),
            _ => valid + self.random.below(16),
        }
    }

    /// Puts `bytes` where the kernel can read them, and says where.
    pub fn hand(&mut self, at: usize, bytes: &[u8]) -> u64 {
        let at = at.min(ROOM.saturating_sub(bytes.len()));
        self.room.write(at, bytes.get(..ROOM).unwrap_or(bytes));
        self.room.address() + at as u64
    }
}
