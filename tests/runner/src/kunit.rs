// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! KUnit's results in the kernel log: what the module tests in itself when it is loaded.

use crate::kmsg::Record;
use crate::ktap::{self, Failure, Summary};

/// The section of a module that has tests.
const SECTION: &[u8] = b"\0.kunit_test_suites\0";
/// The kernel argument that keeps KUnit from running.
pub const OFF: &str = "kunit.enable=0";
/// The init script says so before it loads the modules: what runs earlier are tests of the kernel's.
const LOADING: &str = "goya-guest: loading modules";
/// Lines of a suite begin so.
const INDENT: &str = "    ";
/// The devices that tests make.
const DEVICE: &str = "faux_driver ";

/// Whether a module (the bytes of its file) has tests.
pub fn has_tests(module: &[u8]) -> bool {
    module.windows(SECTION.len()).any(|bytes| bytes == SECTION)
}

/// A suite that is running.
#[derive(Debug)]
struct Suite {
    name: String,
    planned: Option<usize>,
    ran: usize,
    failed: bool,
    said: Vec<String>,
}

/// Reads the log, record by record.
#[derive(Debug, Default)]
pub struct Reader {
    loading: bool,
    suite: Option<Suite>,
    suites: usize,
    summary: Summary,
}

impl Reader {
    /// Takes the next record. Returns whether it belongs to a test: a line of KUnit's, or an error that a
    /// test has provoked on a device of its own.
    pub fn take(&mut self, record: &Record) -> bool {
        self.loading |= record.text == LOADING;
        let mut belongs = false;
        for line in record.text.lines() {
            belongs |= record.kernel && self.line(line.trim_end());
        }
        belongs
    }

    fn line(&mut self, line: &str) -> bool {
        if !self.loading {
            return false;
        }
        let inner = line.strip_prefix(INDENT);
        if let Some(name) = inner.and_then(|l| l.strip_prefix("# Subtest: ")) {
            self.interrupted();
            let name = name.to_owned();
            self.suite = Some(Suite { name, planned: None, ran: 0, failed: false, said: Vec::new() });
            return true;
        }
        match (&mut self.suite, inner) {
            (Some(suite), Some(inner)) => {
                suite.line(inner, &mut self.summary);
                true
            }
            (Some(_), None) if line.starts_with(DEVICE) => true,
            (_, None) => self.outer(line),
            _ => false,
        }
    }

    /// A line outside of a suite, or the suite's result.
    fn outer(&mut self, line: &str) -> bool {
        let Some(result) = ktap::result_line(line).filter(|r| r.number.is_some()) else { return false };
        match self.suite.take() {
            Some(suite) if suite.name == result.name => {
                let wanted = suite.planned.unwrap_or(suite.ran);
                if wanted != suite.ran {
                    let problem = format!("{}: {wanted} tests were planned, {} ran", suite.name, suite.ran);
                    self.summary.problems.push(problem);
                } else if !result.ok && !suite.failed {
                    self.summary.problems.push(format!("{} failed, but no test of it", suite.name));
                }
            }
            // Nothing is said before the result when a suite cannot even begin.
            None if !result.ok => {
                let name = result.name.to_owned();
                self.summary.failed.push(Failure { name, said: Vec::new() });
            }
            None => {}
            other => {
                self.suite = other;
                return false;
            }
        }
        self.suites = self.suites.saturating_add(1);
        true
    }

    /// A suite is over without a result.
    fn interrupted(&mut self) {
        if let Some(suite) = self.suite.take() {
            self.summary.problems.push(format!("{} has no end", suite.name));
        }
    }

    /// The results of all tests; a problem if there had to be some and were none.
    pub fn end(mut self, wanted: bool) -> Summary {
        self.interrupted();
        if wanted && self.suites == 0 {
            self.summary.problems.push("the module's tests did not run".into());
        }
        self.summary
    }
}

impl Suite {
    /// A line of this suite, without its indentation.
    fn line(&mut self, line: &str, summary: &mut Summary) {
        if let Some(plan) = line.strip_prefix("1..") {
            self.planned = plan.trim().parse().ok();
        } else if let Some(mut result) = ktap::result_line(line) {
            let name = format!("{}.{}", self.name, result.name);
            result.name = &name;
            self.ran = self.ran.saturating_add(1);
            self.failed |= !result.ok;
            summary.count(&result, std::mem::take(&mut self.said));
        } else if !ktap::is_version(line) && !line.contains(".speed: ") && !line.starts_with("# speed: ") {
            self.said.push(line.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kmsg::Log;

    fn read(lines: &[&str], wanted: bool) -> (Summary, Vec<bool>) {
        let mut log = Log::default();
        let mut reader = Reader::default();
        let belongs = lines.iter().enumerate().map(|(i, line)| {
            let (priority, text) = line.split_once(' ').unwrap();
            reader.take(log.take(&format!("{priority},{i},0,-;{text}")).unwrap())
        });
        let belongs = belongs.collect();
        (reader.end(wanted), belongs)
    }

    const BEGIN: [&str; 7] = [
        "14 goya-guest: loading modules",
        "6 KTAP version 1",
        "6 1..1",
        "6     KTAP version 1",
        "6     # Subtest: suite",
        "6     # speed: normal",
        "6     1..2",
    ];

    #[test]
    fn results_are_counted() {
        let (summary, _) =
            read(&[&BEGIN[..], &["6     ok 1 a", "6     ok 2 b # SKIP why", "6 ok 1 suite"]].concat(), true);
        assert_eq!((summary.passed, summary.skipped), (1, 1));
        assert_eq!((summary.failed, summary.problems), (vec![], vec![]));
    }

    #[test]
    fn a_failure_says_why() {
        let lines = [
            "6     ok 1 a",
            "3     # b: ASSERTION FAILED at src/x.rs:1",
            "3     Expected x to be true, but is false",
            "6     # b.speed: normal",
            "6     not ok 2 b",
            "6 not ok 1 suite",
        ];
        let (summary, belongs) = read(&[&BEGIN[..], &lines].concat(), true);
        assert_eq!((summary.passed, summary.problems), (1, vec![]));
        assert_eq!((summary.failed[0].name.as_str(), summary.failed[0].said.len()), ("suite.b", 2));
        assert!(belongs[BEGIN.len()..].iter().all(|b| *b));
    }

    #[test]
    fn only_what_tests_provoke_belongs_to_them() {
        let lines = [
            "3 faux_driver goya-fw-test: provoked",
            "3 goya 0000:01:00.0: real",
            "6     ok 1 a",
            "6     ok 2 b",
            "6 ok 1 suite",
            "3 faux_driver goya-fw-test: too late",
        ];
        let (_, belongs) = read(&[&BEGIN[..], &lines].concat(), true);
        assert_eq!(belongs[BEGIN.len()..], [true, false, true, true, true, false]);
    }

    #[test]
    fn what_is_not_there_is_a_problem() {
        let problems = |lines: &[&str], wanted| read(lines, wanted).0.problems;
        assert_eq!(problems(&BEGIN, true), ["suite has no end", "the module's tests did not run"]);
        assert_eq!(problems(&BEGIN[..3], true), ["the module's tests did not run"]);
        assert!(problems(&BEGIN[..3], false).is_empty());
        let short = [&BEGIN[..], &["6     ok 1 a", "6 ok 1 suite"]].concat();
        assert_eq!(problems(&short, true), ["suite: 2 tests were planned, 1 ran"]);
        let (summary, _) = read(&[&BEGIN[..3], &["6 not ok 1 suite"]].concat(), true);
        assert_eq!(summary.failed[0].name, "suite");
    }

    #[test]
    fn tests_of_the_kernel_itself_are_not_ours() {
        let (summary, belongs) =
            read(&[&BEGIN[1..], &["6     not ok 1 a", "6 not ok 1 suite"]].concat(), false);
        assert_eq!(summary, Summary::default());
        assert!(!belongs.contains(&true));
    }

    #[test]
    fn a_module_with_tests_has_their_section() {
        assert!(has_tests(b"..\0.kunit_test_suites\0.."));
        assert!(!has_tests(b"no .kunit"));
    }
}
