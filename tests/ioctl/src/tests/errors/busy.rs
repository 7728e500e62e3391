// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A card that is not operational: what can be asked nevertheless, and what cannot be done.
//!
//! It is in need of a reset, which nobody does: of all such states this one lasts. It is part of the test of
//! the driver's parameters (`reload.parameters`), since it takes one, and loading upstream's driver takes time.

use goya_tests::card::{Card, open_node};
use goya_tests::control::Control;
use goya_tests::nodes::{self, Nodes};
use goya_tests::packet::{CFG, Packets, SYNC_OBJECT, dma_fence};
use goya_tests::sys::{Mapping, errno, ioctl};
use goya_tests::{Result, check_eq};
use goya_uapi::*;
use libc::{EBUSY, EINVAL, EPERM, ETIMEDOUT};
use serde_json::json;

use super::{expect, ok, pair, refused};

/// Questions that only an operational card answers.
const WORK: &[u32] = &[
    HL_INFO_HW_IDLE,
    HL_INFO_DEVICE_UTILIZATION,
    HL_INFO_CLK_RATE,
    HL_INFO_TIME_SYNC,
    HL_INFO_PCI_COUNTERS,
    HL_INFO_TOTAL_ENERGY,
    HL_INFO_PLL_FREQUENCY,
    HL_INFO_POWER,
    HL_INFO_DRAM_REPLACED_ROWS,
    HL_INFO_DRAM_PENDING_ROWS,
    HL_INFO_SECURED_ATTESTATION,
    HL_INFO_ENGINE_STATUS,
    HL_INFO_FW_GENERIC_REQ,
    HL_INFO_DEV_SIGNED,
];

/// Those that are answered whatever the card is at.
const KNOWN: &[u32] = &[
    HL_INFO_HW_IP_INFO,
    HL_INFO_HW_EVENTS,
    HL_INFO_DRAM_USAGE,
    HL_INFO_DEVICE_STATUS,
    HL_INFO_HW_EVENTS_AGGREGATE,
    HL_INFO_RESET_COUNT,
    HL_INFO_CS_COUNTERS,
    HL_INFO_CLK_THROTTLE_REASON,
    HL_INFO_SYNC_MANAGER,
    HL_INFO_OPEN_STATS,
    HL_INFO_LAST_ERR_OPEN_DEV_TIME,
    HL_INFO_CS_TIMEOUT_EVENT,
    HL_INFO_RAZWI_EVENT,
    HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES,
    HL_INFO_UNDEFINED_OPCODE_EVENT,
    HL_INFO_PAGE_FAULT_EVENT,
    HL_INFO_USER_MAPPINGS,
    HL_INFO_HW_ERR_EVENT,
    HL_INFO_FW_ERR_EVENT,
    HL_INFO_USER_ENGINE_ERR_EVENT,
];

/// The driver was loaded with `reset_on_lockup=0`, and is to be loaded anew.
pub fn needs_reset() -> Result {
    expect(&["has not finished in", "has timed-out"])?;
    let card = Card::open()?;
    let mut tool = Control::open()?;
    let gate = Packets::default().monitor(40, 40, 1, dma_fence(3, 3), 1).fence(3, 1, 1);
    let (job, other) = (card.job(3, &gate)?, ok(card.create_cb(4096), "a buffer")?);
    let seq = ok(card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, 1), "a gate")?;
    card.poll("a card that needs a reset", |card| {
        Ok(card.status()? == hl_device_status::HL_DEVICE_STATUS_NEEDS_RESET)
    })?;
    let control = Card::open_control()?;
    questions(&card)?;
    questions(&control)?;
    drop(control);
    let all = [HL_INFO_REGISTER_EVENTFD, HL_INFO_GET_EVENTS, HL_INFO_UNREGISTER_EVENTFD];
    for (op, error) in all.into_iter().zip([EBUSY, 0, EINVAL]) {
        check_eq!(errno(card.info(op, &mut 0u64)), error, format!("INFO {op}"));
    }
    requests(&card, seq)?;
    // Mapping is no request to the card.
    let other = Mapping::of_file(&card, 4096, other);
    drop(ok(other, "mapping a buffer")?);
    check_eq!(errno(open_node(&Nodes::chosen().compute())), EPERM, "opening it");
    tool.ask(&json!({"cmd": "write-register", "register": SYNC_OBJECT - CFG + 4 * 40, "value": 1}))?;
    Ok(())
}

fn questions(card: &Card) -> Result {
    let memory = ok(Mapping::anonymous(0x4000), "memory")?;
    let ask = |op: u32| {
        let mut words = [memory.address(), pair(0x4000, op), 0];
        errno(ioctl(card, HL_IOCTL_INFO, &mut words))
    };
    for op in KNOWN {
        check_eq!(ask(*op), 0, format!("INFO {op}"));
    }
    for op in WORK.iter().copied().chain([5, 99, u32::MAX]) {
        check_eq!(ask(op), EBUSY, format!("INFO {op}"));
    }
    Ok(())
}

/// Whatever else is wrong, the card is not operational; only padding is looked at before.
fn requests(card: &Card, seq: u64) -> Result {
    for op in [0, 1, 2, 3, 99] {
        let words = [1, pair(op, 4096), 2];
        refused(card, HL_IOCTL_CB, words, EBUSY, words, &format!("CB {op}"))?;
    }
    for op in [0, 1, 2, 3, 4, 5, 6, 7, 99] {
        let words = [1, 2, 3, pair(op, HL_MEM_USERPTR), 4];
        refused(card, HL_IOCTL_MEMORY, words, EBUSY, words, &format!("MEMORY {op}"))?;
        let words = [1, 2, pair(1000, 4), pair(op, 5), 6];
        refused(card, HL_IOCTL_DEBUG, words, EBUSY, words, &format!("DEBUG {op}"))?;
    }
    let tells = nodes::module()? == "goya";
    for flags in [0, HL_WAIT_CS_FLAGS_INTERRUPT, HL_WAIT_CS_FLAGS_MULTI_CS] {
        for asked in [seq, 0, u64::MAX] {
            let words = [asked, 0, pair(1, flags), 0xFF00, 2, 3, 4];
            // goya.ko tells of what is overdue even now.
            let (error, left) = if tells && flags == 0 && asked == seq {
                (ETIMEDOUT, [pair(HL_WAIT_CS_STATUS_TIMEDOUT, 0), 0, 0, 0, 0, 0, 0])
            } else {
                (EBUSY, words)
            };
            refused(card, HL_IOCTL_WAIT_CS, words, error, left, &format!("WAIT_CS {asked}, {flags}"))?;
        }
    }
    for (flags, padding, error) in [
        (0, 0, EBUSY),
        (HL_CS_FLAGS_STAGED_SUBMISSION, 0, EBUSY),
        (HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT, 0, EBUSY),
        (HL_CS_FLAGS_RESERVE_SIGNALS_ONLY, 0, EBUSY),
        (0, 1 << 32, EINVAL),
    ] {
        let words = [1, 2, 3, pair(600, 0), pair(0, flags), padding];
        let left = [u64::MAX, u64::from((-error) as u32), 0, 0, 0, 0];
        refused(card, HL_IOCTL_CS, words, error, left, &format!("CS with {flags:#x}"))?;
    }
    Ok(())
}
