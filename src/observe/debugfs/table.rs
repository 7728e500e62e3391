// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tables, as upstream's files have them.

use kernel::fmt::Write;

use crate::abstractions::debugfs::Output;

/// A table: its head stands before the first row only, and an empty line after the last.
pub(super) struct Table<'a, 'b> {
    text: &'a mut Output<'b>,
    head: &'static str,
    line: &'static str,
    empty: bool,
}

impl<'a, 'b> Table<'a, 'b> {
    /// An empty one.
    pub(super) fn new(text: &'a mut Output<'b>, head: &'static str, line: &'static str) -> Self {
        Self {
            text,
            head,
            line,
            empty: true,
        }
    }

    /// Adds a row. The text takes what comes: it never fails.
    pub(super) fn row(&mut self, row: core::fmt::Arguments<'_>) {
        if self.empty {
            self.empty = false;
            let _ = writeln!(self.text, "\n{}\n{}", self.head, self.line);
        }
        let _ = writeln!(self.text, "{row}");
    }

    /// Ends it.
    pub(super) fn end(self) {
        if !self.empty {
            let _ = writeln!(self.text);
        }
    }
}
