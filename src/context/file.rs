// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! An open accel node (upstream `struct hl_fpriv`).

use kernel::prelude::*;
use kernel::sync::Arc;

use super::Context;
use crate::device::{Card, Status};
use crate::submit::buffer::BufferTable;

/// An open accel node: one context, and its command buffers.
#[pin_data]
pub(crate) struct File {
    pub(crate) context: Arc<Context>,
    #[pin]
    pub(crate) buffers: BufferTable,
}

impl File {
    /// Opens the node; only one user at a time.
    ///
    /// Errors: `EAGAIN` during a reset, `EPERM` on a card that does not work, `EBUSY` if somebody has it.
    pub(crate) fn open(card: &Arc<Card>) -> Result<Pin<KBox<Self>>> {
        let status = card.status();
        if !status.operational() {
            dev_dbg!(card.dev, "Can't open because it is {}\n", status.text());
            return Err(match status {
                Status::InReset | Status::InResetAfterRelease => EAGAIN,
                _ => EPERM,
            });
        }
        let asid = card.asids.allocate().map_err(|_| EBUSY)?;
        let context = Context::new(card, asid).inspect_err(|error| {
            dev_err!(card.dev, "Failed to create context {}\n", error.to_errno());
        })?;
        KBox::pin_init(
            pin_init!(Self { context, buffers <- BufferTable::new() }),
            GFP_KERNEL,
        )
    }

    /// Closes it: nothing of the user's stays on the card.
    pub(crate) fn close(card: &Arc<Card>, file: Pin<KBox<Self>>) {
        card.trace.close(card);
        file.buffers.clear();
    }
}
