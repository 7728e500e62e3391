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

/// Judges a run. `output` is KTAP if given; `died` says how the run broke off, if it did.
///
/// The kernel log counts as one test, and so does a run that broke off.
pub fn report(output: Option<&str>, log: &Log, allowed: &Allowed, died: Option<&str>) -> Report {
    let mut text = String::new();
    let findings = judge::findings(log, allowed);
    let log_good = findings.is_empty() && log.lost == 0;
    show_findings(&mut text, &findings, log.lost);
    let mut good = log_good && died.is_none();
    if let Some(output) = output {
        let summary = Summary::parse(output);
        show_tests(&mut text, &summary, died);
        let passed = summary.passed + usize::from(log_good);
        let failed = summary.failed.len()
            + summary.problems.len()
            + usize::from(!log_good)
            + usize::from(died.is_some());
        good &= summary.failed.is_empty() && summary.problems.is_empty();
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

fn show_tests(text: &mut String, summary: &Summary, died: Option<&str>) {
    for failure in &summary.failed {
        let _ = writeln!(text, "FAILED: {}", failure.name);
        for line in &failure.said {
            let _ = writeln!(text, "    {line}");
        }
    }
    for problem in &summary.problems {
        let _ = writeln!(text, "KTAP: {problem}");
    }
    if let Some(died) = died {
        let _ = writeln!(text, "RUN: {died}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Log {
        let mut log = Log::default();
        lines.iter().for_each(|line| drop(log.take(line).cloned()));
        log
    }

    fn last_line(report: &Report) -> &str {
        report.text.lines().last().unwrap_or_default()
    }

    #[test]
    fn a_clean_run_is_good() {
        let output = Some("KTAP version 1\n1..2\nok 1 a\nok 2 b # SKIP no card\n");
        let report = report(output, &log(&["6,0,0,-;fine"]), &Allowed::default(), None);
        assert!(report.good);
        assert_eq!(report.text, "2 passed, 0 failed, 1 skipped\n");
    }

    #[test]
    fn everything_that_is_wrong_counts() {
        let output = Some("KTAP version 1\n1..3\nok 1 a\n# why\nnot ok 2 b\n");
        let log = log(&["6,0,0,-;fine", "3,5,0,-;broken"]);
        let report = report(output, &log, &Allowed::default(), Some("the guest has died"));
        assert!(!report.good);
        assert_eq!(last_line(&report), "1 passed, 4 failed, 0 skipped");
        for part in
            ["FAILED: b\n    why", "broken", "4 records", "3 tests were planned", "the guest has died"]
        {
            assert!(report.text.contains(part), "{part:?}\n{}", report.text);
        }
    }

    #[test]
    fn a_bad_log_alone_is_bad() {
        assert!(!report(None, &log(&["4,0,0,-;WARNING: x"]), &Allowed::default(), None).good);
        assert!(report(None, &log(&["4,0,0,-;x"]), &Allowed::default(), None).good);
    }
}
