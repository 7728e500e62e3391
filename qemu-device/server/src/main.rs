// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-card`: the emulated Goya card as a process that QEMU plugs in by vfio-user.

mod ahead;
mod backend;
mod control;
mod guest_memory;
mod machine;
mod options;
mod serve;
mod shared;
mod trace;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    match serve::run(&goya_man::parse::<Options>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("goya-card: {error}");
            ExitCode::FAILURE
        }
    }
}
