// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_WAIT_CS` (`hl_wait_ioctl()`).

use goya_tests::card::Card;
use goya_tests::packet::{Packets, dma_fence};
use goya_tests::sys;
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;
use libc::{EINTR, EINVAL, EPERM};

use super::{Before, expect, ok, pair, refused};

/// Waits for ever.
const FOREVER: u64 = i64::MAX as u64;

/// Arguments without a meaning but for their first two words and flags.
fn args(seq: u64, timeout_us: u64, flags: u32) -> [u64; 7] {
    [seq, timeout_us, pair(7, flags), 0, 1, 2, 3]
}

/// What is left after a wait that came to an end.
fn answer(status: u32, flags: u32) -> [u64; 7] {
    [pair(status, flags), 0, 0, 0, 0, 0, 0]
}

pub fn all() -> Result {
    let card = Card::open()?;
    expect(&[
        "no user interrupts allowed",
        "Wait for multi CS is not supported",
        "Can't wait on CS",
        "user process got signal while waiting",
    ])?;
    let before = Before::new(&card)?;
    let wait = |words: [u64; 7], error: i32, left: [u64; 7], what: &str| {
        refused(&card, HL_IOCTL_WAIT_CS, words, error, left, what)
    };
    let gone = answer(HL_WAIT_CS_STATUS_COMPLETED, HL_WAIT_CS_STATUS_FLAG_GONE);
    let busy = answer(HL_WAIT_CS_STATUS_BUSY, 0);
    wait(args(0, 0, 0), 0, gone, "number 0 before all others")?;
    wait(args(1, 0, 0), EINVAL, [0; 7], "number 1 before there is any")?;
    // What Goya does not have leaves the arguments alone.
    let (interrupt, multi) = (HL_WAIT_CS_FLAGS_INTERRUPT, HL_WAIT_CS_FLAGS_MULTI_CS);
    for (what, flags) in [
        ("an interrupt", interrupt),
        ("an interrupt of every number", interrupt | HL_WAIT_CS_FLAGS_INTERRUPT_MASK),
        ("an interrupt of the driver's", interrupt | HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ),
        (
            "registering for an interrupt",
            interrupt | HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ | HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT,
        ),
        ("an interrupt and several", interrupt | multi),
        ("several", multi),
    ] {
        wait(args(0, 0, flags), EPERM, args(0, 0, flags), what)?;
    }
    for byte in 1..8 {
        let mut words = args(0, 0, multi);
        words[3] = 1 << (8 * byte);
        wait(words, EINVAL, words, &format!("several, padding {byte}"))?;
        // Which an interrupt has for its time.
        words[2] = pair(7, interrupt | multi);
        wait(words, EPERM, words, "an interrupt and several")?;
    }
    let mut words = args(0, 0, multi);
    words[3] = 255;
    wait(words, EPERM, words, "many")?;
    // Other flags are nothing by themselves.
    wait(args(0, 0, !(interrupt | multi)), 0, gone, "unknown flags")?;

    let gate = Packets::default().monitor(30, 30, 1, dma_fence(3, 2), 1).fence(2, 1, 1);
    let job = card.job(3, &gate)?;
    let seq = ok(card.submit(&[job.chunk], HL_CS_FLAGS_TIMESTAMP, 0), "a gate")?;
    for next in [seq + 1, seq + 64, u64::MAX - 1, u64::MAX] {
        wait(args(next, FOREVER, 0), EINVAL, [0; 7], &format!("number {next}"))?;
    }
    // 2^32 microseconds are none: upstream has them in 32 bits.
    for timeout in [0, 1, 1000, 1 << 32, FOREVER + 1] {
        wait(args(seq, timeout, 0), 0, busy, &format!("{timeout} us"))?;
    }
    interrupted(&card, seq)?;
    card.run(4, &Packets::default().sync_object(30, 1))?;
    card.finish(seq)?;
    for _ in 0..70 {
        card.run(2, &Packets::default().nop())?;
    }
    wait(args(0, FOREVER, 0), 0, gone, "number 0 later on")?;
    // What had a time stamp is told of once more.
    let mut words = args(seq, 0, 0);
    ok(sys::ioctl(&card, HL_IOCTL_WAIT_CS, &mut words), "an old one")?;
    check_eq!(words[0], pair(0, HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD), "status and flags of an old one");
    check!(words[1] > 0 && words[2..] == [0; 5], "an old one: {words:x?}");
    wait(args(seq, 0, 0), 0, gone, "an old one, asked for twice")?;
    before.unchanged()
}

/// Does nothing, so that a signal ends a system call and no more.
extern "C" fn nothing(_: libc::c_int) {}

/// A signal ends a wait, which can be repeated: the arguments are as they were.
fn interrupted(card: &Card, seq: u64) -> Result {
    let soon = libc::timeval { tv_sec: 0, tv_usec: 30_000 };
    let never = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let timer = libc::itimerval { it_interval: never, it_value: soon };
    // SAFETY: the handler touches nothing; both structures are valid for the calls.
    let set = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut()) == 0
            && libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) == 0
    };
    check!(set, "no timer: {}", std::io::Error::last_os_error());
    let words = args(seq, FOREVER, 0);
    refused(card, HL_IOCTL_WAIT_CS, words, EINTR, words, "a signal")
}
