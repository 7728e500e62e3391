// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Products, and sums of products: of narrow integers, in accumulators of 32 bits.

use goya_tpc_isa::Type;

use super::super::effect::{Effect, Vectors};
use super::super::float;
use super::super::lane::{Lane, shift_right, with_lane};
use super::super::op::Op;
use super::super::vector::Vector;
use super::super::vectors::Place;
use super::{Sources, wide};

/// `mul` and `mac`. `old` is a register of the destination.
pub(super) fn execute<'a>(
    op: &Op,
    sources: &Sources<'_>,
    old: impl Fn(u8) -> &'a Vector,
    results: &mut [Place; 4],
) -> Effect {
    let (a, b, first) = (sources.a, sources.b, op.dest_number());
    let adds = op.opcode == 0;
    match op.ty {
        Type::F32 => {
            match (adds, op.switch(1)) {
                (false, _) => results[0].set_zip(a, b, float::mul),
                (true, negate) => wide::mac(a, b, old(0), negate, &mut results[0]),
            }
            Vectors::one(first, 4)
        }
        Type::I32 if op.switch(1) => {
            *results[0] = a.zip(b, doubled);
            Vectors::one(first, 4)
        }
        Type::I32 => {
            *results[0] = a.zip(b, i32::wrapping_mul);
            *results[1] = a.zip(b, |a: i32, b: i32| (i64::from(a) * i64::from(b) >> 32) as i32);
            Vectors::several(first, 2, 4)
        }
        Type::U32 => {
            *results[0] = a.zip(b, u32::wrapping_mul);
            *results[1] = a.zip(b, |a: u32, b: u32| (u64::from(a) * u64::from(b) >> 32) as u32);
            Vectors::several(first, 2, 4)
        }
        ty => {
            let (count, source) = if matches!(ty, Type::I16 | Type::U16) { (2, 2) } else { (4, 1) };
            for (k, result) in (0..count).zip(results) {
                let zero = Vector::default();
                let sum = if adds { old(k) } else { &zero };
                **result = with_lane!(ty, T => wide::<T>(op.switch(0) && adds, k, a, b, sum));
            }
            Effect::V(Vectors { first, count, width: 4, source })
        }
    }
}

/// Twice the product, its upper half rounded.
fn doubled(a: i32, b: i32) -> i32 {
    // The largest product, of the two smallest numbers, does not fit in 64 bits when doubled.
    i32::saturated((i64::from(a) * i64::from(b) + (1 << 30)) >> 31)
}

/// The lanes of register `k` of a group: products of each so many elements, and of those before.
fn wide<T: Lane>(saturate: bool, k: u8, a: &Vector, b: &Vector, sum: &Vector) -> Vector {
    let at = usize::from(k) * T::BYTES;
    let signed = T::saturated(-1).wide() < 0;
    let mut out = Vector::default();
    let lanes = a.0.chunks_exact(4).zip(b.0.chunks_exact(4)).zip(sum.0.chunks_exact(4));
    for (to, ((a, b), sum)) in out.0.chunks_exact_mut(4).zip(lanes) {
        let product =
            T::from_bytes(&a[at..at + T::BYTES]).wide() * T::from_bytes(&b[at..at + T::BYTES]).wide();
        let sum = u32::from_bytes(sum);
        let value = match (saturate, signed) {
            (false, _) => sum.wrapping_add(product as u32),
            (true, true) => i32::saturated((sum as i32).wide() + product) as u32,
            (true, false) => u32::saturated(sum.wide() + product),
        };
        to.copy_from_slice(&value.to_le_bytes());
    }
    out
}

/// `msac`: a product and a sum, scaled by powers of two below one.
pub(super) fn scaled(op: &Op, sources: &Sources<'_>, old: &Vector) -> Vector {
    let (half_up, normalize_c) = (op.switch(1), op.switch(2));
    with_lane!(op.ty, T => {
        let element = |i: usize| {
            let at = i * T::BYTES;
            let lane = |vector: &Vector| T::from_bytes(&vector.0[at..at + T::BYTES]).wide();
            let shift = |vector: &Vector, value: i64| {
                let by = vector.0[at] as i8;
                if by < 0 { shift_right(value, u32::from(by.unsigned_abs()), half_up) } else { value << by.min(15) }
            };
            let product = lane(sources.a) * lane(sources.b);
            let sum = if normalize_c {
                product + shift(sources.c, lane(old))
            } else {
                shift(sources.c, product) + lane(old)
            };
            T::saturated(shift(sources.d, sum))
        };
        Vector::from_fn(element)
    })
}
