// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The vector pipe.

mod arithmetic;
mod compare;
mod convert;
mod moves;
mod products;
mod wide;

use goya_tpc_isa::{File, Operand, Register, Type};

use super::effect::{Change, Effect, Vectors};
use super::float::Rounding;
use super::lane::size;
use super::load;
use super::lut;
use super::op::Op;
use super::registers::Registers;
use super::stop::Stop;
use super::vector::{VECTOR_SIZE, Vector};
use super::vectors::Place;

/// What stands for random numbers where none are needed.
static NOT_DRAWN: Vector = Vector([0; VECTOR_SIZE]);

/// The sources of an instruction, as vectors.
struct Sources<'a> {
    a: &'a Vector,
    b: &'a Vector,
    c: &'a Vector,
    d: &'a Vector,
}

/// Makes `change` what `op` does, if it does something; vectors that it makes are in `results`. `round` is how ROUND_CSR rounds,
/// `scratch` is room for sources that are no vector registers.
pub fn execute(
    op: &Op,
    registers: &mut Registers,
    scratch: &mut [Vector; 4],
    results: &mut [Place; 4],
    round: Rounding,
    change: &mut Change,
) -> Result<(), Box<Stop>> {
    if op.opcode == 8 {
        change.effect = moves::moved(op, registers, &mut results[0]);
        return Ok(());
    }
    let operands = [op.a, op.b, op.c, op.d];
    // Counts of shifts are bytes, and a scalar one is the same in each.
    let ty = if matches!(op.opcode, 4 | 23 | 24 | 28) { Type::U8 } else { op.ty };
    for (operand, to) in operands.into_iter().zip(scratch.iter_mut()) {
        // What is read where it is needs no room, nor does what is no source.
        if !matches!(
            operand,
            Operand::Register(Register { file: File::V, .. }) | Operand::Number(_) | Operand::Mask(_)
        ) {
            special(operand, ty, registers, to);
        }
    }
    let drawn;
    let random = if convert::rounds(op, round) == Rounding::Stochastic {
        drawn = registers.lfsr.advance();
        &drawn
    } else {
        &NOT_DRAWN
    };
    let registers = &*registers;
    let source = |i: usize| match operands[i] {
        Operand::Register(Register { file: File::V, number }) => registers.v(number),
        _ => &scratch[i],
    };
    let sources = Sources { a: source(0), b: source(1), c: source(2), d: source(3) };
    let old = |k: u8| registers.v(op.dest_number() + k);
    let (dest, width) = (op.dest_number(), size(op.ty));
    // Nearly all make one vector.
    change.effect = Vectors::one(dest, width);
    match op.opcode {
        0 | 1 => change.effect = products::execute(op, &sources, old, results),
        2 | 3 | 5..=7 | 19..=21 | 25 | 26 => arithmetic::execute(op, &sources, &mut results[0]),
        9..=14 => {
            change.effect = Effect::Vp(dest, compare::mask(op.opcode - 9, op.ty, &sources), width as u8)
        }
        15..=18 if op.dest_file() == Some(File::Vp) => {
            change.effect = Effect::Vp(dest, compare::logic(op, registers), 1);
        }
        15..=18 => *results[0] = arithmetic::logic(op.opcode, &sources),
        4 | 22..=24 | 27..=29 => {
            change.effect = convert::execute(op, &sources, old(0), random, round, results)
        }
        34..=39 => *results[0] = compare::select(op.opcode - 34, op.ty, &sources, false),
        40..=43 => {
            let comparison = op.opcode - 38;
            *results[0] = compare::select(comparison, op.ty, &sources, false);
            *results[1] = compare::select(comparison, op.ty, &sources, true);
            change.effect = Vectors::several(dest, 2, width);
        }
        44 => *results[0] = moves::shuffled(&sources, old(0), width),
        45 => *results[0] = moves::packed(sources.a, old(0), op.b_bits, width),
        46 => *results[0] = moves::unpacked(sources.a, old(0), op.b_bits, width),
        48 => *results[0] = convert::formed(op, &sources),
        49 => {
            *results[0] = moves::dual_groups(sources.a, old(0), op.b_bits, op.immediate);
            change.effect = Vectors::one(dest, 1);
        }
        50 => {
            *results[0] = moves::groups(sources.a, old(0), op.b_bits, op.immediate);
            change.effect = Vectors::one(dest, 1);
        }
        51 => *results[0] = products::scaled(op, &sources, old(0)),
        47 => {
            let [index, start] = lut::intervals(sources.a, op.b_bits & 31, op.b_bits >> 5)?;
            (*results[0], *results[1]) = (index, start);
            change.effect = Vectors::several(dest, 2, 4);
        }
        _ => change.effect = Effect::Nothing,
    }
    Ok(())
}

/// Makes the vector of a source that is no vector register: zero of what has none. Nothing of `to` stays, which may hold what a register
/// held some time ago.
pub fn special(operand: Operand, ty: Type, registers: &mut Registers, to: &mut Vector) {
    match operand {
        Operand::Immediate(value) => *to = load::splat(ty, value),
        Operand::Register(Register { file, number }) => match file {
            File::S => *to = load::splat(ty, registers.s(number)),
            File::Lfsr => *to = registers.lfsr.advance(),
            File::LfsrNoChange => *to = *registers.lfsr.peek(),
            File::LaneId32 => *to = Vector::from_fn(|i| i as u32),
            File::LaneId16 => *to = Vector::from_fn(|i| i as u16),
            File::LaneId8 => *to = Vector::from_fn(|i| i as u8),
            _ => *to = Vector::default(),
        },
        Operand::Number(_) | Operand::Mask(_) => *to = Vector::default(),
    }
}

/// The lanes of a vector of lanes of `width` bytes.
const fn lanes(width: usize) -> usize {
    VECTOR_SIZE / width
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the source, and also if it is none.
    #[test]
    fn nothing_stays_of_what_the_vector_was() {
        let registers = Registers::default();
        let files = [
            File::V,
            File::D,
            File::A,
            File::Lfsr,
            File::LfsrNoChange,
            File::LaneId32,
            File::LaneId16,
            File::LaneId8,
            File::S,
            File::Z,
            File::SLfsr,
            File::SLfsrNoChange,
            File::I,
            File::Ad,
            File::Sp,
            File::Vp,
        ];
        let sources = files.map(|file| Operand::Register(Register { file, number: 0 }));
        for source in sources.into_iter().chain([Operand::Immediate(7), Operand::Number(3), Operand::Mask(1)])
        {
            let [one, other] = [0, 0xFF].map(|byte| {
                let mut to = Vector([byte; VECTOR_SIZE]);
                special(source, Type::I16, &mut registers.clone(), &mut to);
                to
            });
            assert_eq!(one, other, "{source:?}");
        }
    }
}
