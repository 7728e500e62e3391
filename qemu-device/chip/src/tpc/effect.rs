// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What an instruction will change, kept until all instructions of its word have read their operands.

use super::op::Op;
use super::registers::{Address, Index, Registers};
use super::vector::{Mask, Vector};

/// The condition of an instruction, after its predicate has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is not executed.
    Never,
    /// It is executed.
    Always,
    /// It changes only these elements.
    Some(Mask),
}

impl Condition {
    /// The condition of `op`.
    #[inline]
    #[must_use]
    pub fn of(op: &Op, registers: &Registers) -> Self {
        let predicate = op.predicate;
        if !predicate.vector {
            let met = registers.sp(predicate.number) != predicate.inverted;
            return if met { Self::Always } else { Self::Never };
        }
        let mask = registers.vp(predicate.number);
        let flip = if predicate.inverted { u64::MAX } else { 0 };
        match Mask(mask.0.map(|bits| bits ^ flip)) {
            Mask::ALL => Self::Always,
            mask => Self::Some(mask),
        }
    }
}

/// A change of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// None.
    Nothing,
    /// Of a scalar.
    S(u8, u32),
    /// Of a pair of scalars.
    Z(u8, [u32; 2]),
    /// Of a scalar predicate.
    Sp(u8, bool),
    /// Of an index.
    I(u8, Index),
    /// Of an address.
    Ad(u8, Address),
    /// Of the scalar pipe's random numbers.
    SLfsr(u32),
    /// Of vectors, which are in the slot's results.
    V(Vectors),
    /// Of a vector predicate, for elements of so many bytes.
    Vp(u8, Mask, usize),
    /// Of the vector pipe's random numbers, which are in the slot's first result.
    Lfsr,
}

/// Vectors that are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vectors {
    /// The first register.
    pub first: u8,
    /// Registers.
    pub count: u8,
    /// Bytes of a lane of the result.
    pub width: usize,
    /// Bytes of the element that a lane is made from. If a lane is wider, register k of n has the lanes of
    /// elements k, k + n, ...
    pub source: usize,
}

impl Vectors {
    /// One vector of elements of so many bytes.
    #[must_use]
    pub const fn one(op_dest: u8, width: usize) -> Effect {
        Effect::V(Self { first: op_dest, count: 1, width, source: width })
    }

    /// The lanes of register `k` that `mask`, which has a bit for each byte of the sources, lets change.
    fn mask(&self, mask: &Mask, k: usize) -> Mask {
        if self.source == self.width {
            return *mask;
        }
        let ratio = self.width / self.source.max(1);
        let mut lanes = Mask::default();
        for lane in 0..256 / self.width.max(1) {
            let at = lane * self.width;
            lanes.0[at >> 6 & 3] |= u64::from(mask.get((ratio * lane + k) * self.source)) << (at & 63);
        }
        lanes
    }
}

impl Effect {
    /// Makes the change, under `condition`. `results` are the slot's.
    #[inline]
    pub fn apply(&self, condition: &Condition, results: &[Vector; 4], registers: &mut Registers) {
        match *self {
            Self::Nothing => {}
            Self::S(number, value) => registers.set_s(number, value),
            Self::Z(number, [low, high]) => {
                registers.set_s(number, low);
                registers.set_s(number | 1, high);
            }
            Self::Sp(number, value) => registers.set_sp(number, value),
            Self::I(number, ref value) => *registers.i_mut(number) = *value,
            Self::Ad(number, value) => registers.set_ad(number, value),
            Self::SLfsr(seed) => registers.s_lfsr.seed(seed),
            Self::V(ref vectors) => {
                for (k, result) in results.iter().take(usize::from(vectors.count)).enumerate() {
                    let to = registers.v_mut(vectors.first + k as u8);
                    match condition {
                        Condition::Some(mask) => to.merge(result, &vectors.mask(mask, k), vectors.width),
                        Condition::Always | Condition::Never => *to = *result,
                    }
                }
            }
            Self::Vp(number, ref value, width) => {
                let Some(to) = registers.vp_mut(number) else { return };
                match condition {
                    Condition::Some(mask) => to.merge(value, mask, width),
                    Condition::Always | Condition::Never => *to = *value,
                }
            }
            Self::Lfsr => registers.lfsr.seed(&results[0]),
        }
    }
}
