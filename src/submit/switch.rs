// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The first submission of a context: nothing of another user's is left on the card, then the restore
//! phase (upstream `hl_cs_ctx_switch()`, `goya_context_switch()`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;

use super::fence::Waited;
use crate::abstractions::accel::Call;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::bringup::DEFAULT_PAGE;
use crate::context::{Context, Found};
use crate::device::Card;
use crate::driver::GoyaNode;
use crate::hw::{dma, map, pll, sync};
use crate::mem::scrub;
use crate::queue::driver_job::{self, Fill};

/// What SRAM is filled with.
const SRAM_WORD: u64 = 0x7777_7777_7777_7777;

/// Switches to the caller's context, if nobody has done so since it was opened or the card was reset, and
/// runs `restore` then, or if it is `forced`. All others wait until that is done, or a signal comes (`ERESTARTSYS`).
///
/// `restore` gets the time-out for its submission and returns its number, or nothing.
pub(crate) fn enter(
    call: &Call<'_, GoyaNode>,
    forced: bool,
    restore: impl FnOnce(Option<u32>) -> Result<Option<u64>>,
) -> Result {
    let (card, context) = (call.data, &call.file.context);
    if context.switched() && !forced {
        return Ok(());
    }
    let turn = context.phase.take()?;
    let first = !context.switched();
    if !first && !forced {
        // Somebody else has done it meanwhile.
        return Ok(());
    }
    let asid = context.asid.number();
    if first {
        let live = call.enter()?;
        clean(card, context, live.parent()).inspect_err(|error| {
            dev_err_ratelimited!(
                card.dev,
                "Failed to switch to context {}, rejecting CS! {}\n",
                asid,
                error.to_errno()
            );
            reset_engines(card, *error);
        })?;
    }
    let submitted = restore(card.settings.timeout_ms()).inspect_err(|error| {
        dev_err_ratelimited!(
            card.dev,
            "Failed to submit restore CS for context {} ({})\n",
            asid,
            error.to_errno()
        );
    })?;
    if let Some(sequence) = submitted {
        let timeout = card
            .settings
            .timeout_ms()
            .map_or(u64::MAX, |ms| u64::from(ms) * 1000);
        finish(call, sequence, timeout).map_err(|error| {
            dev_err_ratelimited!(
                card.dev,
                "Restore CS for context {} failed to complete {}\n",
                asid,
                error.to_errno()
            );
            ENOEXEC
        })?;
    }
    context.set_switched(true);
    drop(turn);
    Ok(())
}

fn finish(call: &Call<'_, GoyaNode>, sequence: u64, timeout_us: u64) -> Result {
    let Found::Fence(fence) = call.file.context.find(sequence) else {
        return Ok(());
    };
    match fence.wait(call, timeout_us)? {
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
    driver_job::fill(parent, bars, &card.queues, [sram, DEFAULT_PAGE]).inspect_err(|_| {
        dev_err_ratelimited!(card.dev, "Failed to clear SRAM in context switch\n")
    })?;
    dma::reset_user_registers(bars);
    pll::relax_tpc_clock(bars);
    sync::clear(bars);
    Ok(())
}

/// Overwrites device memory that others have used, before `context` gets some of it; its first job does so
/// otherwise.
pub(crate) fn clean_memory(card: &Card, context: &Context, parent: &Device<Bound>) -> Result {
    if context.switched() {
        return Ok(());
    }
    let _turn = context.phase.take()?;
    if context.switched() {
        return Ok(());
    }
    let _on_card = context.on_card()?;
    scrub::finish(card, parent).inspect_err(|error| reset_engines(card, *error))
}

/// What keeps the card from being cleaned ends with a reset of its engines.
fn reset_engines(card: &Card, error: Error) {
    if error == ETIMEDOUT || error == EBUSY {
        card.request_soft_reset();
    }
}
