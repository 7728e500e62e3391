// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_INFO` (`_hl_info_ioctl()`): every question without room, without a place, with a wrong one.

use std::io;

use goya_tests::card::Card;
use goya_tests::events::{EventFd, nameless};
use goya_tests::sys::{self, Mapping, errno};
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use libc::{EFAULT, EINVAL, EIO, ENOMEM, EOPNOTSUPP};
use std::os::fd::AsRawFd;

use super::{Before, KERNELS, NOWHERE, ok, pair};

/// An answer that may be cut off: wants a byte of room, and a place.
const CUT: [i32; 3] = [EINVAL, EINVAL, EFAULT];
/// The same, if there was nothing to tell of: nothing is written.
const CUT_NONE: [i32; 3] = [EINVAL, EINVAL, 0];
/// An answer that is written as a whole, if there was something to tell of, which there was not.
const WHOLE_NONE: [i32; 3] = [0, EINVAL, 0];
/// What firmware refuses, before anything is written.
const REFUSED: [i32; 3] = [EINVAL, EINVAL, EIO];

/// Questions, and their errors with no room, with no pointer, with a pointer to where nothing is.
const QUESTIONS: &[(u32, [i32; 3])] = &[
    (HL_INFO_HW_IP_INFO, CUT),
    (HL_INFO_HW_EVENTS, CUT),
    (HL_INFO_DRAM_USAGE, CUT),
    (HL_INFO_HW_IDLE, CUT),
    (HL_INFO_DEVICE_STATUS, CUT),
    (HL_INFO_DEVICE_UTILIZATION, CUT),
    (HL_INFO_HW_EVENTS_AGGREGATE, CUT),
    (HL_INFO_CLK_RATE, CUT),
    (HL_INFO_RESET_COUNT, CUT),
    (HL_INFO_TIME_SYNC, CUT),
    (HL_INFO_CS_COUNTERS, CUT),
    (HL_INFO_PCI_COUNTERS, CUT),
    (HL_INFO_CLK_THROTTLE_REASON, CUT),
    (HL_INFO_SYNC_MANAGER, CUT),
    (HL_INFO_TOTAL_ENERGY, CUT),
    (HL_INFO_PLL_FREQUENCY, CUT),
    (HL_INFO_POWER, CUT),
    (HL_INFO_OPEN_STATS, CUT),
    (HL_INFO_DRAM_REPLACED_ROWS, REFUSED),
    (HL_INFO_DRAM_PENDING_ROWS, REFUSED),
    (HL_INFO_LAST_ERR_OPEN_DEV_TIME, CUT),
    (HL_INFO_CS_TIMEOUT_EVENT, CUT),
    (HL_INFO_RAZWI_EVENT, CUT_NONE),
    (HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES, CUT),
    (HL_INFO_SECURED_ATTESTATION, REFUSED),
    (HL_INFO_UNDEFINED_OPCODE_EVENT, CUT),
    (HL_INFO_ENGINE_STATUS, [EINVAL, EINVAL, EFAULT]),
    (HL_INFO_PAGE_FAULT_EVENT, CUT_NONE),
    (HL_INFO_USER_MAPPINGS, WHOLE_NONE),
    (HL_INFO_FW_GENERIC_REQ, [ENOMEM, EIO, EIO]),
    (HL_INFO_HW_ERR_EVENT, WHOLE_NONE),
    (HL_INFO_FW_ERR_EVENT, WHOLE_NONE),
    (HL_INFO_USER_ENGINE_ERR_EVENT, WHOLE_NONE),
    (HL_INFO_DEV_SIGNED, REFUSED),
];

/// Questions of the compute node alone; they want all of their room, or none.
const NOTIFICATIONS: [u32; 3] = [HL_INFO_REGISTER_EVENTFD, HL_INFO_UNREGISTER_EVENTFD, HL_INFO_GET_EVENTS];

/// Numbers without a question.
const UNKNOWN: [u32; 6] = [5, 19, 20, 39, 41, u32::MAX];

/// Asks; `words` are what is left of the arguments.
fn ask(card: &Card, words: &mut [u64; 3]) -> io::Result<()> {
    sys::ioctl(card, HL_IOCTL_INFO, words)
}

fn question(op: u32, pointer: u64, size: u32, parameter: u32) -> [u64; 3] {
    [pointer, pair(size, op), parameter.into()]
}

fn expect() -> Result {
    super::expect(&[
        "Invalid request",
        "failed to send CPUCP data of generic fw pkt",
        "buffer size cannot exceed 1MB",
        "Failed to read PLL info, error -5",
        "Failed to handle CPU-CP replaced rows info pkt, error -5",
        "Failed to handle CPU-CP pending rows info pkt, error -5",
        "Failed to handle CPU-CP pkt 49, error -5",
        "Failed to handle CPU-CP pkt 50, error -5",
    ])
}

/// The table, with what the arguments have afterwards: what they had.
fn questions(card: &Card) -> Result {
    // Room for every answer.
    let room = 0x4000;
    for &(op, errors) in QUESTIONS {
        let place = |pointer: u64, size: u32| (pointer, size);
        for ((pointer, size), error) in [
            (place(NOWHERE, 0), errors[0]),
            (place(0, room), errors[1]),
            (place(NOWHERE, room), errors[2]),
            (place(KERNELS, room), errors[2]),
        ] {
            let asked = question(op, pointer, size, 0);
            let mut words = asked;
            let what = format!("INFO {op}, {size} bytes at {pointer:#x}");
            check_eq!(errno(ask(card, &mut words)), error, what);
            // Only this one says how long its text is, before it fails to write it.
            if op != HL_INFO_ENGINE_STATUS || error != EFAULT {
                check_eq!(words, asked, format!("{what}: arguments"));
            }
        }
        let mut padded = question(op, NOWHERE, room, 0);
        padded[2] |= 1 << 63;
        check_eq!(errno(ask(card, &mut padded)), EINVAL, format!("INFO {op} with padding"));
    }
    for op in UNKNOWN {
        let mut words = question(op, NOWHERE, room, 0);
        check_eq!(errno(ask(card, &mut words)), EINVAL, format!("INFO {op}"));
    }
    parameters(card)
}

/// Parameters and sizes that some of them have.
fn parameters(card: &Card) -> Result {
    let memory = ok(Mapping::guarded(2 << 20), "memory")?;
    let here = memory.address();
    let mib = 1 << 20;
    for (op, size, parameter, error) in [
        (HL_INFO_SYNC_MANAGER, 64, 8, EINVAL),
        (HL_INFO_SYNC_MANAGER, 64, u32::MAX, EINVAL),
        // Firmware without a map of its PLLs is asked for any.
        (HL_INFO_PLL_FREQUENCY, 64, 1000, EIO),
        (HL_INFO_ENGINE_STATUS, 1023, 0, EINVAL),
        // Which is room enough.
        (HL_INFO_ENGINE_STATUS, 1024, 0, 0),
        (HL_INFO_ENGINE_STATUS, mib + 1, 0, EINVAL),
        (HL_INFO_ENGINE_STATUS, mib, 0, 0),
        (HL_INFO_FW_GENERIC_REQ, 64, 3, EINVAL),
        (HL_INFO_FW_GENERIC_REQ, 64, u32::MAX, EINVAL),
        (HL_INFO_FW_GENERIC_REQ, mib + 1, 0, EINVAL),
        (HL_INFO_FW_GENERIC_REQ, mib, 0, EIO),
        (HL_INFO_FW_GENERIC_REQ, 64, 1, EIO),
        (HL_INFO_FW_GENERIC_REQ, 64, 2, EIO),
    ] {
        let mut words = question(op, here, size, parameter);
        check_eq!(errno(ask(card, &mut words)), error, format!("INFO {op} of {parameter}, {size} bytes"));
    }
    // Its input is read before firmware is asked.
    let mut words = question(HL_INFO_FW_GENERIC_REQ, NOWHERE, 64, 1);
    check_eq!(errno(ask(card, &mut words)), EFAULT, "FW_GENERIC_REQ with input that is not there");
    // An answer that begins in memory and ends in none; and one that is cut off before.
    let end = here + (2 << 20);
    for (pointer, size, error) in [(end - 8, 304, EFAULT), (end - 8, 8, 0), (end, 8, EFAULT)] {
        let mut words = question(HL_INFO_HW_IP_INFO, pointer, size, 0);
        check_eq!(errno(ask(card, &mut words)), error, format!("{size} bytes at the end of memory"));
    }
    Ok(())
}

/// Without a card in use.
pub fn control_node() -> Result {
    let card = Card::open_control()?;
    expect()?;
    questions(&card)?;
    for op in NOTIFICATIONS {
        // The operation is looked at before the padding.
        for padding in [0, 1 << 63] {
            let mut words = question(op, NOWHERE, 64, 0);
            words[2] |= padding;
            check_eq!(errno(ask(&card, &mut words)), EOPNOTSUPP, format!("INFO {op} by the control node"));
        }
    }
    Ok(())
}

pub fn compute_node() -> Result {
    let card = Card::open()?;
    expect()?;
    let before = Before::new(&card)?;
    questions(&card)?;
    let file = ok(nameless(), "a file")?;
    let eventfd = ok(EventFd::new(), "an eventfd")?;
    let register = |fd: u32| {
        // Neither pointer nor size matter.
        errno(ask(&card, &mut question(HL_INFO_REGISTER_EVENTFD, NOWHERE, 0, fd)))
    };
    let unregister = || errno(ask(&card, &mut question(HL_INFO_UNREGISTER_EVENTFD, NOWHERE, 0, 0)));
    check_eq!(unregister(), EINVAL, "unregistering nothing");
    check_eq!(register(u32::MAX), libc::EBADF, "no descriptor");
    check_eq!(register(file.as_raw_fd() as u32), EINVAL, "a descriptor of something else");
    check_eq!(register(eventfd.number()), 0, "an eventfd");
    check_eq!(register(eventfd.number()), EINVAL, "a second eventfd");
    check_eq!(register(u32::MAX), EINVAL, "no second eventfd");
    check_eq!(unregister(), 0, "unregistering it");
    for (pointer, size, error) in [
        (NOWHERE, 0, EINVAL),
        (NOWHERE, 7, EINVAL),
        (0, 8, EINVAL),
        (NOWHERE, 8, EFAULT),
        (KERNELS, 64, EFAULT),
    ] {
        let mut words = question(HL_INFO_GET_EVENTS, pointer, size, 0);
        check_eq!(errno(ask(&card, &mut words)), error, format!("GET_EVENTS, {size} bytes at {pointer:#x}"));
    }
    for op in NOTIFICATIONS {
        let mut words = question(op, NOWHERE, 64, 0);
        words[2] |= 1 << 63;
        check_eq!(errno(ask(&card, &mut words)), EINVAL, format!("INFO {op} with padding"));
    }
    before.unchanged()
}
