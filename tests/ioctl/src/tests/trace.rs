// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Debug mode, and the trace components behind it (`HL_IOCTL_DEBUG`).

use goya_tests::card::Card;
use goya_tests::sys::{self, errno};
use goya_tests::{Result, check_eq, kmsg};
use goya_uapi::*;

use super::{Test, test};

pub const TESTS: &[Test] = &[test("trace.mode", mode), test("trace.components", components)];

fn ask(card: &Card, op: u32, enable: u32) -> i32 {
    let mut args = hl_debug_args { op, enable, ..Default::default() };
    errno(sys::ioctl(card, HL_IOCTL_DEBUG, &mut args))
}

/// Debug mode is turned on once and off once; outside of it no component is set up.
fn mode() -> Result {
    let card = Card::open()?;
    for text in ["disable debug mode", "enable debug mode", "device not in debug mode"] {
        kmsg::expect(text)?;
    }
    check_eq!(ask(&card, HL_DEBUG_OP_SET_MODE, 0), libc::EFAULT, "off while it is off");
    check_eq!(ask(&card, HL_DEBUG_OP_TIMESTAMP, 1), libc::EFAULT, "a component outside of debug mode");
    check_eq!(ask(&card, HL_DEBUG_OP_SET_MODE, 1), 0, "on");
    check_eq!(ask(&card, HL_DEBUG_OP_SET_MODE, 1), libc::EFAULT, "on while it is on");
    check_eq!(ask(&card, HL_DEBUG_OP_TIMESTAMP, 1), 0, "an operation that does nothing");
    check_eq!(ask(&card, HL_DEBUG_OP_SET_MODE, 0), 0, "off");
    Ok(())
}

/// A component that is not there, and parameters that are not.
fn components() -> Result {
    let card = Card::open()?;
    for text in ["debug coresight operation failed", "Invalid register index in"] {
        kmsg::expect(text)?;
    }
    check_eq!(ask(&card, HL_DEBUG_OP_SET_MODE, 1), 0, "on");
    for op in [HL_DEBUG_OP_STM, HL_DEBUG_OP_ETF, HL_DEBUG_OP_FUNNEL, HL_DEBUG_OP_BMON, HL_DEBUG_OP_SPMU] {
        let mut args = hl_debug_args { op, reg_idx: 9999, enable: 1, ..Default::default() };
        check_eq!(
            errno(sys::ioctl(&card, HL_IOCTL_DEBUG, &mut args)),
            libc::EINVAL,
            format!("operation {op}")
        );
    }
    check_eq!(ask(&card, HL_DEBUG_OP_SET_MODE, 0), 0, "off");
    Ok(())
}
