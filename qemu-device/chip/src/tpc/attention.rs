// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Which interrupt causes the results of arithmetic have: sums and products that do not fit, floats that are none or too small.
//!
//! It is asked for only where such a cause is not masked, so that it need not be fast: results are computed once more, exactly.

use goya_tpc_isa::{File, Operand, Register, Slot, Type};

use super::cause::Cause;
use super::choices;
use super::effect::Condition;
use super::float;
use super::lane::{Lane, size, with_lane};
use super::op::Op;
use super::random::ScalarRandom;
use super::registers::Registers;
use super::vector::Vector;

/// From the cause of a scalar's result to that of a vector's.
const TO_VECTORS: u32 = 5;
/// Bits of the switches, alike in both pipes.
const SATURATE: u32 = 0;
const NEGATE: u32 = 1;

/// The causes of `op`, which was executed under `condition` but has changed no register yet. `made` are its sources that are no
/// vector registers, `drawn` is the scalar pipe's random number before.
pub fn of(
    op: &Op,
    registers: &mut Registers,
    made: &[Vector; 4],
    drawn: ScalarRandom,
    condition: &Condition,
) -> u32 {
    match op.slot {
        Slot::Spu if matches!(op.opcode, 0..=3 | 7) && op.dest_file() == Some(File::S) => {
            let next = std::mem::replace(&mut registers.s_lfsr, drawn);
            let (a, b) = (registers.scalar(op.a), registers.scalar(op.b));
            registers.s_lfsr = next;
            of_element(op, a, b, registers.s(op.dest_number()))
        }
        Slot::Vpu if matches!(op.opcode, 0..=3 | 7) => {
            of_vector(op, registers, made, condition) << TO_VECTORS
        }
        _ => 0,
    }
}

fn of_vector(op: &Op, registers: &Registers, made: &[Vector; 4], condition: &Condition) -> u32 {
    let source = |operand, i: usize| match operand {
        Operand::Register(Register { file: File::V, number }) => registers.v(number),
        _ => &made[i],
    };
    let (a, b, width) = (source(op.a, 0), source(op.b, 1), size(op.ty));
    // Accumulators of narrow elements are wider, and dealt to several registers.
    let count = 4 / width;
    let sum = |i: usize| {
        let sums = registers.v(op.dest_number() + (i % count) as u8);
        if op.opcode == 0 { u32::from_bytes(&sums.0[i / count * 4..]) } else { 0 }
    };
    let element = |i: usize| {
        let at = i * width;
        let written = match condition {
            Condition::Never => false,
            Condition::Always => true,
            Condition::Some(mask) => mask.get(at),
        };
        let bits = |vector: &Vector| with_lane!(op.ty, T => T::from_bytes(&vector.0[at..]).to_scalar());
        if written { of_element(op, bits(a), bits(b), sum(i)) } else { 0 }
    };
    (0..256 / width).fold(0, |causes, i| causes | element(i))
}

/// The causes, as those of a scalar, of a result from `a` and `b`, and `sum` if it is added to that.
fn of_element(op: &Op, a: u32, b: u32, sum: u32) -> u32 {
    if op.ty == Type::F32 {
        return of_float(op, f32::from_bits(a), f32::from_bits(b), f32::from_bits(sum));
    }
    let value = |bits| with_lane!(op.ty, T => T::from_scalar(bits).wide());
    let signed = matches!(op.ty, Type::I32 | Type::I16 | Type::I8);
    let (a, b) = (value(a), value(b));
    let (exact, sums, cause) = match op.opcode {
        0 if signed => (i64::from(sum as i32) + a * b, Type::I32, Cause::SpuMacOverflow),
        0 => (i64::from(sum) + a * b, Type::U32, Cause::SpuMacOverflow),
        2 => (a + b, op.ty, Cause::SpuSumOverflow),
        3 if op.switch(NEGATE) => (b - a, op.ty, Cause::SpuSumOverflow),
        3 => (a - b, op.ty, Cause::SpuSumOverflow),
        7 => (a.abs(), op.ty, Cause::SpuAbsOverflow),
        _ => return 0,
    };
    let fits = with_lane!(sums, T => T::saturated(exact).wide()) == exact;
    // A magnitude is always saturated, and fits if it has no sign.
    let saturates = op.opcode != 7 && op.switch(SATURATE);
    if !fits && choices::overflow_counts(signed, saturates) { cause.bit() } else { 0 }
}

fn of_float(op: &Op, a: f32, b: f32, sum: f32) -> u32 {
    let (a, b) = (float::operand(a), float::operand(b));
    let result = match op.opcode {
        0 => float::unflushed_mac(if op.switch(NEGATE) { -a } else { a }, b, sum),
        1 => a * b,
        2 => a + b,
        3 => a - b,
        _ => return 0,
    };
    match result {
        result if !result.is_finite() => Cause::SpuNotFinite.bit(),
        result if result.is_subnormal() => Cause::SpuSubnormal.bit(),
        _ => 0,
    }
}
