// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The grammar: how calls are made from what the process has.

mod buffers;
mod debug;
mod files;
mod info;
mod launch;
mod memory;
mod submit;
mod wait;

use std::io;

use crate::random::Random;
use crate::user::Thread;

pub use launch::Launches;
pub use submit::prepare;

/// A call, and how often it is made beside the others.
type Call = (u64, fn(&mut Thread<'_>) -> io::Result<()>);

/// What who has the card does. What takes long is rare.
const USERS: &[Call] = &[
    (300, info::info),
    (100, buffers::buffer),
    (300, submit::submit),
    (30, submit::other_kinds),
    (60, launch::launch),
    (160, wait::wait),
    (30, wait::others),
    (240, memory::memory),
    (40, debug::debug),
    (200, files::touch),
    (50, files::map),
    (40, files::unmap),
    (1, files::fork),
    (10, files::advise),
    (5, files::open),
    (20, files::descriptors),
    (30, files::stray),
];

/// What who looks on does.
const OBSERVERS: &[Call] = &[
    (400, info::info),
    (5, buffers::buffer),
    (5, submit::submit),
    (5, wait::wait),
    (5, memory::memory),
    (5, debug::debug),
    (20, files::map),
    (1, files::fork),
    (5, files::open),
    (20, files::stray),
];

/// Makes a call.
pub fn any(thread: &mut Thread<'_>) {
    let calls = if thread.user.control { OBSERVERS } else { USERS };
    if let Some(call) = choose(&mut thread.random, calls) {
        // Errors are what this is about; they were counted.
        let _ = call(thread);
    }
}

fn choose(random: &mut Random, calls: &[Call]) -> Option<fn(&mut Thread<'_>) -> io::Result<()>> {
    let mut at = random.below(calls.iter().map(|(weight, _)| weight).sum());
    for (weight, call) in calls {
        match at.checked_sub(*weight) {
            None => return Some(*call),
            Some(rest) => at = rest,
        }
    }
    None
}
