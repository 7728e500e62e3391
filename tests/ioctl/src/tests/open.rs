// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Opening the nodes.

use goya_tests::card::{Card, open_node};
use goya_tests::nodes::Nodes;
use goya_tests::sys::{Mapping, errno, request32};
use goya_tests::{Result, check, check_eq};
use goya_uapi::{HL_INFO_DEVICE_STATUS, HL_IOCTL_INFO, drm_iowr, hl_info_args};

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("open.once", once),
    test("open.exclusive", exclusive),
    test("open.again", again),
    test("open.control_node", control_node),
    test("open.race", race),
    test("open.every_card", every_card),
    test("open.from_32_bits", from_32_bits),
];

fn once() -> Result {
    Card::open().map(drop)
}

fn exclusive() -> Result {
    let _card = Card::open()?;
    check_eq!(errno(open_node(&Nodes::chosen().compute())), libc::EBUSY, "a second open");
    Ok(())
}

fn again() -> Result {
    for _ in 0..5 {
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
    check!(first.create_cb(4096).is_err(), "the control node made a command buffer");
    Ok(())
}

/// Of many that open at once, one has it; the others are told that it is busy.
fn race() -> Result {
    Card::open_control()?.wait_unused()?;
    let node = Nodes::chosen().compute();
    let barrier = std::sync::Barrier::new(8);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let open = || {
            barrier.wait();
            let card = open_node(&node);
            // Nobody lets go before all have tried.
            barrier.wait();
            errno(card)
        };
        let running: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        running.into_iter().map(|t| t.join().unwrap_or(-1)).collect()
    });
    let count = |error| outcomes.iter().filter(|e| **e == error).count();
    check_eq!(count(0), 1, format!("who has it, of {outcomes:?}"));
    check_eq!(count(libc::EBUSY), 7, format!("who is refused, of {outcomes:?}"));
    Ok(())
}

/// Each card of the machine can be opened while the others are, and does its own work.
fn every_card() -> Result {
    let nodes = Nodes::all();
    check!(!nodes.is_empty(), "no cards");
    let cards = nodes.iter().map(|n| Card::open_card(*n)).collect::<Result<Vec<_>>>()?;
    for (n, card) in cards.iter().enumerate() {
        check_eq!(card.hw_ip()?.device_id, 1, format!("device id of card {n}"));
        card.put(goya_tests::device::SRAM, &[n as u8; 16])?;
    }
    for (n, card) in cards.iter().enumerate() {
        check_eq!(card.get(goya_tests::device::SRAM, 16)?, [n as u8; 16], format!("the data of card {n}"));
    }
    Ok(())
}

/// A 32-bit program asks for DRM's version, whose structure is another one there, and for the card's state.
fn from_32_bits() -> Result {
    /// `DRM_IOCTL_VERSION32`: nine words.
    const VERSION: u32 = 0xC024_6400;
    const STATUS: u32 = drm_iowr::<hl_info_args>(HL_IOCTL_INFO) as u32;
    let card = Card::open()?;
    let memory = Mapping::low(4096).map_err(|e| e.to_string())?;
    let (arguments, name) = (0, 1024);
    // Three numbers; then length and address of name, date and description.
    let words = [0, 0, 0, 64, (memory.address() + name as u64) as u32, 0, 0, 0, 0];
    memory.write(arguments, words.map(u32::to_le_bytes).as_flattened());
    request32(&card, VERSION, &memory, arguments).map_err(|e| format!("DRM_IOCTL_VERSION: {e}"))?;
    check_eq!(memory.read(name, 10), b"habanalabs", "the name");
    check_eq!(memory.word(arguments + 12), 10, "its length");
    check!(memory.word(arguments) >= 6, "version {}", memory.word(arguments));

    let args = hl_info_args {
        return_pointer: memory.address() + name as u64,
        return_size: 4,
        op: HL_INFO_DEVICE_STATUS,
        ..Default::default()
    };
    memory.write(name, &[0xFF; 4]);
    let words = [args.return_pointer, u64::from(args.op) << 32 | u64::from(args.return_size), 0];
    memory.write(arguments, words.map(u64::to_le_bytes).as_flattened());
    request32(&card, STATUS, &memory, arguments).map_err(|e| format!("DEVICE_STATUS: {e}"))?;
    check_eq!(memory.word(name), 0, "the state");
    // The control node, too.
    memory.write(name, &[0xFF; 4]);
    let control = Card::open_control()?;
    request32(&control, STATUS, &memory, arguments).map_err(|e| format!("control node: {e}"))?;
    check_eq!(memory.word(name), 0, "the state by the control node");
    Ok(())
}
