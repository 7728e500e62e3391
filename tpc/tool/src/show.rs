// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is printed, as text and as JSON.

use std::fmt::Write;
use std::path::Path;

use goya_tpc_isa::asm::{AsmError, Program};
use goya_tpc_isa::dis::Listing;
use goya_tpc_isa::lint::Finding;
use goya_tpc_isa::{RawWord, printable};
use serde_json::{Value, json};

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[34m";
const DIM: &str = "\x1b[2m";

fn paint(text: &str, colour: &str, colours: bool) -> String {
    if colours { format!("{colour}{text}\x1b[0m") } else { text.to_owned() }
}

/// A word a line.
pub fn hex(words: &[RawWord]) -> String {
    words.iter().fold(String::new(), |text, word| text + &word.to_string() + "\n")
}

/// Errors, each with its line of the text and a mark under its column.
pub fn errors(file: &Path, text: &str, errors: &[AsmError], colours: bool) -> String {
    let mut out = String::new();
    for error in errors {
        let place = format!("{}:{}:{}", printable(&file.display().to_string()), error.line, error.column);
        let message = printable(&error.message);
        let _ = writeln!(out, "{place}: {}: {message}", paint("error", RED, colours));
        let line = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
        // Tabs stay tabs, so that the mark stands where the text does.
        let before: String = line.chars().take(error.column.saturating_sub(1)).collect();
        let indent: String = printable(&before).chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
        let line = printable(line);
        let _ = writeln!(out, "    {line}\n    {indent}{}", paint("^", RED, colours));
        if let Some(help) = &error.help {
            let _ = writeln!(out, "    {}", paint(&printable(help), BLUE, colours));
        }
    }
    out
}

/// Errors as JSON.
pub fn errors_json(errors: &[AsmError]) -> Value {
    let error =
        |e: &AsmError| json!({"line": e.line, "column": e.column, "message": e.message, "help": e.help});
    json!({"errors": errors.iter().map(error).collect::<Vec<_>>()})
}

/// A program's words and the lines that they are from, as JSON.
pub fn program_json(program: &Program) -> Value {
    let words = program.words.iter().zip(&program.lines);
    let words = words.map(|(word, line)| json!({"word": word.to_string(), "line": line}));
    json!({"words": words.collect::<Vec<_>>()})
}

/// Text for the assembler; with `words`, each with its address and digits as a comment.
pub fn listing(listing: &Listing, words: bool, colours: bool) -> String {
    let mut out = String::new();
    for line in &listing.lines {
        if let Some(label) = &line.label {
            let _ = writeln!(out, "{}", paint(&format!("{label}:"), BLUE, colours));
        }
        let colour = if line.note.is_some() { RED } else { "" };
        let text = paint(&line.text, colour, colours && !colour.is_empty());
        let mut comments: Vec<_> = line.note.iter().map(|note| paint(note, RED, colours)).collect();
        if words {
            comments.insert(0, paint(&format!("{:6x}: {}", line.address, line.raw), DIM, colours));
        }
        let comment =
            if comments.is_empty() { String::new() } else { format!(" // {}", comments.join(" // ")) };
        let _ = writeln!(out, "{text}{comment}");
    }
    listing.end.iter().for_each(|label| {
        let _ = writeln!(out, "{}", paint(&format!("{label}:"), BLUE, colours));
    });
    out
}

/// A disassembled program as JSON.
pub fn listing_json(listing: &Listing) -> Value {
    let line = |line: &goya_tpc_isa::dis::Line| {
        let (word, text) = (line.raw.to_string(), &line.text);
        json!({"address": line.address, "label": line.label, "word": word, "text": text, "note": line.note})
    };
    json!({"words": listing.lines.iter().map(line).collect::<Vec<_>>(), "end": listing.end})
}

/// Findings, by their lines of text if the program was text.
pub fn findings(file: &Path, program: &Program, findings: &[Finding], colours: bool) -> String {
    let mut out = String::new();
    for finding in findings {
        let place = program.lines.get(finding.word).map_or_else(
            || format!("{}: word {}", file.display(), finding.word),
            |line| format!("{}:{line}: word {}", file.display(), finding.word),
        );
        let name = paint(&format!("[{}]", finding.rule.name()), DIM, colours);
        let _ = writeln!(out, "{place}: {}: {} {name}", paint("warning", YELLOW, colours), finding.message);
    }
    out
}

/// Findings as JSON.
pub fn findings_json(program: &Program, findings: &[Finding]) -> Value {
    let finding = |f: &Finding| {
        let line = program.lines.get(f.word);
        json!({"word": f.word, "line": line, "rule": f.rule.name(), "message": f.message})
    };
    json!({"findings": findings.iter().map(finding).collect::<Vec<_>>()})
}
