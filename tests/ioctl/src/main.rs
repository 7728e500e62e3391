// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-tests`: KTAP tests of the user API, one process each.
//!
//! Without arguments all tests run; with arguments those whose names begin with one of them.
//! `--list` names them; `--one NAME` runs one in this process; `--child` is what a test lets the
//! driver kill. `GOYA_CARD` counts, from zero, which card is tested; `GOYA_MODULE` is the file of the
//! driver's module, and `GOYA_MODULE_PARAMS` its parameters, for the tests that load it anew. `GOYA_STRESS` is
//! the percentage of their length that endurance tests run; without it, only those named run. `GOYA_PART=K/N`
//! has the program run every Nth of the tests, from the Kth on.

mod card_user;
mod child;
mod run;
mod share;
mod tests;

use std::process::ExitCode;

use goya_tests::control::Control;
use tests::all;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let second = || arguments.get(1).map_or("", String::as_str);
    match arguments.first().map(String::as_str) {
        Some("--list") => {
            all().for_each(|t| println!("{}", t.name));
            ExitCode::SUCCESS
        }
        Some("--one") => one(second()),
        Some("--child") => child::run(second()),
        Some(option) if option.starts_with('-') => {
            eprintln!("usage: goya-tests [--list | --one NAME | PREFIX...]");
            ExitCode::from(2)
        }
        _ => run::run(&arguments),
    }
}

fn one(name: &str) -> ExitCode {
    let Some(test) = all().find(|t| t.name == name) else {
        eprintln!("no test {name:?}");
        return ExitCode::FAILURE;
    };
    if test.emulated && !Control::exists() {
        println!("needs an emulated card");
        return ExitCode::from(run::SKIP);
    }
    match (test.run)() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            println!("{what}");
            ExitCode::FAILURE
        }
    }
}
