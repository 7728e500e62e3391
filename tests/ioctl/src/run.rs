// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Running tests, one process each, and telling of them in KTAP.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Instant;

use goya_tests::{Result, events, nodes, pins};

use crate::share::Share;
use crate::tests::{Test, all, is_last, is_ordinary, leaves_pages};

/// A test that does not apply here ends with this code (as in kselftest).
pub const SKIP: u8 = 4;

/// Ends this test: it does not apply here.
pub fn skip(why: &str) -> ! {
    println!("{why}");
    std::process::exit(SKIP.into())
}

/// Ends this test on another driver, which does not do what goya.ko does.
pub fn only_goya(does: &str) -> Result {
    if nodes::module()? != "goya" {
        skip(&format!("only goya.ko {does}"));
    }
    Ok(())
}

/// How a test ended.
enum Verdict {
    Passed,
    /// With the reason.
    Skipped(String),
    Failed,
}

/// Runs all tests whose names begin with one of `prefixes`; all ordinary ones, if there are none. Of these it runs those
/// that no other guest runs.
pub fn run(prefixes: &[String]) -> ExitCode {
    let named = |t: &Test| prefixes.iter().any(|p| t.name.starts_with(p.as_str()));
    let chosen = |t: &Test| if prefixes.is_empty() { is_ordinary(t) } else { named(t) };
    let mut tests: Vec<Test> = all().filter(chosen).collect();
    let mut failed = tests.is_empty();
    if failed {
        println!("# no test begins with {}; goya-tests --list names them", prefixes.join(" or "));
    }
    if is_second(&std::env::var("GOYA_PART").unwrap_or_default()) {
        // The first tests compute, the last ones wait: side by side they fill the machine.
        let last = tests.iter().position(is_last).unwrap_or(tests.len());
        tests[..last].reverse();
    }
    let mut share = Share::open();
    println!("KTAP version 1\n1..{}", tests.len());
    let mut pinned = pins::pinned();
    let mut number = 0;
    for test in &tests {
        if !share.takes(test.name) {
            continue;
        }
        number += 1;
        let start = Instant::now();
        // The kernel log tells which test its lines belong to.
        let _ = std::fs::write("/dev/kmsg", format!("<6>goya-tests: begin {}\n", test.name));
        let (verdict, said) = child(test).unwrap_or_else(|e| (Verdict::Failed, e.to_string()));
        let (verdict, said) = if leaves_pages(test) {
            pinned = pins::pinned();
            (verdict, said)
        } else {
            unpinned(&pinned, verdict, said)
        };
        for line in said.lines() {
            println!("# {line}");
        }
        let (name, ms) = (test.name, start.elapsed().as_millis());
        match verdict {
            Verdict::Passed => println!("ok {number} {name} # {ms} ms"),
            Verdict::Skipped(why) => println!("ok {number} {name} # SKIP {why}"),
            Verdict::Failed => {
                failed = true;
                println!("not ok {number} {name} # {ms} ms");
            }
        }
        let _ = io::stdout().flush();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A test fails that leaves pages pinned.
fn unpinned(before: &Result<i64>, verdict: Verdict, mut said: String) -> (Verdict, String) {
    match before.as_ref().map_err(Clone::clone).and_then(|before| pins::released(*before)) {
        Ok(()) => (verdict, said),
        Err(what) => {
            said.push_str(&what);
            (Verdict::Failed, said)
        }
    }
}

/// Whether `K/N`, part K from 1 to N, is every second one.
fn is_second(part: &str) -> bool {
    part.split_once('/').and_then(|(k, _)| k.parse::<usize>().ok()).is_some_and(|k| k > 0 && k % 2 == 0)
}

/// Runs one test in a process group of its own, for its time at most.
fn child(test: &Test) -> io::Result<(Verdict, String)> {
    let mut output = events::nameless()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--one", test.name])
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .process_group(0)
        .spawn()?;
    let in_time = events::ended(&child, test.limit())?;
    // Whatever the test has started goes with it.
    events::kill_group(&child);
    let status = child.wait()?;
    let mut said = read(&mut output)?;
    if !in_time {
        said.push_str(&format!("no end after {} seconds: killed\n", test.limit().as_secs()));
        return Ok((Verdict::Failed, said));
    }
    Ok(judge(status, said))
}

fn judge(status: ExitStatus, mut said: String) -> (Verdict, String) {
    match (status.code(), status.signal()) {
        (Some(0), _) => (Verdict::Passed, said),
        (Some(code), _) if code == i32::from(SKIP) => {
            let why = said.lines().last().unwrap_or_default().to_owned();
            (Verdict::Skipped(why), String::new())
        }
        (_, Some(signal)) => {
            said.push_str(&format!("ended by signal {signal}\n"));
            (Verdict::Failed, said)
        }
        _ => (Verdict::Failed, said),
    }
}

fn read(output: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    output.rewind()?;
    output.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_guest_knows() {
        assert!(is_second("2/2") && is_second("4/4") && !is_second("1/2") && !is_second("3/4"));
        assert!(["", "0/2", "x/2", "2"].into_iter().all(|text| !is_second(text)));
    }

    fn verdict(status: ExitStatus) -> Verdict {
        judge(status, "first\nlast\n".into()).0
    }

    #[test]
    fn exit_codes_and_signals_are_judged_as_kselftest_does() {
        // The code is in the second byte of a wait status, the signal in the first.
        assert!(matches!(verdict(ExitStatus::from_raw(0)), Verdict::Passed));
        assert!(matches!(verdict(ExitStatus::from_raw(4 << 8)), Verdict::Skipped(why) if why == "last"));
        assert!(matches!(verdict(ExitStatus::from_raw(1 << 8)), Verdict::Failed));
        assert!(matches!(verdict(ExitStatus::from_raw(11)), Verdict::Failed));
    }
}
