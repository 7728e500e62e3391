// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`: the first error of each kind since the card was opened.
//!
//! Where there was no error, nothing is written, or zeros: as upstream has it for each kind.

use kernel::prelude::*;
use zerocopy::FromZeros;

use super::reply::{Answer, Reply};
use crate::card::Card;
use crate::uapi::info_types::*;
use crate::uapi::types::InfoArgs;

/// `HL_INFO_LAST_ERR_OPEN_DEV_TIME`.
pub(super) fn last_open(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let timestamp = card.history.opens.last_opened();
    reply.put(&InfoLastErrOpenDevTime { timestamp })
}

/// `HL_INFO_CS_TIMEOUT_EVENT`.
pub(super) fn cs_timeout(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let event = card.history.records.cs_timeout();
    reply.put(&event.unwrap_or_else(InfoCsTimeoutEvent::new_zeroed))
}

/// `HL_INFO_RAZWI_EVENT`, which Goya never records: there must be room for it.
pub(super) fn razwi(args: &InfoArgs) -> Result<Answer> {
    Reply::sized(args).map(|_| Answer::NOTHING)
}

/// `HL_INFO_UNDEFINED_OPCODE_EVENT`, which Goya never records: zeros.
pub(super) fn undefined_opcode(args: &InfoArgs) -> Result<Answer> {
    Reply::sized(args)?.put(&InfoUndefinedOpcodeEvent::new_zeroed())
}

/// What Goya never records, without a look at the room for it (`HL_INFO_HW_ERR_EVENT`,
/// `HL_INFO_USER_ENGINE_ERR_EVENT`).
pub(super) fn hardware(args: &InfoArgs) -> Result<Answer> {
    Reply::required(args).map(|_| Answer::NOTHING)
}

/// `HL_INFO_PAGE_FAULT_EVENT`.
pub(super) fn page_fault(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    match card.history.records.page_fault() {
        Some((fault, _)) => reply.put(&fault),
        None => Ok(Answer::NOTHING),
    }
}

/// `HL_INFO_USER_MAPPINGS`: all of them or, with `ENOMEM`, how many there are.
pub(super) fn user_mappings(card: &Card, args: &mut InfoArgs) -> Result<Answer> {
    let reply = Reply::required(args)?;
    let Some((_, mappings)) = card.history.records.page_fault() else {
        return Ok(Answer::NOTHING);
    };
    args.parameter = u32::try_from(mappings.len())?;
    reply.put_mappings(mappings)
}

/// `HL_INFO_FW_ERR_EVENT`: it is not cut off.
pub(super) fn firmware(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::required(args)?;
    let Some(record) = card.history.records.firmware() else {
        return Ok(Answer::NOTHING);
    };
    if (reply.size() as usize) < size_of::<InfoFwErrEvent>() {
        return Err(ENOMEM);
    }
    reply.put(&record)
}
