// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What the random tests share: numbers that a seed repeats, and rounds of work in which memory may not grow.

use std::time::{Duration, Instant, SystemTime};

/// Random numbers (xorshift64*).
pub struct Random(pub u64);

impl Random {
    /// By `FUZZ_SEED`, or another seed each time; which one is printed.
    pub fn seeded() -> Self {
        let seed = std::env::var("FUZZ_SEED").ok().and_then(|s| s.parse().ok());
        // By the clock: in the toolbox, processes have the same number each time.
        let since = || SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let seed = seed.unwrap_or_else(|| since().as_nanos() as u64 | 1);
        println!("FUZZ_SEED={seed}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Bytes of memory that this process has in use.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// Whether `time` is what `FUZZ_SECONDS` asks for.
pub fn is_long(time: Duration) -> bool {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(600);
    time >= Duration::from_secs(seconds)
}

/// Makes rounds until the work is `enough`, by its amount and the time that it took; each returns its amount.
/// Returns the bytes that memory has grown by since a quarter of it was done.
pub fn growth(enough: impl Fn(u64, Duration) -> bool, mut round: impl FnMut() -> u64) -> u64 {
    let (start, mut done, mut warm) = (Instant::now(), 0, None);
    while !enough(done, start.elapsed()) {
        done += round();
        if enough(done * 4, start.elapsed() * 4) {
            warm.get_or_insert_with(resident);
        }
    }
    resident().saturating_sub(warm.unwrap_or_else(resident))
}
