// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! From bits to instructions.

use std::fmt;

use crate::form::{Form, Kind, MAX_OPERANDS, MAX_SWITCHES, Predicates, Types};
use crate::instruction::{Instruction, Predicate, Slots, Word};
use crate::loops::Loop;
use crate::operand::Operand;
use crate::slot::{Field, Slot, span};
use crate::table;
use crate::types::Type;
use crate::word::RawWord;

/// Why a word is no instruction word of Goya.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The slot that is to blame; `None` for a loop.
    pub slot: Option<Slot>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slot {
            Some(slot) => write!(f, "{slot} slot: {}", self.reason),
            None => write!(f, "loop: {}", self.reason),
        }
    }
}

impl std::error::Error for DecodeError {}

impl Word {
    /// The word that `raw` means. Bits of fields that an instruction does not use mean nothing, as on the card.
    ///
    /// # Errors
    /// What no instruction of Goya has.
    pub fn decode(raw: &RawWord) -> Result<Self, DecodeError> {
        if Loop::is_in(raw) {
            return Loop::decode(raw).map(Self::Loop).map_err(|reason| DecodeError { slot: None, reason });
        }
        let mut instructions = Slot::ALL.map(Instruction::nop);
        for instruction in &mut instructions {
            let slot = instruction.form().slot;
            *instruction = decode_slot(raw, slot)
                .map_err(|mismatch| DecodeError { slot: Some(slot), reason: mismatch.to_string() })?;
        }
        Ok(Self::Slots(Slots::of(&instructions)))
    }
}

/// What keeps bits from being of a form, and how far they were.
struct Mismatch {
    form: Option<&'static Form>,
    field: Field,
    code: u32,
    progress: usize,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(form) = self.form {
            write!(f, "{}: ", form.mnemonic)?;
        }
        write!(f, "{} {:#x} is none of Goya's", self.field, self.code)
    }
}

fn decode_slot(raw: &RawWord, slot: Slot) -> Result<Instruction, Mismatch> {
    let opcode = get(raw, slot, Field::Opcode);
    let mut closest = Mismatch { form: None, field: Field::Opcode, code: opcode, progress: 0 };
    for form in table::forms_of(slot, opcode) {
        match decode_form(raw, form) {
            Ok(instruction) => return Ok(instruction),
            Err(mismatch) if mismatch.progress >= closest.progress => closest = mismatch,
            Err(_) => {}
        }
    }
    Err(closest)
}

fn decode_form(raw: &RawWord, form: &'static Form) -> Result<Instruction, Mismatch> {
    let slot = form.slot;
    let mut progress = 0;
    let fail =
        |field, progress| Err(Mismatch { form: Some(form), field, code: get(raw, slot, field), progress });
    // The bits of each operand field that mean something.
    let mut known = [0; 11];
    let immediate = get(raw, slot, Field::Immediate);
    let mut operands = [Operand::Number(0); MAX_OPERANDS];
    for (operand, place) in operands.iter_mut().zip(form.places) {
        let code = get(raw, slot, place.field);
        let (value, bits) = match place.kind {
            Kind::Value(_) if place.field == Field::Immediate => (Some(Operand::Immediate(code)), !0),
            Kind::Value(accepts) => (accepts.decode(slot, code, immediate), !0),
            Kind::Number { low, width, max, .. } => {
                let number = (code >> low & ((1 << width) - 1)) as u8;
                ((number <= max).then_some(Operand::Number(number)), ((1 << width) - 1) << low)
            }
            Kind::Mask(low) => (Some(Operand::Mask((code >> low & 31) as u8)), 31 << low),
        };
        known[place.field as usize] |= bits;
        progress += 1;
        match value {
            Some(value) => *operand = value,
            None => return fail(place.field, progress),
        }
    }
    let ty = match form.types {
        Types::None => None,
        Types::Suffix(set, field, low) | Types::Optional(set, field, low) => {
            known[field as usize] |= 15 << low;
            match Type::from_code(get(raw, slot, field) >> low & 15).filter(|&ty| set.contains(ty)) {
                None => return fail(field, progress + 1),
                ty => ty,
            }
        }
        Types::Fixed(ty) if get(raw, slot, Field::Type) == u32::from(ty.code()) => Some(ty),
        Types::Fixed(_) => return fail(Field::Type, progress + 1),
    };
    let mut switches = [0; MAX_SWITCHES];
    for (value, switch) in switches.iter_mut().zip(form.switches) {
        let bits = (1 << switch.width) - 1;
        known[switch.field as usize] |= bits << switch.low;
        *value = (get(raw, slot, switch.field) >> switch.low & bits) as u8;
        if !switch.holds(*value) {
            return fail(switch.field, progress + 2);
        }
    }
    for field in Field::OPERANDS {
        if form.uses(field) && get(raw, slot, field) & !known[field as usize] != 0 {
            return fail(field, progress + 2);
        }
    }
    if let Some(Operand::Number(number)) = form.repeated_in_immediate.and_then(|i| operands.get(i)) {
        if immediate != u32::from(*number) {
            return fail(Field::Immediate, progress + 3);
        }
    }
    let predicate = match predicate(raw, form) {
        Some(predicate) => predicate,
        None => return fail(Field::Predicate, progress + 3),
    };
    let (switches, operands) = (&switches[..form.switches.len()], &operands[..form.places.len()]);
    let instruction = Instruction::new(form, ty, switches, operands, predicate);
    instruction.or_else(|_| fail(Field::Opcode, progress))
}

fn predicate(raw: &RawWord, form: &Form) -> Option<Predicate> {
    if form.predicates == Predicates::None {
        return Some(Predicate::ALWAYS);
    }
    let number = get(raw, form.slot, Field::Predicate);
    let (vector, number) = (number & 16 != 0, (number & 15) as u8);
    let allowed = !vector || form.predicates == Predicates::Any;
    allowed.then_some(Predicate { vector, number, inverted: get(raw, form.slot, Field::Polarity) != 0 })
}

/// The bits of `field`; zero where the slot has none.
fn get(raw: &RawWord, slot: Slot, field: Field) -> u32 {
    span(slot, field).map_or(0, |span| raw.get(span))
}
