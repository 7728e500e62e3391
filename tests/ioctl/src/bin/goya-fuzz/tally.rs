// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What was called how often, and what came of it: in memory that all processes share, since most of them are killed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use goya_tests::events;
use goya_tests::sys::Mapping;

/// Kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Info,
    Buffer,
    Submit,
    Wait,
    Memory,
    Debug,
    /// Calls that are no ioctls of the driver's: [`OTHERS`].
    Other,
    /// The driver's ioctls on the control node.
    Control,
    /// DRM's own, and numbers that nobody has.
    Stray,
    Sysfs,
    Debugfs,
    Fault,
    /// Programs for the tensor cores, by core.
    Launch,
}

const KINDS: [&str; 13] = [
    "info", "cb", "cs", "wait", "memory", "debug", "other", "control", "stray", "sysfs", "debugfs", "fault",
    "launch",
];
/// Calls of kind [`Kind::Other`], by their subject.
pub const OTHERS: [&str; 12] =
    ["open", "close", "mmap", "munmap", "fork", "advise", "dup", "drop", "touch", "lock", "killed", "ended"];
/// Calls of a kind: what is above counts as the last.
const SUBJECTS: usize = 64;
/// Errors that are told apart.
const ERRORS: usize = 144;

/// The counters.
#[derive(Clone, Copy)]
pub struct Tally(&'static [AtomicU32]);

/// The number of a call of kind [`Kind::Other`].
pub fn other(name: &str) -> u32 {
    OTHERS.iter().position(|other| *other == name).unwrap_or(SUBJECTS) as u32
}

impl Tally {
    /// All zero; shared with the processes that come from this one.
    pub fn new() -> io::Result<Self> {
        let len = KINDS.len() * SUBJECTS * ERRORS;
        let file: File = events::nameless()?;
        file.set_len((len * size_of::<AtomicU32>()) as u64)?;
        let mapping = Mapping::of_file(&file, len * size_of::<AtomicU32>(), 0)?;
        let counters: *const AtomicU32 = mapping.address() as *const AtomicU32;
        // It stays as long as the process.
        std::mem::forget(mapping);
        // SAFETY: the mapping has `len` counters, is page aligned, and nobody unmaps it; all that is done with it is atomic.
        Ok(Self(unsafe { std::slice::from_raw_parts(counters, len) }))
    }

    /// Counts a call, and hands on what it returned.
    pub fn count<T>(&self, kind: Kind, subject: u32, result: io::Result<T>) -> io::Result<T> {
        let error = match &result {
            Ok(_) => 0,
            Err(e) => e.raw_os_error().unwrap_or(0) as usize,
        };
        let subject = (subject as usize).min(SUBJECTS - 1);
        let at = (kind as usize * SUBJECTS + subject) * ERRORS + error.min(ERRORS - 1);
        if let Some(counter) = self.0.get(at) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    /// Calls so far, and different pairs of call and error.
    pub fn sum(&self) -> (u64, usize) {
        let counts = self.0.iter().map(|n| u64::from(n.load(Ordering::Relaxed))).filter(|n| *n > 0);
        counts.fold((0, 0), |(calls, pairs), n| (calls + n, pairs + 1))
    }

    /// A line for each call that was made: its errors, and how often.
    pub fn lines(&self) -> Vec<String> {
        let mut calls: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (at, count) in self.0.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                calls.entry(at / ERRORS).or_default().push(format!("{}:{count}", at % ERRORS));
            }
        }
        calls.iter().map(|(call, counts)| format!("{}: {}", name(*call), counts.join(" "))).collect()
    }
}

fn name(call: usize) -> String {
    let (kind, subject) = (KINDS.get(call / SUBJECTS).unwrap_or(&"?"), call % SUBJECTS);
    match OTHERS.get(subject) {
        Some(other) if *kind == "other" => (*other).to_owned(),
        _ => format!("{kind}.{subject}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_error() {
        let tally = Tally::new().unwrap();
        let fail = |n| Err::<(), _>(io::Error::from_raw_os_error(n));
        assert!(tally.count(Kind::Info, 3, Ok(())).is_ok());
        assert!(tally.count(Kind::Info, 3, fail(22)).is_err());
        assert!(tally.count(Kind::Info, 3, fail(22)).is_err());
        assert!(tally.count(Kind::Other, other("mmap"), fail(100_000)).is_err());
        assert!(tally.count(Kind::Fault, u32::MAX, Ok(())).is_ok());
        assert_eq!(tally.sum(), (5, 4));
        assert_eq!(tally.lines(), ["info.3: 0:1 22:2", "mmap: 143:1", "fault.63: 0:1"]);
    }
}
