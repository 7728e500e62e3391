// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is wrong with a text, where, and what would be right.

use std::fmt;

/// An error in assembler text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsmError {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right, if that can be said.
    pub help: Option<String>,
}

impl fmt::Display for AsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for AsmError {}

/// An error inside of a line.
#[derive(Debug)]
pub(super) struct Fault {
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
}

impl Fault {
    pub fn new(column: usize, message: impl Into<String>) -> Self {
        Self { column, message: message.into(), help: None }
    }

    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub fn at(self, line: usize) -> AsmError {
        AsmError { line, column: self.column, message: self.message, help: self.help }
    }
}
