// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`: what the card is, and what its registers say.

use core::fmt::{self, Write};

use kernel::pci;
use kernel::prelude::*;

use super::kept::Kept;
use super::layout::{self, CardFacts};
use super::reply::{copy, Answer, Caller, Reply};
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::abstractions::time;
use crate::card::{Card, Firmware};
use crate::hw::timestamp;
use crate::uapi::consts::{HL_ENGINES_DATA_MAX_SIZE, HL_ENGINES_DATA_MIN_SIZE};
use crate::uapi::info_types::InfoTimeSync;
use crate::uapi::types::InfoArgs;

/// The text in a field of an answer.
fn field<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    copy(&mut field, text);
    field
}

fn facts(card: &Card, pdev: &pci::Device<kernel::device::Bound>) -> CardFacts {
    let pll = *card.pci_pll.lock();
    let firmware = card.firmware.lock();
    let firmware = firmware.as_ref();
    let number = |of: fn(&Firmware) -> u32| firmware.map_or(0, of);
    CardFacts {
        device_id: pdev.device_id(),
        revision_id: pdev.revision_id(),
        dram_size: firmware.map_or(0, |firmware| firmware.dram_size),
        cpucp_version: field(firmware.map_or(&[], |f| f.info.cpucp_version.bytes())),
        card_name: field(firmware.map_or(&[], |f| f.info.card_name())),
        cpld_version: number(|firmware| firmware.info.cpld_version),
        card_location: number(|firmware| firmware.info.card_location),
        pci_pll: pll,
        secure: firmware.is_some_and(|firmware| firmware.capabilities.security()),
    }
}

/// `HL_INFO_HW_IP_INFO`.
pub(super) fn hw_ip(caller: &Caller<'_>, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let facts = facts(caller.card, caller.parent.try_into()?);
    reply.put(&layout::hw_ip_info(&facts))
}

/// `HL_INFO_SYNC_MANAGER`.
pub(super) fn sync_manager(args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    reply.put(&layout::sync_manager(args.parameter)?)
}

/// `HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES`.
pub(super) fn page_sizes(args: &InfoArgs) -> Result<Answer> {
    Reply::sized(args)?.put(&layout::dev_mem_alloc_page_sizes())
}

/// `HL_INFO_HW_IDLE`.
pub(super) fn hw_idle(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let report = card.engines(None);
    // There are fewer engines than 32.
    reply.put(&layout::hw_idle(report.busy_mask as u32))
}

/// `HL_INFO_TIME_SYNC`.
pub(super) fn time_sync(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let device_time = timestamp::read(&*card.bars);
    reply.put(&InfoTimeSync {
        device_time,
        host_time: time::raw_ns(),
        tsc_time: time::cycles(),
    })
}

/// Lines of text that each end with a zero, as users know them (`hl_engine_data_sprintf()`).
struct Lines<'a> {
    room: &'a mut [u8],
    /// What all lines take, also those that there was no room for.
    size: usize,
}

impl Lines<'_> {
    /// The place of a line of `len` bytes; a line that would fill the room to its last byte has none.
    fn place(&mut self, len: usize) -> Option<&mut [u8]> {
        let begin = self.size;
        let end = begin.saturating_add(len);
        self.size = end;
        if end >= self.room.len() {
            return None;
        }
        let place = self.room.get_mut(begin..end)?;
        place.fill(0);
        Some(place)
    }
}

/// A line that is being written, or only counted.
struct Line<'a> {
    place: Option<&'a mut [u8]>,
    len: usize,
}

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let begin = self.len;
        self.len = begin.saturating_add(text.len());
        let place = self.place.as_mut();
        if let Some(to) = place.and_then(|place| place.get_mut(begin..self.len)) {
            copy(to, text.as_bytes());
        }
        Ok(())
    }
}

impl Write for Lines<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_fmt(format_args!("{text}"))
    }

    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> fmt::Result {
        let mut line = Line {
            place: None,
            len: 0,
        };
        line.write_fmt(text)?;
        let place = self.place(line.len.saturating_add(1));
        Line { place, len: 0 }.write_fmt(text)
    }
}

/// `HL_INFO_ENGINE_STATUS`.
pub(super) fn engine_status(card: &Card, args: &mut InfoArgs) -> Result<Answer> {
    let size = args.return_size as usize;
    if !(HL_ENGINES_DATA_MIN_SIZE..=HL_ENGINES_DATA_MAX_SIZE).contains(&size) {
        return Err(EINVAL);
    }
    let reply = Reply::required(args)?;
    let mut room = Kept::zeroed(&card.answers, size)?;
    let mut lines = Lines {
        room: &mut room,
        size: 0,
    };
    card.engines(Some(&mut lines));
    let actual = lines.size;
    if actual > size {
        dev_err_ratelimited!(
            card.dev,
            "Engines data size ({} Bytes) is bigger than allocated size ({} Bytes)\n",
            actual,
            size
        );
        return Err(ENOMEM);
    }
    args.parameter = u32::try_from(actual)?;
    room.truncate(actual);
    Ok(reply.put_kept(room))
}

#[kunit_tests(goya_uapi_info_card)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_zeros_and_are_whole() {
        let mut room = [b'x'; 9];
        let mut lines = Lines {
            room: &mut room,
            size: 0,
        };
        assert!(lines.write_fmt(format_args!("{}b", 'a')).is_ok());
        assert!(lines.write_fmt(format_args!("{:<4}", 'c')).is_ok());
        assert!(lines.write_fmt(format_args!("d")).is_ok());
        assert_eq!(lines.size, 10);
        // The third would not fit.
        assert_eq!(&room, b"ab\0c   \0x");
    }
}
