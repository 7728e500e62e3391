// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What an instruction will change, kept until all instructions of its word have read their operands.
//!
//! It is made where it is kept: a processor stalls when it moves as a whole what it has just written in parts.

use super::op::Op;
use super::registers::{Address, Index, Registers};
use super::vector::Mask;
use super::vectors::Place;

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
    /// Makes it that of `op`.
    #[inline]
    pub fn set(&mut self, op: &Op, registers: &Registers) {
        let predicate = op.predicate;
        if !predicate.vector {
            let met = registers.sp(predicate.number) != predicate.inverted;
            *self = if met { Self::Always } else { Self::Never };
            return;
        }
        let mask = registers.vp(predicate.number);
        let mask = if predicate.inverted { mask.inverted() } else { *mask };
        *self = if mask == Mask::ALL { Self::Always } else { Self::Some(mask) };
    }
}

/// A change of registers, and what is too large for it.
#[derive(Debug)]
pub struct Change {
    /// What is changed.
    pub effect: Effect,
    /// For which elements.
    pub condition: Condition,
    /// What an index is changed to.
    pub index: Index,
}

impl Default for Change {
    fn default() -> Self {
        Self { effect: Effect::Nothing, condition: Condition::Never, index: [0; 5] }
    }
}

/// What is changed.
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
    /// Of an index, in these dimensions: another slot of the word may change others.
    I(u8, u8),
    /// Of an address.
    Ad(u8, Address),
    /// Of the scalar pipe's random numbers.
    SLfsr(u32),
    /// Of vectors, which are in the slot's results.
    V(Vectors),
    /// Of a vector predicate, for elements of so many bytes.
    Vp(u8, Mask, u8),
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
    pub width: u8,
    /// Bytes of the element that a lane is made from. If a lane is wider, register k of n has the lanes of
    /// elements k, k + n, ...
    pub source: u8,
}

impl Vectors {
    /// One vector of elements of so many bytes.
    #[must_use]
    pub const fn one(op_dest: u8, width: usize) -> Effect {
        Self::several(op_dest, 1, width)
    }

    /// Vectors of elements of so many bytes, each made from one like it.
    #[must_use]
    pub const fn several(first: u8, count: u8, width: usize) -> Effect {
        let width = width as u8;
        Effect::V(Self { first, count, width, source: width })
    }

    /// The lanes of register `k` that `mask`, which has a bit for each byte of the sources, lets change.
    fn mask(&self, mask: &Mask, k: usize) -> Mask {
        if self.source == self.width {
            return *mask;
        }
        let (width, source) = (usize::from(self.width.max(1)), usize::from(self.source.max(1)));
        let mut lanes = Mask::default();
        for lane in 0..256 / width {
            let at = lane * width;
            lanes.0[at >> 6 & 3] |= u64::from(mask.get((width / source * lane + k) * source)) << (at & 63);
        }
        lanes
    }
}

impl Change {
    /// Makes the effect that of the dimensions of an index in `mask`, which is to be given its value.
    #[inline]
    pub fn index(&mut self, number: u8, mask: u8) -> &mut Index {
        self.effect = Effect::I(number, mask);
        &mut self.index
    }

    /// Makes the change. `results` are the slot's; vectors that were replaced are there then.
    #[inline]
    pub fn apply(&self, results: &mut [Place; 4], registers: &mut Registers) {
        let Self { effect, condition, index } = self;
        match *effect {
            Effect::Nothing => {}
            Effect::S(number, value) => registers.set_s(number, value),
            Effect::Z(number, [low, high]) => {
                registers.set_s(number, low);
                registers.set_s(number | 1, high);
            }
            Effect::Sp(number, value) => registers.set_sp(number, value),
            Effect::I(number, mask) => {
                let changed = registers.i_mut(number).iter_mut().zip(index).enumerate();
                changed.filter(|(d, _)| mask >> d & 1 != 0).for_each(|(_, (to, from))| *to = *from);
            }
            Effect::Ad(number, value) => registers.set_ad(number, value),
            Effect::SLfsr(seed) => registers.s_lfsr.seed(seed),
            Effect::V(ref vectors) => {
                for (k, result) in results.iter_mut().take(usize::from(vectors.count)).enumerate() {
                    let number = vectors.first + k as u8;
                    if let Condition::Some(mask) = condition {
                        let rest = vectors.mask(mask, k).inverted();
                        result.merge(registers.v(number), &rest, vectors.width.into());
                    }
                    registers.v.exchange(number, result);
                }
            }
            Effect::Vp(number, ref value, width) => {
                let Some(to) = registers.vp_mut(number) else { return };
                match condition {
                    Condition::Some(mask) => to.merge(value, mask, width.into()),
                    Condition::Always | Condition::Never => *to = *value,
                }
            }
            Effect::Lfsr => registers.lfsr.seed(&results[0]),
        }
    }
}
