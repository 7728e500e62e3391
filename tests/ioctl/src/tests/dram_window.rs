// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The window to the card's DRAM, BAR 4, through which a driver writes page tables: what is written there has arrived
//! before the driver relies on it, and a window that shows something else is not written through.

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::HostMemory;
use goya_tests::packet::Packets;
use goya_tests::sys::Mapping;
use goya_tests::{Result, check, check_eq, kmsg};
use serde_json::json;

use super::debugfs::{load, write};
use super::pages::{page, window};
use super::resets::reset;
use super::{Test, fault};
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    fault("dram_window.tables_arrive", tables_arrive),
    fault("dram_window.one_read", one_read),
    fault("dram_window.firmware_arrives", firmware_arrives),
];

pub const ROUGH: &[Test] = &[fault("dram_window.lost", lost)];

const MIB: usize = 1 << 20;
/// ELBI accesses that move the window.
const MOVE: u32 = 6;

fn hold(control: &mut Control) -> Result {
    control.inject("hold-writes", &json!({}))
}

/// What is mapped is there for the card when the driver says so, and what is unmapped is gone.
fn tables_arrive() -> Result {
    let mut control = Control::open()?;
    hold(&mut control)?;
    let card = Card::open()?;
    let small = card.host_memory(3 * 4096)?;
    check_eq!(page(&mut control, small.device + 8192)?, Some(4096), "the page of small memory");
    // Enough of them for a driver that has the card copy tables.
    let many = card.host_memory(8 * MIB)?;
    check!(page(&mut control, many.device + 5 * MIB as u64)?.is_some(), "no page of large memory");
    let dram = card.device_memory(2 << 20)?;
    card.put(dram.device, b"arrived")?;
    check_eq!(card.get(dram.device, 7)?, b"arrived", "device memory");
    let gone = [small.device, many.device, many.device + 5 * MIB as u64];
    drop((small, many));
    for at in gone {
        check_eq!(page(&mut control, at)?, None, format!("the page of what was unmapped at {at:#x}"));
    }
    Ok(())
}

/// A call reads the window once at most, and not if it has written nothing.
fn one_read() -> Result {
    only_goya("counts its reads")?;
    let card = Card::open()?;
    let mut control = Control::open()?;
    let mut reads = |most: u64, what: &str, run: &mut dyn FnMut() -> Result| -> Result {
        let mut count = || -> Result<u64> {
            let answer = control.ask(&json!({"cmd": "counters"}))?;
            answer["window_reads"].as_u64().ok_or_else(|| format!("{answer}: no reads"))
        };
        let before = count()?;
        run()?;
        let after = count()?;
        check!(after - before <= most, "{what}: {} reads", after - before);
        Ok(())
    };
    // The first job of a context does more than that.
    card.run(1, &Packets::default().nop())?;
    for pages in [1, 3, 600, 5000] {
        let mut host: Option<HostMemory<'_>> = None;
        let mut memory = Some(Mapping::anonymous(pages * 4096).map_err(|e| e.to_string())?);
        reads(1, &format!("map {pages} pages"), &mut || {
            host = memory.take().map(|memory| card.map_host(memory)).transpose()?;
            Ok(())
        })?;
        reads(1, &format!("unmap {pages} pages"), &mut || {
            host = None;
            Ok(())
        })?;
    }
    kmsg::expect("unmap failed, no mem hnode")?;
    kmsg::expect("no match for handle")?;
    reads(0, "refused calls", &mut || {
        check!(card.unmap(0x1234).is_err() && card.map_device(77).is_err(), "they are not refused");
        Ok(())
    })
}

/// Firmware is there before its loader is told to start it.
fn firmware_arrives() -> Result {
    only_goya("makes sure of the firmware")?;
    let mut control = Control::open()?;
    hold(&mut control)?;
    reset("hard_reset")?;
    let status = control.ask(&json!({"cmd": "status"}))?;
    let size = status["linux"]["size"].as_u64().or(status["boot"]["linux"]["size"].as_u64());
    check!(size.is_some_and(|size| size > 0), "firmware that the loader has found: {status}");
    Ok(())
}

/// Nothing is written through a window that could not be moved back, and the card is reset.
fn lost() -> Result {
    only_goya("resets a card with a lost window")?;
    let card = Card::open_control()?;
    let dram_end = 0x2000_0000 + card.hw_ip()?.dram_size;
    if window()? >= dram_end {
        skip("the window shows all of DRAM");
    }
    for text in ["Error writing to ELBI", "from dev mem", "window to DRAM is lost"] {
        kmsg::expect(text)?;
    }
    drop(Card::open()?);
    let mut control = Control::open()?;
    // On its way there, and on its way back: at the address's high half.
    for after in [2, MOVE + 2] {
        let before = card.resets()?;
        control.inject("fail-elbi", &json!({"after": after, "count": 1}))?;
        write("addr", &format!("{:#x}", dram_end - 0x1000))?;
        check!(load("data32")?.is_err(), "memory that the window may not have shown was read");
        control.clear()?;
        card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
        card.wait_operational()?;
        let user = Card::open()?;
        let host = user.host_memory(8192)?;
        check_eq!(page(&mut control, host.device)?, Some(4096), "the page after a reset");
    }
    Ok(())
}
