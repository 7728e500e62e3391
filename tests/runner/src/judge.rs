// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Judging the kernel log: what a healthy kernel does not say.

use crate::kmsg::{Log, Record};
use crate::ktap::Summary;
use crate::kunit;

/// What the kernel's checkers say, at whatever level. No test can expect these by a word that merely
/// happens to be in the line.
const SPLATS: &[&str] = &[
    "------------[ cut here ]------------",
    "WARNING:",
    "BUG:",
    "BUG kmalloc",
    "KASAN",
    "UBSAN",
    "KCSAN",
    "Oops",
    "Kernel panic",
    "kmemleak:",
    "DMA-API:",
    "ODEBUG:",
    "refcount_t:",
    "general protection fault",
    "unable to handle",
    "possible recursive locking",
    "possible circular locking",
    "inconsistent lock state",
    "lock order detected",
    "bad unlock balance",
    "lock held when returning",
    "trying to register non-static key",
    "suspicious RCU usage",
    "rcu_preempt detected",
    "rcu: INFO:",
    "blocked for more than",
    "soft lockup",
    "hard LOCKUP",
    "scheduling while atomic",
    "sleeping function called",
    "CFI failure",
    "Missing ENDBR",
    "list_add corruption",
    "list_del corruption",
    "page allocation failure",
    "Out of memory:",
    "rust_kernel: panicked",
];

/// Records of this level and worse are errors.
const ERROR: u8 = 3;
/// A test begins: what earlier tests expected does not hold any more.
const BEGIN: &str = "goya-tests: begin ";
/// A test expects lines with this text, until the next test begins.
const EXPECT: &str = "goya-tests: expect ";
/// How many records are shown with a splat: enough for its stack trace.
const CONTEXT: usize = 40;

/// Messages that the log may always hold.
#[derive(Debug, Default)]
pub struct Allowed(Vec<String>);

impl Allowed {
    /// Reads `TEXT # REASON` lines; a line without a reason is an error.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let entry = |line: &str| match line.split_once(" # ") {
            Some((text, reason)) if !text.trim().is_empty() && !reason.trim().is_empty() => {
                Ok(text.trim().to_owned())
            }
            _ => Err(format!("allowed message without a reason: {line:?}")),
        };
        lines.map(entry).collect::<Result<_, _>>().map(Self)
    }

    fn allows(&self, text: &str) -> bool {
        self.0.iter().any(|allowed| text.contains(allowed.as_str()))
    }
}

/// A record that should not be there.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// The test that was running, if there was one.
    pub test: Option<&'a str>,
    /// The record, and for a splat those after it.
    pub records: &'a [Record],
}

/// The records of `log` that should not be there, splats first, and the results of KUnit's tests, of which
/// there must be some if `kunit` says so.
pub fn judge<'a>(log: &'a Log, allowed: &Allowed, kunit: bool) -> (Vec<Finding<'a>>, Summary) {
    let mut tests = kunit::Reader::default();
    let (mut splats, mut errors) = (Vec::new(), Vec::new());
    let (mut test, mut expected) = (None, Vec::new());
    let mut shown = 0;
    let records = log.records();
    for (i, record) in records.iter().enumerate() {
        let text = record.text.trim();
        let tested = tests.take(record);
        if let Some(name) = text.strip_prefix(BEGIN) {
            test = Some(name.trim());
            expected.clear();
        } else if let Some(text) = text.strip_prefix(EXPECT) {
            expected.push(text.trim());
        } else if allowed.allows(text) || i < shown {
            // Known, or part of the splat before.
        } else if let Some(splat) = SPLATS.iter().find(|s| text.contains(**s)) {
            if !expected.iter().any(|e| e.contains(splat) && text.contains(e)) {
                shown = end_of_splat(records, i);
                splats.push(Finding { test, records: records.get(i..shown).unwrap_or_default() });
            }
        } else if record.level <= ERROR
            && record.kernel
            && !tested
            && !expected.iter().any(|e| text.contains(e))
        {
            errors.push(Finding { test, records: std::slice::from_ref(record) });
        }
    }
    splats.append(&mut errors);
    (splats, tests.end(kunit))
}

/// The record after a splat that begins at `start`.
fn end_of_splat(records: &[Record], start: usize) -> usize {
    let end = records.len().min(start.saturating_add(CONTEXT));
    let next = start.saturating_add(1);
    let body = records.get(next..end).unwrap_or_default();
    let stop = |r: &Record| r.text.starts_with("---[ end trace") || r.text.starts_with("goya-tests: ");
    body.iter().position(stop).map_or(end, |n| next.saturating_add(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Log {
        let mut log = Log::default();
        for (i, line) in lines.iter().enumerate() {
            let (priority, text) = line.split_once(' ').unwrap();
            log.take(&format!("{priority},{i},0,-;{text}")).unwrap();
        }
        log
    }

    fn findings<'a>(log: &'a Log, allowed: &Allowed) -> Vec<Finding<'a>> {
        judge(log, allowed, false).0
    }

    fn texts<'a>(findings: &[Finding<'a>]) -> Vec<&'a str> {
        findings.iter().map(|f| f.records[0].text.as_str()).collect()
    }

    #[test]
    fn splats_and_errors_are_found_unless_allowed() {
        let allowed = Allowed::parse("# comment\n\nharmless thing # known in 7.3\n").unwrap();
        let log = log(&[
            "6 fine",
            "3 broken",
            "3 a harmless thing",
            "11 a program's",
            "4 WARNING: at x",
            "4 no news",
        ]);
        let findings = findings(&log, &allowed);
        assert_eq!(texts(&findings), ["WARNING: at x", "broken"]);
        assert_eq!(findings[0].records.len(), 2);
        assert!(Allowed::parse("no reason").is_err());
    }

    #[test]
    fn an_expectation_holds_until_the_next_test() {
        let log = log(&[
            "3 fault at 0",
            "14 goya-tests: begin a",
            "14 goya-tests: expect fault",
            "3 fault at 1",
            "14 goya-tests: begin b",
            "3 fault at 2",
        ]);
        let findings = findings(&log, &Allowed::default());
        assert_eq!(texts(&findings), ["fault at 0", "fault at 2"]);
        assert_eq!((findings[0].test, findings[1].test), (None, Some("b")));
    }

    #[test]
    fn a_splat_is_no_error_that_kunit_provokes() {
        let lines = [
            "14 goya-guest: loading modules",
            "6     # Subtest: suite",
            "3 faux_driver goya-test: provoked",
            "4 WARNING: at x",
            "6 ---[ end trace 0 ]---",
            "3 goya 0000:01:00.0: real",
        ];
        assert_eq!(
            texts(&findings(&log(&lines), &Allowed::default())),
            ["WARNING: at x", "goya 0000:01:00.0: real"]
        );
    }

    #[test]
    fn a_splat_is_no_expected_error() {
        let lines = [
            "14 goya-tests: begin a",
            "14 goya-tests: expect device",
            "14 goya-tests: expect WARNING: at expected.c",
            "3 device is gone",
            "4 WARNING: at expected.c",
            "3 BUG: KASAN: use-after-free in device_free",
            "3 Call trace",
            "4 ---[ end trace 0 ]---",
            "3 after it",
        ];
        let log = log(&lines);
        let findings = findings(&log, &Allowed::default());
        assert_eq!(texts(&findings), ["BUG: KASAN: use-after-free in device_free", "after it"]);
        assert_eq!(findings[0].records.len(), 2);
    }
}
