// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Commands that tell of trouble, make some, or end it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::packet::Packets;
use goya_tests::{Result, check, check_eq, kmsg};
use goya_uapi::{HL_CS_FLAGS_CUSTOM_TIMEOUT, HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT};
use serde_json::{Value, json};

use super::{goyactl, json as told, parse};

/// A monitor that has begun to listen.
pub(super) struct Monitor {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Monitor {
    pub(super) fn start(arguments: &[&str]) -> Result<Self> {
        let mut child = goyactl(&[&["monitor", "--json", "--time", "30"][..], arguments].concat())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut monitor = Self { child, lines };
        let first = monitor.next()?;
        check_eq!((&first["kind"], &first["yes"]), (&"listening".into(), &true.into()), "the first line");
        Ok(monitor)
    }

    fn next(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.lines.read_line(&mut line).map_err(|e| e.to_string())? == 0 {
            return Err("the monitor ends".into());
        }
        parse(&line)
    }

    /// Waits until it tells something of a kind.
    pub(super) fn wait_for(&mut self, kind: &str) -> Result<Value> {
        loop {
            let line = self.next()?;
            if line["kind"] == kind {
                return Ok(line);
            }
        }
    }

    pub(super) fn ends_well(&mut self) -> Result {
        let status = self.child.wait().map_err(|e| e.to_string())?;
        check!(status.success(), "the monitor ends with {status}");
        Ok(())
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whoever has the card is not disturbed, and all that happens to it is told.
pub(super) fn monitor() -> Result {
    super::present();
    for text in ["has not finished in", "completed after"] {
        kmsg::expect(text)?;
    }
    let card = Card::open()?;
    let mut monitor = Monitor::start(&["--count", "2"])?;
    let mut control = Control::open()?;
    control.inject("event", &json!({"event": "FIX_THERMAL_ENV_S"}))?;
    let event = monitor.wait_for("event")?;
    check_eq!(event["count"], 1, "events");
    control.inject("event", &json!({"event": "FIX_THERMAL_ENV_E"}))?;
    monitor.wait_for("event")?;
    monitor.ends_well()?;
    let mut monitor = Monitor::start(&["--count", "1"])?;
    // Not queue 0: the driver's own jobs are there.
    control.inject("slow-queue", &json!({"queue": "dma2", "ms": 800}))?;
    let flags = HL_CS_FLAGS_CUSTOM_TIMEOUT | HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT;
    let job = card.job(2, &Packets::default().nop().nop().nop().nop())?;
    let number = card.submit(&[job.chunk], flags, 1).map_err(|e| e.to_string())?;
    check_eq!(monitor.wait_for("late_submission")?["number"], number, "the late submission");
    monitor.ends_well()?;
    control.clear()?;
    card.finish(number).map(drop)
}

/// Firmware that is silent makes the driver reset the card. If it goes on before the reset, it answers late, and finds that it is
/// not expected any more.
fn expect_silence() -> Result {
    for text in [
        "Device CPU packet timeout",
        "Device heartbeat failed!",
        "Pkt info[",
        "Received H/W interrupt 506",
        "Out of sync with FW",
        // Upstream's driver asks firmware once more if the card's user goes before the reset.
        "Failed to disable FW's PCI access",
    ] {
        kmsg::expect(text)?;
    }
    Ok(())
}

/// The card's user is told at once, also before a reset, which it survives.
pub(super) fn notifier() -> Result {
    super::present();
    let mut monitor = Monitor::start(&["--own"])?;
    let mut control = Control::open()?;
    expect_silence()?;
    control.inject("stop-heartbeat", &json!({}))?;
    let gone = monitor.wait_for("listening")?;
    check_eq!(gone["yes"], false, "what the monitor does before a reset");
    control.clear()?;
    check_eq!(monitor.wait_for("listening")?["yes"], true, "what it does after a reset");
    Ok(())
}

pub(super) fn reset() -> Result {
    super::present();
    kmsg::expect("Reset requested through sysfs")?;
    // The user of the test before has to be gone.
    drop(Card::open()?);
    let before = Card::open_control()?.resets()?.0;
    let answer = told(&["reset"])?;
    check_eq!(answer["hard_resets"], before + 1, "resets");
    // It is operational at once.
    let result = told(&["copy", "--size", "64K"])?;
    check_eq!(result["same"], true, "a copy after a reset");
    Ok(())
}

pub(super) fn drill() -> Result {
    super::present();
    for text in ["has not finished in", "completed after"] {
        kmsg::expect(text)?;
    }
    expect_silence()?;
    let answer = told(&["drill"])?;
    check_eq!(answer["ok"], true, format!("the drill: {answer}"));
    check_eq!(answer["steps"].as_array().map(Vec::len), Some(11), "steps");
    Ok(())
}
