// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The LOAD slot.

use goya_tpc_isa::{File, Operand, Register, Type};

use super::cause::Cause;
use super::core::{Surroundings, is_descriptor};
use super::effect::{Change, Effect, Vectors};
use super::lane::{self, Lane, with_lane};
use super::lut::{self, Table};
use super::memory::Memory;
use super::op::{self, Op};
use super::registers::{Address, Index, Registers};
use super::stop::Stop;
use super::tensor::Part;
use super::vector::{Mask, Vector};
use super::vectors::Place;
use super::vpu::special;

/// The bits of a register's address: behind the block it begins again.
pub const REGISTERS: u32 = 0xFFC;

/// The mask of all dimensions of an index.
pub const ALL_DIMENSIONS: u8 = 0x1F;

/// Makes `change` what `op` does, if it does something; vectors that it loads are in `results`.
pub fn execute(
    op: &Op,
    registers: &mut Registers,
    around: &mut Surroundings,
    memory: &mut impl Memory,
    results: &mut [Place; 4],
    change: &mut Change,
) -> Result<(), Box<Stop>> {
    let dest = op.dest_number();
    let result = &mut *results[0];
    match op.opcode {
        0 => change.effect = Effect::Ad(dest, address(op, registers, around)),
        3 => *change.index(dest, ALL_DIMENSIONS) = permuted(op, registers),
        4 => *change.index(dest, op::mask(op.b)) = registers.index(op.a),
        5 if op.dest_file() == Some(File::I) => {
            *change.index(dest, op::mask(op.b)) = registers.index(op.a);
        }
        5 => change.effect = moved(op, registers, result),
        6 | 7 | 9 => change.effect = looked_up(op, registers, around, memory, results)?,
        11 => change.effect = scalar(op, local(op, registers, around, memory)?),
        12 => change.effect = global(op, registers, memory, result)?,
        14..=16 => {
            let at = registers.scalar(op.a).wrapping_add(registers.scalar(op.b));
            change.effect = vector(op, registers, result, Part::from_offset(op.opcode - 14), |bytes| {
                around.local.load(at, bytes).ok_or(Cause::SlmAddress)
            })?;
        }
        17..=19 => {
            let (index, part) = (registers.i(op::number(op.a)), Part::from_offset(op.opcode - 17));
            let tensor = around.tensor(op::number(op.b));
            if op.dest_file() == Some(File::Vp) {
                change.effect = vector(op, registers, result, part, |bytes| {
                    tensor.load_bytes(&index, bytes, memory).map_err(|_| Cause::HbwRead)
                })?;
            } else {
                if part != Part::Whole {
                    *result = *registers.v(dest);
                }
                tensor.load(&index, result, part, memory).map_err(|_| Cause::HbwRead)?;
                change.effect = Vectors::one(dest, 1);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Coefficients or entries of a special function's table.
fn looked_up(
    op: &Op,
    registers: &Registers,
    around: &Surroundings,
    memory: &mut impl Memory,
    results: &mut [Place; 4],
) -> Result<Effect, Box<Stop>> {
    let (dest, part) = (op.dest_number(), lut::part(op.b_bits)?);
    let (index, table) = (registers.v(op::number(op.a)), Table::new(around.tables, op::number(op.b)));
    if op.opcode == 6 {
        *results[0] = lut::merge(part, &table.entries(index, memory)?, registers.v(dest));
        return Ok(Vectors::one(dest, 4));
    }
    let (first, count) = if op.opcode == 7 { (1, 2) } else { (0, 1) };
    for ((c, k), result) in (first..first + count).zip(0..).zip(results) {
        **result = if part.1 == 4 {
            table.coefficients(index, c, memory)?
        } else {
            let values = table.narrow_coefficients(index, c, part.1 as u32, memory)?;
            lut::merge(part, &values, registers.v(dest + k))
        };
    }
    Ok(Vectors::several(dest, count as u8, 4))
}

/// A scalar, or bit 0 of it, for a destination that is either.
fn scalar(op: &Op, value: u32) -> Effect {
    match op.dest_file() {
        Some(File::Sp) => Effect::Sp(op.dest_number(), value & 1 != 0),
        Some(File::SLfsr) => Effect::SLfsr(value),
        _ => Effect::S(op.dest_number(), value),
    }
}

/// A vector, a half of one, or a predicate, whose bytes `read` reads.
fn vector(
    op: &Op,
    registers: &Registers,
    result: &mut Vector,
    part: Part,
    read: impl FnOnce(&mut [u8]) -> Result<(), Cause>,
) -> Result<Effect, Box<Stop>> {
    let dest = op.dest_number();
    if op.dest_file() == Some(File::Vp) {
        let mut bytes = [0; 32];
        read(&mut bytes)?;
        return Ok(Effect::Vp(dest, Mask::from_bytes(&bytes), 1));
    }
    if part != Part::Whole {
        *result = *registers.v(dest);
    }
    read(part.of_mut(result))?;
    Ok(Vectors::one(dest, 1))
}

/// Where the element at an index is. In the STORE slot as here.
pub fn address(op: &Op, registers: &Registers, around: &Surroundings) -> Address {
    around.tensor(op::number(op.b)).address(&registers.i(op::number(op.a)))
}

/// The dimensions of an index in another order.
pub fn permuted(op: &Op, registers: &mut Registers) -> Index {
    let (from, order) = (registers.i(op::number(op.a)), registers.scalar(op.b));
    std::array::from_fn(|d| from.get((order >> (3 * d) & 7) as usize).copied().unwrap_or(0))
}

fn moved(op: &Op, registers: &mut Registers, result: &mut Vector) -> Effect {
    let dest = op.dest_number();
    match (op.dest_file(), op.a) {
        (Some(File::V), Operand::Register(Register { file: File::V, number })) => {
            *result = *registers.v(number);
            Vectors::one(dest, 1)
        }
        (Some(File::V), from) => {
            special(from, op.ty, registers, result);
            Vectors::one(dest, lane::size(op.ty))
        }
        (Some(File::Vp), from) => predicate(op, from, op::number(op.b), registers),
        (_, from) => scalar(op, registers.scalar(from)),
    }
}

/// A vector with the low bits of a scalar in every element.
pub fn splat(ty: Type, value: u32) -> Vector {
    with_lane!(ty, T => Vector::splat(T::from_scalar(value)))
}

/// A vector predicate from another, from a scalar one, or with a section set.
pub fn predicate(op: &Op, from: Operand, section: u8, registers: &mut Registers) -> Effect {
    let dest = op.dest_number();
    let mask = match from {
        Operand::Register(Register { file: File::Vp, number }) => *registers.vp(number),
        Operand::Register(Register { file: File::Sp, number }) => {
            if registers.sp(number) {
                Mask::ALL
            } else {
                Mask::default()
            }
        }
        from => {
            let mut mask = *registers.vp(dest);
            mask.set_section(section, registers.scalar(from));
            mask
        }
    };
    Effect::Vp(dest, mask, 1)
}

/// A word of local memory, or of a register.
fn local(
    op: &Op,
    registers: &mut Registers,
    around: &Surroundings,
    memory: &mut impl Memory,
) -> Result<u32, Box<Stop>> {
    let at = registers.scalar(op.a);
    if op.b_bits & 1 == 0 {
        return around.local.scalar(at).ok_or_else(|| Cause::SlmAddress.into());
    }
    let at = at & REGISTERS;
    match around.register(at) {
        Some(value) => Ok(value),
        None if is_descriptor(at) => Err(Cause::LbwRead.into()),
        None => memory.register_read(at).map_err(|_| Cause::LbwRead.into()),
    }
}

/// An element of memory, whose size is its tensor's.
fn global(
    op: &Op,
    registers: &Registers,
    memory: &mut impl Memory,
    result: &mut Vector,
) -> Result<Effect, Box<Stop>> {
    let from = registers.ad(op::number(op.a));
    let size = usize::from(from.element).clamp(1, 4);
    let mut bytes = [0; 4];
    memory.read(from.address, &mut bytes[..size]).map_err(|_| Cause::HbwRead)?;
    let value = u32::from_le_bytes(bytes);
    if op.dest_file() != Some(File::V) {
        return Ok(scalar(op, value));
    }
    *result = splat([Type::U8, Type::U8, Type::U16, Type::U32, Type::U32][size], value);
    Ok(Vectors::one(op.dest_number(), size))
}
