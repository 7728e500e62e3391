// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`: events that users are told of.

use kernel::prelude::*;

use super::reply::{Answer, Caller, Reply};
use crate::history::notify::Notifier;
use crate::uapi::types::InfoArgs;

/// Only an open accel node is told of events: the control node refuses to ask.
fn notifier<'a>(caller: &Caller<'a>) -> Result<&'a Notifier> {
    caller.file.map(|file| &*file.notifier).ok_or(EOPNOTSUPP)
}

/// `HL_INFO_GET_EVENTS`.
pub(super) fn take(caller: &Caller<'_>, args: &InfoArgs) -> Result<Answer> {
    if (args.return_size as usize) < size_of::<u64>() {
        return Err(EINVAL);
    }
    let reply = Reply::required(args)?;
    reply.put(&notifier(caller)?.take_events())
}

/// `HL_INFO_REGISTER_EVENTFD`.
pub(super) fn register(caller: &Caller<'_>, args: &InfoArgs) -> Result<Answer> {
    notifier(caller)?.register(args.parameter)?;
    Ok(Answer::NOTHING)
}

/// `HL_INFO_UNREGISTER_EVENTFD`.
pub(super) fn unregister(caller: &Caller<'_>) -> Result<Answer> {
    notifier(caller)?.unregister()?;
    Ok(Answer::NOTHING)
}
