// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Products of matrices. Sizes are columns of the result, rows of it, and the depth of the sums; there may be several
//! matrices behind each other.

use super::float;

/// `sum(columns, rows, depth)` for each number of each result, with the places of a factor's two.
fn products<T: Copy, U>(
    a: &[T],
    b: &[T],
    [columns, rows, depth]: [usize; 3],
    sum: impl Fn(&mut dyn Iterator<Item = (T, T)>) -> U,
) -> Vec<U> {
    let batches = a.chunks((rows * depth).max(1)).zip(b.chunks((columns * depth).max(1)));
    let mut out = Vec::new();
    for (a, b) in batches {
        for row in a.chunks(depth.max(1)) {
            let column =
                |column| row.iter().copied().zip(b.iter().copied().skip(column).step_by(columns.max(1)));
            out.extend((0..columns).map(|c| sum(&mut column(c))));
        }
    }
    out
}

/// `a * b`; each product is added with one rounding, in the order of the depth.
#[must_use]
pub fn matmul_f32(a: &[f32], b: &[f32], sizes: [usize; 3]) -> Vec<f32> {
    products(a, b, sizes, |pairs| pairs.fold(0.0, |sum, (a, b)| float::mac(sum, b, a)))
}

/// `a * b * 2^shift`, rounded to nearest, ties to even, and saturated. Sums have 32 bits; `shift` is at most 0.
#[must_use]
pub fn matmul_i8(a: &[i8], b: &[i8], sizes: [usize; 3], shift: i8) -> Vec<i8> {
    let sum = |pairs: &mut dyn Iterator<Item = (i8, i8)>| {
        let sum = pairs.fold(0_i32, |sum, (a, b)| sum.wrapping_add(i32::from(a) * i32::from(b)));
        // Exact: the sum has 32 bits, and the power of two changes no digit.
        let scaled = f64::from(sum) * 2_f64.powi(i32::from(shift));
        scaled.round_ties_even() as i8
    };
    products(a, b, sizes, sum)
}
