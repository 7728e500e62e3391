// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Switches: the small values that choose how an instruction does its work.

use std::fmt;

use crate::slot::Field;

/// How the values of a switch are written.
#[derive(Debug, Clone, Copy)]
pub enum Spelling {
    /// A word for each value; the first word of a value is the one that is printed, "" is no word at all.
    Words(&'static [(&'static str, u8)]),
    /// `name=value` with any value that the bits hold.
    Equals(&'static str),
}

/// A few bits of a field of an instruction.
#[derive(Debug, Clone, Copy)]
pub struct Switch {
    /// The field that has the bits.
    pub field: Field,
    /// The lowest bit inside of the field.
    pub low: u8,
    /// Bits.
    pub width: u8,
    /// The values and their text.
    pub spelling: Spelling,
    /// The value of a text that says nothing; `None`: a text has to say it.
    pub default: Option<u8>,
}

impl Switch {
    /// The value that `text` means; `None` if it is no text of this switch.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<u8> {
        match self.spelling {
            Spelling::Words(words) => words.iter().find(|w| !w.0.is_empty() && w.0 == text).map(|w| w.1),
            Spelling::Equals(name) => {
                let value = crate::number::parse(text.strip_prefix(name)?.strip_prefix('=')?)?;
                u8::try_from(value).ok().filter(|&value| self.holds(value))
            }
        }
    }

    /// Whether the switch has `value`.
    #[must_use]
    pub fn holds(&self, value: u8) -> bool {
        match self.spelling {
            Spelling::Words(words) => words.iter().any(|w| w.1 == value),
            Spelling::Equals(_) => value >> self.width == 0,
        }
    }

    /// The text of `value`; empty if it needs none.
    #[must_use]
    pub fn text(&self, value: u8) -> String {
        match self.spelling {
            Spelling::Words(words) => words.iter().find(|w| w.1 == value).map_or("", |w| w.0).to_owned(),
            Spelling::Equals(name) => format!("{name}={value}"),
        }
    }
}

impl fmt::Display for Switch {
    /// The choices, as a syntax line shows them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let choices = match self.spelling {
            Spelling::Words(words) => {
                let mut seen = Vec::new();
                words.iter().for_each(|&(word, value)| {
                    if !word.is_empty() && !seen.iter().any(|&(_, v)| v == value) {
                        seen.push((word, value));
                    }
                });
                seen.iter().map(|s| s.0).collect::<Vec<_>>().join("|")
            }
            Spelling::Equals(name) => format!("{name}=0..{}", (1u16 << self.width) - 1),
        };
        match self.default {
            Some(_) if choices.is_empty() => Ok(()),
            Some(_) => write!(f, "[{choices}]"),
            None => f.write_str(&choices),
        }
    }
}
