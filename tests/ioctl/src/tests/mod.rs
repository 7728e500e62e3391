// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The tests, by area. Those that reset the card or reload the driver come last.

mod buffers;
mod chains;
mod dma;
mod faults;
mod info;
mod memory;
mod open;
mod reload;
mod resets;
mod sensors;
mod submit;
mod units;

use goya_tests::Result;

/// One test.
pub struct Test {
    /// Its name: area, dot, what it shows.
    pub name: &'static str,
    /// What it does.
    pub run: fn() -> Result,
    /// How long it may take.
    pub seconds: u64,
    /// Whether it needs the emulated card's control socket.
    pub emulated: bool,
}

/// A test that ends within half a minute.
const fn test(name: &'static str, run: fn() -> Result) -> Test {
    Test { name, run, seconds: 30, emulated: false }
}

/// A test that injects a fault.
const fn fault(name: &'static str, run: fn() -> Result) -> Test {
    Test { name, run, seconds: 60, emulated: true }
}

/// All tests in order.
pub fn all() -> impl Iterator<Item = Test> {
    [
        open::TESTS,
        info::TESTS,
        buffers::TESTS,
        submit::TESTS,
        memory::TESTS,
        dma::TESTS,
        chains::TESTS,
        units::TESTS,
        sensors::TESTS,
        faults::TESTS,
        resets::TESTS,
        reload::TESTS,
    ]
    .into_iter()
    .flatten()
    .map(|t| Test { name: t.name, run: t.run, seconds: t.seconds, emulated: t.emulated })
}
