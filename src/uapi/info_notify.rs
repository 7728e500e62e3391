// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO`: events that users are told of.

use kernel::prelude::*;

use super::info::{Asker, Out, Reply};
use super::types::InfoArgs;
use crate::observe::notify::Notifier;

/// Only an open accel node is told of events: the control node refuses to ask.
fn notifier<'a>(asker: &Asker<'a>) -> Result<&'a Notifier> {
    asker.file.map(|file| &*file.notifier).ok_or(EOPNOTSUPP)
}

/// `HL_INFO_GET_EVENTS`.
pub(super) fn take(asker: &Asker<'_>, args: &InfoArgs) -> Result<Reply> {
    if (args.return_size as usize) < size_of::<u64>() {
        return Err(EINVAL);
    }
    let out = Out::somewhere(args)?;
    out.put(&notifier(asker)?.take_events())
}

/// `HL_INFO_REGISTER_EVENTFD`.
pub(super) fn register(asker: &Asker<'_>, args: &InfoArgs) -> Result<Reply> {
    notifier(asker)?.register(args.parameter)?;
    Ok(Reply::NOTHING)
}

/// `HL_INFO_UNREGISTER_EVENTFD`.
pub(super) fn unregister(asker: &Asker<'_>) -> Result<Reply> {
    notifier(asker)?.unregister()?;
    Ok(Reply::NOTHING)
}
