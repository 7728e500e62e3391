// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! From instructions to bits.

use std::fmt;

use crate::form::{Kind, Predicates, Types};
use crate::instruction::{Instruction, Word};
use crate::operand::{self, Operand};
use crate::slot::{Field, Slot, Span, span};
use crate::word::RawWord;

/// Why instructions cannot be one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncodeError {
    /// Two slots want different bits in what they share.
    Shared {
        /// What they share, as the second slot calls it.
        field: Field,
        /// The slots.
        slots: (Slot, Slot),
    },
    /// A loop has no such encoding.
    Loop(String),
    /// An operand has no code in its slot.
    Operand(Slot, Operand),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared { field: Field::Immediate, slots: (a, b) } => {
                write!(f, "{a} and {b} slot share one immediate, which has to be the same")
            }
            Self::Shared { field: Field::Predicate | Field::Polarity, slots: (a, b) } => {
                write!(f, "{a} and {b} slot share one predicate, which has to be the same")
            }
            Self::Shared { field, slots: (a, b) } => {
                write!(f, "{b} slot's {field} is also a field of the {a} slot, which wants other bits there")
            }
            Self::Loop(what) => f.write_str(what),
            Self::Operand(slot, operand) => write!(f, "{slot} slot has no code for {operand}"),
        }
    }
}

impl std::error::Error for EncodeError {}

impl Word {
    /// The bits of the word; those of fields that no instruction uses are zero.
    ///
    /// # Errors
    /// Slots that want different bits in a field that they share.
    pub fn encode(&self) -> Result<RawWord, EncodeError> {
        let slots = match self {
            Self::Loop(l) => return l.encode().map_err(EncodeError::Loop),
            Self::Slots(slots) => slots,
        };
        let mut claims = Claims::default();
        for instruction in slots.iter() {
            encode_slot(&mut claims, instruction)?;
        }
        Ok(claims.word)
    }
}

fn encode_slot(claims: &mut Claims, instruction: &Instruction) -> Result<(), EncodeError> {
    let form = instruction.form();
    let slot = form.slot;
    let mut fields = [0; 11];
    fields[Field::Opcode as usize] = u32::from(form.opcode);
    for (place, &operand) in form.places.iter().zip(instruction.operands()) {
        let bits = match (place.kind, operand) {
            (_, Operand::Immediate(value)) => {
                claims.claim(slot, Field::Immediate, value)?;
                if place.field == Field::Immediate {
                    continue;
                }
                operand::encode(slot, operand).ok_or(EncodeError::Operand(slot, operand))?
            }
            (Kind::Number { low, .. }, Operand::Number(number)) => u32::from(number) << low,
            (Kind::Mask(low), Operand::Mask(mask)) => u32::from(mask) << low,
            _ => operand::encode(slot, operand).ok_or(EncodeError::Operand(slot, operand))?,
        };
        fields[place.field as usize] |= bits;
    }
    for (switch, &value) in form.switches.iter().zip(instruction.switches()) {
        fields[switch.field as usize] |= u32::from(value) << switch.low;
    }
    match (form.types, instruction.ty()) {
        (Types::Suffix(_, field, low) | Types::Optional(_, field, low), Some(ty)) => {
            fields[field as usize] |= u32::from(ty.code()) << low;
        }
        (_, Some(ty)) => fields[Field::Type as usize] = u32::from(ty.code()),
        (_, None) => {}
    }
    if let Some(Operand::Number(number)) =
        form.repeated_in_immediate.and_then(|i| instruction.operands().get(i))
    {
        claims.claim(slot, Field::Immediate, u32::from(*number))?;
    }
    claims.claim(slot, Field::Opcode, fields[Field::Opcode as usize])?;
    for field in Field::OPERANDS.into_iter().chain([Field::Type, Field::Switches]) {
        if form.uses(field) {
            claims.claim(slot, field, fields[field as usize])?;
        }
    }
    if form.predicates != Predicates::None {
        let predicate = instruction.predicate();
        claims.claim(slot, Field::Polarity, u32::from(predicate.inverted))?;
        let number = u32::from(predicate.vector) << 4 | u32::from(predicate.number);
        claims.claim(slot, Field::Predicate, number)?;
    }
    Ok(())
}

/// A word, and which slot wanted which fields of it.
#[derive(Default)]
struct Claims {
    word: RawWord,
    taken: Vec<(Span, Slot)>,
}

impl Claims {
    /// Puts `value` into `field` for `slot`.
    fn claim(&mut self, slot: Slot, field: Field, value: u32) -> Result<(), EncodeError> {
        let Some(span) = span(slot, field) else { return Ok(()) };
        if let Some(&(_, before)) = self.taken.iter().find(|(s, _)| *s == span) {
            return match self.word.get(span) == value {
                true => Ok(()),
                false => Err(EncodeError::Shared { field, slots: (before, slot) }),
            };
        }
        self.taken.push((span, slot));
        self.word.set(span, value);
        Ok(())
    }
}
