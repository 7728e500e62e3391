// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The kernel's trace: an instance of this process's own, so that others are not in the way.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Result, sys};

/// Where the kernel traces.
const TRACING: &str = "/sys/kernel/tracing";

/// A trace of some events. Gone when dropped.
#[derive(Debug)]
pub struct Trace(PathBuf);

impl Trace {
    /// Whether the running kernel has these events at all: `goya`, or `goya/goya_event`.
    pub fn has(events: &str) -> bool {
        mount();
        Path::new(TRACING).join("events").join(events).exists()
    }

    /// Traces these events from now on.
    pub fn of(events: &[&str]) -> Result<Self> {
        mount();
        let instance = Path::new(TRACING).join(format!("instances/goya-{}", std::process::id()));
        fs::create_dir(&instance).map_err(|e| format!("{}: {e}", instance.display()))?;
        let trace = Self(instance);
        trace.write("trace_clock", "mono")?;
        for event in events {
            trace.write(&format!("events/{event}/enable"), "1")?;
        }
        Ok(trace)
    }

    fn write(&self, name: &str, value: &str) -> Result {
        let path = self.0.join(name);
        fs::write(&path, value).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Forgets all so far.
    pub fn clear(&self) -> Result {
        self.write("trace", "")
    }

    /// All of the trace so far, as the kernel tells it.
    pub fn text(&self) -> Result<String> {
        fs::read_to_string(self.0.join("trace")).map_err(|e| format!("trace: {e}"))
    }

    /// Lines of the trace so far, each from the event's name on.
    pub fn lines(&self) -> Result<Vec<String>> {
        let text = self.text()?;
        let events = text.lines().filter(|line| !line.starts_with('#'));
        Ok(events.filter_map(|line| line.find("goya_").map(|at| line[at..].to_owned())).collect())
    }

    /// The first of its lines that begins with `event` and has all of `texts` in it.
    pub fn find(&self, event: &str, texts: &[&str]) -> Result<String> {
        let lines = self.lines()?;
        let name = format!("{event}:");
        let is = |line: &&String| line.starts_with(&name) && texts.iter().all(|text| line.contains(text));
        lines.iter().find(is).cloned().ok_or_else(|| format!("no {event} with {texts:?} in {lines:#?}"))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Nothing where it is mounted, or where there is none.
fn mount() {
    if Path::new(TRACING).join("events").exists() {
        return;
    }
    if let Err(error) = sys::mount("tracefs", TRACING) {
        println!("tracefs: {error}");
    }
}
