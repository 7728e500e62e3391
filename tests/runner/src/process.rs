// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Processes that never outlive this one.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpid, getppid, kill_process_group, set_parent_process_death_signal};

/// How long a process may take to end when asked.
const PATIENCE: Duration = Duration::from_secs(3);

/// A child in a process group of its own; ends when dropped, and when this process dies.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command`. The terminal's signals do not reach it: whoever starts it decides when it
    /// ends.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let parent = getpid();
        command.process_group(0);
        let tie = move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the line above.
            if getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
        };
        // SAFETY: between fork and exec the closure makes system calls only: no locks, no allocation.
        unsafe { command.pre_exec(tie) };
        command.spawn().map(Self)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Takes its error output, if that is a pipe.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        self.0.stderr.take()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        let group = Pid::from_child(&self.0);
        let _ = kill_process_group(group, Signal::TERM);
        let end = Instant::now() + PATIENCE;
        while self.ended().is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        if self.ended().is_none() {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.0.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::Stdio;

    #[test]
    fn a_process_that_ignores_requests_ends_all_the_same() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; echo ready >&2; while :; do sleep 1; done"]);
        let mut process = Process::start(command.stderr(Stdio::piped())).unwrap();
        let mut stderr = process.stderr().unwrap();
        let mut ready = [0; 6];
        stderr.read_exact(&mut ready).unwrap();
        assert!(process.ended().is_none());
        let start = Instant::now();
        drop(process);
        assert!(start.elapsed() >= PATIENCE);
        // Everything that could write has ended.
        let mut rest = Vec::new();
        stderr.read_to_end(&mut rest).unwrap();
    }

    #[test]
    fn a_process_that_ends_by_itself_is_seen() {
        let mut process = Process::start(Command::new("sh").args(["-c", "exit 7"])).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while process.ended().is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(process.ended().and_then(|s| s.code()), Some(7));
    }
}
