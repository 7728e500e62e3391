// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Reading KTAP (the kernel's `Documentation/dev-tools/ktap.rst`).

/// What a KTAP stream says at its top level.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: Vec<Failure>,
    /// Tests that were skipped.
    pub skipped: usize,
    /// What is wrong with the stream itself.
    pub problems: Vec<String>,
}

/// A test that failed.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its name.
    pub name: String,
    /// The diagnostic lines before its result.
    pub said: Vec<String>,
}

/// A line with a result.
pub struct ResultLine<'a> {
    /// Whether it passed.
    pub ok: bool,
    /// Its number.
    pub number: Option<usize>,
    /// The test's name.
    pub name: &'a str,
    skip: bool,
}

impl Summary {
    /// Reads a whole stream.
    pub fn parse(text: &str) -> Self {
        let mut summary = Self::default();
        let (mut version, mut planned, mut ran) = (false, None, 0_usize);
        let (mut said, mut failed_below) = (Vec::new(), false);
        for line in text.lines().map(str::trim_end) {
            if is_version(line) {
                version = true;
            } else if let Some(count) = line.strip_prefix("1..") {
                let count = count.split_whitespace().next().and_then(|n| n.parse::<usize>().ok());
                if planned.is_some() || count.is_none() {
                    summary.problems.push(format!("a second or unreadable plan: {line:?}"));
                }
                planned = planned.or(count);
            } else if let Some(why) = line.strip_prefix("Bail out!") {
                summary.problems.push(format!("bailed out:{why}"));
            } else if let Some(result) = result_line(line) {
                ran = ran.saturating_add(1);
                if result.number != Some(ran) {
                    summary.problems.push(format!("result {ran} is numbered otherwise: {line:?}"));
                }
                if result.ok && failed_below {
                    summary.problems.push(format!("{} is ok, but a subtest of it failed", result.name));
                }
                summary.count(&result, std::mem::take(&mut said));
                failed_below = false;
            } else if line.starts_with([' ', '\t']) {
                // A subtest's result counts in that of the test it belongs to.
                failed_below |= result_line(line.trim_start()).is_some_and(|r| !r.ok);
            } else if let Some(note) = line.strip_prefix("# ") {
                said.push(note.to_owned());
            }
        }
        if !version {
            summary.problems.push("no KTAP version line".into());
        }
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

    /// How many tests there are.
    pub fn total(&self) -> usize {
        self.passed.saturating_add(self.failed.len()).saturating_add(self.skipped)
    }

    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.failed.is_empty() && self.problems.is_empty()
    }

    /// Adds the results of another stream.
    pub fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.skipped = self.skipped.saturating_add(other.skipped);
        self.failed.extend(other.failed);
        self.problems.extend(other.problems);
    }

    /// Counts a result; the test has said `said`.
    pub fn count(&mut self, result: &ResultLine<'_>, said: Vec<String>) {
        if result.skip {
            self.skipped = self.skipped.saturating_add(1);
        } else if result.ok {
            self.passed = self.passed.saturating_add(1);
        } else {
            self.failed.push(Failure { name: result.name.to_owned(), said });
        }
    }
}

/// Whether `line` begins a stream.
pub fn is_version(line: &str) -> bool {
    line.starts_with("KTAP version 1") || line.starts_with("TAP version 1")
}

/// Splits a line with a result into `[not] ok` and what follows the number.
pub fn split_result(line: &str) -> Option<(&str, &str)> {
    let result = result_line(line)?;
    let (verdict, rest) = line.split_at(if result.ok { "ok".len() } else { "not ok".len() });
    let rest = rest.trim_start();
    let what = rest.trim_start_matches(|c: char| result.number.is_some() && c.is_ascii_digit());
    Some((verdict, what.trim_start()))
}

/// Reads `[not] ok NUMBER [- ]NAME [# DIRECTIVE]`.
pub fn result_line(line: &str) -> Option<ResultLine<'_>> {
    let (ok, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let rest = rest.trim_start();
    let (number, rest) = match rest.split_once(' ').unwrap_or((rest, "")) {
        (number, rest) if number.parse::<usize>().is_ok() => (number.parse().ok(), rest),
        _ => (None, rest),
    };
    let (name, directive) = rest.split_once('#').unwrap_or((rest, ""));
    let skip = directive.trim_start().get(..4).is_some_and(|d| d.eq_ignore_ascii_case("skip"));
    Some(ResultLine { ok, number, name: name.trim_start_matches("- ").trim(), skip })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_stream() {
        let s = Summary::parse(
            "KTAP version 1\n1..3\nok 1 a # 3 ms\n# note\nok 2 - b # SKIP no card\n    KTAP version 1\n    1..1\n    ok 1 x\nok 3 c\n",
        );
        assert_eq!((s.passed, s.skipped), (2, 1));
        assert_eq!((s.failed, s.problems), (vec![], vec![]));
    }

    #[test]
    fn missing_tests_and_failures_are_not_good() {
        let s =
            Summary::parse("KTAP version 1\n1..3\n# first\nok 1 a\n# why\n# and where\nnot ok 2 b # 5 ms\n");
        assert_eq!(s.failed.len(), 1);
        assert_eq!((s.failed[0].name.as_str(), s.failed[0].said.len()), ("b", 2));
        assert_eq!(s.problems, ["3 tests were planned, 2 ran"]);
    }

    #[test]
    fn a_stream_that_is_none_is_not_good() {
        let problems = |text| Summary::parse(text).problems.len();
        assert_eq!(problems(""), 2);
        assert_eq!(problems("KTAP version 1\n1..0\n"), 1);
        assert_eq!(problems("KTAP version 1\n1..2\nok 1 a\nok 1 b\n"), 1);
        assert_eq!(problems("KTAP version 1\n1..1\nok 1 a\nBail out! no card\n"), 1);
        assert_eq!(problems("KTAP version 1\n1..1\n  not ok 1 x\nok 1 a\n"), 1);
        assert_eq!(problems("KTAP version 1\n1..x\n"), 2);
        // Words that only begin like a result.
        assert_eq!(Summary::parse("KTAP version 1\n1..1\nokay\nok 1 a\n").passed, 1);
    }
}
