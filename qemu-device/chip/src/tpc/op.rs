// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Instructions as the interpreter executes them: by field, as the hardware sees them.

use goya_tpc_isa::latency::{Read, Write};
use goya_tpc_isa::slot::span;
use goya_tpc_isa::{Field, File, Instruction, Loop, Operand, Predicate, RawWord, Register, Slot, Type, Word};

use super::pipeline::{self, One};

/// An instruction.
#[derive(Debug, Clone)]
pub struct Op {
    /// The slot.
    pub slot: Slot,
    /// The opcode in that slot.
    pub opcode: u8,
    /// The type of its elements; for what has none, bytes.
    pub ty: Type,
    /// The destination.
    pub dest: Option<Register>,
    /// Source A, or what else is in its field.
    pub a: Operand,
    /// Source B.
    pub b: Operand,
    /// Source C.
    pub c: Operand,
    /// Source D.
    pub d: Operand,
    /// The bits of the switches.
    pub switches: u32,
    /// The bits of the type field, where conversions have switches.
    pub type_bits: u32,
    /// The bits of source B's field, where some have switches.
    pub b_bits: u32,
    /// The bits of source D's field, where some have switches.
    pub d_bits: u32,
    /// The word's immediate.
    pub immediate: u32,
    /// The condition.
    pub predicate: Predicate,
    /// The registers that are read, and when.
    pub reads: Box<[One<Read>]>,
    /// The registers that are written, and when.
    pub writes: Box<[One<Write>]>,
}

impl Op {
    fn new(raw: &RawWord, instruction: &Instruction) -> Self {
        let form = instruction.form();
        let field = |field| {
            let mut places = form.places.iter().zip(instruction.operands());
            places.find(|(place, _)| place.field == field).map(|(_, operand)| *operand)
        };
        let bits = |field| span(form.slot, field).map_or(0, |span| raw.get(span));
        // The STORE slot has its destination where others have a source.
        let dest = if form.slot == Slot::Store { Field::C } else { Field::Dest };
        let source = |name| field(name).unwrap_or(Operand::Number(0));
        Self {
            slot: form.slot,
            opcode: form.opcode,
            ty: instruction.ty().unwrap_or(Type::U8),
            dest: field(dest).and_then(Operand::register),
            a: source(Field::A),
            b: source(Field::B),
            c: source(Field::C),
            d: source(Field::D),
            switches: bits(Field::Switches),
            type_bits: bits(Field::Type),
            b_bits: bits(Field::B),
            d_bits: bits(Field::D),
            immediate: bits(Field::Immediate),
            predicate: instruction.predicate(),
            reads: pipeline::reads(instruction),
            writes: pipeline::writes(instruction),
        }
    }

    /// Whether switch `bit` is set.
    #[inline]
    #[must_use]
    pub const fn switch(&self, bit: u32) -> bool {
        self.switches >> bit & 1 != 0
    }

    /// The file of the destination.
    #[inline]
    #[must_use]
    pub fn dest_file(&self) -> Option<File> {
        self.dest.map(|register| register.file)
    }

    /// The number of the destination's first register.
    #[inline]
    #[must_use]
    pub fn dest_number(&self) -> u8 {
        self.dest.map_or(0, |register| register.number)
    }
}

/// The number of the register that `operand` is.
#[inline]
#[must_use]
pub fn number(operand: Operand) -> u8 {
    match operand {
        Operand::Register(register) => register.number,
        Operand::Number(number) => number,
        Operand::Immediate(_) | Operand::Mask(_) => 0,
    }
}

/// The dimensions that `operand` names.
#[must_use]
pub const fn mask(operand: Operand) -> u8 {
    if let Operand::Mask(mask) = operand { mask } else { 0 }
}

/// A word, ready to execute.
#[derive(Debug, Clone)]
pub enum Step {
    /// Instructions, without those that do nothing. In the order LOAD, SPU, VPU, STORE.
    Ops(Box<[Op]>),
    /// A loop, and the registers that it reads.
    Loop(Loop, Box<[One<Read>]>),
    /// No instruction word.
    Illegal(String),
    /// The word could not be fetched.
    Unreadable,
}

impl Step {
    /// Decodes a word.
    #[must_use]
    pub fn new(raw: &RawWord) -> Self {
        match Word::decode(raw) {
            Ok(Word::Loop(l)) => Self::Loop(l, pipeline::loop_reads(&l)),
            Ok(Word::Slots(slots)) => {
                let idle = |i: &&Instruction| matches!(i.form().mnemonic, "nop" | "dbg");
                Self::Ops(slots.iter().filter(|i| !idle(i)).map(|i| Op::new(raw, i)).collect())
            }
            Err(error) => Self::Illegal(error.to_string()),
        }
    }
}
