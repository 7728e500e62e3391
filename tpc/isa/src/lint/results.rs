// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Results that are read too early, that overtake each other, or that two slots write.

use super::flow::Flow;
use super::{Code, Report, Rule};
use crate::instruction::{Instruction, Word};
use crate::latency::{self, MAX_DISTANCE, Read, Write};
use crate::register::{File, Register};

pub(super) fn check(code: &Code, flow: &Flow, report: &mut Report) {
    for at in 0..code.words.len() {
        let Some(slots) = code.slots(at) else { continue };
        let written: Vec<_> = slots.iter().flat_map(|i| latency::writes(i).map(move |w| (i, w))).collect();
        for (i, (instruction, write)) in written.iter().enumerate() {
            if is_constant(write.register) {
                let message =
                    format!("{} reads true always: `{instruction}` changes nothing", write.register);
                report.add(at, Rule::LostWrite, message);
            }
            if let Some((other, _)) = written.iter().skip(i + 1).find(|(_, other)| other.is_of(write)) {
                let message = format!("`{instruction}` and `{other}` write {}: one is lost", write.register);
                report.add(at, Rule::TwoWriters, message);
            }
            Shadow { code, flow, producer: instruction, write: *write, from: at }.walk(at, 1, report);
        }
    }
}

fn is_constant(register: Register) -> bool {
    matches!(register.file, File::Sp | File::Vp) && register.number == 0
}

/// The words behind a write in which its result can't be read yet.
struct Shadow<'a> {
    code: &'a Code,
    flow: &'a Flow,
    producer: &'a Instruction,
    write: Write,
    from: usize,
}

impl Shadow<'_> {
    /// Looks at the words that follow `at`, which are `words` behind the write.
    fn walk(&self, at: usize, words: u8, report: &mut Report) {
        for &next in self.flow.after(at) {
            let Some(word) = self.code.get(next) else { continue };
            for read in reads(word).iter().filter(|read| read.is_of(&self.write)) {
                self.read(next, words, read, report);
            }
            let overwritten = self.overwritten(next, word, words, report);
            if words < MAX_DISTANCE && !overwritten {
                self.walk(next, words + 1, report);
            }
        }
    }

    fn read(&self, at: usize, words: u8, read: &Read, report: &mut Report) {
        let needed = read.distance(&self.write);
        if words < needed {
            let (register, producer, from) = (read.register, self.producer, self.from);
            let message = format!(
                "{register} is read {words} behind `{producer}` of word {from}, needs {needed}: the old value is read"
            );
            report.add(at, Rule::EarlyRead, message);
        }
    }

    /// Whether all of the result is written again at `at`; then the later one is what counts.
    fn overwritten(&self, at: usize, word: &Word, words: u8, report: &mut Report) -> bool {
        let Word::Slots(slots) = word else { return false };
        let mut overwritten = false;
        for write in slots.iter().flat_map(latency::writes).filter(|write| write.is_of(&self.write)) {
            if self.write.stage > write.stage + words {
                let (register, producer, from) = (write.register, self.producer, self.from);
                let message =
                    format!("`{producer}` of word {from} writes {register} later: this result is lost");
                report.add(at, Rule::Overtaking, message);
            }
            overwritten |= write.register == self.write.register && write.count >= self.write.count;
        }
        overwritten
    }
}

fn reads(word: &Word) -> Vec<Read> {
    match word {
        Word::Slots(slots) => slots.iter().flat_map(latency::reads).collect(),
        Word::Loop(l) => latency::loop_reads(l).collect(),
    }
}
