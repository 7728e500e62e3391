// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! An open accel node (upstream `struct hl_fpriv`).

use kernel::prelude::*;
use kernel::sync::Arc;

use super::Context;
use crate::device::{Card, Status};
use crate::observe::notify::Notifier;
use crate::submit::buffer::BufferTable;

/// An open accel node: one context, and its command buffers.
#[pin_data]
pub(crate) struct File {
    pub(crate) context: Arc<Context>,
    #[pin]
    pub(crate) buffers: BufferTable,
    /// What its user is told of.
    pub(crate) notifier: Arc<Notifier>,
}

impl File {
    /// Opens the node; only one user at a time.
    ///
    /// Errors: `EAGAIN` during a reset, `EPERM` on a card that does not work, `EBUSY` if somebody has it.
    pub(crate) fn open(card: &Arc<Card>) -> Result<Pin<KBox<Self>>> {
        let status = card.status();
        if !status.operational() {
            dev_dbg!(
                card.dev,
                "Can't open {} because it is {}\n",
                card.dev.name(),
                status.text()
            );
            return Err(match status {
                Status::InReset | Status::InResetAfterRelease => EAGAIN,
                _ => EPERM,
            });
        }
        let asid = card.asids.allocate().map_err(|_| EBUSY)?;
        let context = Context::new(card, asid).inspect_err(|error| {
            dev_err!(card.dev, "Failed to create context {}\n", error.to_errno());
        })?;
        let notifier = Notifier::new()?;
        let file = KBox::pin_init(
            pin_init!(Self {
                context,
                buffers <- BufferTable::new(),
                notifier,
            }),
            GFP_KERNEL,
        )?;
        card.observed.opened(&file.notifier)?;
        Ok(file)
    }

    /// Closes it: nothing of the user's stays on the card.
    pub(crate) fn close(card: &Arc<Card>, file: Pin<KBox<Self>>) {
        card.trace.close(card);
        card.observed.opens.releasing();
        file.buffers.clear();
        card.observed.closed(&file.notifier);
    }
}
