// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The first submission of a context: nothing of another user's is left on the card, then the restore
//! phase (upstream `hl_cs_ctx_switch()`, `goya_context_switch()`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;

use super::{scrub, wait};
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::abstractions::signal::SignalsOnly;
use crate::card::{Card, Node};
use crate::context::{Context, Found};
use crate::hw::{dma, map, pll, sync};
use crate::queue::driver_job::{Fill, DEFAULT_PAGE};
use crate::queue::fence::Waited;
use crate::queue::fill;

/// What SRAM is filled with.
const SRAM_WORD: u64 = 0x7777_7777_7777_7777;

/// Switches to `context`, the caller's, if nobody has done so since it was opened or the card was reset, and
/// runs `restore` then, or if it is `forced`. Others wait until that is done, or a signal comes (`ERESTARTSYS`).
///
/// `restore` gets the time-out for its submission and returns its number, or nothing. It may wait for the card, but for
/// no user.
pub(crate) fn enter(
    node: &Node,
    context: &Context,
    forced: bool,
    restore: impl FnOnce(Option<u32>) -> Result<Option<u64>>,
) -> Result {
    let (card, phase) = (node.data(), &context.phase);
    let mut turn = if forced {
        phase.begin()
    } else {
        phase.begin_alone()?
    };
    if phase.is_over() && !forced {
        // Somebody else has done it meanwhile.
        return Ok(());
    }
    let asid = context.asid();
    let live = || node.enter().ok_or(ENODEV);
    turn.clean(|| clean(card, context, live()?.parent()))
        .inspect_err(|error| {
            dev_err_ratelimited!(
                card.dev,
                "Failed to switch to context {}, rejecting CS! {}\n",
                asid,
                error.to_errno()
            );
            reset_engines(card, *error);
        })?;
    let submitted =
        restore(card.settings.timeout_ms()).inspect_err(|error| not_sent(card, context, *error))?;
    let Some(sequence) = submitted else {
        turn.end();
        return Ok(());
    };
    let restoring = turn.restoring();
    let timeout = card
        .settings
        .timeout_ms()
        .map_or(u64::MAX, |ms| u64::from(ms) * 1000);
    finish(node, context, sequence, timeout).map_err(|error| {
        dev_err_ratelimited!(
            card.dev,
            "Restore CS for context {} failed to complete {}\n",
            asid,
            error.to_errno()
        );
        ENOEXEC
    })?;
    restoring.end();
    Ok(())
}

/// A restoring submission could not be made.
pub(crate) fn not_sent(card: &Card, context: &Context, error: Error) {
    dev_err_ratelimited!(
        card.dev,
        "Failed to submit restore CS for context {} ({})\n",
        context.asid(),
        error.to_errno()
    );
}

fn finish(node: &Node, context: &Context, sequence: u64, timeout_us: u64) -> Result {
    let Found::Fence(fence) = context.find(sequence) else {
        return Ok(());
    };
    // What io_uring tells the same thread of is no reason to break a restore phase, which nobody could go on with.
    let _signals = SignalsOnly::begin();
    match wait::wait(node, context, &fence, timeout_us)? {
        Waited::Done(outcome) => outcome.result,
        Waited::Busy => Ok(()),
    }
}

/// Clears what one user could leave for the next: SRAM, DRAM, registers that users may write, sync objects.
fn clean(card: &Card, context: &Context, parent: &Device<Bound>) -> Result {
    let _on_card = context.on_card()?;
    let bars = &*card.bars;
    scrub::finish(card, parent)?;
    let sram = Fill {
        address: map::SRAM_BASE,
        size: map::SRAM_SIZE,
        value: SRAM_WORD,
        dram: false,
    };
    fill::fill(parent, bars, &card.queues, [sram, DEFAULT_PAGE]).inspect_err(|_| {
        dev_err_ratelimited!(card.dev, "Failed to clear SRAM in context switch\n")
    })?;
    dma::reset_user_registers(bars);
    pll::relax_tpc_clock(bars);
    sync::clear(bars);
    Ok(())
}

/// Overwrites device memory that others have used, before `context` gets some of it; its first submission does so
/// otherwise.
pub(crate) fn clean_memory(node: &Node, context: &Context) -> Result {
    if context.phase.is_clean() {
        return Ok(());
    }
    let _turn = context.phase.begin();
    if context.phase.is_clean() {
        return Ok(());
    }
    let live = node.enter().ok_or(ENODEV)?;
    let _on_card = context.on_card()?;
    let card = node.data();
    scrub::finish(card, live.parent()).inspect_err(|error| reset_engines(card, *error))
}

/// What keeps the card from being cleaned ends with a reset of its engines.
fn reset_engines(card: &Card, error: Error) {
    if error == ETIMEDOUT || error == EBUSY {
        card.resets.request_soft_reset();
    }
}
