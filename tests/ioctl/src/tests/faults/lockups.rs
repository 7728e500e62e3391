// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Work that never ends (`cs_timedout()`), and a firmware that does not answer (`hl_device_heartbeat()`).

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;
use serde_json::json;

use super::{PATIENCE, expect_reset, reset_happened, works};
use crate::card_user::CardUser;
use crate::child::{ODD_OFFSET, ODD_SIZE, STALE, UNMAPPED};
use crate::tests::{Test, debugfs, fault};

pub const TESTS: &[Test] = &[
    fault("fault.dma_page_fault", dma_page_fault),
    fault("fault.unmapped_host_memory", unmapped_host_memory),
    fault("fault.hung_queue", hung_queue),
    fault("fault.corrupt_completion", corrupt_completion),
    fault("fault.closed_fence", closed_fence),
];

/// The longest of all.
pub const HEARTBEAT: &[Test] = &[fault("fault.heartbeat", heartbeat)];

/// Lets a process submit `work` that never ends, after `prepare`; sees the time-out, the reset and the
/// process's end.
fn time_out(work: &str, prepare: impl FnOnce(&mut Control) -> Result, seen: &[&str]) -> Result {
    expect_reset()?;
    kmsg::expect("Received H/W interrupt")?;
    kmsg::expect("MMU page fault on va")?;
    let card = Card::open_control()?;
    let before = card.resets()?;
    let mut control = Control::open()?;
    let mut user = CardUser::start(work)?;
    prepare(&mut control)?;
    let mut log = Kmsg::here()?;
    user.go()?;
    for text in seen {
        log.wait_for(text, PATIENCE)?;
    }
    recorded(&card, work, seen)?;
    log.wait_for("has not finished in", PATIENCE)?;
    check!(debugfs::read("state_dump")?.starts_with("Timestamp taken on: "), "no state dump");
    control.clear()?;
    user.ends_killed()?;
    reset_happened(&card, before)?;
    works()
}

/// A page fault that is recorded, which not every driver does for this card, is the one that was `seen`, of
/// the engine whose queue's number ends `work`.
fn recorded(card: &Card, work: &str, seen: &[&str]) -> Result {
    let mut fault = hl_page_fault_info::default();
    card.info(HL_INFO_PAGE_FAULT_EVENT, &mut fault).map_err(|e| e.to_string())?;
    if fault.timestamp == 0 {
        return Ok(());
    }
    let address = format!("on va {:#x}", fault.addr);
    check!(seen.iter().any(|text| text.ends_with(&address)), "a page fault {address}");
    check!(work.ends_with(&fault.engine_id.to_string()), "a page fault of engine {}", fault.engine_id);
    let mut mappings = [hl_user_mapping::default(); 4];
    card.info(HL_INFO_USER_MAPPINGS, &mut mappings).map_err(|e| e.to_string())?;
    check_eq!(mappings[0].size, ODD_SIZE, "bytes that were mapped then");
    check_eq!(mappings[0].dev_va % 4096, ODD_OFFSET, "where they were, in a page");
    check_eq!(mappings[1].size, 0, "bytes that were mapped besides");
    Ok(())
}

fn dma_page_fault() -> Result {
    let id = 455 + 3;
    let card = Card::open_control()?;
    let before = card.events(id)?;
    time_out(
        "fault3",
        |_| Ok(()),
        &["Received H/W interrupt 458 [\"DMA3_ch\"]", &format!("MMU page fault on va {UNMAPPED:#x}")],
    )?;
    check!(card.events(id)? > before, "no event");
    Ok(())
}

/// Memory that was mapped, used and unmapped is out of the card's reach: nothing stale translates.
fn unmapped_host_memory() -> Result {
    let address = format!("MMU page fault on va {STALE:#x}");
    time_out("stale2", |_| Ok(()), &["Received H/W interrupt 457 [\"DMA2_ch\"]", &address])
}

fn hung_queue() -> Result {
    // The reset may come before the fault is taken back.
    kmsg::expect("Timeout while waiting for QMAN to stop")?;
    kmsg::expect("failed to stop DMA QMAN")?;
    time_out("nop1", |c| c.inject("hang-queue", &json!({"queue": "dma1"})), &[])
}

fn corrupt_completion() -> Result {
    time_out("nop2", |c| c.inject("corrupt-completion", &json!({"queue": "dma2"})), &[])
}

fn closed_fence() -> Result {
    time_out("fence2", |_| Ok(()), &[])
}

/// The firmware stops answering: the next heartbeat fails, the card is reset, its user killed.
fn heartbeat() -> Result {
    expect_reset()?;
    for text in ["Device CPU packet timeout", "Device heartbeat failed!", "Pkt info["] {
        kmsg::expect(text)?;
    }
    // Firmware that goes on before the reset answers late, and finds that it is not expected any more.
    for text in ["Received H/W interrupt 506", "Out of sync with FW"] {
        kmsg::expect(text)?;
    }
    let card = Card::open_control()?;
    let before = card.resets()?;
    let user = CardUser::start("nop0")?;
    let mut control = Control::open()?;
    let mut log = Kmsg::here()?;
    control.inject("stop-heartbeat", &json!({}))?;
    log.wait_for("Device heartbeat failed! PCI link is healthy", PATIENCE)?;
    control.clear()?;
    user.ends_killed()?;
    reset_happened(&card, before)?;
    works()
}
