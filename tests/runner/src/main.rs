// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-guest`: boots a guest with emulated cards and runs a program in it.

mod card;
mod cpio;
mod dmesg;
mod image;
mod ktap;
mod options;
mod qemu;
mod session;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use options::Options;
use session::{Outcome, Session};

/// The program took too long.
const EXIT_TIMEOUT: u8 = 124;
/// The guest or a card died.
const EXIT_DIED: u8 = 125;

/// Why no guest runs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or program.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A card that does not start.
    #[error("card {0} does not listen; its log says why")]
    Card(usize),
    /// A wrong command line.
    #[error("{0}")]
    Usage(String),
    /// Something of the system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("goya-guest: {error}");
            ExitCode::from(EXIT_DIED)
        }
    }
}

fn run(options: &Options) -> Result<u8, Error> {
    fs::create_dir_all(&options.log_dir)
        .map_err(|source| Error::File { path: options.log_dir.clone(), source })?;
    let allowed = fs::read_to_string(&options.allowed)
        .map_err(|source| Error::File { path: options.allowed.clone(), source })?;
    let allowed = dmesg::Allowed::parse(&allowed).map_err(Error::Usage)?;
    let mut session = Session::start(options)?;
    let outcome = session.wait();
    let output = session.output();
    drop(session);
    match outcome {
        Outcome::Exit(code) if options.ktap => Ok(judge(options, code, &output, &allowed)),
        Outcome::Exit(code) => Ok(code),
        Outcome::TimedOut => {
            eprintln!("goya-guest: no end after {} seconds", options.timeout);
            show_logs(&options.log_dir);
            Ok(EXIT_TIMEOUT)
        }
        Outcome::Died(what) => {
            eprintln!("goya-guest: {what}");
            show_logs(&options.log_dir);
            Ok(EXIT_DIED)
        }
    }
}

/// Reads KTAP and the kernel log; the last line is the sum.
fn judge(options: &Options, code: u8, output: &str, allowed: &dmesg::Allowed) -> u8 {
    let summary = ktap::Summary::parse(output);
    for name in &summary.failed {
        println!("FAILED: {name}");
    }
    for problem in &summary.problems {
        println!("KTAP: {problem}");
    }
    let log = fs::read(options.log_dir.join("kernel.log")).unwrap_or_default();
    let bad = dmesg::bad_lines(&String::from_utf8_lossy(&log), allowed);
    for line in bad.iter().take(40) {
        println!("dmesg: {line}");
    }
    if !bad.is_empty() {
        println!(
            "{} lines of the kernel log should not be there: {}/kernel.log",
            bad.len(),
            options.log_dir.display()
        );
    }
    let failed = summary.failed.len() + summary.problems.len() + usize::from(!bad.is_empty());
    println!("{} passed, {failed} failed, {} skipped", summary.passed, summary.skipped);
    if code == 0 && failed > 0 { 1 } else { code }
}

/// The ends of all logs.
fn show_logs(dir: &Path) {
    let mut logs: Vec<_> = fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    logs.sort();
    for path in logs {
        let text = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        if !lines.is_empty() {
            eprintln!("--- the end of {}", path.display());
            lines.iter().skip(lines.len().saturating_sub(20)).for_each(|line| eprintln!("{line}"));
        }
    }
}
