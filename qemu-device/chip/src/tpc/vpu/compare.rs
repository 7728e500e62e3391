// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Comparisons, selection by them, and operations on predicates.

use goya_tpc_isa::Type;

use super::super::lane::{Lane, with_lane};
use super::super::op::{self, Op};
use super::super::registers::Registers;
use super::super::spu::compare;
use super::super::vector::{Mask, Vector};
use super::Sources;

/// The mask of a comparison, counted from that of `==`.
pub(super) fn mask(comparison: u8, ty: Type, sources: &Sources<'_>) -> Mask {
    with_lane!(ty, T => typed::<T>(comparison, sources.a, sources.b))
}

fn typed<T: Lane>(comparison: u8, a: &Vector, b: &Vector) -> Mask {
    // A loop for each, so that none has to ask.
    match comparison {
        0 => Mask::compare(a, b, |a: T, b: T| a == b),
        1 => Mask::compare(a, b, |a: T, b: T| a != b),
        2 => Mask::compare(a, b, |a: T, b: T| a < b),
        3 => Mask::compare(a, b, |a: T, b: T| a <= b),
        4 => Mask::compare(a, b, |a: T, b: T| a > b),
        _ => Mask::compare(a, b, |a: T, b: T| a >= b),
    }
}

/// C where A compares with B, else D; or, of what was compared, A there, else B.
pub(super) fn select(comparison: u8, ty: Type, sources: &Sources<'_>, compared: bool) -> Vector {
    let (met, otherwise) = if compared { (sources.a, sources.b) } else { (sources.c, sources.d) };
    with_lane!(ty, T => {
        let (a, b) = (sources.a.lanes::<T>(), sources.b.lanes::<T>());
        let mut out = *otherwise;
        let lanes = out.0.chunks_exact_mut(T::BYTES).zip(met.0.chunks_exact(T::BYTES));
        for ((to, from), (a, b)) in lanes.zip(a.zip(b)) {
            if compare(comparison, a, b) {
                to.copy_from_slice(from);
            }
        }
        out
    })
}

/// An operation on predicates.
pub(super) fn logic(op: &Op, registers: &Registers) -> Mask {
    let (a, b) = (registers.vp(op::number(op.a)), registers.vp(op::number(op.b)));
    match op.opcode {
        15 => a.zip(b, |a, b| a | b),
        16 => a.zip(b, |a, b| a & b),
        17 => a.zip(b, |a, b| a ^ b),
        _ => Mask(a.0.map(|a| !a)),
    }
}
