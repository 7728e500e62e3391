// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The files of the log directory.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::Error;
use crate::kmsg::Record;

/// What the serial port says.
const CONSOLE: &str = "console.log";
/// The kernel log with levels, as `dmesg -r` prints it.
pub const KERNEL: &str = "dmesg.log";
/// What the program writes.
const OUTPUT: &str = "output.log";

/// The logs being written. A log that cannot be written (a full disk) does not end the run.
pub struct Logs {
    console: File,
    kernel: File,
    output: File,
}

impl Logs {
    /// Makes the directory, without the logs of an earlier run.
    pub fn create(dir: &Path) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|e| Error::file(dir, e))?;
        for entry in fs::read_dir(dir).map_err(|e| Error::file(dir, e))?.flatten() {
            let name = entry.file_name();
            if name.to_str().is_some_and(|n| n.starts_with("card-") && n.ends_with(".log")) {
                let _ = fs::remove_file(entry.path());
            }
        }
        let create = |name| {
            let path = dir.join(name);
            File::create(&path).map_err(|e| Error::file(&path, e))
        };
        Ok(Self { console: create(CONSOLE)?, kernel: create(KERNEL)?, output: create(OUTPUT)? })
    }

    /// Adds to the console's log.
    pub fn console(&mut self, bytes: &[u8]) {
        let _ = self.console.write_all(bytes);
    }

    /// Adds to the program's output.
    pub fn output(&mut self, bytes: &[u8]) {
        let _ = self.output.write_all(bytes);
    }

    /// Adds to the kernel log.
    pub fn kernel(&mut self, record: &Record) {
        let _ = self.kernel.write_all(format!("{record}\n").as_bytes());
    }
}

/// Prints the ends of all logs in `dir`.
pub fn show_ends(dir: &Path) {
    let mut paths: Vec<_> =
        fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.is_file()).collect();
    paths.sort();
    for path in paths {
        let text = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let kernel = path.ends_with(CONSOLE) || path.ends_with(KERNEL);
        let shown = lines.len().min(if kernel { 50 } else { 15 });
        if shown > 0 {
            eprintln!("--- the last {shown} lines of {}", path.display());
            lines.iter().skip(lines.len().saturating_sub(shown)).for_each(|line| eprintln!("{line}"));
        }
    }
}
