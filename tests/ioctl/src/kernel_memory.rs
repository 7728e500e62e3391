// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How much memory the kernel uses, so exactly that a small leak in each of many rounds shows.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use crate::{Result, sys};

/// How long what is freed later (RCU, work queues) may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// KiB that each round may cost, and all of them together: a leak of a page in every round is found.
const KIB_A_ROUND: f64 = 1.0;
const KIB_IN_SUM: f64 = 512.0;
/// Objects of one slab cache: whatever is lost in every round is found, small as it may be. Processors keep
/// some at hand that are free, but not counted so.
const OBJECTS_A_ROUND: f64 = 0.5;
const OBJECTS_IN_SUM: f64 = 128.0;
/// Fewer rounds than these cannot be told from what the rest of the kernel does.
pub const LEAST: u32 = 300;
/// What is told beside the sum; all of it is in the sum.
const PARTS: [&str; 6] = ["Slab", "SUnreclaim", "VmallocUsed", "Percpu", "KernelStack", "PageTables"];
const PAGE_KIB: i64 = 4;

/// What the kernel uses at one time.
#[derive(Debug, Clone)]
pub struct KernelMemory {
    /// KiB that are neither free nor a process's nor a file's.
    used: i64,
    /// KiB of [`PARTS`].
    parts: BTreeMap<String, i64>,
    /// Objects of each slab cache.
    objects: BTreeMap<String, i64>,
}

impl KernelMemory {
    /// What it uses now, with everything given back that it can do without.
    pub fn now() -> Result<Self> {
        for cache in fs::read_dir("/sys/kernel/slab").into_iter().flatten().flatten() {
            // An alias is a link. Not every kernel has these files.
            if cache.file_type().is_ok_and(|t| t.is_dir()) {
                let _ = fs::write(cache.path().join("shrink"), "1");
            }
        }
        // After that, for these were files, too; and what RCU frees, it is to free now.
        write("/proc/sys/vm/drop_caches", "3")?;
        sys::wait_for_rcu().map_err(|e| format!("membarrier: {e}"))?;
        refresh_counters()?;
        let parts = numbers(&read("/proc/meminfo")?);
        let part = |name: &str| parts.get(name).copied().unwrap_or_default();
        let of_processors = on_processors(&read("/proc/zoneinfo")?) * PAGE_KIB;
        let free = part("MemFree") + of_processors;
        let used = part("MemTotal") - free - part("Buffers") - part("Cached") - part("AnonPages");
        let mut objects = objects(&fs::read_to_string("/proc/slabinfo").unwrap_or_default());
        // These also tell of addresses that are free, which the kernel tidies up when they are very many. A range
        // that is in use has an object of another cache, too, and mostly pages.
        objects.remove("vmap_area");
        Ok(Self { used, parts, objects })
    }

    /// Fails if `rounds` rounds since `self` have cost memory. Returns what they have cost, in words.
    pub fn judge(&self, rounds: u32) -> Result<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let grown = self.grown(rounds, &Self::now()?);
            if rounds < LEAST {
                return Ok(format!("{grown}, too few rounds to judge"));
            }
            if !grown.is_too_much() {
                return Ok(grown.to_string());
            }
            if Instant::now() > end {
                return Err(format!("the kernel lost memory: {grown}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn grown(&self, rounds: u32, now: &Self) -> Growth {
        let difference = |a: &BTreeMap<String, i64>, b: &BTreeMap<String, i64>, name: &str| {
            b.get(name).copied().unwrap_or_default() - a.get(name).copied().unwrap_or_default()
        };
        let parts = PARTS.iter().map(|name| (*name, difference(&self.parts, &now.parts, name))).collect();
        let mut objects: Vec<_> = now
            .objects
            .keys()
            .map(|name| (name.clone(), difference(&self.objects, &now.objects, name)))
            .collect();
        objects.sort_by_key(|(_, n)| -n);
        objects.truncate(3);
        Growth { rounds, before: self.used, kib: now.used - self.used, parts, objects }
    }
}

/// What rounds have cost.
struct Growth {
    rounds: u32,
    before: i64,
    kib: i64,
    parts: Vec<(&'static str, i64)>,
    /// The slab caches that have grown most.
    objects: Vec<(String, i64)>,
}

impl Growth {
    fn is_too_much(&self) -> bool {
        let most = self.objects.first().map_or(0, |(_, n)| *n);
        let rounds = f64::from(self.rounds);
        self.kib as f64 > KIB_A_ROUND * rounds + KIB_IN_SUM
            || most as f64 > OBJECTS_A_ROUND * rounds + OBJECTS_IN_SUM
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB before, {:+} KiB after {} rounds (", self.before, self.kib, self.rounds)?;
        for (n, (name, kib)) in self.parts.iter().enumerate() {
            write!(f, "{}{name} {kib:+}", if n == 0 { "" } else { ", " })?;
        }
        write!(f, "; objects:")?;
        for (name, count) in &self.objects {
            write!(f, " {name} {count:+}")?;
        }
        write!(f, ")")
    }
}

/// Bytes of memory that programs can get.
pub fn available() -> Result<usize> {
    let kib = numbers(&read("/proc/meminfo")?).get("MemAvailable").copied();
    let kib = kib.and_then(|kib| usize::try_from(kib).ok());
    kib.map(|kib| kib << 10).ok_or_else(|| "no MemAvailable in meminfo".to_owned())
}

/// Bytes of memory that the machine has.
pub fn total() -> Result<u64> {
    let kib = numbers(&read("/proc/meminfo")?).get("MemTotal").copied();
    let kib = kib.and_then(|kib| u64::try_from(kib).ok());
    kib.map(|kib| kib << 10).ok_or_else(|| "no MemTotal in meminfo".to_owned())
}

/// Adds up what each processor has counted for itself.
pub(crate) fn refresh_counters() -> Result {
    write("/proc/sys/vm/stat_refresh", "1")
}

/// What is in a file, as text.
pub fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))
}

fn write(path: &str, text: &str) -> Result {
    fs::write(path, text).map_err(|e| format!("{path}: {e}"))
}

/// The numbers of `/proc/meminfo` by their names.
fn numbers(text: &str) -> BTreeMap<String, i64> {
    let line = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        Some((name.to_owned(), rest.split_whitespace().next()?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// Pages of `/proc/zoneinfo` that processors keep at hand: free, but not counted so.
fn on_processors(text: &str) -> i64 {
    let pages = text.lines().filter_map(|l| l.trim().strip_prefix("count:"));
    pages.filter_map(|n| n.trim().parse::<i64>().ok()).sum()
}

/// Objects in use of `/proc/slabinfo`, by cache.
fn objects(text: &str) -> BTreeMap<String, i64> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
    };
    text.lines().filter(|l| !l.starts_with('#')).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(numbers("MemTotal:  2048 kB\nMemFree: 17 kB\nx\n")["MemFree"], 17);
        assert_eq!(on_processors("  cpu: 0\n     count:    63\n    high: 5\n  cpu: 1\n   count: 1\n"), 64);
        let slabs = "slabinfo - version: 2.1\n# name  <active_objs>\nkmalloc-8  512 513 8 : tunables\n";
        assert_eq!(objects(slabs)["kmalloc-8"], 512);
    }

    fn memory(used: i64, small: i64) -> KernelMemory {
        let objects = [("kmalloc-8".to_owned(), small)].into();
        KernelMemory { used, parts: BTreeMap::new(), objects }
    }

    #[test]
    fn a_leak_in_each_round_is_too_much_and_noise_is_not() {
        for rounds in [LEAST, 1000] {
            let grown = |used, small| memory(0, 0).grown(rounds, &memory(used, small)).is_too_much();
            assert!(!grown(700, 200) && !grown(-5, -5));
            assert!(grown(4 * i64::from(rounds), 0) && grown(8, rounds.into()));
        }
    }
}
