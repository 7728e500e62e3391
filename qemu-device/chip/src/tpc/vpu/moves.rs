// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What moves elements between lanes, and between vectors and other registers.

use goya_tpc_isa::{File, Operand, Register};

use super::super::effect::{Effect, Vectors};
use super::super::lane::size;
use super::super::load;
use super::super::op::{self, Op};
use super::super::registers::Registers;
use super::super::vector::Vector;
use super::{Sources, special};

/// Bytes of a group; two of them are a dual group.
const GROUP: usize = 32;
const DUAL_GROUP: usize = 2 * GROUP;

/// `mov`.
pub(super) fn moved(op: &Op, registers: &mut Registers, result: &mut Vector) -> Effect {
    let dest = op.dest_number();
    if op.dest_file() == Some(File::Vp) {
        return load::predicate(op, op.a, op::number(op.b), registers);
    }
    match op.a {
        Operand::Register(Register { file: File::V, number }) => *result = *registers.v(number),
        other => special(other, op.ty, registers, result),
    }
    if op.dest_file() == Some(File::Lfsr) { Effect::Lfsr } else { Vectors::one(dest, size(op.ty)) }
}

/// Elements from anywhere in their dual group, as the bytes of B say.
pub(super) fn shuffled(sources: &Sources<'_>, old: &Vector, width: usize) -> Vector {
    let mut out = *old;
    for (i, to) in out.0.chunks_exact_mut(width).enumerate() {
        let at = i * width;
        let control = usize::from(sources.b.0[at]);
        if control & 0x80 == 0 {
            continue;
        }
        let element = (control & 0x1F) % (GROUP / width);
        let group = at - at % DUAL_GROUP + (control >> 5 & 1) * GROUP;
        let from = group + element * width;
        to.copy_from_slice(&sources.a.0[from..from + width]);
    }
    out
}

/// Every second or fourth element of a group, packed into a part of both groups.
pub(super) fn packed(a: &Vector, old: &Vector, bits: u32, width: usize) -> Vector {
    let (group, stride) = ((bits & 1) as usize, if bits & 2 != 0 { 4 } else { 2 });
    let part = GROUP / stride;
    let mut out = *old;
    let dual_groups = out.0.chunks_exact_mut(DUAL_GROUP).zip(a.0.chunks_exact(DUAL_GROUP));
    for (to, from) in dual_groups {
        let from = from[group * GROUP..][..GROUP].chunks_exact(width).step_by(stride);
        let mut packed = [0; GROUP];
        packed.chunks_exact_mut(width).zip(from).for_each(|(to, from)| to.copy_from_slice(from));
        for block in to.chunks_exact_mut(2 * part) {
            block[part * group..][..part].copy_from_slice(&packed[..part]);
        }
    }
    out
}

/// The elements of a group, or of a half of it, at every second or fourth place of the dual group.
pub(super) fn unpacked(a: &Vector, old: &Vector, bits: u32, width: usize) -> Vector {
    let (group, stride, half) =
        ((bits & 1) as usize, if bits & 2 != 0 { 4 } else { 2 }, (bits >> 2 & 1) as usize);
    let first = group * GROUP + if stride == 4 { half * GROUP / 2 } else { 0 };
    let mut out = *old;
    let dual_groups = out.0.chunks_exact_mut(DUAL_GROUP).zip(a.0.chunks_exact(DUAL_GROUP));
    for (to, from) in dual_groups {
        let from = from[first..].chunks_exact(width);
        to.chunks_exact_mut(width).step_by(stride).zip(from).for_each(|(to, from)| to.copy_from_slice(from));
    }
    out
}

/// A dual group to another, by groups and bytes.
pub(super) fn dual_groups(a: &Vector, old: &Vector, bits: u32, mask: u32) -> Vector {
    let (from, to) = ((bits & 3) as usize * DUAL_GROUP, (bits >> 2 & 3) as usize * DUAL_GROUP);
    let mut out = *old;
    for group in (0..2).filter(|group| bits >> (4 + group) & 1 != 0) {
        let at = group as usize * GROUP;
        copy_bytes(&mut out.0[to + at..][..GROUP], &a.0[from + at..][..GROUP], mask);
    }
    out
}

/// The groups of a dual group to the other's place, by bytes.
pub(super) fn groups(a: &Vector, old: &Vector, bits: u32, mask: u32) -> Vector {
    let mut out = *old;
    let dual_groups = out.0.chunks_exact_mut(DUAL_GROUP).zip(a.0.chunks_exact(DUAL_GROUP)).enumerate();
    for (_, (to, from)) in dual_groups.filter(|(i, _)| bits >> (2 + i) & 1 != 0) {
        let ((to0, to1), (from0, from1)) = (to.split_at_mut(GROUP), from.split_at(GROUP));
        for (enabled, to, from) in [(bits & 1, to0, from1), (bits >> 1 & 1, to1, from0)] {
            if enabled != 0 {
                copy_bytes(to, from, mask);
            }
        }
    }
    out
}

fn copy_bytes(to: &mut [u8], from: &[u8], mask: u32) {
    for (i, (to, from)) in to.iter_mut().zip(from).enumerate() {
        if mask >> i & 1 != 0 {
            *to = *from;
        }
    }
}
