// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! How many words after a result's instruction it can be read.
//!
//! The pipeline is exposed: nothing waits for a result, and what reads it too early gets the old value. A
//! result is written at a stage of its pipe, an operand is read at a stage of its own, and a bypass hands over a
//! result at a stage of the operand's class at the earliest. Tables: TPC LLVM, `latenciesGen1.cpp`; the formula:
//! `latencies.cpp`.

mod consumers;
mod producers;

use crate::form::{Form, Role};
use crate::instruction::Instruction;
use crate::loops::{Bound, Loop};
use crate::register::{File, Register};
use crate::slot::{Field, Slot};

/// Stages of the pipes: D2 is 0, E1 to E6 are 1 to 6.
pub type Stage = u8;

/// The longest distance between a write and a read that there is, in words.
pub const MAX_DISTANCE: u8 = 8;

/// What an instruction's result goes to, which tells apart the pipes that an opcode can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    /// Whatever it is.
    Any,
    /// An index register.
    Index,
    /// A scalar or a scalar predicate.
    Scalar,
    /// A vector or a vector predicate.
    Vector,
}

impl To {
    fn takes(self, file: Option<File>) -> bool {
        match (self, file) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Index, Some(file)) => file == File::I,
            (Self::Scalar, Some(file)) => matches!(file, File::S | File::Z | File::SLfsr | File::Sp),
            (Self::Vector, Some(file)) => {
                matches!(file, File::V | File::D | File::A | File::Lfsr | File::Vp)
            }
        }
    }
}

/// A write of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// The first register that is written, of a file of single registers.
    pub register: Register,
    /// Registers that are written.
    pub count: u8,
    /// When.
    pub stage: Stage,
    /// Words that it takes longer than the stages say.
    extra: u8,
    /// Whether it is an index whose reader need not read it early.
    fast_index: bool,
}

/// A read of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The first register that is read, of a file of single registers.
    pub register: Register,
    /// Registers that are read.
    pub count: u8,
    /// The longest distance from a write of the register, whatever writes it.
    pub longest: u8,
    stage: Stage,
    bypass: Stage,
    fast_index: bool,
}

impl Read {
    fn new((register, count): (Register, u8), (stage, bypass): (Stage, Stage), fast_index: bool) -> Self {
        let mut read = Self { register, count, longest: 0, stage, bypass, fast_index };
        let writes = producers::all(register.file).map(|(slot, opcode, stage)| Write {
            register,
            count,
            stage,
            extra: extra(slot, opcode),
            fast_index: false,
        });
        read.longest = writes.map(|write| read.distance(&write)).max().unwrap_or(0);
        read
    }

    /// Words from an instruction with `write` to the first that reads its result here.
    #[inline]
    #[must_use]
    pub fn distance(&self, write: &Write) -> u8 {
        // Only some pairs of instructions hand over an index late.
        let slow = self.register.file == File::I && !(self.fast_index && write.fast_index);
        let stage = if slow { 0 } else { self.stage };
        (write.stage.max(self.bypass) + 1).saturating_sub(stage).max(1) + write.extra
    }

    /// Whether `write` changes a register that is read here.
    #[must_use]
    pub fn is_of(&self, write: &Write) -> bool {
        overlap((self.register, self.count), (write.register, write.count))
    }
}

impl Write {
    /// Whether `other` changes a register that is written here.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        overlap((self.register, self.count), (other.register, other.count))
    }
}

fn overlap((a, a_count): (Register, u8), (b, b_count): (Register, u8)) -> bool {
    a.file == b.file && a.number < b.number + b_count && b.number < a.number + a_count
}

/// The registers that `register` stands for: their file, the first and how many.
fn physical(register: Register) -> (Register, u8) {
    let file = match register.file {
        File::D | File::A => File::V,
        File::Z => File::S,
        file => file,
    };
    (Register { file, ..register }, register.file.info().group)
}

fn written_file(instruction: &Instruction) -> Option<File> {
    let places = instruction.form().places.iter().zip(instruction.operands());
    places
        .filter(|(place, _)| place.role != Role::Read)
        .find_map(|(_, operand)| Some(operand.register()?.file))
}

/// The registers that `instruction` writes.
pub fn writes(instruction: &Instruction) -> impl Iterator<Item = Write> + '_ {
    let form = instruction.form();
    let places = form.places.iter().zip(instruction.operands()).filter(|(place, _)| place.role != Role::Read);
    places.filter_map(move |(_, operand)| {
        let (register, count) = physical(operand.register()?);
        let stage = producers::stage(form, register.file, instruction.ty())?;
        let extra = extra(form.slot, form.opcode);
        Some(Write { register, count, stage, extra, fast_index: hands_over_late(form) })
    })
}

/// The registers that `instruction` reads, its predicate's too. What is kept because it isn't
/// written is not read.
pub fn reads(instruction: &Instruction) -> impl Iterator<Item = Read> + '_ {
    let form = instruction.form();
    let to = written_file(instruction);
    let operands = form.places.iter().zip(instruction.operands()).filter_map(|(place, operand)| {
        let field = match place.role {
            Role::Read => place.field,
            // An accumulator is source C, but E of what has a C beside it.
            Role::Update if form.uses(Field::C) => Field::Dest,
            Role::Update => Field::C,
            Role::Write => return None,
        };
        Some((field, operand.register()?))
    });
    let condition = instruction.predicate().register();
    let condition = (condition.number > 0).then_some((Field::Predicate, condition));
    operands.chain(condition).filter_map(move |(field, register)| {
        let registers = physical(register);
        let stages = consumers::stages(form, field, registers.0.file, to, instruction.ty())?;
        Some(Read::new(registers, stages, takes_late(form)))
    })
}

/// The registers that a loop's word reads: its bounds, and its predicate's.
pub fn loop_reads(l: &Loop) -> impl Iterator<Item = Read> + use<> {
    let predicate = Some(l.predicate.register()).filter(|predicate| predicate.number > 0);
    let registers = l.bounds().map(|bound| match bound {
        Bound::Register(number) => Register::new(File::S, number),
        Bound::Immediate(_) => None,
    });
    let [start, boundary, step] = registers;
    // The step is the word's source C, which is handed over later than the sources A and B.
    let reads = [
        (start, consumers::SOURCE),
        (boundary, consumers::SOURCE),
        (step, consumers::LATE_SOURCE),
        (predicate, consumers::PREDICATE),
    ];
    reads.into_iter().filter_map(|(register, bypass)| Some(Read::new((register?, 1), (0, bypass), false)))
}

/// Words that an instruction takes longer than its stages say.
fn extra(slot: Slot, opcode: u8) -> u8 {
    u8::from(slot == Slot::Load && matches!(opcode, 7 | 9))
}

fn hands_over_late(form: &Form) -> bool {
    match form.slot {
        Slot::Spu => matches!(form.opcode, 2 | 3 | 8 | 39),
        Slot::Load => matches!(form.opcode, 4 | 5),
        Slot::Store => form.opcode == 4,
        Slot::Vpu => false,
    }
}

fn takes_late(form: &Form) -> bool {
    match form.slot {
        Slot::Load | Slot::Store => true,
        Slot::Spu => matches!(form.opcode, 1 | 2 | 3 | 8 | 39),
        Slot::Vpu => false,
    }
}

#[cfg(test)]
mod tests;
