// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How a card is reset: stop everything, reset it, bring it up again.

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::Delta;

use super::state::Stage;
use super::{users, Request, Trigger};
use crate::abstractions::name;
use crate::abstractions::ratelimit::dev_warn_ratelimited;
use crate::bringup;
use crate::device::Card;
use crate::fw::messages;
use crate::hw::engines::{self, Started};
use crate::hw::{mmu, reset};
use crate::observers;

/// What users get to go by themselves before they are killed.
const GRACE: Delta = Delta::from_secs(1);
/// What killed users get to go, and the time between two looks for them. Seconds.
const PERIOD: u32 = 10;

/// Does what there is to do.
pub(super) fn run(card: &Arc<Card>, pdev: &pci::Device<Bound>) {
    let stage = card.resets.state.lock().begin();
    match stage {
        Stage::Asked(wanted) if !wanted.hard => soft(card, pdev, wanted),
        Stage::Asked(wanted) => hard(card, pdev, wanted),
        Stage::Waiting(wanted) => go_on(card, pdev, wanted),
        Stage::Idle | Stage::Working | Stage::Stopped | Stage::Removed => {}
    }
}

fn soft(card: &Arc<Card>, pdev: &pci::Device<Bound>, wanted: Request) {
    let result = engines_only(card, pdev, wanted);
    card.state.disabled.set(result.is_err());
    card.count_soft_reset();
    if result.is_err() {
        dev_err!(card.dev, "Failed to do compute reset\n");
        return hard(card, pdev, wanted.harder());
    }
    let mut state = card.resets.state.lock();
    let later = state.softened();
    card.state.in_soft_reset.set(false);
    card.state.needs_reset.set(false);
    if state.stage == Stage::Idle {
        card.state.in_reset.set(false);
    }
    drop(state);
    card.resets.changed.notify_all();
    dev_dbg!(
        card.dev,
        "Successfully finished resetting the {} device\n",
        name(&card.dev)
    );
    if let Some(wanted) = later {
        dev_info!(
            card.dev,
            "Performing hard reset scheduled during compute reset\n"
        );
        hard(card, pdev, wanted);
    }
}

fn engines_only(card: &Arc<Card>, pdev: &pci::Device<Bound>, wanted: Request) -> Result {
    let bars = &*card.bars;
    if wanted.release {
        card.resets.release.cancel();
    }
    note_trigger(card, wanted.trigger);
    disable(card);
    dev_dbg!(card.dev, "Going to reset engines of inference device\n");
    halt(card);
    card.synchronize_interrupts();
    abort(card);
    let done = reset::soft(card.dev.as_ref(), bars);
    forget_jobs(card, done)?;
    card.state.disabled.set(false);
    bringup::after_soft_reset(card, pdev)
}

fn hard(card: &Arc<Card>, pdev: &pci::Device<Bound>, wanted: Request) {
    let mut state = card.resets.state.lock();
    state.harden();
    card.state.in_soft_reset.set(false);
    drop(state);
    card.resets.changed.notify_all();
    note_trigger(card, wanted.trigger);
    // What fails here fails once more when it is needed.
    let _ = bringup::wake(card, pdev);
    if wanted.trigger != Trigger::Heartbeat {
        // It has said why, and the reset does it anyway.
        let _ = messages::set_pci_access(card.dev.as_ref(), &*card.cpu, false);
    }
    dev_info!(card.dev, "Going to reset device\n");
    stop_all(card);
    go_on(card, pdev, wanted);
}

/// Stops everything that the card and its users do, before its reset, its sleep or its removal. The firmware is told if
/// the card `answers`.
pub(crate) fn take_out_of_use(card: &Card, answers: bool) {
    if answers {
        // As above.
        let _ = messages::set_pci_access(card.dev.as_ref(), &*card.cpu, false);
    }
    stop_all(card);
}

fn stop_all(card: &Card) {
    card.synchronize_interrupts();
    card.cpu.stop();
    disable(card);
    stop(card);
}

/// Stops the engines, with no job of the driver's under way.
pub(crate) fn halt(card: &Card) {
    card.queues.trusted().stop();
    engines::halt(card.dev.as_ref(), &*card.bars, Started::ALL);
}

/// Stops everything that a hard reset ends: the card reaches the host no more, and all jobs have ended.
fn stop(card: &Card) {
    let bars = &*card.bars;
    card.heartbeat.stop();
    card.watchdog.stop();
    card.resets.release.cancel();
    halt(card);
    card.disable_interrupts();
    mmu::bypass_cpu(bars);
    abort(card);
}

/// The second half of a hard reset, as soon as all users have gone.
fn go_on(card: &Arc<Card>, pdev: &pci::Device<Bound>, wanted: Request) {
    let name = name(&card.dev);
    if !card.users.wait_gone(GRACE) && users::kill(card) {
        let patience = Delta::from_secs(i64::from(PERIOD));
        if !card.users.wait_gone(patience) && card.resets.state.lock().wait(wanted, users::TRIALS) {
            return later(card);
        }
    }
    let result = whole(card, pdev);
    match result {
        Ok(()) => {
            dev_info!(
                card.dev,
                "Successfully finished resetting the {} device\n",
                name
            );
            card.state.needs_reset.set(false);
        }
        Err(_) => {
            card.state.disabled.set(true);
            card.cpu.stop();
            // Removal, which may have ended this, resets the card once more, and says what comes of it.
            if !card.state.removing.get() {
                dev_err!(card.dev, "{} Failed to reset! Device is NOT usable\n", name);
            }
        }
    }
    card.count_hard_reset();
    let mut state = card.resets.state.lock();
    let goes_on = state.end();
    let again = matches!(state.stage, Stage::Asked(_));
    if goes_on {
        card.state.in_reset.set(false);
    }
    drop(state);
    if again {
        card.resets.task.schedule(0);
    }
    card.resets.changed.notify_all();
    if goes_on && result.is_ok() {
        card.heartbeat.start();
        // Events that come earlier would be ignored.
        bringup::enable_events(card);
        card.scrubber.start();
    }
}

/// Looks for users again in a while.
fn later(card: &Card) {
    if card.users.any_context() {
        dev_info!(
            card.dev,
            "Could not reset device (compute_ctx refcount {}). will try again in {} seconds",
            1,
            PERIOD
        );
    } else {
        dev_info!(
            card.dev,
            "Could not reset device. will try again in {} seconds",
            PERIOD
        );
    }
    card.resets.task.schedule(PERIOD.saturating_mul(1000));
}

/// Resets the whole card and brings it up again.
fn whole(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    users::take_down(card, pdev)?;
    observers::forget_events(card);
    if card.state.removing.get() {
        return Err(ENODEV);
    }
    if card.resets.state.lock().is_hopeless() {
        dev_crit!(
            card.dev,
            "{} Consecutive fatal errors, stopping hard reset\n",
            name(&card.dev)
        );
        return Err(EIO);
    }
    card.state.disabled.set(false);
    bringup::after_hard_reset(card, pdev)
}

/// Nothing is submitted, and nobody gets in, from now on.
fn disable(card: &Card) {
    card.state.disabled.set(true);
    card.users.flush();
}

/// Looks whether the last reset had the same reason. While somebody uses the card, that is nobody's fault
/// but his.
fn note_trigger(card: &Card, trigger: Trigger) {
    if card.in_use() {
        return;
    }
    card.resets.state.lock().note(trigger);
}

/// Ends all jobs. The card must be at none any more.
fn abort(card: &Card) {
    card.users.each(|context| {
        let asid = context.asid.number();
        context.each_at_work(|fence| {
            dev_warn_ratelimited!(card.dev, "Killing CS {}.{}\n", asid, fence.sequence());
        });
    });
    card.queues.abort(Err(EIO));
    super::abort_waits(card);
}

/// Once its reset is `done`, the card has forgotten what was on its queues, and uses nothing of that any more. What it
/// was made ready for is gone in any case.
fn forget_jobs(card: &Card, done: Result) -> Result {
    card.users.each(|context| context.set_switched(false));
    done?;
    card.queues.reset();
    Ok(())
}
