// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Instructions and words as values.

use crate::form::{Form, Kind, MAX_OPERANDS, MAX_SWITCHES, Predicates, Types};
use crate::loops::Loop;
use crate::operand::{self, Operand};
use crate::register::{File, Register};
use crate::slot::Slot;
use crate::table;
use crate::types::Type;

/// The condition of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Predicate {
    /// Whether it is a vector predicate, which is a condition for each element.
    pub vector: bool,
    /// The predicate register, below 16.
    pub number: u8,
    /// Whether the instruction is executed where the register is 0.
    pub inverted: bool,
}

impl Predicate {
    /// No condition: the first scalar predicate, which reads true.
    pub const ALWAYS: Self = Self { vector: false, number: 0, inverted: false };

    /// The register.
    #[must_use]
    pub const fn register(self) -> Register {
        Register { file: if self.vector { File::Vp } else { File::Sp }, number: self.number }
    }
}

/// Why values make no instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInstruction(pub(crate) String);

impl std::fmt::Display for InvalidInstruction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidInstruction {}

/// An instruction of a slot: a form with its values. There is none that its form does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    form: &'static Form,
    ty: Option<Type>,
    switches: [u8; MAX_SWITCHES],
    operands: [Operand; MAX_OPERANDS],
    predicate: Predicate,
}

impl Instruction {
    /// The instruction of `slot` that does nothing.
    #[must_use]
    pub fn nop(slot: Slot) -> Self {
        Self {
            form: table::nop(slot),
            ty: None,
            switches: [0; MAX_SWITCHES],
            operands: [Operand::Number(0); MAX_OPERANDS],
            predicate: Predicate::ALWAYS,
        }
    }

    /// An instruction of `form`, whose switches and operands are in the form's order.
    ///
    /// # Errors
    /// What the form does not allow.
    pub fn new(
        form: &'static Form,
        ty: Option<Type>,
        switches: &[u8],
        operands: &[Operand],
        predicate: Predicate,
    ) -> Result<Self, InvalidInstruction> {
        let typed = match form.types {
            Types::None => ty.is_none(),
            Types::Suffix(set, ..) | Types::Optional(set, ..) => ty.is_some_and(|ty| set.contains(ty)),
            Types::Fixed(fixed) => ty == Some(fixed),
        };
        let fail = |what: &str| Err(InvalidInstruction(format!("{what}; the syntax is `{form}`")));
        if !typed {
            return fail("no such type");
        }
        let held = form.switches.iter().zip(switches).all(|(switch, &value)| switch.holds(value));
        if switches.len() != form.switches.len() || !held {
            return fail("no such switch");
        }
        let taken =
            form.places.iter().zip(operands).all(|(place, &operand)| takes(form, place.kind, operand));
        if operands.len() != form.places.len() || !taken {
            return fail("no such operand");
        }
        let allowed = match form.predicates {
            Predicates::None => predicate == Predicate::ALWAYS,
            Predicates::Scalar => !predicate.vector,
            Predicates::Any => true,
        };
        if predicate.number > 15 || !allowed {
            return fail("no such predicate");
        }
        let mut this = Self { form, ty, predicate, ..Self::nop(form.slot) };
        this.switches.iter_mut().zip(switches).for_each(|(to, &value)| *to = value);
        this.operands.iter_mut().zip(operands).for_each(|(to, &value)| *to = value);
        Ok(this)
    }

    /// Its form.
    #[must_use]
    pub const fn form(&self) -> &'static Form {
        self.form
    }

    /// The type of its elements, if it has one.
    #[must_use]
    pub const fn ty(&self) -> Option<Type> {
        self.ty
    }

    /// Its switches, in the form's order.
    #[must_use]
    pub fn switches(&self) -> &[u8] {
        self.switches.get(..self.form.switches.len()).unwrap_or_default()
    }

    /// Its operands, in the form's order.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        self.operands.get(..self.form.places.len()).unwrap_or_default()
    }

    /// Its condition.
    #[must_use]
    pub const fn predicate(&self) -> Predicate {
        self.predicate
    }
}

fn takes(form: &Form, kind: Kind, operand: Operand) -> bool {
    match (kind, operand) {
        (Kind::Value(accepts), Operand::Register(r)) => {
            accepts.takes(r.file)
                && Register::new(r.file, r.number).is_some()
                && operand::encode(form.slot, operand).is_some()
        }
        (Kind::Value(accepts), Operand::Immediate(_)) => accepts.takes_immediate(),
        (Kind::Number { max, .. }, Operand::Number(number)) => number <= max,
        (Kind::Mask(_), Operand::Mask(mask)) => mask < 32,
        _ => false,
    }
}

/// An instruction word, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// Loops are rare: nothing is gained by boxing what nearly every word is.
#[allow(clippy::large_enum_variant)]
pub enum Word {
    /// An instruction for each slot.
    Slots(Slots),
    /// A loop, which takes the whole word.
    Loop(Loop),
}

/// The instructions of a word's slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots([Instruction; 4]);

impl Slots {
    /// The word of these instructions, each in its slot; other slots do nothing.
    #[must_use]
    pub fn of(instructions: &[Instruction]) -> Self {
        let mut slots = Self::default();
        for instruction in instructions {
            slots.0[instruction.form.slot as usize] = *instruction;
        }
        slots
    }

    /// The instruction of `slot`.
    #[must_use]
    pub const fn get(&self, slot: Slot) -> &Instruction {
        &self.0[slot as usize]
    }

    /// All instructions, in the order of text.
    pub fn iter(&self) -> impl Iterator<Item = &Instruction> {
        self.0.iter()
    }
}

impl Default for Slots {
    /// A word that does nothing.
    fn default() -> Self {
        Self(Slot::ALL.map(Instruction::nop))
    }
}
