// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Many submissions at a time.

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::{Job, SRAM};
use goya_tests::packet::{ADD, CFG, Packets, SYNC_OBJECT, dma_fence};
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq};
use goya_uapi::*;
use serde_json::json;

use super::submit::EXTERNAL;
use super::{Test, fault, test};

pub const TESTS: &[Test] = &[
    fault("window.full", full),
    test("window.threads", threads),
    test("window.order", order),
    test("window.one_buffer_often", one_buffer_often),
];

/// Submissions in flight at most (`GOYA_MAX_PENDING_CS`).
const WINDOW: usize = 64;

fn dropped(card: &Card) -> Result<u64> {
    let mut counters = hl_info_cs_counters::default();
    card.info(HL_INFO_CS_COUNTERS, &mut counters).map_err(|e| e.to_string())?;
    Ok(counters.ctx_max_cs_in_flight_drop_cnt)
}

/// With 64 submissions in flight the next has to be tried again, until the oldest is done.
fn full() -> Result {
    let card = Card::open()?;
    let mut control = Control::open()?;
    let gate = card.job(3, &Packets::default().monitor(8, 8, 1, dma_fence(3, 1), 1).fence(1, 1, 1))?;
    let nop = card.job(3, &Packets::default().nop())?;
    let submit = |job: &Job<'_>| card.submit(&[job.chunk], 0, 0);
    let before = dropped(&card)?;
    let mut last = submit(&gate).map_err(|e| e.to_string())?;
    for n in 1..WINDOW {
        last = submit(&nop).map_err(|e| format!("submission {n} in flight: {e}"))?;
    }
    check_eq!(errno(submit(&nop)), libc::EAGAIN, "one more than the window holds");
    check_eq!(dropped(&card)?, before + 1, "the counter of those");
    check_eq!(card.wait(last, 0).map_err(|e| e.to_string())?.status, HL_WAIT_CS_STATUS_BUSY, "the last");
    // Nothing more can be submitted that would open the gate: the card's own tool does.
    control.ask(&json!({"cmd": "write-register", "register": SYNC_OBJECT - CFG + 4 * 8, "value": 1}))?;
    card.finish(last)?;
    let next = submit(&nop).map_err(|e| format!("after the window moved: {e}"))?;
    card.finish(next).map(drop)
}

/// Threads submit to all queues at once, and all wait for each other's work.
fn threads() -> Result {
    let card = Card::open()?;
    let each = |thread: u32| -> Result {
        for n in 0..10 {
            let queue = (thread + n) % EXTERNAL.end;
            let packets = Packets::default().sync_object(100 + thread, ADD | 1).sync_object(120, ADD | 1);
            let job = card.job(queue, &packets)?;
            let seq = card.submit(&[job.chunk], 0, 0).map_err(|e| format!("thread {thread}: {e}"))?;
            // Its own, and the one before, whoever's that is.
            card.finish(seq)?;
            card.finish(seq.saturating_sub(1))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..16).map(|thread| scope.spawn(move || each(thread))).collect();
        running.into_iter().try_for_each(|t| t.join().map_err(|_| "a thread panicked".to_owned())?)
    })?;
    check_eq!(card.get(SYNC_OBJECT + 4 * 120, 4)?, 160u32.to_le_bytes(), "all that was counted");
    for thread in 0..16 {
        check_eq!(
            card.get(SYNC_OBJECT + 4 * (100 + thread), 4)?,
            10u32.to_le_bytes(),
            "what a thread counted"
        );
    }
    Ok(())
}

/// Jobs of one queue run in the order of their submission.
fn order() -> Result {
    let card = Card::open()?;
    let at = SRAM + 0xA000;
    let mut last = 0;
    let mut jobs = Vec::new();
    for n in 1..=30u32 {
        let job = card.job(4, &Packets::default().msg_long(at + u64::from(n) * 4, n).msg_long(at, n))?;
        last = card.submit(&[job.chunk], 0, 0).map_err(|e| e.to_string())?;
        jobs.push(job);
    }
    card.finish(last)?;
    let words = card.get(at, 31 * 4)?;
    let word = |i: usize| u32::from_le_bytes([words[i], words[i + 1], words[i + 2], words[i + 3]]);
    check_eq!(word(0), 30, "the word that each wrote");
    check!((1..=30).all(|n| word(n * 4) == n as u32), "a job did not run");
    Ok(())
}

/// A buffer can be filled anew as soon as its submission is accepted: the driver has a copy.
fn one_buffer_often() -> Result {
    let card = Card::open()?;
    let at = SRAM + 0xB000;
    let packets = |n: u32| Packets::default().msg_long(at + u64::from(n) * 4, 0x1000 + n);
    let size = packets(0).bytes().len();
    let handle = card.create_cb(size as u32).map_err(|e| e.to_string())?;
    let map = card.map_cb(handle, 4096).map_err(|e| e.to_string())?;
    let mut last = 0;
    for n in 0..40 {
        map.write(0, packets(n).bytes());
        let job = goya_tests::device::chunk(handle, 2, size, 0);
        last = card.submit(&[job], 0, 0).map_err(|e| e.to_string())?;
    }
    card.finish(last)?;
    let expected: Vec<u8> = (0..40u32).flat_map(|n| (0x1000 + n).to_le_bytes()).collect();
    check!(card.get(at, 160)? == expected, "a job ran with another's packets");
    Ok(())
}
