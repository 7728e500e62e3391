// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-bench`: measures a driver from inside a guest, for `goya-compare` on the host.
//!
//! `goya-bench time` loads the module that `GOYA_MODULE` names and measures time, memory and the card's
//! counters. `goya-bench count` marks its instructions for QEMU's plugin (`tests/bench/plugin`), which
//! counts those between two marks. Each row is a line of JSON, as in `row.rs`.

mod bare;
mod context;
mod count;
mod load;
mod mark;
mod memory;
mod processor;
mod row;
mod stream;
mod submit;
mod together;

use std::process::ExitCode;

fn main() -> ExitCode {
    let measure = match std::env::args().nth(1).as_deref() {
        Some("time") => time,
        Some("count") => count::rows,
        _ => {
            eprintln!("usage: goya-bench time|count");
            return ExitCode::from(2);
        }
    };
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            row::end(&error);
            ExitCode::FAILURE
        }
    }
}

/// Everything that a clock or a counter of the card tells.
fn time() -> goya_tests::Result {
    load::load()?;
    load::size();
    context::rows();
    submit::rows();
    together::rows();
    processor::rows();
    memory::rows();
    bare::rows();
    load::unload()
}
