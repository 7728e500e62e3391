// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The scalar pipe.

use goya_tpc_isa::{File, Type};

use super::cause::Cause;
use super::choices;
use super::convert::{self, Shifted};
use super::effect::{Change, Effect};
use super::float::{self, Rounding};
use super::lane::{Lane, with_lane};
use super::op::{self, Op};
use super::registers::{Index, Registers};

/// Bits of the switches.
mod bit {
    pub const SATURATE: u32 = 0;
    pub const NEGATE: u32 = 1;
    pub const HALF_UP: u32 = 1;
    pub const UPPER: u32 = 2;
    pub const SET: u32 = 0;
    pub const FROM_MSB: u32 = 1;
    pub const RAW: u32 = 0;
}

/// Makes `change` what `op` does, but for jumps and `halt`. `round` is how ROUND_CSR rounds; `causes` collects what wants attention.
pub fn execute(op: &Op, registers: &mut Registers, round: Rounding, causes: &mut u32, change: &mut Change) {
    let dest = op.dest_number();
    match op.dest_file() {
        Some(File::I) => *change.index(dest, (op.switches >> 2) as u8) = index(op, registers),
        Some(File::Sp) => change.effect = Effect::Sp(dest, predicate(op, registers)),
        Some(File::Z) => change.effect = Effect::Z(dest, divide(op, registers, causes)),
        Some(File::SLfsr) if op.opcode == 8 => change.effect = Effect::SLfsr(registers.scalar(op.a)),
        _ => {
            scalar(op, registers, round).into_iter().for_each(|value| change.effect = Effect::S(dest, value))
        }
    }
}

/// The scalar that `op` makes, if it makes one.
fn scalar(op: &Op, registers: &mut Registers, round: Rounding) -> Option<u32> {
    let dest = op.dest_number();
    if op.opcode == 38 {
        let dimension = (op.switches & 7).min(4) as usize;
        return Some(registers.i(op::number(op.a))[dimension] as u32);
    }
    let (a, b) = (registers.scalar(op.a), registers.scalar(op.b));
    let accumulator = registers.s(dest);
    Some(match op.opcode {
        0 => accumulate(op, a, b, accumulator),
        1 => multiply(op, a, b),
        2..=3 | 5..=7 | 15..=21 | 25..=26 => with_lane!(op.ty, T => arithmetic::<T>(op, a, b)),
        4 | 23 | 24 | 28 => {
            let shifted = Shifted::new(op.opcode, op.type_bits);
            shifted.apply(a, b as i8, random(registers, shifted.rounding))
        }
        8 => a,
        22 => {
            let rounding = Rounding::from_code(op.switches & 7).unwrap_or(round);
            let random = random(registers, rounding);
            convert::convert(op.ty, a, convert::target(op.b_bits), rounding, random)
        }
        27 => {
            let rounding = Rounding::from_code(op.switches & 7).unwrap_or(round);
            convert::nearby(f32::from_bits(a), rounding, random(registers, rounding)).to_bits()
        }
        29 => convert::exponent(a, op.switch(bit::RAW)),
        _ => return None,
    })
}

/// A random number, which only stochastic rounding takes.
fn random(registers: &mut Registers, rounding: Rounding) -> u32 {
    if rounding == Rounding::Stochastic { registers.s_lfsr.advance() } else { 0 }
}

fn accumulate(op: &Op, a: u32, b: u32, accumulator: u32) -> u32 {
    if op.ty == Type::F32 {
        let a = f32::from_bits(if op.switch(bit::NEGATE) { a ^ 1 << 31 } else { a });
        return float::mac(a, f32::from_bits(b), f32::from_bits(accumulator)).to_bits();
    }
    let product = with_lane!(op.ty, T => T::from_scalar(a).wide() * T::from_scalar(b).wide());
    sum(op, product, accumulator)
}

/// An accumulator of 32 bits with a product of narrow integers added.
fn sum(op: &Op, product: i64, accumulator: u32) -> u32 {
    match (op.switch(bit::SATURATE), matches!(op.ty, Type::I16 | Type::I8)) {
        (false, _) => accumulator.wrapping_add(product as u32),
        (true, true) => i32::saturated((accumulator as i32).wide() + product) as u32,
        (true, false) => u32::saturated(accumulator.wide() + product),
    }
}

fn multiply(op: &Op, a: u32, b: u32) -> u32 {
    if op.ty == Type::F32 {
        return float::mul(f32::from_bits(a), f32::from_bits(b)).to_bits();
    }
    // The product of two unsigned words needs all 64 bits.
    let product = with_lane!(op.ty, T => T::from_scalar(a).wide().wrapping_mul(T::from_scalar(b).wide()));
    let upper = op.switch(bit::UPPER) && matches!(op.ty, Type::I32 | Type::U32);
    (if upper { product >> 32 } else { product }) as u32
}

fn arithmetic<T: Lane>(op: &Op, a: u32, b: u32) -> u32 {
    let (x, y) = (T::from_scalar(a), T::from_scalar(b));
    let saturate = op.switch(bit::SATURATE);
    let value = match op.opcode {
        2 => x.add(y, saturate),
        3 if op.switch(bit::NEGATE) => y.sub(x, saturate),
        3 => x.sub(y, saturate),
        5 => x.greater(y),
        6 => x.smaller(y),
        7 => x.magnitude(),
        15 => T::of_bits(x.bits() | y.bits()),
        16 => T::of_bits(x.bits() & y.bits()),
        17 => T::of_bits(x.bits() ^ y.bits()),
        18 => T::of_bits(!x.bits()),
        19 => x.shr(y.bits()),
        20 => x.shl(y.bits()),
        21 => x.ash(signed_count::<T>(y), op.switch(bit::HALF_UP)),
        25 => return x.count(op.switch(bit::SET)),
        _ => return x.find(op.switch(bit::SET), op.switch(bit::FROM_MSB)),
    };
    value.to_scalar()
}

/// The count of an arithmetic shift: signed, in an element of any type.
pub fn signed_count<T: Lane>(count: T) -> i32 {
    let unused = 32 - T::BITS;
    (count.bits() << unused) as i32 >> unused
}

/// Whether `a` and `b` compare as the comparison of `opcode`, counted from that of `==`.
pub fn compare<T: PartialOrd>(opcode: u8, a: T, b: T) -> bool {
    match opcode {
        0 => a == b,
        1 => a != b,
        2 => a < b,
        3 => a <= b,
        4 => a > b,
        _ => a >= b,
    }
}

fn predicate(op: &Op, registers: &mut Registers) -> bool {
    let (a, b) = (registers.scalar(op.a), registers.scalar(op.b));
    match op.opcode {
        9..=14 => with_lane!(op.ty, T => compare(op.opcode - 9, T::from_scalar(a), T::from_scalar(b))),
        15 => (a | b) & 1 != 0,
        16 => a & b & 1 != 0,
        17 => (a ^ b) & 1 != 0,
        18 => a & 1 == 0,
        _ => a & 1 != 0,
    }
}

/// An operation on the dimensions of an index, of which a mask names those that are changed.
fn index(op: &Op, registers: &mut Registers) -> Index {
    let (a, b) = (registers.index(op.a), registers.index(op.b));
    std::array::from_fn(|d| {
        let (x, y) = (a[d], b[d]);
        match op.opcode {
            1 => x.wrapping_mul(y),
            2 => x.wrapping_add(y),
            3 => x.wrapping_sub(y),
            5 => x.max(y),
            6 => x.min(y),
            7 => x.saturating_abs(),
            15 => x | y,
            16 => x & y,
            17 => x ^ y,
            18 => !x,
            _ => x,
        }
    })
}

/// A step of a division: remainder and quotient.
fn divide(op: &Op, registers: &mut Registers, causes: &mut u32) -> [u32; 2] {
    let step = op.switches & 31;
    let first = op.dest_number();
    let (remainder, quotient) = (registers.s(first), registers.s(first | 1));
    let divisor = with_lane!(op.ty, T => T::from_scalar(registers.scalar(op.a)).to_scalar());
    if divisor == 0 {
        *causes |= Cause::DivideByZero.bit();
        return [remainder, choices::QUOTIENT_BY_ZERO];
    }
    let part = u64::from(divisor) << step;
    if u64::from(remainder) < part {
        return [remainder, quotient];
    }
    [(u64::from(remainder) - part) as u32, quotient | 1 << step]
}
