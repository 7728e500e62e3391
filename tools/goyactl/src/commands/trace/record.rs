// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Recording by tracefs, in an instance of its own: whoever else traces is not disturbed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind, Result};

/// Where tracefs is mounted; the second one on older systems.
const TRACING: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// A trace that is being recorded. Its instance goes when dropped.
pub struct Recorder(PathBuf);

impl Recorder {
    /// Begins, with a buffer of so many KiB for each processor.
    pub fn start(buffer: u64) -> Result<Self> {
        let tracing = TRACING.iter().map(Path::new).find(|path| path.join("events").exists());
        let Some(tracing) = tracing else {
            let root = fs::read_dir(TRACING[0]).is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied);
            return Err(if root {
                Failure::new(Kind::NoPermission, format!("{}: only root may trace", TRACING[0]))
            } else {
                Failure::failed("no tracefs: mount -t tracefs tracefs /sys/kernel/tracing")
            });
        };
        if !tracing.join("events/goya").exists() {
            return Err(Failure::failed(
                "the kernel knows no trace points of goya's: is the driver loaded (\"modprobe goya\" as root), and the kernel with tracing?",
            ));
        }
        let instance = tracing.join(format!("instances/goyactl-{}", std::process::id()));
        fs::create_dir(&instance).map_err(|error| Failure::file(&instance, error))?;
        let this = Self(instance);
        // The boot clock does not stop while the machine sleeps, and Perfetto knows it.
        this.write("trace_clock", "boot")?;
        this.write("buffer_size_kb", &buffer.to_string())?;
        this.write("events/goya/enable", "1")?;
        Ok(this)
    }

    /// Records no more.
    pub fn stop(&self) -> Result {
        self.write("tracing_on", "0")
    }

    /// What was recorded.
    pub fn text(&self) -> Result<String> {
        let path = self.0.join("trace");
        let bytes = fs::read(&path).map_err(|error| Failure::file(&path, error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Events for which there was no room.
    pub fn lost(&self) -> u64 {
        let processors = fs::read_dir(self.0.join("per_cpu")).into_iter().flatten().flatten();
        let stats = processors.filter_map(|entry| fs::read_to_string(entry.path().join("stats")).ok());
        stats.map(|text| overrun(&text)).sum()
    }

    fn write(&self, name: &str, value: &str) -> Result {
        let path = self.0.join(name);
        fs::write(&path, value).map_err(|error| Failure::file(&path, error))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Events that newer ones have taken the place of, from a processor's `stats`.
fn overrun(stats: &str) -> u64 {
    let value = stats.lines().find_map(|line| line.strip_prefix("overrun: "));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_events_are_counted() {
        assert_eq!(overrun("entries: 5\noverrun: 17\ncommit overrun: 0\n"), 17);
        assert_eq!(overrun(""), 0);
    }
}
