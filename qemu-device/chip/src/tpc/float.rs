// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Arithmetic of floats as the core has it, alike on every host.

use super::choices;

/// A float as an operand of arithmetic: subnormal numbers are zero.
#[inline(always)]
pub fn operand(value: f32) -> f32 {
    let bits = value.to_bits();
    if choices::FLUSH_SUBNORMALS && bits & 0x7F80_0000 == 0 {
        f32::from_bits(bits & 0x8000_0000)
    } else {
        value
    }
}

/// A float as a result of arithmetic: subnormal numbers are zero, and there is one that is no number.
#[inline(always)]
pub fn result(value: f32) -> f32 {
    if value.is_nan() { f32::from_bits(choices::NAN) } else { operand(value) }
}

/// `a * b`.
pub fn mul(a: f32, b: f32) -> f32 {
    result(operand(a) * operand(b))
}

/// `a * b + c`, rounded once.
///
/// A host without a fused instruction calls a function for each; this is as exact, and vectorizes: the
/// product of two floats is exact in 64 bits, and a sum that is rounded to odd there rounds rightly here.
pub fn mac(a: f32, b: f32, c: f32) -> f32 {
    result(unflushed_mac(a, b, c))
}

/// The same before a result that is subnormal becomes zero.
#[inline(always)]
pub fn unflushed_mac(a: f32, b: f32, c: f32) -> f32 {
    let product = f64::from(operand(a)) * f64::from(operand(b));
    let addend = f64::from(operand(c));
    let sum = product + addend;
    let other = sum - product;
    let error = (product - (sum - other)) + (addend - other);
    let bits = sum.to_bits();
    let away = (error > 0.0) == (sum > 0.0);
    let odd = if away { bits | 1 } else { bits.wrapping_sub(1) | 1 };
    let inexact = error != 0.0 && sum.is_finite() && bits & 1 == 0;
    f64::from_bits(if inexact { odd } else { bits }) as f32
}

/// The same, for processors with an instruction for it.
#[inline(always)]
pub fn fused(a: f32, b: f32, c: f32) -> f32 {
    result(operand(a).mul_add(operand(b), operand(c)))
}

/// The one of `a` and `b` that is `better`. What is no number wins, and zeros are ordered by their signs.
pub fn choose(a: f32, b: f32, better: impl Fn(f32, f32) -> bool) -> f32 {
    // A sign bit weighs more than nothing, so that -0 is below +0.
    let sign = |value: f32| if value.is_sign_negative() { -1.0 } else { 1.0 };
    let tie = a == b && better(sign(a), sign(b));
    if a.is_nan() || !b.is_nan() && (better(a, b) || tie) { a } else { b }
}

/// How a conversion rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To nearest, ties to even.
    NearestEven,
    /// Down.
    Down,
    /// Up.
    Up,
    /// Up with the probability of the fraction.
    Stochastic,
    /// To zero.
    Zero,
}

impl Rounding {
    /// The rounding of a code; `None` for the one that refers to register ROUND_CSR.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            0 => Self::NearestEven,
            1 => Self::Down,
            2 => Self::Up,
            3 => Self::Stochastic,
            4 => Self::Zero,
            _ => return None,
        })
    }

    /// `value` rounded to an integer; `random` decides where rounding is stochastic.
    #[must_use]
    pub fn round(self, value: f64, random: u32) -> f64 {
        match self {
            Self::NearestEven => value.round_ties_even(),
            Self::Down => value.floor(),
            Self::Up => value.ceil(),
            Self::Zero => value.trunc(),
            Self::Stochastic => {
                let fraction = value - value.floor();
                value.floor() + f64::from(u8::from(fraction * 4_294_967_296.0 > f64::from(random)))
            }
        }
    }

    /// The float nearest to `value` in the way of this rounding.
    #[must_use]
    pub fn to_float(self, value: i64, random: u32) -> f32 {
        let (nearest, exact) = (value as f32, value as f64);
        let error = exact - f64::from(nearest);
        if error == 0.0 {
            return nearest;
        }
        // Away from zero is the next larger bit pattern. The value is far from zero: others are exact.
        let next =
            |away: bool| f32::from_bits(nearest.to_bits().wrapping_add(if away { 1 } else { u32::MAX }));
        let (below, above) =
            if error > 0.0 { (nearest, next(nearest > 0.0)) } else { (next(nearest < 0.0), nearest) };
        match self {
            Self::NearestEven => nearest,
            Self::Down => below,
            Self::Up => above,
            Self::Zero => {
                if value > 0 {
                    below
                } else {
                    above
                }
            }
            Self::Stochastic => {
                let fraction = (exact - f64::from(below)) / (f64::from(above) - f64::from(below));
                if fraction * 4_294_967_296.0 > f64::from(random) { above } else { below }
            }
        }
    }

    /// `value * 2^-shift`, rounded.
    #[must_use]
    pub fn shift(self, value: i64, shift: u32, random: u32) -> i64 {
        let shift = shift.min(62);
        let floor = value >> shift;
        let (rest, unit) = (value - (floor << shift), 1_i64 << shift);
        let up = match self {
            _ if rest == 0 => false,
            Self::NearestEven => 2 * rest > unit || 2 * rest == unit && floor & 1 != 0,
            Self::Down => false,
            Self::Up => true,
            Self::Zero => value < 0,
            Self::Stochastic => (rest as u64) << (62 - shift) > u64::from(random) << 30,
        };
        floor + i64::from(up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiplication_with_sum_is_rounded_once() {
        let mut state = 3_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        let mut differs = 0;
        for i in 0..2_000_000 {
            // Exponents near each other, where roundings matter; now and then any bits.
            let mut number = |spread: u32| {
                let bits = next();
                let near = bits & 0x807F_FFFF | (120 + next() % spread) << 23;
                f32::from_bits(if i % 16 == 0 { bits } else { near })
            };
            let (a, b, c) = (number(8), number(8), number(40));
            let want = result(operand(a).mul_add(operand(b), operand(c)));
            let got = mac(a, b, c);
            assert_eq!(got.to_bits(), want.to_bits(), "{a} {b} {c}");
            differs += u32::from(want != result(a * b + c));
        }
        assert!(differs > 10_000, "{differs}");
    }

    #[test]
    fn the_greater_is_a_number_only_if_both_are() {
        let nan = f32::from_bits(0x7FC0_0001);
        let greater = |a, b| choose(a, b, |a, b| a > b).to_bits();
        assert_eq!(greater(1.0, 2.0), 2f32.to_bits());
        assert_eq!((greater(-0.0, 0.0), greater(0.0, -0.0)), (0, 0));
        assert_eq!((greater(nan, 1.0), greater(1.0, nan)), (nan.to_bits(), nan.to_bits()));
        assert_eq!(choose(0.0, -0.0, |a, b| a < b).to_bits(), 0x8000_0000);
    }

    #[test]
    fn roundings_go_where_they_say() {
        for (rounding, values) in [
            (Rounding::NearestEven, [2.0, 2.0, -2.0]),
            (Rounding::Down, [2.0, 1.0, -3.0]),
            (Rounding::Up, [3.0, 2.0, -2.0]),
            (Rounding::Zero, [2.0, 1.0, -2.0]),
        ] {
            assert_eq!([2.5, 1.5, -2.5].map(|value| rounding.round(value, 0)), values, "{rounding:?}");
            let shifted = [5, 3, -5].map(|value| rounding.shift(value, 1, 0) as f64);
            assert_eq!(shifted, values, "{rounding:?}");
        }
        assert_eq!(Rounding::Stochastic.round(2.5, 0x7FFF_FFFF), 3.0);
        assert_eq!(Rounding::Stochastic.round(2.5, 0x8000_0001), 2.0);
        assert_eq!(Rounding::Stochastic.shift(5, 1, 0x7FFF_FFFF), 3);
        assert_eq!(Rounding::Stochastic.shift(5, 1, 0x8000_0001), 2);
        assert_eq!(Rounding::Up.to_float(16_777_217, 0), 16_777_218.0);
        assert_eq!(Rounding::Down.to_float(16_777_217, 0), 16_777_216.0);
        assert_eq!(Rounding::Zero.to_float(-16_777_217, 0), -16_777_216.0);
    }
}
