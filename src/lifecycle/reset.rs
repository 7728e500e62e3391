// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How a card is reset: stop everything, reset it, bring it up again.

use kernel::device::Bound;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::Arc;

use super::{bring_up, users};
use crate::abstractions::name;
use crate::abstractions::ratelimit::dev_warn_ratelimited;
use crate::abstractions::task::Run;
use crate::abstractions::trace::{self, errno};
use crate::card::{BoundCard, Card, Node};
use crate::fw::messages;
use crate::hw::engines;
use crate::hw::mmu;
use crate::hw::reset::{self, JobsForgotten};
use crate::monitor::{conditional_reset, heartbeat, interrupts};
use crate::state::request::{ResetRequest, Trigger};
use crate::state::stage::Stage;

/// How long killed users are waited for before others may have the task, and the pause before the next time. Seconds.
const PERIOD: u32 = 10;

/// Does the resets that somebody wants.
pub(crate) struct Worker(pub(crate) Arc<BoundCard>);

impl Run for Worker {
    fn run(&self) {
        self.0.with(run);
    }
}

/// Does what there is to do.
fn run(node: &Node, pdev: &pci::Device<Bound>) {
    match node.data().resets.begin() {
        Stage::Asked(wanted) if !wanted.hard => run_soft_reset(node, pdev, wanted),
        Stage::Asked(wanted) => run_hard_reset(node, pdev, wanted),
        Stage::Waiting(wanted) => go_on(node, pdev, wanted),
        Stage::Idle | Stage::Working | Stage::Stopped | Stage::Removed => {}
    }
}

fn run_soft_reset(node: &Node, pdev: &pci::Device<Bound>, wanted: ResetRequest) {
    let card = node.data();
    trace::goya_reset_start(&card.dev, || (false, 0));
    let result = engines_only(card, pdev, wanted);
    trace::goya_reset_done(&card.dev, || (false, errno(result)));
    card.resets.set_disabled(result.is_err());
    card.count_soft_reset();
    if result.is_err() {
        dev_err!(card.dev, "Failed to do compute reset\n");
        return run_hard_reset(node, pdev, wanted.harder());
    }
    let later = card.resets.softened();
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
        return run_hard_reset(node, pdev, wanted);
    }
    // Whoever has left the card need not have waited for this.
    card.scrubber.schedule(0);
}

fn engines_only(card: &Arc<Card>, pdev: &pci::Device<Bound>, wanted: ResetRequest) -> Result {
    let bars = &*card.bars;
    if wanted.release {
        card.resets.cancel_release();
    }
    note_trigger(card, wanted.trigger);
    disable(card);
    dev_dbg!(card.dev, "Going to reset engines of inference device\n");
    let stopped = halt(card);
    interrupts::synchronize(card);
    abort(card);
    let done = reset::soft(card.dev.as_ref(), bars, stopped);
    forget_jobs(card, done)?;
    card.resets.set_disabled(false);
    bring_up::after_soft_reset(card, pdev)
}

fn run_hard_reset(node: &Node, pdev: &pci::Device<Bound>, wanted: ResetRequest) {
    let card = node.data();
    card.resets.harden();
    trace::goya_reset_start(&card.dev, || (true, 0));
    note_trigger(card, wanted.trigger);
    // What fails here fails once more when it is needed.
    let _ = bring_up::wake(card, pdev);
    if wanted.trigger != Trigger::Heartbeat {
        // The callee has logged why, and the reset does it anyway.
        let _ = messages::set_pci_access(card.dev.as_ref(), &*card.cpu, false);
    }
    dev_info!(card.dev, "Going to reset device\n");
    stop_all(card);
    go_on(node, pdev, wanted);
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
    interrupts::synchronize(card);
    card.cpu.stop();
    disable(card);
    stop(card);
}

/// Stops the card, for a time in which the machine or the bus does something to it, of which nobody knows what it leaves.
/// There are no resets until [`revive`](crate::state::resets::Resets::revive); programs see one. The firmware is told if the card `answers`.
///
/// Errors: `EIO`: there is a reset, or the card is being removed.
pub(crate) fn quiesce(card: &Card, answers: bool) -> Result {
    card.resets.suspend()?;
    take_out_of_use(card, answers);
    Ok(())
}

/// The card is lost: it is left as by a reset that has failed.
pub(crate) fn give_up(card: &Card) {
    // One that is under way fails.
    let _ = quiesce(card, false);
    card.resets.abandon();
}

/// Stops the engines, with no job of the driver's under way. Whether the card says that all external queues have stopped.
pub(crate) fn halt(card: &Card) -> bool {
    card.queues.kernel_queue().stop();
    engines::halt(card.dev.as_ref(), &*card.bars)
}

/// Stops everything that a hard reset ends: the card reaches the host no more, and all jobs have ended.
fn stop(card: &Card) {
    let bars = &*card.bars;
    card.heartbeat.cancel();
    card.watchdog.cancel();
    card.resets.cancel_release();
    halt(card);
    interrupts::disable(card);
    mmu::bypass_cpu(bars);
    abort(card);
}

/// The second half of a hard reset, as soon as all users have gone.
fn go_on(node: &Node, pdev: &pci::Device<Bound>, wanted: ResetRequest) {
    let card = node.data();
    let name = name(&card.dev);
    if !users::end(node, PERIOD) && card.resets.wait_for_users(wanted, users::TRIALS) {
        return later(card);
    }
    let result = whole(card, pdev);
    match result {
        Ok(()) => {
            dev_info!(
                card.dev,
                "Successfully finished resetting the {} device\n",
                name
            );
            card.resets.set_needs_reset(false);
        }
        Err(_) => {
            card.resets.set_disabled(true);
            card.cpu.stop();
            // Removal, which may have ended this, resets the card once more, and says what comes of it.
            if !card.resets.is_removing() {
                dev_err!(card.dev, "{} Failed to reset! Device is NOT usable\n", name);
            }
        }
    }
    trace::goya_reset_done(&card.dev, || (true, errno(result)));
    card.count_hard_reset();
    if card.resets.end() && result.is_ok() {
        heartbeat::start(card);
        // Events that come earlier would be ignored.
        bring_up::enable_events(card);
        card.scrubber.schedule(0);
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
    card.resets.go_on_later(PERIOD.saturating_mul(1000));
}

/// Resets the whole card and brings it up again.
fn whole(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    users::take_down(card, pdev)?;
    card.history.forget_events();
    if card.resets.is_removing() {
        return Err(ENODEV);
    }
    if card.resets.is_hopeless() {
        dev_crit!(
            card.dev,
            "{} Consecutive fatal errors, stopping hard reset\n",
            name(&card.dev)
        );
        return Err(EIO);
    }
    card.resets.set_disabled(false);
    bring_up::after_hard_reset(card, pdev)
}

/// Nothing is submitted, and nobody gets in, from now on.
fn disable(card: &Card) {
    card.resets.set_disabled(true);
    card.users.flush();
}

/// Notes why the card is reset, so that a series for the same reason is seen. Not while the card is in use: the user may be the
/// cause then.
fn note_trigger(card: &Card, trigger: Trigger) {
    if card.in_use() {
        return;
    }
    card.resets.note(trigger);
}

/// Ends all jobs. The card must be at none any more.
fn abort(card: &Card) {
    card.users.each(|context| {
        let asid = context.asid();
        context.each_at_work(|fence| {
            dev_warn_ratelimited!(card.dev, "Killing CS {}.{}\n", asid, fence.sequence());
        });
    });
    card.queues.abort(Err(EIO));
    conditional_reset::abort_waits(card);
}

/// Once its reset is `done`, the card has forgotten what was on its queues, and uses nothing of that any more. What it
/// was made ready for is gone in any case.
fn forget_jobs(card: &Card, done: Result<JobsForgotten>) -> Result {
    card.users.each(|context| context.phase.forget());
    card.queues.reset(&done?);
    Ok(())
}
