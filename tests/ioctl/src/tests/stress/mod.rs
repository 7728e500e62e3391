// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Endurance: what goes well once, very often. A test does the same at any length, only more or fewer
//! rounds of it: `GOYA_STRESS` is a percentage. `make stress` is the whole length. With none, or 0, a test does
//! the fewest rounds that make sense; the ordinary run has the debug kernel's checkers see those. It leaves
//! them out if nothing is said at all, as with upstream's driver, where they take minutes.

mod flood;
mod maps;
mod opens;
mod removal;
mod rings;

pub use removal::asleep;

use super::Test;

/// Seconds that a test may take at any length.
const LEAST_SECONDS: u64 = 60;

/// Tests that leave the card as they find it.
pub const GENTLE: &[Test] = &[
    Test { name: "stress.nops", run: flood::nops, seconds: 1200, emulated: false },
    Test { name: "stress.threads", run: flood::threads, seconds: 600, emulated: false },
    Test { name: "stress.external_rings", run: rings::external, seconds: 300, emulated: false },
    Test { name: "stress.internal_rings", run: rings::internal, seconds: 300, emulated: false },
    Test { name: "stress.mappings", run: maps::mappings, seconds: 1200, emulated: false },
    Test { name: "stress.mapping_threads", run: maps::threads, seconds: 600, emulated: false },
    Test { name: "stress.large_mapping", run: maps::large, seconds: 300, emulated: false },
    Test { name: "stress.open_race", run: opens::race, seconds: 300, emulated: false },
];

/// Tests that have it reset or take the driver away.
pub const ROUGH: &[Test] = &[
    Test { name: "stress.reloads", run: removal::reloads, seconds: 7200, emulated: false },
    Test { name: "stress.closes", run: opens::closes, seconds: 3600, emulated: false },
    Test { name: "stress.unbind", run: removal::unbind, seconds: 600, emulated: false },
];

/// Whether to run a test that nobody has named.
pub fn is_ordinary(test: &Test) -> bool {
    percent().is_some() || !GENTLE.iter().chain(ROUGH).any(|t| t.name == test.name) && !super::is_last(test)
}

/// The percentage to run, if that is said.
fn percent() -> Option<u64> {
    std::env::var("GOYA_STRESS").ok().and_then(|n| n.parse().ok())
}

/// Whether a test's length is a matter of `GOYA_STRESS`.
pub fn has(test: &Test) -> bool {
    test.name.starts_with("stress.")
}

/// How long a test may take that may take `full` seconds at full length.
pub fn seconds(full: u64) -> u64 {
    part(full).max(LEAST_SECONDS)
}

/// How many rounds to do, `full` at full length, but `least` in any case.
fn rounds(full: u32, least: u32) -> u32 {
    u32::try_from(part(full.into())).unwrap_or(u32::MAX).max(least)
}

fn part(full: u64) -> u64 {
    full.saturating_mul(percent().unwrap_or_default()) / 100
}
