// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions that take too long, for a user who listens: notifications and error records.

use std::thread;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::events::EventFd;
use goya_tests::kmsg::{self, Kmsg};
use goya_tests::packet::{Packets, dma_fence};
use goya_tests::sys::errno;
use goya_tests::{Result, check, check_eq, nodes};
use goya_uapi::*;

use super::{Test, debugfs, test};
use crate::run::only_goya;

pub const TESTS: &[Test] = &[
    test("notify.eventfd", eventfd),
    test("notify.time_out_without_reset", time_out_without_reset),
    test("notify.time_out_switched_off", time_out_switched_off),
    test("notify.time_out_with_a_listener", time_out_with_a_listener),
    test("notify.overdue", overdue),
];

pub(super) const PATIENCE: Duration = Duration::from_secs(20);

fn notifications(card: &Card) -> Result<u64> {
    let mut mask = 0u64;
    card.info(HL_INFO_GET_EVENTS, &mut mask).map_err(|e| format!("GET_EVENTS: {e}"))?;
    Ok(mask)
}

/// A descriptor that is told of the card's events.
pub(super) fn register(card: &Card) -> Result<EventFd> {
    let eventfd = EventFd::new().map_err(|e| e.to_string())?;
    card.info_of(HL_INFO_REGISTER_EVENTFD, eventfd.number(), &mut ())
        .map_err(|e| format!("register: {e}"))?;
    Ok(eventfd)
}

fn eventfd() -> Result {
    let card = Card::open()?;
    check_eq!(
        errno(card.info(HL_INFO_UNREGISTER_EVENTFD, &mut ())),
        libc::EINVAL,
        "no eventfd to unregister"
    );
    check_eq!(errno(card.info_of(HL_INFO_REGISTER_EVENTFD, 9999, &mut ())), libc::EBADF, "no descriptor");
    let mut eventfd = register(&card)?;
    let again = card.info_of(HL_INFO_REGISTER_EVENTFD, eventfd.number(), &mut ());
    check_eq!(errno(again), libc::EINVAL, "a second eventfd");
    check_eq!(notifications(&card)?, 0, "notifications");
    check_eq!(errno(card.info(HL_INFO_GET_EVENTS, &mut 0u32)), libc::EINVAL, "no room for them");
    check_eq!(eventfd.take(Duration::ZERO).map_err(|e| e.to_string())?, 0, "a signal without an event");
    card.info(HL_INFO_UNREGISTER_EVENTFD, &mut ()).map_err(|e| e.to_string())?;
    let control = Card::open_control()?;
    for op in [HL_INFO_REGISTER_EVENTFD, HL_INFO_UNREGISTER_EVENTFD, HL_INFO_GET_EVENTS] {
        check_eq!(errno(control.info(op, &mut 0u64)), libc::EOPNOTSUPP, "the control node");
    }
    Ok(())
}

fn timed_out(card: &Card) -> Result<hl_info_cs_timeout_event> {
    let mut event = hl_info_cs_timeout_event::default();
    card.info(HL_INFO_CS_TIMEOUT_EVENT, &mut event).map_err(|e| format!("CS_TIMEOUT_EVENT: {e}"))?;
    Ok(event)
}

/// A submission may be late without a reset, if it asks for that: it is told of, recorded, and ends well.
fn time_out_without_reset() -> Result {
    for text in ["has not finished in", "completed after"] {
        kmsg::expect(text)?;
    }
    let card = Card::open()?;
    let resets = card.resets()?;
    let mut eventfd = register(&card)?;
    let mut log = Kmsg::here()?;
    let waiting = Packets::default().monitor(7, 7, 1, dma_fence(3, 0), 1).fence(0, 1, 1);
    let job = card.job(3, &waiting)?;
    let flags = HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT;
    let seq = card.submit(&[job.chunk], flags, 1).map_err(|e| e.to_string())?;
    check!(eventfd.take(PATIENCE).map_err(|e| e.to_string())? > 0, "no signal");
    check_eq!(notifications(&card)?, u64::from(HL_NOTIFIER_EVENT_CS_TIMEOUT), "notifications");
    check_eq!(notifications(&card)?, 0, "notifications, once taken");
    log.wait_for(&format!("Command submission {seq} has not finished in"), PATIENCE)?;
    let event = timed_out(&card)?;
    check!(event.seq == seq && event.timestamp > 0, "the record is of {} at {}", event.seq, event.timestamp);
    check_eq!(
        card.wait(seq, 0).map_err(|e| e.to_string())?.status,
        HL_WAIT_CS_STATUS_BUSY,
        "the late submission"
    );
    card.run(2, &Packets::default().sync_object(7, 1))?;
    card.finish(seq)?;
    log.wait_for(&format!("Command submission {seq} completed after"), PATIENCE)?;
    check_eq!(card.resets()?, resets, "resets");
    Ok(())
}

/// Where nothing times out, no submission's own time does either.
fn time_out_switched_off() -> Result {
    let card = Card::open()?;
    let resets = card.resets()?;
    let mut eventfd = register(&card)?;
    debugfs::write("timeout_locked", "0")?;
    let job = card.job(3, &Packets::default().monitor(7, 7, 1, dma_fence(3, 0), 1).fence(0, 1, 1));
    let run = |job: goya_tests::device::Job<'_>| {
        let seq = card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, 1).map_err(|e| e.to_string())?;
        let late = eventfd.take(Duration::from_secs(3)).map_err(|e| e.to_string())?;
        check_eq!(late, 0, "signals");
        card.run(2, &Packets::default().sync_object(7, 1))?;
        card.finish(seq).map(drop)
    };
    let result = job.and_then(run);
    debugfs::write("timeout_locked", "30")?;
    result?;
    check_eq!(card.resets()?, resets, "resets");
    Ok(())
}

/// Who listens is not killed, but told to go; the card is reset when he has gone
/// (`hl_device_cond_reset()`).
fn time_out_with_a_listener() -> Result {
    for text in ["has not finished in", "has been aborted", "has timed-out"] {
        kmsg::expect(text)?;
    }
    let control = Card::open_control()?;
    let resets = control.resets()?;
    let card = Card::open()?;
    let mut eventfd = register(&card)?;
    let job = card.job(2, &Packets::default().fence(0, 1, 1))?;
    let seq = card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, 1).map_err(|e| e.to_string())?;
    let waited = errno(card.wait(seq, PATIENCE.as_micros() as u64));
    check!(waited == libc::EIO || waited == libc::ETIMEDOUT, "waiting for it: errno {waited}");
    check!(eventfd.take(PATIENCE).map_err(|e| e.to_string())? > 0, "no signal");
    let expected = u64::from(HL_NOTIFIER_EVENT_CS_TIMEOUT | HL_NOTIFIER_EVENT_DEVICE_RESET);
    check_eq!(notifications(&card)?, expected, "notifications");
    let again = if nodes::module()? == "goya" { libc::ETIMEDOUT } else { libc::EBUSY };
    check_eq!(errno(card.wait(seq, 0)), again, "waiting once more");
    check_eq!(control.resets()?, resets, "resets before the user has gone");
    drop(job);
    drop(card);
    control.poll("a reset", |card| Ok(card.resets()?.0 == resets.0 + 1))?;
    control.wait_operational()?;
    Card::open()?.run(2, &Packets::default().nop()).map(drop)
}

/// Whoever waits for a submission that is overdue is told that, whether he waits when that turns out, or asks now and
/// then, and comes when the card is to be reset.
fn overdue() -> Result {
    only_goya("always says that an overdue submission has timed out")?;
    for text in ["has not finished in", "has been aborted", "has timed-out"] {
        kmsg::expect(text)?;
    }
    let control = Card::open_control()?;
    let resets = control.resets()?;
    let card = Card::open()?;
    let _eventfd = register(&card)?;
    let job = card.job(2, &Packets::default().fence(0, 1, 1))?;
    let seq = card.submit(&[job.chunk], HL_CS_FLAGS_CUSTOM_TIMEOUT, 1).map_err(|e| e.to_string())?;
    let told = thread::scope(|scope| {
        let waiter = scope.spawn(|| card.wait_told(seq, PATIENCE.as_micros() as u64, 0));
        let asker = loop {
            let told = card.wait_told(seq, 0, 0);
            if told.0.is_err() || told.1.status != HL_WAIT_CS_STATUS_BUSY {
                break told;
            }
            thread::sleep(Duration::from_millis(20));
        };
        [Ok(asker), waiter.join(), Ok(card.wait_told(seq, 0, 0))]
    });
    for (who, told) in ["who asks", "who waits", "who asks again"].into_iter().zip(told) {
        let (result, waited) = told.map_err(|_| "a thread has panicked")?;
        check_eq!(
            (errno(result), waited.status),
            (libc::ETIMEDOUT, HL_WAIT_CS_STATUS_TIMEDOUT),
            format!("what {who} is told")
        );
    }
    drop(job);
    drop(card);
    control.poll("a reset", |card| Ok(card.resets()?.0 == resets.0 + 1))?;
    control.wait_operational()
}
