// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The exponential function, and softmax, which is made of it.

use super::float::{mac, mac_neg, max, min, mul, nearest, sub};
use super::rows;

const fn float(bits: u32) -> f32 {
    f32::from_bits(bits)
}

/// Arguments below give 0: the results would be subnormal. It is log(2^-126), rounded up.
const LOWEST: f32 = float(0xC2AE_AC4F);
/// Arguments above give infinity. It is log(2^128), rounded down.
const HIGHEST: f32 = float(0x42B1_7217);
/// The logarithm of e to the base 2.
const LOG2_E: f32 = float(0x3FB8_AA3B);
/// The logarithm of 2 in two parts, the first so short that its product with an exponent is exact.
const LOG_2: [f32; 2] = [float(0x3F31_8000), float(0xB95E_8083)];
/// The polynomial, from the highest power to the lowest.
const COEFFICIENTS: [f32; 8] = [
    float(0x3950_6967),
    float(0x3AB7_43CE),
    float(0x3C08_8908),
    float(0x3D2A_A9C1),
    float(0x3E2A_AAAA),
    0.5,
    1.0,
    1.0,
];

fn exp(x: f32) -> f32 {
    let inside = min(max(x, LOWEST), HIGHEST);
    let power = nearest(mul(inside, LOG2_E));
    let rest = LOG_2.into_iter().fold(inside, |rest, part| mac_neg(rest, power, part));
    let polynomial = COEFFICIENTS.into_iter().reduce(|sum, next| mac(next, sum, rest)).unwrap_or(0.0);
    let scaled = float(polynomial.to_bits().wrapping_add((power as i32 as u32) << 23));
    if x < LOWEST {
        0.0
    } else if x > HIGHEST {
        f32::INFINITY
    } else {
        scaled
    }
}

/// The exponential of each number.
#[must_use]
pub fn exp_f32(a: &[f32]) -> Vec<f32> {
    a.iter().copied().map(exp).collect()
}

/// `1 / x`: the bits turned around give the exponent and the first digits, and each step adds what
/// is missing of 1, so to say, which doubles the right ones.
fn reciprocal(x: f32) -> f32 {
    let first = float(0x7EF3_11C7_u32.wrapping_sub(x.to_bits()));
    (0..4).fold(first, |r, _| mac(r, r, mac_neg(1.0, x, r)))
}

/// `exp(a - m) / s` for each number of a row, m its greatest, s the sum of the exponentials.
#[must_use]
pub fn softmax_f32(a: &[f32], width: usize) -> Vec<f32> {
    let row = |row: &[f32]| {
        let greatest = rows::greatest(row);
        let exponentials: Vec<_> = row.iter().map(|&a| exp(sub(a, greatest))).collect();
        let scale = reciprocal(rows::sum(&exponentials));
        exponentials.into_iter().map(move |e| mul(e, scale)).collect::<Vec<_>>()
    };
    a.chunks(width.max(1)).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far from each other two floats of one sign are, in steps of the last bit.
    fn steps(a: f32, b: f32) -> u32 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn exponentials_are_right_to_the_last_bit_but_one() {
        let mut exact = 0;
        for i in 0..=200_000 {
            let x = LOWEST + (HIGHEST - LOWEST) * i as f32 / 200_000.0;
            let want = f64::from(x).exp() as f32;
            assert!(steps(exp(x), want) <= 1, "{x}: {} {want}", exp(x));
            exact += u32::from(exp(x) == want);
        }
        assert!(exact > 150_000, "{exact}");
        assert!(exp(HIGHEST).is_finite() && exp(LOWEST).is_normal());
        assert_eq!(exp(0.0), 1.0);
        assert_eq!([exp(float(HIGHEST.to_bits() + 1)), exp(f32::INFINITY)], [f32::INFINITY; 2]);
        assert_eq!([exp(float(LOWEST.to_bits() + 1)), exp(f32::NEG_INFINITY)], [0.0; 2]);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn reciprocals_are_right_to_the_last_bit_but_one() {
        for i in 0..100_000 {
            let x = 1.0 + i as f32 * 0.2;
            assert!(steps(reciprocal(x), 1.0 / x) <= 1, "{x}");
        }
    }

    #[test]
    fn a_softmax_is_one_in_all() {
        let row: Vec<_> = (0..200).map(|i| ((i * 37) % 100) as f32 / 8.0).collect();
        let whole: f64 = row.iter().map(|&x| f64::from(x).exp()).sum();
        let got = softmax_f32(&row, row.len());
        for (&x, &y) in row.iter().zip(&got) {
            let want = f64::from(x).exp() / whole;
            assert!((f64::from(y) - want).abs() <= want * 1e-6, "{x}: {y} {want}");
        }
        assert_eq!(softmax_f32(&[-7.3, 5.0], 1), [1.0, 1.0]);
        let sum: f64 = got.iter().copied().map(f64::from).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    }
}
