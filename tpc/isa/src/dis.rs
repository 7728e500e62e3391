// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The disassembler.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use crate::form::{Kind, Types};
use crate::instruction::{Instruction, Predicate, Slots, Word};
use crate::loops::Loop;
use crate::operand::Operand;
use crate::word::{RawWord, WORD_SIZE};

/// A word of a disassembled program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Bytes from the program's first word.
    pub address: u32,
    /// The label at this word.
    pub label: Option<String>,
    /// Its bits.
    pub raw: RawWord,
    /// Its text, which assembles to the same bits.
    pub text: String,
    /// Why the text is only the word's digits.
    pub note: Option<String>,
}

/// A disassembled program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its words.
    pub lines: Vec<Line>,
    /// The label behind the last word, where a loop can end.
    pub end: Option<String>,
}

/// The text of a word. If it is no instruction word, or has bits that text cannot express, it is the word's digits.
#[must_use]
pub fn text(raw: &RawWord) -> String {
    match understand(raw) {
        Ok(word) => word.to_string(),
        Err(_) => format!(".word {raw}"),
    }
}

/// The text of a program, with labels for what its jumps and loops name.
#[must_use]
pub fn listing(words: &[RawWord]) -> Listing {
    let addresses = || (0..).step_by(WORD_SIZE);
    let decoded: Vec<_> = words.iter().map(understand).collect();
    let targets = addresses().zip(&decoded).filter_map(|(at, word)| target(word.as_ref().ok()?, at));
    let inside = |at: &u32| at % WORD_SIZE as u32 == 0 && *at as usize / WORD_SIZE <= words.len();
    let targets: BTreeSet<u32> = targets.filter(inside).collect();
    let labels: BTreeMap<u32, String> = targets.iter().map(|at| (*at, format!("at_{at:x}"))).collect();
    let line = |((address, raw), word): ((u32, &RawWord), &Result<Word, String>)| {
        let (text, note) = match word {
            Ok(word) => {
                let label = target(word, address).and_then(|at| labels.get(&at));
                (Labelled(word, label.map(String::as_str)).to_string(), None)
            }
            Err(reason) => (format!(".word {raw}"), Some(reason.clone())),
        };
        Line { address, label: labels.get(&address).cloned(), raw: *raw, text, note }
    };
    let lines: Vec<_> = addresses().zip(words).zip(&decoded).map(line).collect();
    let end = addresses().nth(words.len()).and_then(|at| labels.get(&at).cloned());
    Listing { lines, end }
}

impl fmt::Display for Listing {
    /// Text for the assembler.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            line.label.as_ref().map_or(Ok(()), |label| writeln!(f, "{label}:"))?;
            match &line.note {
                Some(note) => writeln!(f, "{} // {note}", line.text)?,
                None => writeln!(f, "{}", line.text)?,
            }
        }
        self.end.as_ref().map_or(Ok(()), |label| writeln!(f, "{label}:"))
    }
}

/// The word that `raw` means, if its text means these bits.
fn understand(raw: &RawWord) -> Result<Word, String> {
    let word = Word::decode(raw).map_err(|e| e.to_string())?;
    match word.encode() {
        Ok(bits) if bits == *raw => Ok(word),
        Ok(_) => Err(format!("unused bits are set in `{word}`")),
        Err(error) => Err(error.to_string()),
    }
}

/// The place in the code that the word at `address` names.
#[must_use]
pub fn target(word: &Word, address: u32) -> Option<u32> {
    match word {
        Word::Loop(l) => address.checked_add(l.length()),
        Word::Slots(slots) => slots.iter().find_map(|instruction| jump(instruction, address)),
    }
}

fn jump(instruction: &Instruction, address: u32) -> Option<u32> {
    let places = instruction.form().places.iter().zip(instruction.operands());
    let mut targets = places.filter_map(|(place, operand)| match (place.kind, operand) {
        (Kind::Value(accepts), Operand::Immediate(to)) if accepts.is_relative() => {
            Some(address.wrapping_add(*to))
        }
        (Kind::Value(accepts), Operand::Immediate(to)) if accepts.is_absolute() => Some(*to),
        _ => None,
    });
    targets.next()
}

/// A word, and the label that it names.
struct Labelled<'a>(&'a Word, Option<&'a str>);

impl fmt::Display for Labelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Word::Loop(l) => write_loop(f, l, self.1),
            Word::Slots(slots) if *slots == Slots::default() => f.write_str("nop"),
            Word::Slots(slots) => slots.iter().enumerate().try_for_each(|(i, instruction)| {
                f.write_str(if i == 0 { "" } else { "; " })?;
                write_instruction(f, instruction, self.1)
            }),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Labelled(self, None).fmt(f)
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_instruction(f, self, None)
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.inverted { "!" } else { "" }, self.register())
    }
}

fn write_instruction(f: &mut impl Write, instruction: &Instruction, label: Option<&str>) -> fmt::Result {
    let form = instruction.form();
    f.write_str(form.mnemonic)?;
    match (form.types, instruction.ty()) {
        (Types::Suffix(..), Some(ty)) => write!(f, ".{}", ty.suffix())?,
        (Types::Optional(..), Some(ty)) if ty.code() != 0 => write!(f, ".{}", ty.suffix())?,
        _ => {}
    }
    for (switch, &value) in form.switches.iter().zip(instruction.switches()) {
        let text = switch.text(value);
        if !text.is_empty() {
            write!(f, " {text}")?;
        }
    }
    for (i, (place, operand)) in form.places.iter().zip(instruction.operands()).enumerate() {
        f.write_str(form.separator(i))?;
        match (place.kind, operand) {
            (Kind::Value(accepts), Operand::Immediate(to)) if accepts.is_relative() => match label {
                Some(label) => f.write_str(label)?,
                None => write!(f, "{}", *to as i32)?,
            },
            (Kind::Value(accepts), Operand::Immediate(to)) if accepts.is_absolute() => match label {
                Some(label) => f.write_str(label)?,
                None => write!(f, "{to:#x}")?,
            },
            _ => write!(f, "{operand}")?,
        }
    }
    let separator = if form.places.is_empty() { " " } else { ", " };
    write_predicate(f, instruction.predicate(), separator)
}

fn write_predicate(f: &mut impl Write, predicate: Predicate, separator: &str) -> fmt::Result {
    if predicate == Predicate::ALWAYS { Ok(()) } else { write!(f, "{separator}{predicate}") }
}

fn write_loop(f: &mut impl Write, l: &Loop, label: Option<&str>) -> fmt::Result {
    let once = if l.once { "once " } else { "" };
    write!(f, "loop {once}{}, {}, {}, {}, ", l.start, l.boundary, l.step, l.compare)?;
    match label {
        Some(label) => f.write_str(label)?,
        None => write!(f, "{}", l.end)?,
    }
    write_predicate(f, l.predicate, ", ")
}
