// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Reading KTAP (`Documentation/dev-tools/ktap.rst`).

/// What a KTAP stream says at its top level.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Tests that passed.
    pub passed: usize,
    /// Names of the tests that failed.
    pub failed: Vec<String>,
    /// Tests that were skipped.
    pub skipped: usize,
    /// What is wrong with the stream itself.
    pub problems: Vec<String>,
}

impl Summary {
    /// Reads a whole stream.
    pub fn parse(text: &str) -> Self {
        let mut summary = Self::default();
        let mut planned = None;
        if !text.lines().any(|l| l.starts_with("KTAP version 1") || l.starts_with("TAP version 13")) {
            summary.problems.push("no KTAP version line".into());
        }
        for line in text.lines() {
            if let Some(count) = line.strip_prefix("1..").and_then(|n| n.trim().parse::<usize>().ok()) {
                planned = Some(count);
            } else if let Some(rest) = line.strip_prefix("not ok ") {
                summary.failed.push(rest.split_once(' ').map_or(rest, |(_, name)| name).trim().into());
            } else if let Some(rest) = line.strip_prefix("ok ") {
                if rest.contains("# SKIP") {
                    summary.skipped += 1;
                } else {
                    summary.passed += 1;
                }
            }
        }
        let ran = summary.passed + summary.failed.len() + summary.skipped;
        match planned {
            None => summary.problems.push("no plan line".into()),
            Some(0) => summary.problems.push("no test was planned".into()),
            Some(count) if count != ran => {
                summary.problems.push(format!("{count} tests were planned, {ran} ran"));
            }
            Some(_) => {}
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_stream() {
        let s = Summary::parse("KTAP version 1\n1..2\nok 1 a # 3 ms\n# note\nok 2 b # SKIP no card\n");
        assert!(s.failed.is_empty() && s.problems.is_empty());
        assert_eq!((s.passed, s.skipped), (1, 1));
    }

    #[test]
    fn missing_tests_and_failures_are_not_good() {
        let s = Summary::parse("KTAP version 1\n1..3\nok 1 a\nnot ok 2 b\n");
        assert_eq!(s.failed, ["b"]);
        assert_eq!(s.problems, ["3 tests were planned, 2 ran"]);
        assert!(!Summary::parse("").problems.is_empty());
    }
}
