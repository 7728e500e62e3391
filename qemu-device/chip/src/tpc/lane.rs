// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The arithmetic of one element, of each type.

use goya_tpc_isa::Type;

use super::choices;
use super::float;

/// An element of a vector, or what a scalar holds of that type.
pub trait Lane: Copy + PartialOrd {
    /// Bytes.
    const BYTES: usize;
    /// Bits.
    const BITS: u32 = 8 * Self::BYTES as u32;
    /// The element at the first bytes of `bytes`, of which there are enough.
    fn from_bytes(bytes: &[u8]) -> Self;
    /// Writes the element to `bytes`, of which there are enough.
    fn to_bytes(self, bytes: &mut [u8]);
    /// The low bits of a scalar.
    fn from_scalar(scalar: u32) -> Self;
    /// As a scalar, sign or zero extended.
    fn to_scalar(self) -> u32;
    /// Sum; integers wrap, or saturate.
    fn add(self, other: Self, saturate: bool) -> Self;
    /// Difference; integers wrap, or saturate.
    fn sub(self, other: Self, saturate: bool) -> Self;
    /// The greater.
    fn greater(self, other: Self) -> Self;
    /// The smaller.
    fn smaller(self, other: Self) -> Self;
    /// Without its sign; the most negative integer becomes the largest.
    fn magnitude(self) -> Self;
    /// The value of an integer; of a float, its bits.
    fn wide(self) -> i64;
    /// The integer of that value, at the limit if it is outside.
    fn saturated(value: i64) -> Self;
    /// Its bits.
    fn bits(self) -> u32;
    /// The element of these bits.
    fn of_bits(bits: u32) -> Self;

    /// Shifted left, without a sign.
    fn shl(self, count: u32) -> Self {
        if choices::shift_is_out(count, Self::BITS) {
            Self::of_bits(0)
        } else {
            Self::of_bits(self.bits() << count)
        }
    }

    /// Shifted right, without a sign.
    fn shr(self, count: u32) -> Self {
        if choices::shift_is_out(count, Self::BITS) {
            Self::of_bits(0)
        } else {
            Self::of_bits(self.bits() >> count)
        }
    }

    /// Shifted left and saturated; if `count` is negative, right, rounded down or half up.
    fn ash(self, count: i32, half_up: bool) -> Self {
        let value = self.wide();
        if count >= 0 {
            let out = value.signum().saturating_mul(i64::MAX);
            return Self::saturated(if count >= 32 { out } else { value << count });
        }
        Self::saturated(shift_right(value, count.unsigned_abs(), half_up))
    }

    /// The number of bits that are `set`.
    fn count(self, set: bool) -> u32 {
        if set { self.bits().count_ones() } else { Self::BITS - self.bits().count_ones() }
    }

    /// The place of the first bit that is `set`, from the most or the least significant side.
    fn find(self, set: bool, from_msb: bool) -> u32 {
        let mask = u32::MAX >> (32 - Self::BITS);
        let bits = if set { self.bits() } else { !self.bits() & mask };
        match (bits, from_msb) {
            (0, _) => choices::nothing_found(Self::BITS),
            (bits, true) => bits.leading_zeros() - (32 - Self::BITS),
            (bits, false) => bits.trailing_zeros(),
        }
    }
}

/// `value` shifted right, rounded down or half up.
pub fn shift_right(value: i64, count: u32, half_up: bool) -> i64 {
    let count = count.min(62);
    if half_up && count > 0 { (value.saturating_add(1 << (count - 1))) >> count } else { value >> count }
}

macro_rules! integer {
    ($type:ty, $unsigned:ty, $magnitude:expr) => {
        impl Lane for $type {
            const BYTES: usize = size_of::<$type>();

            fn from_bytes(bytes: &[u8]) -> Self {
                let mut copy = [0; size_of::<$type>()];
                copy.copy_from_slice(&bytes[..size_of::<$type>()]);
                Self::from_le_bytes(copy)
            }
            fn to_bytes(self, bytes: &mut [u8]) {
                bytes[..size_of::<$type>()].copy_from_slice(&self.to_le_bytes());
            }
            fn from_scalar(scalar: u32) -> Self {
                scalar as Self
            }
            fn to_scalar(self) -> u32 {
                self as u32
            }
            fn add(self, other: Self, saturate: bool) -> Self {
                if saturate { self.saturating_add(other) } else { self.wrapping_add(other) }
            }
            fn sub(self, other: Self, saturate: bool) -> Self {
                if saturate { self.saturating_sub(other) } else { self.wrapping_sub(other) }
            }
            fn greater(self, other: Self) -> Self {
                self.max(other)
            }
            fn smaller(self, other: Self) -> Self {
                self.min(other)
            }
            fn magnitude(self) -> Self {
                $magnitude(self)
            }
            fn wide(self) -> i64 {
                i64::from(self)
            }
            fn saturated(value: i64) -> Self {
                value.clamp(i64::from(Self::MIN), i64::from(Self::MAX)) as Self
            }
            fn bits(self) -> u32 {
                u32::from(self as $unsigned)
            }
            fn of_bits(bits: u32) -> Self {
                bits as $unsigned as Self
            }
        }
    };
}

integer!(i32, u32, i32::saturating_abs);
integer!(u32, u32, std::convert::identity);
integer!(i16, u16, i16::saturating_abs);
integer!(u16, u16, std::convert::identity);
integer!(i8, u8, i8::saturating_abs);
integer!(u8, u8, std::convert::identity);

impl Lane for f32 {
    const BYTES: usize = 4;

    fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_bits(u32::from_bytes(bytes))
    }
    fn to_bytes(self, bytes: &mut [u8]) {
        Lane::to_bytes(self.to_bits(), bytes);
    }
    fn from_scalar(scalar: u32) -> Self {
        Self::from_bits(scalar)
    }
    fn to_scalar(self) -> u32 {
        self.to_bits()
    }
    fn add(self, other: Self, _: bool) -> Self {
        float::result(float::operand(self) + float::operand(other))
    }
    fn sub(self, other: Self, _: bool) -> Self {
        float::result(float::operand(self) - float::operand(other))
    }
    fn greater(self, other: Self) -> Self {
        float::choose(self, other, |a, b| a > b)
    }
    fn smaller(self, other: Self) -> Self {
        float::choose(self, other, |a, b| a < b)
    }
    fn magnitude(self) -> Self {
        self.abs()
    }
    fn wide(self) -> i64 {
        i64::from(self.to_bits())
    }
    fn saturated(value: i64) -> Self {
        Self::from_bits(u32::saturated(value))
    }
    fn bits(self) -> u32 {
        self.to_bits()
    }
    fn of_bits(bits: u32) -> Self {
        Self::from_bits(bits)
    }
}

/// Evaluates an expression with `$T` as the Rust type of a type of the core. Types that arithmetic does not
/// have are taken as integers of their size.
macro_rules! with_lane {
    ($ty:expr, $T:ident => $body:expr) => {
        match $ty {
            goya_tpc_isa::Type::F32 => {
                type $T = f32;
                $body
            }
            goya_tpc_isa::Type::I32 => {
                type $T = i32;
                $body
            }
            goya_tpc_isa::Type::U32 => {
                type $T = u32;
                $body
            }
            goya_tpc_isa::Type::I16 => {
                type $T = i16;
                $body
            }
            goya_tpc_isa::Type::U16 | goya_tpc_isa::Type::Bf16 | goya_tpc_isa::Type::F16 => {
                type $T = u16;
                $body
            }
            goya_tpc_isa::Type::I8 => {
                type $T = i8;
                $body
            }
            goya_tpc_isa::Type::U8 | goya_tpc_isa::Type::Bool => {
                type $T = u8;
                $body
            }
        }
    };
}
pub(super) use with_lane;

/// Bytes of an element of `ty`.
pub fn size(ty: Type) -> usize {
    with_lane!(ty, T => T::BYTES)
}
