// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The hazard check: what a program does that the card would not do as its text reads.
//!
//! Latencies are those of [`crate::latency`]. The other rules are those that the vendor's compiler keeps (TPC
//! LLVM, `TPCVLIWPacketizer.cpp`, `TPCLatencyResolver.cpp`, `TPCHazardRecognizer.cpp`).

mod control;
mod flow;
mod neighbours;
mod results;
mod shared;

use std::fmt;

use crate::instruction::{Instruction, Slots, Word};
use crate::slot::Slot;
use crate::word::RawWord;

/// The rule that a program breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A word is no instruction word.
    Illegal,
    /// A word has bits that mean nothing.
    UnusedBits,
    /// A result is read before it can be.
    EarlyRead,
    /// A result overtakes a later one of the same register.
    Overtaking,
    /// Two slots of a word write the same register.
    TwoWriters,
    /// A write has no effect.
    LostWrite,
    /// Two instructions of a word need the same port or path.
    Port,
    /// Two words are too near to each other.
    Distance,
    /// A loop is not as loops have to be.
    Loop,
    /// A jump is not as jumps have to be.
    Jump,
    /// The program has no proper end.
    End,
}

impl Rule {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Illegal => "illegal",
            Self::UnusedBits => "unused-bits",
            Self::EarlyRead => "early-read",
            Self::Overtaking => "overtaking",
            Self::TwoWriters => "two-writers",
            Self::LostWrite => "lost-write",
            Self::Port => "port",
            Self::Distance => "distance",
            Self::Loop => "loop",
            Self::Jump => "jump",
            Self::End => "end",
        }
    }
}

/// A place where a program breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The word, from 0.
    pub word: usize,
    /// The rule.
    pub rule: Rule,
    /// What is wrong, and what the card does.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "word {}: {} [{}]", self.word, self.message, self.rule.name())
    }
}

/// A program as the rules look at it.
struct Code {
    /// `None` for what is no instruction word.
    words: Vec<Option<Word>>,
}

impl Code {
    fn get(&self, index: usize) -> Option<&Word> {
        self.words.get(index)?.as_ref()
    }

    fn slots(&self, index: usize) -> Option<&Slots> {
        match self.get(index)? {
            Word::Slots(slots) => Some(slots),
            Word::Loop(_) => None,
        }
    }

    /// The instruction of `slot` in the word at `index`.
    fn at(&self, index: usize, slot: Slot) -> Option<&Instruction> {
        self.slots(index).map(|slots| slots.get(slot))
    }
}

/// The findings so far.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn add(&mut self, word: usize, rule: Rule, message: impl Into<String>) {
        self.0.push(Finding { word, rule, message: message.into() });
    }
}

/// Checks a program, which begins at its first word.
#[must_use]
pub fn check(words: &[RawWord]) -> Vec<Finding> {
    let mut report = Report::default();
    let decoded = words.iter().enumerate().map(|(i, raw)| match Word::decode(raw) {
        Ok(word) => {
            if word.encode().is_ok_and(|bits| bits != *raw) {
                report.add(i, Rule::UnusedBits, "bits that nothing uses are set: the card ignores them");
            }
            Some(word)
        }
        Err(error) => {
            report.add(i, Rule::Illegal, format!("{error}: the card stops with an interrupt"));
            None
        }
    });
    let code = Code { words: decoded.collect() };
    let flow = flow::Flow::new(&code);
    results::check(&code, &flow, &mut report);
    shared::check(&code, &mut report);
    neighbours::check(&code, &flow, &mut report);
    control::check(&code, &flow, &mut report);
    report.0.sort();
    report.0.dedup();
    report.0
}

/// Whether `instruction` is one of `mnemonics`.
fn is(instruction: &Instruction, mnemonics: &[&str]) -> bool {
    mnemonics.contains(&instruction.form().mnemonic)
}

const LOCAL_LOADS: &[&str] =
    &["ld_l", "ld_l_v", "ld_l_v_low", "ld_l_v_high", "lookup", "lookup_c0", "lookup_c1c2"];
const LOCAL_STORES: &[&str] = &["st_l", "st_l_v", "st_l_v_low", "st_l_v_high"];
const VECTOR_LOCAL_STORES: &[&str] = &["st_l_v", "st_l_v_low", "st_l_v_high"];
const TENSOR_LOADS: &[&str] = &["ld_tnsr", "ld_tnsr_low", "ld_tnsr_high"];
const TENSOR_STORES: &[&str] = &["st_tnsr", "st_tnsr_low", "st_tnsr_high"];
const LOOKUPS: &[&str] = &["lookup", "lookup_c0", "lookup_c1c2"];
const JUMPS: &[&str] = &["jmpr", "jmpa"];
