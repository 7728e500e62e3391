// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What works on each element alone.

use super::super::lane::{Lane, with_lane};
use super::super::op::Op;
use super::super::spu::signed_count;
use super::super::vector::Vector;
use super::Sources;

/// What `op` does, to `out`.
pub(super) fn execute(op: &Op, sources: &Sources<'_>, out: &mut Vector) {
    with_lane!(op.ty, T => typed::<T>(op, sources, out));
}

fn typed<T: Lane>(op: &Op, sources: &Sources<'_>, out: &mut Vector) {
    let (a, b) = (sources.a, sources.b);
    let (first, second) = (op.switch(0), op.switch(1));
    match (op.opcode, first) {
        (2, false) => out.set_zip(a, b, |a: T, b: T| a.add(b, false)),
        (2, true) => out.set_zip(a, b, |a: T, b: T| a.add(b, true)),
        (3, _) if second => out.set_zip(b, a, |b: T, a: T| b.sub(a, first)),
        (3, false) => out.set_zip(a, b, |a: T, b: T| a.sub(b, false)),
        (3, true) => out.set_zip(a, b, |a: T, b: T| a.sub(b, true)),
        (5, _) => out.set_zip(a, b, T::greater),
        (6, _) => out.set_zip(a, b, T::smaller),
        (7, _) => out.set_map(a, T::magnitude),
        (19, _) => out.set_zip(a, b, |a: T, b: T| a.shr(b.bits())),
        (20, _) => out.set_zip(a, b, |a: T, b: T| a.shl(b.bits())),
        (21, _) => out.set_zip(a, b, |a: T, b: T| a.ash(signed_count(b), second)),
        (25, _) => out.set_map(a, |a: T| T::of_bits(a.count(first))),
        _ => out.set_map(a, |a: T| T::of_bits(a.find(first, second))),
    }
}

/// Operations on bits, whose elements do not matter.
pub(super) fn logic(opcode: u8, sources: &Sources<'_>) -> Vector {
    let (a, b) = (sources.a, sources.b);
    match opcode {
        15 => a.zip(b, |a: u32, b: u32| a | b),
        16 => a.zip(b, |a: u32, b: u32| a & b),
        17 => a.zip(b, |a: u32, b: u32| a ^ b),
        _ => a.map(|a: u32| !a),
    }
}
