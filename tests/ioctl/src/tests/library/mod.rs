// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The library, as programs use it.

mod life;
mod questions;
mod wait;
mod work;

use goya::{Card, Device};
use goya_tests::{Result, nodes};

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("lib.copies", work::copies),
    test("lib.text", work::text),
    test("lib.queues", work::queues),
    test("lib.kernels", work::kernels),
    test("lib.program", work::program),
    test("lib.mappings", work::mappings),
    test("lib.export", work::export),
    test("lib.window", wait::window),
    test("lib.fences", wait::fences),
    test("lib.threads", wait::threads),
    test("lib.memory_in_use", life::memory_in_use),
    test("lib.last_user", life::last_user),
    test("lib.listener", life::listener),
    test("lib.errors", life::errors),
    test("lib.questions", questions::questions),
    test("lib.cards", questions::cards),
];

/// A test that waits for a time-out of the driver's.
pub const ROUGH: &[Test] = &[test("lib.overdue", life::overdue)];

/// What the library says as a test says it.
fn told<T>(result: goya::Result<T>) -> Result<T> {
    result.map_err(|e| e.to_string())
}

fn card() -> Result<Card> {
    told(Card::nth(nodes::index()))
}

/// Opens the card to test; the test before this one may just be leaving it.
fn open() -> Result<Device> {
    told(Device::open(&card()?))
}
