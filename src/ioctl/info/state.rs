// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`: what the driver itself knows of the card's state and past.

use kernel::prelude::*;

use super::layout::{self, Drops};
use super::reply::{Answer, Caller, Reply};
use crate::card::Card;
use crate::context::counters::{DropCounters, Reason};
use crate::uapi::consts::GOYA_EXTENSION_URING_CS;
use crate::uapi::info_types::{InfoExtensions, InfoResetCount};
use crate::uapi::types::InfoArgs;

/// `HL_INFO_DEVICE_STATUS`.
pub(super) fn status(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    reply.put(&layout::device_status(card.status() as u32))
}

/// `HL_INFO_RESET_COUNT`.
pub(super) fn resets(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let (hard_reset_cnt, soft_reset_cnt) = card.reset_counts();
    reply.put(&InfoResetCount {
        hard_reset_cnt,
        soft_reset_cnt,
    })
}

/// `HL_INFO_HW_EVENTS` and `HL_INFO_HW_EVENTS_AGGREGATE`.
pub(super) fn events(card: &Card, args: &InfoArgs, aggregate: bool) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    reply.put_bytes(card.history.events.get(aggregate)?.as_bytes())
}

fn drops(counters: &DropCounters) -> Drops {
    Drops {
        out_of_mem: counters.get(Reason::Memory),
        parsing: counters.get(Reason::Parsing),
        queue_full: counters.get(Reason::QueueFull),
        device_in_reset: counters.get(Reason::InReset),
        max_cs_in_flight: counters.get(Reason::InFlight),
        validation: counters.get(Reason::Validation),
    }
}

/// `HL_INFO_CS_COUNTERS`.
pub(super) fn cs_counters(caller: &Caller<'_>, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let own = caller.file.map(|file| drops(&file.context.drops));
    reply.put(&layout::cs_counters(
        &drops(&caller.card.drops),
        own.as_ref(),
    ))
}

/// `HL_INFO_CLK_THROTTLE_REASON`.
pub(super) fn clk_throttle(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    reply.put(&card.history.throttling.answer())
}

/// `HL_INFO_OPEN_STATS`.
pub(super) fn open_stats(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    reply.put(&card.history.opens.answer(card.memory.asids.any()))
}

/// `HL_INFO_DRAM_USAGE`.
pub(super) fn dram_usage(caller: &Caller<'_>, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let card = caller.card;
    let size = card.firmware.lock().as_ref().map_or(0, |f| f.dram_size);
    let own = caller
        .file
        .map_or(0, |file| file.context.user_memory.dram_used());
    reply.put(&layout::dram_usage(size, card.memory.dram.used(), own))
}

/// `GOYA_INFO_EXTENSIONS`, which upstream does not know.
pub(super) fn extensions(args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let uring = if cfg!(CONFIG_IO_URING) {
        GOYA_EXTENSION_URING_CS
    } else {
        0
    };
    reply.put(&InfoExtensions { extensions: uring })
}
