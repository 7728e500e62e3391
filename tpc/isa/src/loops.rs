// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The loop word, whose layout has nothing in common with that of four slots but its opcode.
//!
//! Layout: TPC LLVM, `TPCInstrLayout.cpp` and `TPCMCCodeEmitter.cpp`.

use std::fmt;

use crate::instruction::Predicate;
use crate::slot::{Span, bits};
use crate::word::{RawWord, WORD_SIZE};

/// The SPU opcode that makes a word a loop.
pub const OPCODE: u32 = 34;

/// How a counter is compared with the boundary before each iteration, as signed numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Compare {
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Equal,
    NotEqual,
}

const COMPARES: [(Compare, &str); 6] = [
    (Compare::Greater, ">"),
    (Compare::GreaterEqual, ">="),
    (Compare::Less, "<"),
    (Compare::LessEqual, "<="),
    (Compare::Equal, "=="),
    (Compare::NotEqual, "!="),
];

impl Compare {
    /// The comparison that `text` means.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        COMPARES.iter().find(|c| c.1 == text).map(|c| c.0)
    }

    /// Whether `counter` compares so with `boundary`.
    #[must_use]
    pub const fn holds(self, counter: i32, boundary: i32) -> bool {
        match self {
            Self::Greater => counter > boundary,
            Self::GreaterEqual => counter >= boundary,
            Self::Less => counter < boundary,
            Self::LessEqual => counter <= boundary,
            Self::Equal => counter == boundary,
            Self::NotEqual => counter != boundary,
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(COMPARES[*self as usize].1)
    }
}

/// A bound of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Scalar register of this number.
    Register(u8),
    /// A number in the word.
    Immediate(i32),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(number) => write!(f, "S{number}"),
            Self::Immediate(value) => write!(f, "{value}"),
        }
    }
}

/// Scalar registers that a bound names.
const SCALARS: u8 = 36;

/// A loop. The word behind it, the delay slot, is executed once; the body follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Loop {
    /// First value of the counter.
    pub start: Bound,
    /// What the counter is compared with.
    pub boundary: Bound,
    /// What is added to the counter after each iteration.
    pub step: Bound,
    /// The comparison that lets an iteration begin.
    pub compare: Compare,
    /// Bytes from this word to the last word of the body.
    pub end: u16,
    /// At most one iteration. No compiler sets it.
    pub once: bool,
    /// The condition of the whole loop; a scalar predicate.
    pub predicate: Predicate,
}

/// Register field, immediate flag and immediate of start, boundary and step.
const BOUNDS: [(Span, Span, Span); 3] = [
    (bits(12, 6), bits(26, 26), bits(182, 151)),
    (bits(19, 13), bits(27, 27), bits(67, 36)),
    (bits(25, 20), bits(28, 28), bits(99, 68)),
];
const ONCE: Span = bits(29, 29);
const POLARITY: Span = bits(31, 31);
const PREDICATE: Span = bits(35, 32);
const END: Span = bits(115, 100);
const COMPARE: Span = bits(118, 116);
const OPCODE_BITS: Span = bits(5, 0);

/// The fields of a loop's word, with what is in them.
#[must_use]
pub fn layout() -> Vec<(Span, &'static str)> {
    let names = [
        ("start: S", "start: imm?", "start: imm"),
        ("boundary: S", "boundary: imm?", "boundary: imm"),
        ("step: S", "step: imm?", "step: imm"),
    ];
    let bounds = BOUNDS.into_iter().zip(names);
    let bounds =
        bounds.flat_map(|(fields, names)| [(fields.0, names.0), (fields.1, names.1), (fields.2, names.2)]);
    let rest = [
        (OPCODE_BITS, "34"),
        (ONCE, "once"),
        (POLARITY, "!"),
        (PREDICATE, "SP"),
        (END, "bytes to the last word"),
        (COMPARE, "comparison"),
    ];
    bounds.chain(rest).collect()
}

impl Loop {
    /// Bytes from this word to the word behind the body.
    #[must_use]
    pub fn length(&self) -> u32 {
        u32::from(self.end) + WORD_SIZE as u32
    }

    /// Start, boundary and step.
    #[must_use]
    pub const fn bounds(&self) -> [Bound; 3] {
        [self.start, self.boundary, self.step]
    }

    /// Whether `word` is a loop, of whatever kind.
    #[must_use]
    pub fn is_in(word: &RawWord) -> bool {
        word.get(OPCODE_BITS) == OPCODE
    }

    /// The loop of `word`, which [is one](Self::is_in). The error says what is wrong with it.
    pub(crate) fn decode(word: &RawWord) -> Result<Self, String> {
        let mut bounds = [Bound::Immediate(0); 3];
        for (bound, (register, flag, immediate)) in bounds.iter_mut().zip(BOUNDS) {
            *bound = if word.get(flag) == 0 {
                let number = word.get(register);
                let number = u8::try_from(number).ok().filter(|&n| n < SCALARS);
                Bound::Register(number.ok_or_else(|| format!("no scalar has code {}", word.get(register)))?)
            } else {
                Bound::Immediate(word.get(immediate) as i32)
            };
        }
        let [start, boundary, step] = bounds;
        let compare = COMPARES.get(word.get(COMPARE) as usize);
        let (compare, _) = *compare.ok_or_else(|| format!("no comparison has code {}", word.get(COMPARE)))?;
        let number = word.get(PREDICATE) as u8;
        Ok(Self {
            start,
            boundary,
            step,
            compare,
            end: word.get(END) as u16,
            once: word.get(ONCE) != 0,
            predicate: Predicate { vector: false, number, inverted: word.get(POLARITY) != 0 },
        })
    }

    /// The loop's word. The error says what has no encoding.
    pub(crate) fn encode(&self) -> Result<RawWord, String> {
        let mut word = RawWord::default();
        word.set(OPCODE_BITS, OPCODE);
        for (bound, (register, flag, immediate)) in self.bounds().into_iter().zip(BOUNDS) {
            match bound {
                Bound::Register(number) if number < SCALARS => word.set(register, u32::from(number)),
                Bound::Register(number) => return Err(format!("there is no S{number}")),
                Bound::Immediate(value) => {
                    let value = value as u32;
                    // The vendor's assembler also leaves the low bits where the register would be.
                    word.set(register, value);
                    word.set(flag, 1);
                    word.set(immediate, value);
                }
            }
        }
        if self.predicate.vector || self.predicate.number > 15 {
            return Err("a loop takes a scalar predicate".into());
        }
        word.set(COMPARE, self.compare as u32);
        word.set(END, u32::from(self.end));
        word.set(ONCE, u32::from(self.once));
        word.set(PREDICATE, u32::from(self.predicate.number));
        word.set(POLARITY, u32::from(self.predicate.inverted));
        Ok(word)
    }
}
