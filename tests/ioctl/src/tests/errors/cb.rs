// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_CB` (`hl_cb_ioctl()`), and how long a handle lasts.

use goya_tests::card::Card;
use goya_tests::device::chunk;
use goya_tests::packet::Packets;
use goya_tests::sys::errno;
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use libc::{EINVAL, ENOMEM};

use super::{Before, Drops, expect, ok, pair, refused};

/// A handle that nobody has.
const NOBODYS: u64 = 0x1000_0000_DEAD_0000;

pub fn all() -> Result {
    let card = Card::open()?;
    expect(&[
        "User requested CB size 2097121 must be less than",
        "User requested CB size -1 must be less than",
        "Mapping a CB to the device's MMU is not supported",
        "CB: Failure in buffer alloc callback",
        "CB info failed, no match to handle",
        "CB is not mapped to the device's MMU",
        "already mapped to user",
        "no match to handle",
        "CB handle 0x",
    ])?;
    let mut before = Before::new(&card)?;
    let handle = ok(card.create_cb(1), "a buffer of a byte")?;
    let (op, size) = (pair, u32::MAX);
    for (what, words, error, left) in [
        // What could not be made has no handle, and nothing else is left.
        ("a byte too many", [1, op(HL_CB_OP_CREATE, HL_MAX_CB_SIZE + 1), 2], EINVAL, [0; 3]),
        ("all bytes that there are", [1, op(HL_CB_OP_CREATE, size), 2], EINVAL, [0; 3]),
        ("too many, mapped", [1, op(HL_CB_OP_CREATE, size), pair(2, HL_CB_FLAGS_MAP)], EINVAL, [0; 3]),
        ("mapped", [1, op(HL_CB_OP_CREATE, 4096), pair(2, HL_CB_FLAGS_MAP)], ENOMEM, [0; 3]),
        ("mapped, of no bytes", [1, op(HL_CB_OP_CREATE, 0), pair(2, HL_CB_FLAGS_MAP)], ENOMEM, [0; 3]),
    ] {
        refused(&card, HL_IOCTL_CB, words, error, left, what)?;
    }
    // All others leave the arguments alone.
    for (what, words) in [
        ("destroying no handle", [0, op(HL_CB_OP_DESTROY, 1), 2]),
        ("destroying nobody's handle", [NOBODYS, op(HL_CB_OP_DESTROY, 1), 2]),
        ("destroying what no handle can be", [u64::MAX, op(HL_CB_OP_DESTROY, 1), 2]),
        ("asking for no handle", [0, op(HL_CB_OP_INFO, 1), 2]),
        ("asking for nobody's handle", [NOBODYS, op(HL_CB_OP_INFO, 1), 2]),
        ("an address of nobody's", [NOBODYS, op(HL_CB_OP_INFO, 1), pair(2, HL_CB_FLAGS_GET_DEVICE_VA)]),
        ("an address", [handle, op(HL_CB_OP_INFO, 1), pair(2, HL_CB_FLAGS_GET_DEVICE_VA)]),
        ("an unknown operation", [handle, op(3, 1), 2]),
        ("another", [handle, op(u32::MAX, 1), 2]),
    ] {
        refused(&card, HL_IOCTL_CB, words, EINVAL, words, what)?;
    }
    // Unknown flags are nothing.
    let asked = [handle, op(HL_CB_OP_INFO, 1), pair(2, !HL_CB_FLAGS_GET_DEVICE_VA)];
    refused(&card, HL_IOCTL_CB, asked, 0, [0, asked[1], asked[2]], "usage")?;
    ok(card.destroy_cb(handle), "destroying it")?;
    check_eq!(errno(card.destroy_cb(handle)), EINVAL, "destroying it twice");
    check_eq!(errno(card.cb_usage(handle)), EINVAL, "asking for what is destroyed");
    check_eq!(errno(card.map_cb(handle, 4096)), EINVAL, "mapping what is destroyed");
    before.counted(Drops::default(), "none of which is a submission")?;
    destroyed_while_mapped(&card, &mut before)?;
    before.unchanged()
}

/// A handle lasts as long as the buffer is mapped, but it can be destroyed only once.
fn destroyed_while_mapped(card: &Card, before: &mut Before<'_>) -> Result {
    let handle = ok(card.create_cb(4096), "a buffer")?;
    let map = ok(card.map_cb(handle, 4096), "a mapping")?;
    map.write(0, Packets::default().nop().bytes());
    ok(card.destroy_cb(handle), "destroying what is mapped")?;
    check_eq!(errno(card.destroy_cb(handle)), EINVAL, "destroying it twice");
    check_eq!(ok(card.cb_usage(handle), "asking for it")?, 0, "its usage");
    check_eq!(errno(card.map_cb(handle, 4096)), EINVAL, "mapping it twice");
    let seq = ok(card.submit(&[chunk(handle, 1, 8, 0)], 0, 0), "submitting it")?;
    card.finish(seq)?;
    let other = ok(card.create_cb(4096), "another buffer")?;
    check_eq!(other != handle, true, "the other has a handle of its own");
    drop(map);
    check_eq!(errno(card.cb_usage(handle)), EINVAL, "asking for what is gone");
    check_eq!(errno(card.map_cb(handle, 4096)), EINVAL, "mapping what is gone");
    check_eq!(errno(card.submit(&[chunk(handle, 1, 8, 0)], 0, 0)), EINVAL, "submitting what is gone");
    before.counted(Drops::validation(1), "submitting what is gone")?;
    ok(card.destroy_cb(other), "the other buffer").map(drop)
}
