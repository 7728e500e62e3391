// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Conversions between types of elements.

use goya_tpc_isa::Type;

use super::float::{self, Rounding};
use super::lane::{Lane, with_lane};

/// The type of a code of a conversion's target.
pub fn target(code: u32) -> Type {
    Type::from_code(code & 15).unwrap_or(Type::I32)
}

/// The element of type `from` with these bits, as one of type `to`, extended as a scalar is.
pub fn convert(from: Type, bits: u32, to: Type, rounding: Rounding, random: u32) -> u32 {
    match (from, to) {
        (Type::F32, Type::F32) => bits,
        (Type::F32, to) => {
            let value = f64::from(float::operand(f32::from_bits(bits)));
            // Casts from what is no number give 0.
            let rounded = rounding.round(value, random) as i64;
            with_lane!(to, T => T::saturated(rounded).to_scalar())
        }
        (from, Type::F32) => {
            let value = with_lane!(from, T => T::from_scalar(bits).wide());
            rounding.to_float(value, random).to_bits()
        }
        (from, to) => {
            let value = with_lane!(from, T => T::from_scalar(bits).wide());
            with_lane!(to, T => T::saturated(value).to_scalar())
        }
    }
}

/// A conversion with a shift, in either pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shifted {
    /// The type of the source.
    pub from: Type,
    /// The type of the result.
    pub to: Type,
    /// How it rounds.
    pub rounding: Rounding,
}

impl Shifted {
    /// The conversion of an opcode, with the bits that are in the place of a type.
    pub fn new(opcode: u8, type_bits: u32) -> Self {
        let (from, wide, narrow) = match opcode {
            4 => (Type::I16, Type::I8, Type::I8),
            28 => (Type::U16, Type::U8, Type::U8),
            24 => (Type::U32, Type::U16, Type::U8),
            _ => (Type::I32, Type::I16, Type::I8),
        };
        let to = if type_bits & 4 != 0 { wide } else { narrow };
        Self { from, to, rounding: Rounding::from_code(type_bits & 3).unwrap_or(Rounding::NearestEven) }
    }

    /// `bits * 2^shift`, rounded and saturated; extended as a scalar is.
    pub fn apply(&self, bits: u32, shift: i8, random: u32) -> u32 {
        let value = with_lane!(self.from, T => T::from_scalar(bits).wide());
        let shifted = match u32::try_from(shift) {
            // A value of 32 bits that is shifted by more is out of every range.
            Ok(left) => value << left.min(31),
            Err(_) => self.rounding.shift(value, u32::from(shift.unsigned_abs()), random),
        };
        with_lane!(self.to, T => T::saturated(shifted).to_scalar())
    }
}

/// The exponent of a float: without its bias, or the bits of the field.
pub fn exponent(bits: u32, raw: bool) -> u32 {
    let field = bits >> 23 & 0xFF;
    if raw { field } else { field.wrapping_sub(127) }
}

/// A float, rounded to an integer that is still a float.
pub fn nearby(value: f32, rounding: Rounding, random: u32) -> f32 {
    let rounded = rounding.round(f64::from(float::operand(value)), random) as f32;
    // A zero keeps the sign of what it was rounded from.
    float::result(rounded.copysign(value))
}
