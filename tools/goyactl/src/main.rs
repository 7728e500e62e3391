// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl`, the operator's tool for Goya cards. `Documentation/goyactl.rst` describes it.

mod chosen;
mod commands;
mod failure;
mod options;
mod output;
mod system;

use std::process::ExitCode;

use options::Options;
use output::Output;

fn main() -> ExitCode {
    let options: Options = goya_man::parse();
    let output = Output::new(options.format());
    match commands::run(&options, &output) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads no more has had enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            output.failed(&failure);
            ExitCode::from(failure.code())
        }
    }
}
