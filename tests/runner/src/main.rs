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
mod kunit;
mod logs;
mod options;
mod picture;
mod process;
mod qemu;
mod report;
mod screen;
mod session;
mod share;
mod terminal;

use std::fs;
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use error::Error;
use options::Options;
use report::Run;
use screen::Screen;
use session::{Outcome, Session};
use share::Share;

/// The program succeeded, but its output or the kernel log is not as it should be.
const EXIT_BAD: u8 = 1;
/// The program took too long.
const EXIT_TIMEOUT: u8 = 124;
/// The guest or a card died, or never started.
const EXIT_DIED: u8 = 125;
/// And the number of the signal that ended the run.
const EXIT_SIGNAL: u8 = 128;

fn main() -> ExitCode {
    let options: Options = goya_man::parse();
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
    let mut allowed = String::new();
    for path in std::iter::once(&options.allowed).chain(&options.also_allowed) {
        allowed += &fs::read_to_string(path).map_err(|e| Error::file(path, e))?;
    }
    let allowed = judge::Allowed::parse(&allowed).map_err(Error::Usage)?;
    let screen = Mutex::new(Screen::new(options.guests.into()));
    let share = Arc::new(Share::default());
    picture::forget(options)?;
    let (sender, pictures) = mpsc::channel();
    let runs: Result<Vec<Run>, Error> = thread::scope(|scope| {
        let guest = |part| {
            let (screen, share, sender) = (&screen, &share, sender.clone());
            scope.spawn(move || guest(&options.for_guest(part), screen, share, &sender))
        };
        let guests: Vec<_> = (0..options.guests).map(guest).collect();
        guests
            .into_iter()
            .map(|g| g.join().map_err(|_| Error::Usage("a bug of goya-guest".into()))?)
            .collect()
    });
    let runs = runs?;
    drop(sender);
    let code = runs.iter().map(|run| run.code).max().unwrap_or_default();
    if let Some(signal) = runs.iter().find_map(|run| run.signal) {
        eprintln!("goya-guest: interrupted");
        return Ok(EXIT_SIGNAL.saturating_add(u8::try_from(signal).unwrap_or_default()));
    }
    let screen = screen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let judged = !options.judges_log() || judge(options, screen.shown(), &runs, &allowed);
    let good = picture::take(options, &pictures, code == 0) && judged;
    Ok(if code == 0 && !good { EXIT_BAD } else { code })
}

/// Boots one guest and runs the program in it.
fn guest(
    options: &Options,
    screen: &Mutex<Screen>,
    share: &Arc<Share>,
    picture: &Sender<Vec<u8>>,
) -> Result<Run, Error> {
    let session =
        Session::start(options, screen, share, picture).map(|mut session| (session.wait(), session.logs()));
    screen.lock().unwrap_or_else(PoisonError::into_inner).end(options.part.into());
    let (outcome, logs) = session?;
    let mut run = Run { logs, kunit: options.wants_kunit(), ..Run::default() };
    match outcome {
        Outcome::Exit(code) => run.code = code,
        Outcome::TimedOut(what) => {
            (run.code, run.died) = (EXIT_TIMEOUT, Some(format!("{what} took too long")))
        }
        Outcome::Died(what) => (run.code, run.died) = (EXIT_DIED, Some(what)),
        Outcome::Interrupted(signal) => run.signal = Some(signal),
    }
    if let Some(died) = &run.died {
        logs::show_ends(&options.log_dir);
        eprintln!("goya-guest: {died}");
    }
    Ok(run)
}

/// Prints the verdict, and returns it.
fn judge(options: &Options, output: &[u8], runs: &[Run], allowed: &judge::Allowed) -> bool {
    let output = String::from_utf8_lossy(output);
    let report = report::report(options.ktap.then_some(&*output), runs, allowed);
    if !report.good {
        println!("logs: {} (the kernel's: {})", options.log_dir.display(), logs::KERNEL);
    }
    print!("{}", report.text);
    report.good
}
