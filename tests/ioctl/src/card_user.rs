// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Another process that has the card (`crate::child`), as its parent sees it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use goya_tests::{Result, check_eq, events};

/// How long a driver may take to end it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that has the card, or is about to.
pub struct CardUser {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl CardUser {
    /// Starts it, and waits until it is ready.
    pub fn start(work: &str) -> Result<Self> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut child = Command::new(program)
            .args(["--child", work])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let output = child.stdout.take().map(BufReader::new).ok_or("a process without output")?;
        let mut held = Self { child, output };
        match held.line()?.as_str() {
            "ready" => Ok(held),
            other => Err(format!("the process that is to have the card says {other:?}")),
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it says; empty when it has ended.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|e| e.to_string())?;
        Ok(line.trim().to_owned())
    }

    /// Tells it something.
    pub fn tell(&mut self, line: &str) -> Result {
        match &mut self.child.stdin {
            Some(stdin) => stdin.write_all(format!("{line}\n").as_bytes()).map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    /// Lets it go on.
    pub fn go(&mut self) -> Result {
        self.tell("go")
    }

    /// It is killed by the driver (`device_kill_open_processes()`).
    pub fn ends_killed(mut self) -> Result {
        if !events::ended(&self.child, PATIENCE).map_err(|e| e.to_string())? {
            return Err("the process that has the card lives on".into());
        }
        let status = self.child.wait().map_err(|e| e.to_string())?;
        check_eq!(status.signal(), Some(libc::SIGKILL), "the signal that ended the process");
        Ok(())
    }
}

impl Drop for CardUser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
