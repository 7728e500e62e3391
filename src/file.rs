// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! An open accel node (upstream `struct hl_fpriv`).

use kernel::prelude::*;
use kernel::sync::Arc;

use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::abstractions::signal::is_kernel_thread;
use crate::abstractions::{accel, name};
use crate::card::Card;
use crate::context::Context;
use crate::history::notify::Notifier;
use crate::state::request::ResetRequest;
use crate::state::status::Status;

/// The call of an ioctl.
pub(crate) type Call<'a> = accel::Call<'a, Arc<Card>, File>;

/// An open accel node: one context.
pub(crate) struct File {
    pub(crate) context: Arc<Context>,
    /// What its user is told of.
    pub(crate) notifier: Arc<Notifier>,
    /// The opener's number among the card's users.
    user: u64,
}

impl File {
    /// Opens the node; only one user at a time.
    ///
    /// Errors: `EAGAIN` during a reset, or while the last user is cleaned up after; `EPERM` on a card that
    /// does not work, `EBUSY` if somebody has it.
    pub(crate) fn open(card: &Arc<Card>) -> Result<Pin<KBox<Self>>> {
        let make = || {
            let asid = card.memory.asids.allocate().map_err(|_| EBUSY)?;
            Context::new(&card.memory, asid).inspect_err(|error| {
                dev_err_ratelimited!(card.dev, "Failed to create context {}\n", error.to_errno());
            })
        };
        let (user, context) = card.users.admit(|| allowed(card), make)?;
        Self::make(card, user, context).inspect_err(|_| card.users.forget(user))
    }

    fn make(card: &Card, user: u64, context: Arc<Context>) -> Result<Pin<KBox<Self>>> {
        let notifier = Notifier::new()?;
        let file = KBox::pin(
            Self {
                context,
                notifier,
                user,
            },
            GFP_KERNEL,
        )?;
        card.history.opened(&file.notifier)?;
        Ok(file)
    }

    /// Closes it: nothing of the user's stays on the card.
    pub(crate) fn close(card: &Arc<Card>, file: Pin<KBox<Self>>) {
        if !card.users.release(file.user) {
            // The card was taken from it, and may be another's.
            return;
        }
        let (user, notifier) = (file.user, file.notifier.clone());
        card.trace.close(&card.trace_units());
        card.history.opens.releasing();
        file.context.buffers.close();
        let at_work = file.context.at_work();
        // Jobs that are done refer to the context.
        card.queues.reclaim();
        // The context goes with it, unless something is at work.
        drop(file);
        leave(card, user, at_work);
        card.history.closed(&notifier);
        card.users.released();
        card.scrubber.schedule(0);
    }
}

impl accel::File for File {
    /// `ENODEV` if the card was reset, or removed, without its being closed.
    fn check(&self) -> Result {
        if self.context.is_dead() {
            return Err(ENODEV);
        }
        Ok(())
    }
}

/// Whether the card can be opened at all.
fn allowed(card: &Card) -> Result {
    let status = card.status();
    if status.operational() {
        return Ok(());
    }
    dev_dbg!(
        card.dev,
        "Can't open {} because it is {}\n",
        name(&card.dev),
        status.text()
    );
    Err(match status {
        Status::InReset | Status::InResetAfterRelease => EAGAIN,
        _ => EPERM,
    })
}

/// Resets what a user leaves busy, `at_work` submissions or an engine (`hpriv_release()`).
fn leave(card: &Arc<Card>, user: u64, at_work: u32) {
    if at_work > 0 {
        dev_notice!(
            card.dev,
            "User process closed FD but device still in use [{} active CS]\n",
            at_work
        );
        card.users.forget(user);
        card.resets.request_hard_reset();
        return;
    }
    let awaited = card.resets.release_awaited();
    let mut busy = false;
    if !awaited && !card.resets.in_reset() {
        let report = card.engines(None);
        busy = !report.is_idle();
        if busy {
            dev_err_ratelimited!(
                card.dev,
                "{} device is not idle after user context is closed (mask {:#x})\n",
                name(&card.dev),
                report.busy_mask
            );
        }
    }
    // A reset need not wait for this process any more.
    card.users.forget(user);
    if awaited || busy {
        // Resets the engines, or does what was put off until this user went. The kernel's own threads have others' files to let
        // go of (a ring that ends has kept this one), which shall not wait: whoever opens the card sees the reset by itself.
        if is_kernel_thread() {
            card.resets.request(ResetRequest::RELEASE);
        } else {
            card.resets.request_and_wait(ResetRequest::RELEASE);
        }
    }
}
