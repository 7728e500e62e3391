// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-guest`: boots a guest with emulated cards and runs a program in it.

mod card;
mod channel;
mod cpio;
mod error;
mod image;
mod judge;
mod kmsg;
mod ktap;
mod logs;
mod options;
mod process;
mod qemu;
mod report;
mod session;
mod terminal;

use std::fs;
use std::process::ExitCode;

use clap::Parser;

use error::Error;
use options::Options;
use session::{Evidence, Outcome, Session};

/// The program succeeded, but its output or the kernel log is not as it should be.
const EXIT_BAD: u8 = 1;
/// The program took too long.
const EXIT_TIMEOUT: u8 = 124;
/// The guest or a card died, or never started.
const EXIT_DIED: u8 = 125;
/// And the number of the signal that ended the run.
const EXIT_SIGNAL: u8 = 128;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("goya-guest: {error}");
            if let Error::Card(_) = error {
                logs::show_ends(&options.log_dir);
            }
            ExitCode::from(EXIT_DIED)
        }
    }
}

fn run(options: &Options) -> Result<u8, Error> {
    let allowed = fs::read_to_string(&options.allowed).map_err(|e| Error::file(&options.allowed, e))?;
    let allowed = judge::Allowed::parse(&allowed).map_err(Error::Usage)?;
    let mut session = Session::start(options)?;
    let outcome = session.wait();
    // Everything ends here, so that the logs are complete.
    let evidence = session.evidence();
    let (code, died) = match outcome {
        Outcome::Exit(code) => (code, None),
        Outcome::TimedOut(what) => (EXIT_TIMEOUT, Some(format!("{what} took too long"))),
        Outcome::Died(what) => (EXIT_DIED, Some(what)),
        Outcome::Interrupted(signal) => {
            eprintln!("goya-guest: interrupted");
            return Ok(EXIT_SIGNAL.saturating_add(u8::try_from(signal).unwrap_or_default()));
        }
    };
    if let Some(died) = &died {
        logs::show_ends(&options.log_dir);
        eprintln!("goya-guest: {died}");
    }
    let good = !options.judges_log() || judge(options, &evidence, &allowed, died.as_deref());
    Ok(if code == 0 && !good { EXIT_BAD } else { code })
}

/// Prints the verdict, and returns it.
fn judge(options: &Options, evidence: &Evidence, allowed: &judge::Allowed, died: Option<&str>) -> bool {
    let output = String::from_utf8_lossy(&evidence.output);
    let report = report::report(options.ktap.then_some(&*output), &evidence.log, allowed, died);
    if !report.good {
        println!("logs: {} (the kernel's: {})", options.log_dir.display(), logs::KERNEL);
    }
    print!("{}", report.text);
    report.good
}
