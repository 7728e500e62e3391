// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The assembler.
//!
//! A line of text is one word: `LOAD; SPU; VPU; STORE`, with `nop` for a slot that does nothing. Alone in a line
//! may stand `nop`, `halt` (of both pipes), `loop`, and `.word` with 64 hexadecimal digits. `name:` is a label,
//! `//` and `#` begin a comment. That is the text of the vendor's assembler, but for `.word`.

mod error;
mod line;
mod loops;
mod operand;
mod slot;

use std::collections::HashMap;

pub use error::AsmError;

use crate::encode::EncodeError;
use crate::instruction::{Instruction, Slots, Word};
use crate::register::Register;
use crate::slot::Slot;
use crate::word::{RawWord, WORD_SIZE};
use error::Fault;
use line::Piece;

/// An assembled program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// Its words.
    pub words: Vec<RawWord>,
    /// The line of text, from 1, that each word is from.
    pub lines: Vec<usize>,
}

impl Program {
    /// Its bytes, as they are in the card's memory.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_bytes()).collect()
    }
}

/// Assembles `text`.
///
/// # Errors
/// All lines that are wrong, in order.
pub fn assemble(text: &str) -> Result<Program, Vec<AsmError>> {
    let (labels, mut errors) = labels(text);
    let mut program = Program::default();
    for (number, line) in (1..).zip(text.lines()) {
        let address = program.words.len().saturating_mul(WORD_SIZE);
        let address = u32::try_from(address).unwrap_or(u32::MAX);
        match word(line::labels(line).1, &labels, address) {
            Ok(Some(word)) => {
                program.words.push(word);
                program.lines.push(number);
            }
            Ok(None) => {}
            Err(fault) => {
                // The words behind it keep their addresses.
                program.words.push(RawWord::default());
                errors.push(fault.at(number));
            }
        }
    }
    errors.sort_by_key(|error| (error.line, error.column));
    if errors.is_empty() { Ok(program) } else { Err(errors) }
}

impl operand::Labels for HashMap<&str, u32> {
    fn find(&self, name: &str) -> Option<u32> {
        self.get(name).copied()
    }
}

/// Where the labels of `text` are, and those that cannot be.
fn labels(text: &str) -> (HashMap<&str, u32>, Vec<AsmError>) {
    let (mut labels, mut errors, mut address) = (HashMap::new(), Vec::new(), 0_u32);
    for (number, line) in (1..).zip(text.lines()) {
        let (names, rest) = line::labels(line);
        for name in names {
            let fault =
                |what: &str| Fault::new(name.column, format!("label `{}` {what}", name.text)).at(number);
            if Register::from_name(name.text).is_some() {
                errors.push(fault("is the name of a register"));
            } else if labels.insert(name.text, address).is_some() {
                errors.push(fault("is there twice"));
            }
        }
        if !rest.text.is_empty() && !is_ignored(rest.text) {
            address = address.saturating_add(WORD_SIZE as u32);
        }
    }
    (labels, errors)
}

/// Whether a line says only what matters to a linker.
fn is_ignored(text: &str) -> bool {
    matches!(text.split_whitespace().next(), Some(".text" | ".globl" | ".type" | ".size" | ".file"))
}

/// The word that a line means, if it has one.
fn word(text: Piece<'_>, labels: &impl operand::Labels, address: u32) -> Result<Option<RawWord>, Fault> {
    if text.text.is_empty() || is_ignored(text.text) {
        return Ok(None);
    }
    if text.text.starts_with('.') {
        return directive(text).map(Some);
    }
    let slots = text.split(';');
    let head = text.text.split_whitespace().next();
    let word = match (head, slots.len()) {
        (Some("nop"), 1) if text.text == "nop" => Word::Slots(Slots::default()),
        (Some("halt"), 1) if text.text == "halt" => halt(text, labels, address)?,
        (Some("loop"), 1) => Word::Loop(loops::parse(text, labels, address)?),
        (_, 4) => {
            let mut instructions = Slot::ALL.map(Instruction::nop);
            for (slot, text) in Slot::ALL.into_iter().zip(&slots) {
                instructions[slot as usize] = slot::parse(slot, *text, labels, address)?;
            }
            Word::Slots(Slots::of(&instructions))
        }
        (_, 1) => {
            let fault = Fault::new(text.column, "only `nop`, `halt` and `loop` stand alone in a line");
            return Err(fault.help("a line is `LOAD; SPU; VPU; STORE`, with `nop` for what does nothing"));
        }
        (_, n) => {
            let fault = Fault::new(text.column, format!("a word has four slots, and here are {n}"));
            return Err(fault.help("a line is `LOAD; SPU; VPU; STORE`, with `nop` for what does nothing"));
        }
    };
    word.encode().map(Some).map_err(|error| {
        let second =
            if let EncodeError::Shared { slots: (_, second), .. } = &error { *second as usize } else { 0 };
        Fault::new(slots.get(second).map_or(text.column, |slot| slot.column), error.to_string())
    })
}

/// `halt` alone ends both pipes.
fn halt(text: Piece<'_>, labels: &impl operand::Labels, address: u32) -> Result<Word, Fault> {
    let pipes = [Slot::Spu, Slot::Vpu].map(|slot| slot::parse(slot, text, labels, address));
    let [spu, vpu] = pipes;
    Ok(Word::Slots(Slots::of(&[spu?, vpu?])))
}

fn directive(text: Piece<'_>) -> Result<RawWord, Fault> {
    let mut parts = text.text.split_whitespace();
    let (name, digits) = (parts.next(), parts.next());
    if name != Some(".word") {
        return Err(Fault::new(text.column, format!("there is no directive `{}`", name.unwrap_or(".")))
            .help("`.word` is one"));
    }
    let word = digits.and_then(RawWord::from_hex).filter(|_| parts.next().is_none());
    word.ok_or_else(|| {
        Fault::new(text.column, "`.word` needs a word").help("64 hexadecimal digits, first byte first")
    })
}
