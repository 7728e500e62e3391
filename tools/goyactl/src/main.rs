// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl`, the operator's tool for Goya cards. `Documentation/goyactl.rst` describes it.

mod chosen;
mod commands;
mod failure;
mod options;
mod output;
mod signals;
mod system;

use std::process::ExitCode;

use failure::Failure;
use options::Options;
use output::{Format, Output};

fn main() -> ExitCode {
    let options: Options = match goya_man::try_parse() {
        Ok(options) => options,
        Err(error) => return no_sense(&error),
    };
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

/// Prints what is wrong with the command line, or what it asks for: help, or the version.
fn no_sense(error: &clap::Error) -> ExitCode {
    // Nothing is left to tell somebody who does not read it.
    let _ = error.print();
    if error.use_stderr() && options::wants_json(std::env::args_os().skip(1)) {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let failure = Failure::usage(first.strip_prefix("error: ").unwrap_or(first));
        Output::new(Format::Json).failed_json(&failure);
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
