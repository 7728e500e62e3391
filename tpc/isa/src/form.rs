// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The forms of instructions: rows of the table that everything else is made from.

use std::fmt;

use crate::operand::Accepts;
use crate::slot::{Field, Slot};
use crate::switch::Switch;
use crate::types::{Type, TypeSet};

/// How a form says its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Types {
    /// It has none.
    None,
    /// A suffix of the mnemonic; the code is at this bit of this field.
    Suffix(TypeSet, Field, u8),
    /// The same, where a text without a suffix means code 0.
    Optional(TypeSet, Field, u8),
    /// The type field has always this one, and text never.
    Fixed(Type),
}

/// Which predicates a form takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicates {
    /// None: it is always executed.
    None,
    /// A scalar predicate.
    Scalar,
    /// A scalar predicate, or a vector one which says the elements that are written.
    Any,
}

/// What an operand is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is read.
    Read,
    /// It is written, perhaps in parts.
    Write,
    /// It is read, and written: an accumulator, or what is kept where a conversion does not write.
    Update,
}

/// What an operand may be, and how it is encoded.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A register or the immediate: its code fills the field.
    Value(Accepts),
    /// A number in some bits of the field.
    Number {
        /// What it counts, for messages.
        name: &'static str,
        /// The lowest bit inside of the field.
        low: u8,
        /// Bits.
        width: u8,
        /// The largest one.
        max: u8,
        /// What a text without it means.
        default: Option<u8>,
    },
    /// Five dimensions from this bit of the field on.
    Mask(u8),
}

/// A place for an operand.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The field that encodes it.
    pub field: Field,
    /// Read or written.
    pub role: Role,
    /// What it may be.
    pub kind: Kind,
}

/// The most operands that a form has.
pub const MAX_OPERANDS: usize = 5;
/// The most switches that a form has.
pub const MAX_SWITCHES: usize = 5;

/// A form of an instruction: an opcode of a slot with operands of certain kinds.
#[derive(Debug)]
pub struct Form {
    /// The slot that executes it.
    pub slot: Slot,
    /// The opcode in that slot.
    pub opcode: u8,
    /// Its name in text.
    pub mnemonic: &'static str,
    /// The types of its elements.
    pub types: Types,
    /// Its switches.
    pub switches: &'static [Switch],
    /// Its operands, in the order of text.
    pub places: &'static [Place],
    /// The predicates that it takes.
    pub predicates: Predicates,
    /// Operand whose number is also in the immediate of the word.
    pub repeated_in_immediate: Option<usize>,
}

impl Form {
    /// Whether the form uses `field`; the bits of other fields mean nothing to it.
    #[must_use]
    pub fn uses(&self, field: Field) -> bool {
        let typed = match self.types {
            Types::None => false,
            Types::Suffix(_, at, _) | Types::Optional(_, at, _) => at == field,
            Types::Fixed(_) => field == Field::Type,
        };
        typed
            || self.switches.iter().any(|s| s.field == field)
            || self.places.iter().any(|p| p.field == field)
            || field == Field::Immediate && self.repeated_in_immediate.is_some()
    }

    /// What text has in front of operand `i`: a comma, but none between a mask or section and the
    /// destination that it belongs to.
    #[must_use]
    pub fn separator(&self, i: usize) -> &'static str {
        let before = i.checked_sub(1).and_then(|before| self.places.get(before));
        let joined = before.is_none_or(|before| {
            !matches!(before.kind, Kind::Value(_)) && self.places.get(i).is_some_and(|p| p.role != Role::Read)
        });
        if joined { " " } else { ", " }
    }

    /// Whether it does nothing at all.
    #[must_use]
    pub fn is_nop(&self) -> bool {
        self.mnemonic == "nop"
    }
}

impl PartialEq for Form {
    /// A form is one row of the table, so it equals only itself.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Form {}

impl fmt::Display for Form {
    /// The syntax: `add.f32|i32 [st] V, V, V|S|imm`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mnemonic)?;
        match self.types {
            Types::Suffix(set, ..) => write!(f, ".{set}")?,
            Types::Optional(set, ..) => write!(f, "[.{set}]")?,
            Types::None | Types::Fixed(_) => {}
        }
        for switch in self.switches {
            let text = switch.to_string();
            if !text.is_empty() {
                write!(f, " {text}")?;
            }
        }
        for (i, place) in self.places.iter().enumerate() {
            f.write_str(self.separator(i))?;
            match place.kind {
                Kind::Value(accepts) => accepts.fmt(f)?,
                Kind::Number { name, default: Some(_), .. } => write!(f, "[{name}]")?,
                Kind::Number { name, .. } => f.write_str(name)?,
                Kind::Mask(_) => f.write_str("mask")?,
            }
        }
        Ok(())
    }
}
