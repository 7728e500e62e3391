// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! How answers are written: as text, JSON or CSV.

use std::fmt::Display;
use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

use crate::failure::{Failure, Result};

/// The version of what is written as JSON. It goes up when a program that reads it has to change.
pub const SCHEMA: u32 = 1;

/// A form of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: an object, or one a line where there is no end
    Json,
    /// For spreadsheets: a title for each column, then rows
    Csv,
}

/// Good things.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Bad things.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Titles.
pub const TITLE: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();

/// A text in a style; whether that is shown, standard output decides.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Where answers go.
#[derive(Debug)]
pub struct Output {
    format: Format,
}

/// An answer with what says how to read it.
#[derive(Serialize)]
struct Answer<'a, T> {
    schema: u32,
    command: &'a str,
    #[serde(flatten)]
    answer: &'a T,
}

/// Whether the titles of columns are written.
#[derive(Debug, Default)]
pub struct Titles(bool);

/// The answer of a command that failed.
#[derive(JsonSchema, Serialize)]
pub struct Failed<'a> {
    error: Why<'a>,
}

/// What went wrong.
#[derive(JsonSchema, Serialize)]
struct Why<'a> {
    /// The exit code.
    code: u8,
    text: &'a str,
}

impl Output {
    /// Answers of this form.
    pub const fn new(format: Format) -> Self {
        Self { format }
    }

    /// The form.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether programs read it.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether people read it.
    pub fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// For commands that have nothing for spreadsheets.
    pub fn no_csv(&self) -> Result {
        match self.format {
            Format::Csv => Err(Failure::usage("there is no CSV of this: it has no rows")),
            _ => Ok(()),
        }
    }

    /// For commands whose answers have a form of their own.
    pub fn no_json(&self, why: &str) -> Result {
        if self.is_json() { Err(Failure::usage(format!("there is no JSON of this: {why}"))) } else { Ok(()) }
    }

    /// Writes a text, with colours on a terminal that wants them.
    pub fn text(&self, text: impl Display) -> Result {
        let mut out = anstream::stdout().lock();
        write!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::output)
    }

    /// Writes a line.
    pub fn line(&self, text: impl Display) -> Result {
        self.text(format_args!("{text}\n"))
    }

    /// Writes the answer of a command as JSON.
    pub fn json(&self, command: &str, answer: &impl Serialize) -> Result {
        let answer = Answer { schema: SCHEMA, command, answer };
        let text = serde_json::to_string_pretty(&answer).map_err(std::io::Error::from)?;
        self.line(text)
    }

    /// Writes one of many answers as a line of JSON.
    pub fn json_line(&self, command: &str, answer: &impl Serialize) -> Result {
        let answer = Answer { schema: SCHEMA, command, answer };
        let text = serde_json::to_string(&answer).map_err(std::io::Error::from)?;
        self.line(text)
    }

    /// Writes the one answer of a command, for people as `text` says it.
    pub fn answer<T: Serialize>(&self, command: &str, answer: &T, text: impl FnOnce() -> String) -> Result {
        match self.format {
            Format::Json => self.json(command, answer),
            Format::Csv => self.csv(&[answer]),
            Format::Text => self.text(text()),
        }
    }

    /// Writes as CSV what `fill` does.
    fn csv_of(&self, fill: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> Result {
        let mut out = csv::Writer::from_writer(Vec::new());
        fill(&mut out).map_err(|e| Failure::failed(e.to_string()))?;
        let bytes = out.into_inner().map_err(|e| Failure::failed(e.to_string()))?;
        self.text(String::from_utf8_lossy(&bytes))
    }

    /// Writes rows as CSV, with their fields' names.
    pub fn csv(&self, rows: &[impl Serialize]) -> Result {
        self.csv_of(|out| rows.iter().try_for_each(|row| out.serialize(row)))
    }

    /// Writes rows of cells as CSV.
    pub fn csv_records(&self, titles: &[&str], rows: &[Vec<String>]) -> Result {
        let mut written = Titles::default();
        rows.iter().try_for_each(|row| self.csv_line(&mut written, titles, row))
    }

    /// Writes one of many rows of cells, behind the titles if it is the first.
    pub fn csv_line(&self, titles: &mut Titles, names: &[impl AsRef<str>], cells: &[String]) -> Result {
        self.csv_of(|out| {
            if !std::mem::replace(&mut titles.0, true) {
                out.write_record(names.iter().map(AsRef::as_ref))?;
            }
            out.write_record(cells)
        })
    }

    /// Says why a command failed: on standard error, and to programs where they read.
    pub fn failed(&self, failure: &Failure) {
        complain(paint(BAD, goya::printable(failure.text())));
        if self.is_json() {
            self.failed_json(failure);
        }
    }

    /// Says it to programs only.
    pub fn failed_json(&self, failure: &Failure) {
        let error = Failed { error: Why { code: failure.code(), text: failure.text() } };
        // Nothing is left to tell somebody who does not read it.
        let _ = self.json_line("error", &error);
    }
}

/// Writes a line to standard error, whether somebody reads it or not.
pub fn complain(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "goyactl: {text}");
}

/// How wide a text is, without its colours.
fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

/// A table whose columns are as wide as they have to be.
pub fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    let titles = titles.iter().map(|title| paint(TITLE, title)).collect();
    let lines: Vec<Vec<String>> = [titles].into_iter().chain(rows.iter().cloned()).collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        lines.iter().filter_map(|line: &Vec<String>| line.get(column)).map(|c| width(c)).max()
    };
    let widths: Vec<_> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let pad = |(cell, &wide): (&String, &usize)| format!("{cell}{}", " ".repeat(wide - width(cell)));
        let cells: Vec<_> = line.iter().zip(&widths).map(pad).collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// Bytes for people.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 100.0 || value.fract() < 0.05 { 0 } else { 1 };
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_aligned() {
        let rows = [vec!["a".to_owned(), "bc".to_owned()], vec!["abcdef".to_owned(), String::new()]];
        let text = anstream::adapter::strip_str(&table(&["ONE", "TWO"], &rows)).to_string();
        assert_eq!(text, "ONE     TWO\na       bc\nabcdef\n");
    }

    #[test]
    fn bytes_are_short() {
        for (value, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (16 << 30, "16 GiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(bytes(value), text);
        }
    }

    #[test]
    fn answers_say_how_to_read_them() {
        let answer = Answer { schema: SCHEMA, command: "x", answer: &json!({"a": 1}) };
        assert_eq!(serde_json::to_string(&answer).unwrap(), r#"{"schema":1,"command":"x","a":1}"#);
    }
}
