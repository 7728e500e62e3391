// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The tests, by area, in an order from those that compute to those that wait. Every second guest runs its
//! part from the end (`crate::run`).

mod buffers;
mod bus;
mod chains;
mod ctl;
mod debugfs;
mod dma;
mod dram_window;
mod endless;
mod errors;
mod fail_nth;
mod faults;
mod holders;
mod info;
mod library;
mod limits;
mod machine;
mod memory;
mod notify;
mod open;
mod pages;
mod peer;
mod phases;
mod reload;
mod report;
mod resets;
mod sensors;
mod stalls;
mod stress;
mod submit;
mod tables;
mod tpc;
pub mod tpc_endless;
mod tpc_reach;
mod tpc_registers;
mod trace;
mod units;
mod uring;
mod usage;
mod window;

use std::time::Duration;

use goya_tests::Result;

pub use stress::is_ordinary;
pub use tables::map_small_pages;

/// One test.
#[derive(Clone, Copy)]
pub struct Test {
    /// Its name: area, dot, what it shows.
    pub name: &'static str,
    /// What it does.
    pub run: fn() -> Result,
    /// How long it may take; an endurance test at full length.
    pub seconds: u64,
    /// Whether it needs the emulated card's control socket.
    pub emulated: bool,
}

impl Test {
    /// How long it may take this time.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(if stress::has(self) { stress::seconds(self.seconds) } else { self.seconds })
    }
}

/// A test that ends within half a minute.
const fn test(name: &'static str, run: fn() -> Result) -> Test {
    Test { name, run, seconds: 30, emulated: false }
}

/// A test that injects a fault.
const fn fault(name: &'static str, run: fn() -> Result) -> Test {
    Test { name, run, seconds: 60, emulated: true }
}

/// Tests that leave the card as they find it.
const GENTLE: &[&[Test]] = &[
    open::TESTS,
    info::TESTS,
    report::TESTS,
    buffers::TESTS,
    limits::TESTS,
    submit::TESTS,
    window::TESTS,
    uring::TESTS,
    phases::TESTS,
    memory::TESTS,
    pages::TESTS,
    tables::TESTS,
    dram_window::TESTS,
    peer::TESTS,
    dma::TESTS,
    chains::TESTS,
    units::TESTS,
    tpc::TESTS,
    tpc_reach::TESTS,
    tpc_registers::TESTS,
    usage::TESTS,
    trace::TESTS,
    library::TESTS,
    ctl::TESTS,
    sensors::TESTS,
    notify::TESTS,
    endless::TESTS,
    debugfs::TESTS,
    errors::TESTS,
    stress::GENTLE,
];

/// Tests that reset it or load the driver anew; the last of them mostly wait for the driver's time-outs.
const ROUGH: &[&[Test]] = &[
    resets::TESTS,
    trace::ROUGH,
    tables::ROUGH,
    dram_window::ROUGH,
    peer::ROUGH,
    stalls::TESTS,
    tpc_endless::TESTS,
    library::ROUGH,
    ctl::ROUGH,
    uring::ROUGH,
    stress::ROUGH,
    bus::TESTS,
    machine::TESTS,
    holders::TESTS,
    reload::TESTS,
];

/// Tests after which the kernel's own checks may be switched off: that of memory for devices first, by an allocation that
/// fails, so what relies on it comes before.
const LAST: &[&[Test]] = &[bus::LAST, fail_nth::TESTS, machine::LAST, machine::LINK_ERRORS];

/// All tests in order.
pub fn all() -> impl Iterator<Item = Test> {
    GENTLE.iter().chain(faults::TESTS).chain(ROUGH).chain(LAST).copied().flatten().copied()
}

/// Whether a test runs after all others.
pub fn is_last(test: &Test) -> bool {
    LAST.iter().copied().flatten().any(|t| t.name == test.name)
}

/// Whether a test leaves pages pinned for good.
pub fn leaves_pages(test: &Test) -> bool {
    bus::LAST.iter().any(|t| t.name == test.name)
}
