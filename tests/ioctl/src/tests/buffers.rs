// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Command buffers.

use goya_tests::card::Card;
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq, noise};
use goya_uapi::HL_MAX_CB_SIZE;

use super::{Test, test};

pub const TESTS: &[Test] =
    &[test("cb.create_map_destroy", create_map_destroy), test("cb.sizes", sizes), test("cb.many", many)];

fn create_map_destroy() -> Result {
    let card = Card::open()?;
    let handle = card.create_cb(8192).map_err(|e| e.to_string())?;
    let map = card.map_cb(handle, 8192).map_err(|e| e.to_string())?;
    let data = noise(1, 8192);
    map.write(0, &data);
    check!(map.read(0, 8192) == data, "the buffer does not keep data");
    check_eq!(card.cb_usage(handle).map_err(|e| e.to_string())?, 0, "submissions that use it");
    drop(map);
    card.destroy_cb(handle).map_err(|e| e.to_string())?;
    check!(card.destroy_cb(handle).is_err(), "destroyed twice");
    Ok(())
}

fn sizes() -> Result {
    let card = Card::open()?;
    for size in [1, 4096, 4097, 0x2_0000, 0x2_0001, HL_MAX_CB_SIZE] {
        let handle = card.create_cb(size).map_err(|e| format!("{size} bytes: {e}"))?;
        card.destroy_cb(handle).map_err(|e| e.to_string())?;
    }
    goya_tests::kmsg::expect("User requested CB size")?;
    check_eq!(errno(card.create_cb(HL_MAX_CB_SIZE + 1)), libc::EINVAL, "a byte too many");
    Ok(())
}

fn many() -> Result {
    let card = Card::open()?;
    let handles = (0..600).map(|_| card.create_cb(4096)).collect::<std::io::Result<Vec<_>>>();
    // Closing the card destroys what is left.
    for handle in handles.map_err(|e| e.to_string())?.into_iter().step_by(2) {
        card.destroy_cb(handle).map_err(|e| e.to_string())?;
    }
    Ok(())
}
