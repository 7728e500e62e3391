// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The verdict on a run, for people and for what sums up.

use std::fmt::Write;

use crate::judge::{self, Allowed, Finding};
use crate::kmsg::Log;
use crate::ktap::Summary;

/// How many findings of the kernel log are shown.
const SHOWN: usize = 20;

/// What is said at the end of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// The text, with a sum as its last line if tests were run.
    pub text: String,
    /// Whether all is as it should be.
    pub good: bool,
}

/// What is known of one guest's end.
#[derive(Debug, Default)]
pub struct Run {
    /// The exit code.
    pub code: u8,
    /// How the run broke off, if it did.
    pub died: Option<String>,
    /// The signal that ended this process, if one did.
    pub signal: Option<i32>,
    /// The kernel log, of each kernel that the guest has booted.
    pub logs: Vec<Log>,
    /// Whether a module of this guest has KUnit tests, which must run.
    pub kunit: bool,
}

/// Judges the guests' runs. `output` is the KTAP stream of all, if they spoke it.
///
/// Each kernel log counts as one test, and so does each run that broke off; KUnit's tests count one by one.
pub fn report(output: Option<&str>, runs: &[Run], allowed: &Allowed) -> Report {
    let mut text = String::new();
    let (mut good_logs, mut bad_logs, mut broken) = (0, 0, 0);
    let mut kunit = Summary::default();
    for run in runs {
        for (n, log) in run.logs.iter().enumerate() {
            let (findings, tests) = judge::judge(log, allowed, run.kunit && n == 0);
            kunit.add(tests);
            let good = findings.is_empty() && log.lost == 0;
            *if good { &mut good_logs } else { &mut bad_logs } += 1;
            show_findings(&mut text, &findings, log.lost);
        }
        if let Some(died) = &run.died {
            broken += 1;
            let _ = writeln!(text, "RUN: {died}");
        }
    }
    show_tests(&mut text, "KUNIT", &kunit);
    let mut good = bad_logs == 0 && broken == 0 && kunit.is_good();
    if let Some(output) = output {
        let mut summary = Summary::parse(output);
        show_tests(&mut text, "KTAP", &summary);
        good &= summary.is_good();
        let (in_module, of_module) = (kunit.passed, kunit.total());
        if of_module > 0 {
            let _ = writeln!(text, "KUNIT: {in_module} of the module's own {of_module} tests passed");
        }
        summary.add(kunit);
        let passed = summary.passed + good_logs;
        let failed = summary.failed.len() + summary.problems.len() + bad_logs + broken;
        let _ = writeln!(text, "{passed} passed, {failed} failed, {} skipped", summary.skipped);
    }
    Report { text, good }
}

fn show_findings(text: &mut String, findings: &[Finding<'_>], lost: u64) {
    if !findings.is_empty() {
        let _ = writeln!(text, "KERNEL LOG: {} things that should not be there", findings.len());
    }
    for (i, finding) in findings.iter().take(SHOWN).enumerate() {
        let _ = writeln!(text, "  in {}:", finding.test.unwrap_or("no test"));
        // One stack trace is enough to begin with.
        let lines = if i == 0 { finding.records.len() } else { 4 };
        for record in finding.records.iter().take(lines) {
            for line in record.to_string().lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    if findings.len() > SHOWN {
        let _ = writeln!(text, "  and {} more", findings.len() - SHOWN);
    }
    if lost > 0 {
        let _ = writeln!(text, "KERNEL LOG: {lost} records were lost");
    }
}

fn show_tests(text: &mut String, source: &str, summary: &Summary) {
    for failure in &summary.failed {
        let _ = writeln!(text, "FAILED: {}", failure.name);
        for line in &failure.said {
            let _ = writeln!(text, "    {line}");
        }
    }
    for problem in &summary.problems {
        let _ = writeln!(text, "{source}: {problem}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &[&str]) -> Run {
        let mut log = Log::default();
        lines.iter().for_each(|line| drop(log.take(line).cloned()));
        Run { logs: vec![log], ..Run::default() }
    }

    fn last_line(report: &Report) -> &str {
        report.text.lines().last().unwrap_or_default()
    }

    #[test]
    fn a_clean_run_is_good() {
        let output = Some("KTAP version 1\n1..2\nok 1 a\nok 2 b # SKIP no card\n");
        let report = report(output, &[run(&["6,0,0,-;fine"])], &Allowed::default());
        assert!(report.good);
        assert_eq!(report.text, "2 passed, 0 failed, 1 skipped\n");
    }

    #[test]
    fn everything_that_is_wrong_counts() {
        let output = Some("KTAP version 1\n1..3\nok 1 a\n# why\nnot ok 2 b\n");
        let broken =
            Run { died: Some("the guest has died".into()), ..run(&["6,0,0,-;fine", "3,5,0,-;broken"]) };
        let report = report(output, &[broken], &Allowed::default());
        assert!(!report.good);
        assert_eq!(last_line(&report), "1 passed, 4 failed, 0 skipped");
        for part in
            ["FAILED: b\n    why", "broken", "4 records", "3 tests were planned", "the guest has died"]
        {
            assert!(report.text.contains(part), "{part:?}\n{}", report.text);
        }
    }

    #[test]
    fn tests_in_the_module_count() {
        let log = [
            "14,0,0,-;goya-guest: loading modules",
            "6,1,0,-;    # Subtest: s",
            "6,2,0,-;    1..2",
            "3,3,0,-;faux_driver goya-test: provoked",
            "6,4,0,-;    ok 1 a",
            "6,5,0,-;    not ok 2 b",
            "6,6,0,-;not ok 1 s",
        ];
        let output = Some("KTAP version 1\n1..1\nok 1 a\n");
        let report_bad = report(output, &[run(&log)], &Allowed::default());
        assert!(!report_bad.good);
        assert_eq!(last_line(&report_bad), "3 passed, 1 failed, 0 skipped");
        assert!(report_bad.text.contains("FAILED: s.b"), "{}", report_bad.text);
        assert!(!report(None, &[run(&log)], &Allowed::default()).good);
        let none = Run { kunit: true, ..run(&log[..1]) };
        assert!(!report(None, &[none], &Allowed::default()).good);
    }

    #[test]
    fn a_bad_log_alone_is_bad() {
        let (good, bad) = (run(&["4,0,0,-;x"]), run(&["4,0,0,-;WARNING: x"]));
        assert!(report(None, &[good], &Allowed::default()).good);
        assert!(!report(None, &[run(&[]), bad], &Allowed::default()).good);
    }

    #[test]
    fn the_log_of_each_kernel_counts() {
        let mut two = run(&["6,0,0,-;fine"]);
        two.logs.append(&mut run(&["6,0,0,-;fine", "3,1,0,-;broken"]).logs);
        let report = report(Some("KTAP version 1\n1..1\nok 1 a\n"), &[two], &Allowed::default());
        assert!(!report.good);
        assert_eq!(last_line(&report), "2 passed, 1 failed, 0 skipped");
    }
}
