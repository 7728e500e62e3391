// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What a user may do without end, and still harms nobody else.

use goya_tests::card::Card;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::sys;
use goya_tests::{Result, check, nodes};
use goya_uapi::*;

use super::{Test, test};

pub const TESTS: &[Test] = &[test("endless.log", log)];

/// How often each request is refused.
const REFUSALS: usize = 100;
/// Lines that these may leave: ten in five seconds, and refusing them takes no longer than two such windows.
const LINES: usize = 30;

/// Who is refused again and again leaves a few lines only.
fn log() -> Result {
    let card = Card::open()?;
    let mut wait = [0u64; 7];
    let flags = |flags: u32| u64::from(flags) << 32;
    let mut requests = vec![("Can't wait on CS", 1000, 0)];
    if nodes::module()? == "goya" {
        // Upstream's driver has a line for each.
        requests.push(("no user interrupts allowed", 0, flags(HL_WAIT_CS_FLAGS_INTERRUPT)));
        requests.push(("Wait for multi CS is not supported", 0, flags(HL_WAIT_CS_FLAGS_MULTI_CS)));
    }
    for (text, sequence, flags) in requests {
        kmsg::expect(text)?;
        let mut log = Kmsg::here()?;
        for _ in 0..REFUSALS {
            (wait[0], wait[2]) = (sequence, flags);
            check!(sys::ioctl(&card, HL_IOCTL_WAIT_CS, &mut wait).is_err(), "{text:?} is no error");
        }
        let lines = log.count(text)?;
        check!((1..=LINES).contains(&lines), "{lines} lines of {text:?} for {REFUSALS} refusals");
    }
    Ok(())
}
