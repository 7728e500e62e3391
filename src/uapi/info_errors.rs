// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`: the first error of each kind since the card was opened.
//!
//! Where there was no error, nothing is written, or zeros: as upstream has it for each kind.

use kernel::prelude::*;
use zerocopy::{FromZeros, IntoBytes};

use super::info::{Out, Reply};
use super::info_types::*;
use super::types::InfoArgs;
use crate::device::Card;

/// `HL_INFO_LAST_ERR_OPEN_DEV_TIME`.
pub(super) fn last_open(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    let timestamp = card.observed.opens.last_opened();
    out.put(&InfoLastErrOpenDevTime { timestamp })
}

/// `HL_INFO_CS_TIMEOUT_EVENT`.
pub(super) fn cs_timeout(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    let event = card.observed.records.cs_timeout();
    out.put(&event.unwrap_or_else(InfoCsTimeoutEvent::new_zeroed))
}

/// `HL_INFO_RAZWI_EVENT`, which Goya never records: there must be room for it.
pub(super) fn razwi(args: &InfoArgs) -> Result<Reply> {
    Out::with_room(args).map(|_| Reply::NOTHING)
}

/// `HL_INFO_UNDEFINED_OPCODE_EVENT`, which Goya never records: zeros.
pub(super) fn undefined_opcode(args: &InfoArgs) -> Result<Reply> {
    Out::with_room(args)?.put(&InfoUndefinedOpcodeEvent::new_zeroed())
}

/// What Goya never records, without a look at the room for it (`HL_INFO_HW_ERR_EVENT`,
/// `HL_INFO_USER_ENGINE_ERR_EVENT`).
pub(super) fn hardware(args: &InfoArgs) -> Result<Reply> {
    Out::somewhere(args).map(|_| Reply::NOTHING)
}

/// `HL_INFO_PAGE_FAULT_EVENT`.
pub(super) fn page_fault(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::with_room(args)?;
    match card.observed.records.page_fault() {
        Some((fault, _)) => out.put(&fault),
        None => Ok(Reply::NOTHING),
    }
}

/// `HL_INFO_USER_MAPPINGS`: all of them or, with `ENOMEM`, how many there are.
pub(super) fn user_mappings(card: &Card, args: &mut InfoArgs) -> Result<Reply> {
    let out = Out::somewhere(args)?;
    let Some((_, mappings)) = card.observed.records.page_fault() else {
        return Ok(Reply::NOTHING);
    };
    args.parameter = u32::try_from(mappings.len())?;
    let bytes = mappings.as_bytes();
    if (out.size() as usize) < bytes.len() {
        return Err(ENOMEM);
    }
    out.put_bytes(bytes)
}

/// `HL_INFO_FW_ERR_EVENT`: it is not cut off.
pub(super) fn firmware(card: &Card, args: &InfoArgs) -> Result<Reply> {
    let out = Out::somewhere(args)?;
    let Some(record) = card.observed.records.firmware() else {
        return Ok(Reply::NOTHING);
    };
    if (out.size() as usize) < size_of::<InfoFwErrEvent>() {
        return Err(ENOMEM);
    }
    out.put(&record)
}
