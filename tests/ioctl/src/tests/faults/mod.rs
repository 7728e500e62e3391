// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Injected faults, and how the driver reacts: the log lines, counters and resets that upstream's
//! source promises.

mod events;
mod lockups;
mod queues;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::packet::Packets;
use goya_tests::{Result, check_eq, events as wait, kmsg};

use super::Test;

/// All of them, those with the most messages and the longest last.
pub const TESTS: &[&[Test]] =
    &[events::TESTS, queues::TESTS, lockups::TESTS, events::LOUD, lockups::HEARTBEAT];

/// How long a driver may take to notice something.
const PATIENCE: Duration = Duration::from_secs(20);

/// Messages that come with every reset under a user.
fn expect_reset() -> Result {
    for text in [
        "has not finished in",
        "has timed-out while user process is waiting for it",
        "has been aborted while user process is waiting for it",
    ] {
        kmsg::expect(text)?;
    }
    Ok(())
}

fn reset_happened(card: &Card, before: (u32, u32)) -> Result {
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()
}

/// The card does a job.
fn works() -> Result {
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// A process that has the card and waits to be told to go on (`crate::victim`).
struct Held(Child);

impl Held {
    /// Starts it, and waits until it has the card.
    fn start(work: &str) -> Result<Self> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut child = Command::new(program)
            .args(["--victim", work])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
        }
        match line.trim() {
            "ready" => Ok(Self(child)),
            other => Err(format!("the process that is to have the card says {other:?}")),
        }
    }

    /// Lets it go on.
    fn go(&mut self) -> Result {
        match &mut self.0.stdin {
            Some(stdin) => stdin.write_all(b"go\n").map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    /// It is killed by the driver (`device_kill_open_processes()`).
    fn ends_killed(mut self) -> Result {
        if !wait::ended(&self.0, PATIENCE).map_err(|e| e.to_string())? {
            return Err("the process that has the card lives on".into());
        }
        let status = self.0.wait().map_err(|e| e.to_string())?;
        check_eq!(status.signal(), Some(libc::SIGKILL), "the signal that ended the process");
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
