// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Opening the nodes.

use goya_tests::card::{CONTROL_NODE, Card, NODE, open_node};
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq};

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("open.once", once),
    test("open.exclusive", exclusive),
    test("open.again", again),
    test("open.control_node", control_node),
];

fn once() -> Result {
    Card::open().map(drop)
}

fn exclusive() -> Result {
    let _card = Card::open()?;
    check_eq!(errno(open_node(NODE)), libc::EBUSY, "a second open");
    Ok(())
}

fn again() -> Result {
    for _ in 0..20 {
        Card::open()?;
    }
    Ok(())
}

fn control_node() -> Result {
    let _card = Card::open()?;
    let first = Card::open_control()?;
    let second = Card::open_control()?;
    check_eq!(first.status()?, 0, "status through the control node");
    check_eq!(second.status()?, 0, "status through a second one");
    check!(first.create_cb(4096).is_err(), "{CONTROL_NODE} made a command buffer");
    Ok(())
}
