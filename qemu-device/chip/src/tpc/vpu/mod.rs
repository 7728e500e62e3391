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

use super::effect::{Effect, Vectors};
use super::float::Rounding;
use super::lane::size;
use super::load;
use super::lut;
use super::op::Op;
use super::registers::Registers;
use super::stop::Stop;
use super::vector::{VECTOR_SIZE, Vector};

/// What stands for random numbers where none are needed.
static NOT_DRAWN: Vector = Vector([0; VECTOR_SIZE]);

/// The sources of an instruction, as vectors.
struct Sources<'a> {
    a: &'a Vector,
    b: &'a Vector,
    c: &'a Vector,
    d: &'a Vector,
}

/// What `op` does; vectors that it makes are in `results`. `round` is how ROUND_CSR rounds, `scratch` is room
/// for sources that are no vector registers.
pub fn execute(
    op: &Op,
    registers: &mut Registers,
    scratch: &mut [Vector; 4],
    results: &mut [Vector; 4],
    round: Rounding,
) -> Result<Effect, Stop> {
    if op.opcode == 8 {
        return Ok(moves::moved(op, registers, &mut results[0]));
    }
    let operands = [op.a, op.b, op.c, op.d];
    // Counts of shifts are bytes, and a scalar one is the same in each.
    let ty = if matches!(op.opcode, 4 | 23 | 24 | 28) { Type::U8 } else { op.ty };
    for (operand, to) in operands.into_iter().zip(scratch.iter_mut()) {
        special(operand, ty, registers, to);
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
    let dest = op.dest_number();
    let one = Vectors::one(dest, size(op.ty));
    Ok(match op.opcode {
        0 | 1 => products::execute(op, &sources, old, results),
        2 | 3 | 5..=7 | 19..=21 | 25 | 26 => {
            arithmetic::execute(op, &sources, &mut results[0]);
            one
        }
        9..=14 => Effect::Vp(dest, compare::mask(op.opcode - 9, op.ty, &sources), size(op.ty)),
        15..=18 if op.dest_file() == Some(File::Vp) => Effect::Vp(dest, compare::logic(op, registers), 1),
        15..=18 => {
            results[0] = arithmetic::logic(op.opcode, &sources);
            one
        }
        4 | 22..=24 | 27..=29 => convert::execute(op, &sources, old(0), random, round, results),
        34..=39 => {
            results[0] = compare::select(op.opcode - 34, op.ty, &sources, false);
            one
        }
        40..=43 => {
            let comparison = op.opcode - 38;
            results[0] = compare::select(comparison, op.ty, &sources, false);
            results[1] = compare::select(comparison, op.ty, &sources, true);
            Effect::V(Vectors { first: dest, count: 2, width: size(op.ty), source: size(op.ty) })
        }
        44 => {
            results[0] = moves::shuffled(&sources, old(0), size(op.ty));
            one
        }
        45 => {
            results[0] = moves::packed(sources.a, old(0), op.b_bits, size(op.ty));
            one
        }
        46 => {
            results[0] = moves::unpacked(sources.a, old(0), op.b_bits, size(op.ty));
            one
        }
        48 => {
            results[0] = convert::formed(op, &sources);
            one
        }
        49 => {
            results[0] = moves::dual_groups(sources.a, old(0), op.b_bits, op.immediate);
            Vectors::one(dest, 1)
        }
        50 => {
            results[0] = moves::groups(sources.a, old(0), op.b_bits, op.immediate);
            Vectors::one(dest, 1)
        }
        51 => {
            results[0] = products::scaled(op, &sources, old(0));
            one
        }
        47 => {
            let [index, start] = lut::intervals(sources.a, op.b_bits & 31, op.b_bits >> 5)?;
            (results[0], results[1]) = (index, start);
            Effect::V(Vectors { first: dest, count: 2, width: 4, source: 4 })
        }
        _ => Effect::Nothing,
    })
}

/// Makes the vector of a source that is no vector register.
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
            _ => {}
        },
        Operand::Number(_) | Operand::Mask(_) => {}
    }
}

/// The lanes of a vector of lanes of `width` bytes.
const fn lanes(width: usize) -> usize {
    VECTOR_SIZE / width
}
