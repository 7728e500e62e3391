// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_DEBUG` (`hl_debug_ioctl()`, `goya_debug_coresight()`).

use goya_tests::card::Card;
use goya_tests::sys::{Mapping, errno, ioctl};
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use libc::{EFAULT, EINVAL};

use super::{Before, NOWHERE, expect, ok, pair};

/// Operations, bytes of their inputs, units.
const UNITS: &[(u32, u32, u32)] = &[
    (HL_DEBUG_OP_ETF, 24, 24),
    (HL_DEBUG_OP_STM, 24, 22),
    (HL_DEBUG_OP_FUNNEL, 0, 25),
    (HL_DEBUG_OP_BMON, 80, 72),
    (HL_DEBUG_OP_SPMU, 96, 20),
];

/// A request.
#[derive(Debug, Clone, Copy, Default)]
struct Ask {
    op: u32,
    unit: u32,
    on: u32,
    input: (u64, u32),
    output: (u64, u32),
}

impl Ask {
    /// Asks; only the size of the input may be another afterwards, which must be `size`.
    fn refused(self, card: &Card, error: i32, size: u32, what: &str) -> Result {
        let Self { op, unit, on, input, output } = self;
        let mut words = [input.0, output.0, pair(input.1, output.1), pair(op, unit), pair(on, 7)];
        let mut left = words;
        left[2] = pair(size, output.1);
        check_eq!(errno(ioctl(card, HL_IOCTL_DEBUG, &mut words)), error, format!("{what}: {self:x?}"));
        check_eq!(words, left, format!("{what}: arguments after {self:x?}"));
        Ok(())
    }
}

pub fn all() -> Result {
    let card = Card::open()?;
    expect(&[
        "device not in debug mode",
        "disable debug mode",
        "enable debug mode",
        "Invalid request",
        "debug coresight operation failed",
        "Invalid register index in",
        "failed to copy input debug data",
        "copy to user failed in debug ioctl",
        "ETR buffer size",
        "buffer address is not valid",
        "Timeout while waiting for coresight",
        "Failed to enable ET",
        "not enough event types values for SPMU enable",
        "too many event types values for SPMU enable",
        "not enough values for SPMU disable",
        "too many events values for SPMU disable",
    ])?;
    let mode = |on| errno(ioctl(&card, HL_IOCTL_DEBUG, &mut [0u64, 0, 0, HL_DEBUG_OP_SET_MODE.into(), on]));
    outside(&card)?;
    check_eq!(mode(0), EFAULT, "leaving debug mode from outside");
    check_eq!(mode(2), 0, "entering it");
    check_eq!(mode(1), EFAULT, "entering it twice");
    unknown(&card)?;
    units(&card)?;
    trace_buffer(&card)?;
    counters(&card)?;
    outputs(&card)?;
    check_eq!(mode(0), 0, "leaving it");
    outside(&card)?;
    check_eq!(mode(1), 0, "entering it again");
    drop(card);
    // The next user does not find it on.
    let card = Card::open()?;
    let before = Before::new(&card)?;
    outside(&card)?;
    before.unchanged()
}

/// Whatever is wrong, outside of debug mode that is what is wrong.
fn outside(card: &Card) -> Result {
    for op in 0..=HL_DEBUG_OP_TIMESTAMP {
        for (unit, input) in [(0, (0, 0)), (9999, (NOWHERE, 1000))] {
            let ask = Ask { op, unit, on: 1, input, output: (NOWHERE, 8) };
            ask.refused(card, EFAULT, input.1, "outside of debug mode")?;
        }
    }
    unknown(card)
}

fn unknown(card: &Card) -> Result {
    for op in [HL_DEBUG_OP_SET_MODE + 1, 99, u32::MAX] {
        let ask = Ask { op, input: (NOWHERE, 1000), ..Ask::default() };
        ask.refused(card, EINVAL, 1000, "an unknown operation")?;
    }
    Ok(())
}

/// Units that are not there, and inputs that are not.
fn units(card: &Card) -> Result {
    for &(op, size, count) in UNITS {
        for on in [0, 1] {
            for unit in [count, 9999, u32::MAX] {
                let ask = Ask { op, unit, on, ..Ask::default() };
                ask.refused(card, EINVAL, 0, "no such unit")?;
            }
            // The input is read before all else, off or on; as much of it as there can be.
            let error = if size == 0 { EINVAL } else { EFAULT };
            let ask = Ask { op, unit: count, on, input: (NOWHERE, 1000), ..Ask::default() };
            ask.refused(card, error, size, "no such input")?;
        }
        // A FIFO must settle before its input is looked at, as the trace buffer below.
        if size != 0 && op != HL_DEBUG_OP_ETF {
            for input in [(0, 0), (NOWHERE, 0), (0, 8), (0, 1000)] {
                let ask = Ask { op, on: 1, input, ..Ask::default() };
                ask.refused(card, EINVAL, input.1.min(size), "no input")?;
            }
        }
    }
    let ask = Ask { op: HL_DEBUG_OP_TIMESTAMP, unit: 9999, on: 1, input: (NOWHERE, 8), ..Ask::default() };
    ask.refused(card, 0, 0, "what does nothing")
}

/// A trace buffer of no bytes, or at a wrong address.
fn trace_buffer(card: &Card) -> Result {
    let memory = ok(Mapping::anonymous(4096), "memory")?;
    let ask = Ask { op: HL_DEBUG_OP_ETR, on: 1, ..Ask::default() };
    Ask { input: (NOWHERE, 24), ..ask }.refused(card, EFAULT, 24, "a trace buffer")?;
    let mut words = [0, 0, 0, HL_DEBUG_OP_ETR.into(), 1u64];
    if errno(ioctl(card, HL_IOCTL_DEBUG, &mut words)) == EFAULT {
        // The unit does not settle, whatever its input: the emulated card has none.
        return Ask { op: HL_DEBUG_OP_ETF, ..ask }.refused(card, EFAULT, 0, "a FIFO");
    }
    for input in [(0, 0), (0, 24), (memory.address(), 0)] {
        Ask { input, ..ask }.refused(card, EINVAL, input.1, "a trace buffer without input")?;
    }
    for (address, size) in [
        (0x8_0000_0000, 0),
        (0, 4096),
        (0x8_0000_0000 - 1, 4096),
        (0x20_0000_0000 - 4095, 4096),
        (0x20_0000_0000, 1),
        (u64::MAX, 2),
        (0x8_0000_0000, u64::MAX),
    ] {
        let (address, size): (u64, u64) = (address, size);
        memory.write(0, &address.to_le_bytes());
        memory.write(8, &size.to_le_bytes());
        let what = format!("a trace buffer of {size:#x} bytes at {address:#x}");
        Ask { input: (memory.address(), 24), ..ask }.refused(card, EINVAL, 24, &what)?;
    }
    // What is not given is zero: here the size.
    memory.write(0, &0x8_0000_0000u64.to_le_bytes());
    memory.write(8, &4096u64.to_le_bytes());
    Ask { input: (memory.address(), 8), ..ask }.refused(card, EINVAL, 8, "half of an input")
}

/// Events that are too few or too many, and places for them.
fn counters(card: &Card) -> Result {
    let memory = ok(Mapping::anonymous(4096), "memory")?;
    let here = memory.address();
    let ask = Ask { op: HL_DEBUG_OP_SPMU, unit: 1, on: 1, input: (here, 96), ..Ask::default() };
    for count in [0, 1, 2, 7, 10, u32::MAX] {
        memory.write(80, &count.to_le_bytes());
        ask.refused(card, EINVAL, 96, &format!("{count} events"))?;
    }
    memory.write(80, &3u32.to_le_bytes());
    Ask { input: (here, 80), ..ask }.refused(card, EINVAL, 80, "an input without its number")?;
    Ask { input: (here, 1000), ..ask }.refused(card, 0, 96, "three events")?;
    let off = Ask { on: 0, input: (0, 0), ..ask };
    for output in [(0, 0), (0, 64), (here, 0), (here, 7), (here, 16), (here, 23), (here, 72), (here, 4096)] {
        Ask { output, ..off }.refused(card, EINVAL, 0, "counters that are off")?;
    }
    Ask { output: (here, 40), ..off }.refused(card, 0, 0, "counters that are off")
}

/// Places for an answer that are none. What was asked for is done.
fn outputs(card: &Card) -> Result {
    for (op, size) in [(HL_DEBUG_OP_TIMESTAMP, 8), (HL_DEBUG_OP_FUNNEL, 1), (HL_DEBUG_OP_SPMU, 64)] {
        let ask = Ask { op, output: (NOWHERE, size), ..Ask::default() };
        ask.refused(card, EFAULT, 0, "an output that is not there")?;
    }
    for (op, output) in [(HL_DEBUG_OP_TIMESTAMP, (NOWHERE, 0)), (HL_DEBUG_OP_FUNNEL, (0, 8))] {
        let ask = Ask { op, output, ..Ask::default() };
        ask.refused(card, 0, 0, "no output")?;
    }
    Ok(())
}
