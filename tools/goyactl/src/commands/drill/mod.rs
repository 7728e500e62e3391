// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl drill`: has an emulated card go wrong, and sees that each way of noticing it works.

mod control;

use std::time::{Duration, Instant};

use goya::{Card, Commands, Device, Notifications, Queue, Submission};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::Drill;
use crate::output::{BAD, Format, GOOD, Output, paint};
use crate::signals;
use crate::system::hwmon;
use control::Control;

/// How long until something has to be noticed. The driver looks after its firmware every few seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// The driver asks firmware for a sign of life every ten seconds. One that fails twice before there was one gives the card up, so
/// whoever goes sooner leaves a trap for the next drill.
const QUIET: Duration = Duration::from_secs(12);
/// The same for what the driver tells at once.
const SOON: Duration = Duration::from_secs(10);

/// A way to notice, and whether it was.
#[derive(Debug, JsonSchema, Serialize)]
struct Step {
    fault: &'static str,
    noticed_by: &'static str,
    ok: bool,
    ms: u64,
}

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    ok: bool,
    steps: Vec<Step>,
}

struct Run<'a> {
    output: &'a Output,
    card: Card,
    control: Control,
    steps: Vec<Step>,
}

/// Goes through all faults.
pub fn run(name: Option<&str>, how: &Drill, output: &Output) -> Result {
    // Faults must not outlive the drill.
    signals::watch()?;
    let card = chosen::card(name)?;
    let control = Control::open(&how.control)?;
    let mut run = Run { output, card, control, steps: Vec::new() };
    run.heat()?;
    run.slow_clock()?;
    run.late_submission()?;
    run.silent_firmware()?;
    let Run { steps, .. } = run;
    let ok = steps.iter().all(|step| step.ok);
    match output.format() {
        Format::Json => output.json("drill", &Answer { ok, steps })?,
        Format::Csv => output.csv(&steps)?,
        Format::Text => {}
    }
    if ok {
        return Ok(());
    }
    let failure = Failure::failed("something went wrong with the card, and was not noticed");
    Err(failure.with("If it is out of order now, \"goyactl reset\" as root resets it"))
}

impl Run<'_> {
    /// Waits until something is so, and notes whether it came.
    fn notice(
        &mut self,
        fault: &'static str,
        noticed_by: &'static str,
        patience: Duration,
        mut seen: impl FnMut() -> bool,
    ) -> Result {
        let start = Instant::now();
        let ok = loop {
            if seen() {
                break true;
            }
            if start.elapsed() >= patience {
                break false;
            }
            signals::check()?;
            std::thread::sleep(Duration::from_millis(20));
        };
        let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let step = Step { fault, noticed_by, ok, ms };
        if self.output.is_text() {
            let verdict = if ok { paint(GOOD, "noticed") } else { paint(BAD, "NOT NOTICED") };
            self.output.line(format_args!("{fault:<20}{noticed_by:<28}{ms:>7} ms  {verdict}"))?;
        }
        self.steps.push(step);
        Ok(())
    }

    /// A sensor measures heat.
    fn heat(&mut self) -> Result {
        let card = self.card.clone();
        let heat = || hwmon::sensors(&card).iter().find(|s| s.name == "temp1").and_then(|s| s.input);
        let before =
            heat().ok_or_else(|| Failure::failed("the card has no sensor of temperature in hwmon"))?;
        let set = |value: i64| json!({"cmd": "set-sensor", "kind": "temp", "index": 0, "value": value});
        self.control.change(&set(before + 30_000), set(before))?;
        self.notice("heat", "sensor in hwmon", SOON, || heat() == Some(before + 30_000))?;
        self.control.clear()
    }

    /// Firmware says that the clock is slow for heat.
    fn slow_clock(&mut self) -> Result {
        let control = chosen::control(&self.card)?;
        let count =
            || control.info().events_ever().map_or(0, |counts| counts.iter().map(|n| u64::from(*n)).sum());
        let slow = || control.info().throttling().is_ok_and(|slow| slow.clk_throttling_reason & 2 != 0);
        let before: u64 = count();
        let event = |name: &str| json!({"cmd": "inject", "fault": "event", "event": name});
        self.control.change(&event("FIX_THERMAL_ENV_S"), event("FIX_THERMAL_ENV_E"))?;
        self.notice("slow clock", "counter of events", SOON, || count() > before)?;
        self.notice("slow clock", "reason of slow clocks", SOON, slow)?;
        self.control.clear()?;
        self.notice("clock as before", "reason of slow clocks", SOON, || !slow())
    }

    /// A queue is too slow for a submission, whose user is told by all ways that there are.
    fn late_submission(&mut self) -> Result {
        let device = chosen::open(&self.card)?;
        let result = self.late_submission_of(&device);
        if result.is_err() {
            // Before the device goes, which waits for what is in flight.
            let _ = self.control.clear();
        }
        result
    }

    fn late_submission_of(&mut self, device: &Device) -> Result {
        const FAULT: &str = "late submission";
        let events = device.events()?;
        let mut packets = Commands::new();
        (0..4).for_each(|_| {
            packets.nop();
        });
        let buffer = device.command_buffer(&packets)?;
        self.control.inject("slow-queue", json!({"queue": "dma2", "ms": 1000}))?;
        let submission = Submission::new().job(Queue::Dma2, &buffer).go_on_after_timeout();
        let fence = device.submit(submission.timeout(Duration::from_secs(1)))?;
        self.notice(FAULT, "notifier (eventfd)", SOON, || {
            events
                .wait(Duration::from_millis(20))
                .is_ok_and(|heard| heard.contains(Notifications::CS_TIMEOUT))
        })?;
        let number = fence.number();
        let recorded = |device: &Device| device.info().cs_timeout();
        self.notice(FAULT, "record of the first error", SOON, || {
            recorded(device).is_ok_and(|late| late.is_some_and(|late| late.seq == number))
        })?;
        let control = chosen::control(&self.card)?;
        self.notice(FAULT, "record, for others", SOON, || {
            control.info().cs_timeout().is_ok_and(|late| late.is_some_and(|late| late.seq == number))
        })?;
        self.control.clear()?;
        self.notice(FAULT, "its end", SOON, || fence.is_done().unwrap_or(false))
    }

    /// Firmware says nothing any more: the driver resets the card.
    fn silent_firmware(&mut self) -> Result {
        const FAULT: &str = "silent firmware";
        let resets = |card: &Card| -> Option<u32> {
            Some(chosen::control(card).ok()?.info().resets().ok()?.hard_reset_cnt)
        };
        let card = self.card.clone();
        let before =
            resets(&card).ok_or_else(|| Failure::failed("the card does not say how often it was reset"))?;
        self.control.inject("stop-heartbeat", json!({}))?;
        // The reset starts firmware anew, and that ends the fault.
        self.notice(FAULT, "counter of resets", PATIENCE, || resets(&card).is_some_and(|now| now > before))?;
        self.control.clear()?;
        const AFTER: &str = "firmware as before";
        self.notice(AFTER, "state of the card", PATIENCE, || {
            chosen::control(&card)
                .is_ok_and(|c| c.info().status().is_ok_and(|s| s == goya::Status::Operational))
        })?;
        let (after, end) = (resets(&card), Instant::now() + QUIET);
        let mut quiet = true;
        self.notice(AFTER, "no reset any more", 2 * QUIET, || {
            quiet &= after.is_some() && resets(&card) == after;
            quiet && Instant::now() >= end
        })
    }
}
