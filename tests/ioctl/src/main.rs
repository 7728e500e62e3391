// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-tests`: KTAP tests of the user API, one process each.
//!
//! Without arguments all tests run; with arguments those whose names begin with one of them.
//! `--list` names them; `--one NAME` runs one in this process; `--victim` is what a test lets the
//! driver kill.

mod tests;
mod victim;

use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use goya_tests::control::Control;
use tests::{Test, all};

/// A test that does not apply here ends with this code (as in kselftest).
const SKIP: u8 = 4;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--list") => {
            all().for_each(|t| println!("{}", t.name));
            ExitCode::SUCCESS
        }
        Some("--one") => one(arguments.get(1).map_or("", String::as_str)),
        Some("--victim") => victim::run(arguments.get(1).map_or("", String::as_str)),
        _ => run(&arguments),
    }
}

fn one(name: &str) -> ExitCode {
    let Some(test) = all().find(|t| t.name == name) else {
        eprintln!("no test {name:?}");
        return ExitCode::FAILURE;
    };
    if test.emulated && !Control::exists() {
        println!("needs an emulated card");
        return ExitCode::from(SKIP);
    }
    match (test.run)() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            println!("{what}");
            ExitCode::FAILURE
        }
    }
}

fn run(prefixes: &[String]) -> ExitCode {
    let chosen = |t: &Test| prefixes.is_empty() || prefixes.iter().any(|p| t.name.starts_with(p.as_str()));
    let tests: Vec<Test> = all().filter(chosen).collect();
    println!("KTAP version 1\n1..{}", tests.len());
    let mut failed = false;
    for (i, test) in tests.iter().enumerate() {
        let start = Instant::now();
        let (verdict, said) = child(test);
        for line in said.lines() {
            println!("# {line}");
        }
        let ms = start.elapsed().as_millis();
        let number = i + 1;
        match verdict {
            Verdict::Passed => println!("ok {number} {} # {ms} ms", test.name),
            Verdict::Skipped => println!("ok {number} {} # SKIP", test.name),
            Verdict::Failed => {
                failed = true;
                println!("not ok {number} {} # {ms} ms", test.name);
            }
        }
        let _ = std::io::stdout().flush();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

enum Verdict {
    Passed,
    Skipped,
    Failed,
}

/// Runs one test in a process of its own, for its time at most.
fn child(test: &Test) -> (Verdict, String) {
    let failed = |what: String| (Verdict::Failed, what);
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(error.to_string()),
    };
    let mut command = Command::new(program);
    command.args(["--one", test.name]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return failed(error.to_string()),
    };
    let end = Instant::now() + Duration::from_secs(test.seconds);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            _ => break None,
        }
    };
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let mut said = String::new();
    let _ = child.stdout.take().map(|mut s| s.read_to_string(&mut said));
    let _ = child.stderr.take().map(|mut s| s.read_to_string(&mut said));
    match status.and_then(|s| s.code()) {
        Some(0) => (Verdict::Passed, said),
        Some(code) if code == i32::from(SKIP) => (Verdict::Skipped, said),
        Some(_) => failed(said),
        None => failed(format!("{said}killed, or no end after {} seconds", test.seconds)),
    }
}
