// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`: what the driver itself knows of the card's state and past.

use kernel::prelude::*;

use super::info::{Asker, Out, Reply};
use super::info_layout::{self as layout, Drops};
use super::info_types::InfoResetCount;
use super::types::InfoArgs;
use crate::context::counters::{DropCounters, Reason};
use crate::device::Card;

/// `HL_INFO_DEVICE_STATUS`.
pub(super) fn status(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    out.put(&layout::device_status(card.status() as u32))
}

/// `HL_INFO_RESET_COUNT`.
pub(super) fn resets(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    let (hard_reset_cnt, soft_reset_cnt) = card.resets();
    out.put(&InfoResetCount {
        hard_reset_cnt,
        soft_reset_cnt,
    })
}

/// `HL_INFO_HW_EVENTS` and `HL_INFO_HW_EVENTS_AGGREGATE`.
pub(super) fn events(card: &Card, args: &InfoArgs, aggregate: bool) -> Result<Reply> {
    let out = Out::with_room(args)?;
    out.put_bytes(card.observed.events.get(aggregate)?.as_bytes())
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
pub(super) fn cs_counters(asker: &Asker<'_>, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    let own = asker.file.map(|file| drops(&file.context.drops));
    out.put(&layout::cs_counters(
        &drops(&asker.card.drops),
        own.as_ref(),
    ))
}

/// `HL_INFO_CLK_THROTTLE_REASON`.
pub(super) fn clk_throttle(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    out.put(&card.observed.throttling.answer())
}

/// `HL_INFO_OPEN_STATS`.
pub(super) fn open_stats(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    out.put(&card.observed.opens.answer())
}

/// `HL_INFO_DRAM_USAGE`.
pub(super) fn dram_usage(asker: &Asker<'_>, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    let card = asker.card;
    let size = card.firmware.lock().as_ref().map_or(0, |f| f.dram_size);
    let own = asker
        .file
        .map_or(0, |file| file.context.user_memory.dram_used());
    out.put(&layout::dram_usage(size, card.dram.used(), own))
}
