// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Guests: one run of `goya-bench` each.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::options::Options;
use crate::results::Results;

/// Seconds that the program may take in a guest.
const TIMEOUT: u32 = 100;

/// What a guest is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Time, memory and the card's counters.
    Time,
    /// Instructions, by QEMU's plugin.
    Count,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Count => "count",
        }
    }
}

/// Runs `goya-bench` with the driver `module` and takes what it tells. `name` is that of the logs.
pub fn run(options: &Options, module: &Path, mode: Mode, name: &str, results: &mut Results) {
    let dir = options.log_dir.join(name);
    let (output, marks, end) = match try_run(options, module, mode, &dir) {
        Ok(done) => done,
        Err(error) => (String::new(), String::new(), Some(error)),
    };
    results.take(&output, &marks, end.map(|end| format!("{end} (logs: {})", dir.display())));
}

/// Output, marks, and what was wrong with the end.
fn try_run(
    options: &Options,
    module: &Path,
    mode: Mode,
    dir: &Path,
) -> Result<(String, String, Option<String>), String> {
    let file = |path: &Path, e| format!("{}: {e}", path.display());
    fs::create_dir_all(dir).map_err(|e| file(dir, e))?;
    let dir = dir.canonicalize().map_err(|e| file(dir, e))?;
    let log = dir.join("runner.log");
    let log = File::create(&log).map_err(|e| file(&log, e))?;
    let marks = dir.join("marks");
    let name = module.file_name().unwrap_or_default().to_string_lossy();
    let inside = format!("/lib/modules/{name}");
    let mut command = Command::new(&options.guest);
    command.arg("--kernel").arg(&options.kernel).arg("--card-bin").arg(&options.card_bin);
    command.args(["--timeout", &TIMEOUT.to_string()]).arg("--log-dir").arg(&dir);
    command.arg("--file").arg(format!("{}:{inside}", module.display()));
    command.arg("--file").arg(format!("{}:/bin/goya-bench", options.bench.display()));
    command.args(options.card_arg.iter().map(|arg| format!("--card-arg={arg}")));
    if mode == Mode::Time {
        command.args(["--smp", &options.smp.to_string()]);
    } else {
        // A second processor would spin and idle besides.
        command.args(["--tcg", "--smp", "1", "--qemu-arg=-plugin"]);
        command.arg(format!("--qemu-arg=file={},marks={}", absolute(&options.plugin)?, marks.display()));
    }
    command.args(["--", "env", &format!("GOYA_MODULE={inside}"), "goya-bench", mode.name()]);
    let done = command.stdin(Stdio::null()).stderr(log).output().map_err(|e| file(&options.guest, e))?;
    let end = (!done.status.success()).then(|| format!("the guest's program: {}", done.status));
    let marks =
        if mode == Mode::Count { fs::read_to_string(&marks).unwrap_or_default() } else { String::new() };
    Ok((String::from_utf8_lossy(&done.stdout).into_owned(), marks, end))
}

/// QEMU reads commas as separators, in the paths of plugins, too.
fn absolute(path: &Path) -> Result<String, String> {
    let full = path.canonicalize().map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(full.display().to_string().replace(',', ",,"))
}
