// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Conversions, which write a part of each lane, and the making of floats from their parts.

use super::super::choices;
use super::super::convert::{self, Shifted};
use super::super::effect::{Effect, Vectors};
use super::super::float::Rounding;
use super::super::lane::{Lane, size};
use super::super::op::Op;
use super::super::vector::Vector;
use super::super::vectors::Place;
use super::{Sources, lanes};

/// How `op` rounds; to nearest if it doesn't.
pub(super) fn rounds(op: &Op, round: Rounding) -> Rounding {
    match op.opcode {
        4 | 23 | 24 | 28 => Shifted::new(op.opcode, op.type_bits).rounding,
        22 | 27 => Rounding::from_code(op.switches & 7).unwrap_or(round),
        _ => Rounding::NearestEven,
    }
}

pub(super) fn execute(
    op: &Op,
    sources: &Sources<'_>,
    old: &Vector,
    random: &Vector,
    round: Rounding,
    results: &mut [Place; 4],
) -> Effect {
    let (a, dest, rounding) = (sources.a, op.dest_number(), rounds(op, round));
    match op.opcode {
        22 => {
            let (from, to) = (op.ty, convert::target(op.b_bits));
            let part = (op.b_bits >> 4 & 3) as usize;
            let lane = Lanes::new(size(from), size(to), part);
            *results[0] = lane
                .map(a, old, random, |_, bits, random| convert::convert(from, bits, to, rounding, random));
            Vectors::one(dest, lane.width)
        }
        27 => {
            let value = |i: usize| {
                let at = |vector: &Vector| u32::from_bytes(&vector.0[4 * i..4 * i + 4]);
                convert::nearby(f32::from_bits(at(a)), rounding, at(random))
            };
            *results[0] = Vector::from_fn(value);
            Vectors::one(dest, 4)
        }
        29 => {
            let raw = op.switch(0);
            *results[0] = a.map(|bits: u32| convert::exponent(bits, raw));
            Vectors::one(dest, 4)
        }
        _ => {
            let shifted = Shifted::new(op.opcode, op.type_bits);
            let lane = Lanes::new(size(shifted.from), size(shifted.to), (op.switches & 3) as usize);
            *results[0] = lane
                .map(a, old, random, |at, bits, random| shifted.apply(bits, sources.b.0[at] as i8, random));
            Vectors::one(dest, lane.width)
        }
    }
}

/// Lanes as wide as the wider of two types. The source is the lowest element of each, the result the chosen one.
struct Lanes {
    width: usize,
    from: usize,
    to: usize,
    part: usize,
}

impl Lanes {
    fn new(from: usize, to: usize, part: usize) -> Self {
        let width = from.max(to);
        Self { width, from, to, part: part % (width / to) * to }
    }

    /// `old` with the results of `f` in their parts of the lanes. `f` is given a lane's first byte, its source's
    /// bits and a random number.
    fn map(&self, a: &Vector, old: &Vector, random: &Vector, f: impl Fn(usize, u32, u32) -> u32) -> Vector {
        let mut out = *old;
        for lane in 0..lanes(self.width) {
            let at = lane * self.width;
            let mut bytes = [0; 4];
            bytes[..self.from].copy_from_slice(&a.0[at..at + self.from]);
            let mut chance = [0; 4];
            chance[4 - self.width..].copy_from_slice(&random.0[at..at + self.width]);
            let value = f(at, u32::from_le_bytes(bytes), u32::from_le_bytes(chance));
            let to = at + self.part;
            out.0[to..to + self.to].copy_from_slice(&value.to_le_bytes()[..self.to]);
        }
        out
    }
}

/// Floats from exponents, signs and mantissas.
pub(super) fn formed(op: &Op, sources: &Sources<'_>) -> Vector {
    let switch = |bit: u32| op.d_bits >> bit & 1 != 0;
    let (add_bias, force0, force1, number, lsb) = (switch(0), switch(1), switch(2), switch(3), switch(4));
    sources.a.zip3(sources.b, sources.c, |a: u32, b: u32, c: u32| {
        let exponent = match (number, add_bias) {
            (true, true) => choices::biased_number(a),
            (true, false) => a & 0xFF,
            (false, true) => (a >> 23).wrapping_add(127) & 0xFF,
            (false, false) => a >> 23 & 0xFF,
        };
        let sign = if lsb { b & 1 } else { b >> 31 };
        let sign = (sign != 0 || force1) && !force0;
        u32::from(sign) << 31 | exponent << 23 | c & 0x7F_FFFF
    })
}
