// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Judging the kernel log.

/// Text that a healthy kernel does not print.
const BAD: &[&str] = &[
    "WARNING:",
    "BUG:",
    "KASAN",
    "UBSAN",
    "Oops",
    "Kernel panic",
    "kmemleak: ",
    "unreferenced object",
    "DMA-API:",
    "refcount_t:",
    "possible recursive locking",
    "possible circular locking",
    "inconsistent lock state",
    "suspicious RCU usage",
    "rcu_preempt detected stalls",
    "blocked for more than",
    "soft lockup",
    "sleeping function called",
    "list_add corruption",
    "list_del corruption",
    "ODEBUG:",
    "general protection fault",
    "INFO: trying to register",
];

/// Marks a line that a test expects, from the moment it says so until the end.
const EXPECT: &str = "goya-tests: expect ";

/// Lines that are allowed always: text, and why.
#[derive(Debug, Default)]
pub struct Allowed(Vec<String>);

impl Allowed {
    /// Reads `TEXT # REASON` lines; a line without a reason is an error.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let entry = |line: &str| match line.split_once(" # ") {
            Some((text, reason)) if !reason.trim().is_empty() => Ok(text.trim().to_owned()),
            _ => Err(format!("allowed message without a reason: {line:?}")),
        };
        lines.map(entry).collect::<Result<_, _>>().map(Self)
    }

    fn allows(&self, line: &str) -> bool {
        self.0.iter().any(|text| line.contains(text))
    }
}

/// The lines of `log` that should not be there: splats, and error lines (`<3>` and worse).
pub fn bad_lines(log: &str, allowed: &Allowed) -> Vec<String> {
    let mut expected = Vec::new();
    let mut bad = Vec::new();
    for line in log.lines() {
        let line = line.trim_end();
        if let Some((_, text)) = line.split_once(EXPECT) {
            expected.push(text.trim().to_owned());
            continue;
        }
        let error = ["<0>", "<1>", "<2>", "<3>"].iter().any(|level| line.starts_with(level));
        let suspicious = error || BAD.iter().any(|b| line.contains(b));
        if suspicious && !allowed.allows(line) && !expected.iter().any(|e| line.contains(e)) {
            bad.push(line.to_owned());
        }
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splats_and_errors_are_found_unless_allowed() {
        let allowed = Allowed::parse("# comment\nharmless thing # known in 7.3\n").unwrap();
        let log = "<6>[1] fine\n<3>[2] broken\n<4>[3] WARNING: at x\n<3>[4] harmless thing\n\
                   <6>[5] goya-tests: expect page fault\n<3>[6] MMU page fault on va\n<3>[7] broken again";
        assert_eq!(
            bad_lines(log, &allowed),
            ["<3>[2] broken", "<4>[3] WARNING: at x", "<3>[7] broken again"]
        );
        assert!(Allowed::parse("no reason").is_err());
    }

    #[test]
    fn an_expectation_holds_from_its_line_on() {
        let log = "<3>[1] fault\n<6>[2] goya-tests: expect fault\n<3>[3] fault";
        assert_eq!(bad_lines(log, &Allowed::default()), ["<3>[1] fault"]);
    }
}
