// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-compare`: measures two drivers on the same card, in turns, and compares them.

mod busy;
mod chart;
mod guest;
mod options;
mod report;
mod results;
mod rows;
mod stats;
mod targets;

use std::fs;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use guest::Mode;
use options::Options;
use report::Drivers;
use results::Results;

fn main() -> ExitCode {
    let options = Options::parse();
    match if options.check { check(&options) } else { compare(&options) } {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("goya-compare: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says which rows of the report that is there fall short. It is no failure.
fn check(options: &Options) -> Result<(), String> {
    let error = |e: &dyn std::fmt::Display| format!("{}: {e}", options.out.display());
    let text = fs::read_to_string(&options.out).map_err(|e| error(&e))?;
    let report = serde_json::from_str(&text).map_err(|e| error(&e))?;
    let missed = targets::missed(&report);
    if missed.is_empty() {
        println!("no row falls short");
    }
    missed.iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn compare(options: &Options) -> Result<(), String> {
    let goya = match &options.goya {
        Some(_) => Results::default(),
        None => Results::absent("there is no module"),
    };
    let mut drivers = Drivers { goya, habanalabs: Results::default() };
    let busy = busy::warning();
    if let Some(busy) = &busy {
        eprintln!("warning: {busy}");
    }
    let progress = Progress::new(options);
    // The order changes from round to round: whoever comes second finds a warmer machine.
    for round in 0..options.rounds {
        for ours in [round % 2 == 0, round % 2 != 0] {
            turn(options, &mut drivers, ours, Mode::Time, &format!("round {}", round + 1), &progress);
        }
    }
    for ours in [true, false] {
        turn(options, &mut drivers, ours, Mode::Count, "instructions", &progress);
    }
    progress.done();
    let json = format!("{:#}\n", drivers.json());
    fs::write(&options.out, json).map_err(|e| format!("{}: {e}", options.out.display()))?;
    let colours = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if let Err(error) = chart::draw(&drivers, &options.chart) {
        eprintln!("warning: no picture: {error}");
    }
    // Whoever stops reading has seen enough.
    let _ = stdout().write_all(drivers.table(colours).as_bytes());
    if let Some(busy) = busy {
        let _ = writeln!(stdout(), "\nwarning: {busy}");
    }
    if rows::all().all(|row| drivers.habanalabs.row(row.name).is_err()) {
        return Err("upstream's driver could not be measured at all".to_owned());
    }
    Ok(())
}

/// Has one driver measured once.
fn turn(options: &Options, drivers: &mut Drivers, ours: bool, mode: Mode, what: &str, progress: &Progress) {
    let (name, module, results): (_, Option<&Path>, _) = if ours {
        ("goya", options.goya.as_deref(), &mut drivers.goya)
    } else {
        ("habanalabs", Some(&options.habanalabs), &mut drivers.habanalabs)
    };
    let Some(module) = module else { return };
    progress.show(&format!("{what}: {name}"));
    let logs = format!("{name}-{}", what.replace(' ', "-"));
    guest::run(options, module, mode, &logs, results);
}

/// How far it is, on standard error.
struct Progress {
    start: Instant,
    of: u32,
}

impl Progress {
    fn new(options: &Options) -> Self {
        Self { start: Instant::now(), of: options.rounds }
    }

    fn show(&self, what: &str) {
        let line = format!("  BENCH    {what} ({} rounds, {}s)", self.of, self.start.elapsed().as_secs());
        if stderr().is_terminal() {
            eprint!("\r{line}\x1b[K");
        } else {
            eprintln!("{line}");
        }
    }

    fn done(&self) {
        if stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
        eprintln!("  BENCH    both drivers ({}s)", self.start.elapsed().as_secs());
    }
}
