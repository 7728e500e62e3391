// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A context's beginning: the switch of the card to its user, and the restore phase.

use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::packet::{Packets, SYNC_OBJECT};
use goya_tests::{Result, check, check_eq};
use goya_uapi::HL_CS_FLAGS_FORCE_RESTORE;

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("context.nothing_is_left", nothing_is_left),
    test("context.restore_phase", restore_phase),
    test("context.forced_restore", forced_restore),
];

/// What SRAM holds after a switch (`goya_context_switch()`).
const CLEARED: u8 = 0x77;

/// A new user finds neither the last one's data in SRAM, nor its sync objects, nor its DRAM.
fn nothing_is_left() -> Result {
    let at = SRAM + 0x10_0000;
    let card = Card::open()?;
    card.put(at, b"secret")?;
    card.run(1, &Packets::default().sync_object(50, 77))?;
    drop(card);
    let card = Card::open()?;
    check_eq!(card.get(at, 6)?, [CLEARED; 6], "SRAM");
    check_eq!(card.get(SYNC_OBJECT + 4 * 50, 4)?, [0; 4], "a sync object");
    Ok(())
}

/// The first submission's restore phase runs before the other; a later one's does not run.
fn restore_phase() -> Result {
    let card = Card::open()?;
    let at = SRAM + 0x10_0000;
    let copy = |to: u64| Packets::default().copy(7, at, to, 4);
    let submit = |value: u32, to: u64| -> Result {
        let restore = card.job(4, &Packets::default().msg_long(at, value))?;
        let execute = card.job(1, &copy(to))?;
        let seq = card.submit_phases(&[restore.chunk], &[execute.chunk], 0, 0).map_err(|e| e.to_string())?;
        card.finish(seq).map(drop)
    };
    submit(0x1111, at + 16)?;
    submit(0x2222, at + 32)?;
    check_eq!(card.get(at + 16, 4)?, 0x1111u32.to_le_bytes(), "what the first submission found");
    check_eq!(card.get(at + 32, 4)?, 0x1111u32.to_le_bytes(), "what the second one found");
    Ok(())
}

fn forced_restore() -> Result {
    let card = Card::open()?;
    let at = SRAM + 0x10_0000;
    card.run(1, &Packets::default().nop())?;
    let restore = card.job(4, &Packets::default().msg_long(at, 0x3333))?;
    let execute = card.job(1, &Packets::default().copy(7, at, at + 16, 4))?;
    let seq = card.submit_phases(&[restore.chunk], &[execute.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0);
    card.finish(seq.map_err(|e| e.to_string())?)?;
    check!(card.get(at + 16, 4)? == 0x3333u32.to_le_bytes(), "the restore phase did not run first");
    // Without jobs it is nothing but a flag.
    let seq = card.submit(&[execute.chunk], HL_CS_FLAGS_FORCE_RESTORE, 0).map_err(|e| e.to_string())?;
    card.finish(seq).map(drop)
}
