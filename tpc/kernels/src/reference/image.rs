// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Filters of images.

use super::float::{add, mac, mul};

/// The sum of the 3x3 numbers around each place, times `weights`, row by row; behind the border is `padding`. There may
/// be several images behind each other.
#[must_use]
pub fn filter3x3_f32(a: &[f32], [width, height]: [usize; 2], weights: &[f32; 9], padding: f32) -> Vec<f32> {
    let mut out = Vec::with_capacity(a.len());
    for image in a.chunks((width * height).max(1)) {
        // Places are one more than they are, which leaves room for those before the first.
        let at = |x: usize, y: usize| {
            let inside = (1..=width).contains(&x) && (1..=height).contains(&y);
            let place = || image.get((y - 1) * width + x - 1);
            if inside { place().copied().unwrap_or(padding) } else { padding }
        };
        for y in 0..height {
            for x in 0..width {
                let row = |r: usize| {
                    let weight = |c: usize| weights[3 * r + c];
                    let left = mul(at(x, y + r), weight(0));
                    (1..3).fold(left, |sum, c| mac(sum, at(x + c, y + r), weight(c)))
                };
                out.push(add(add(row(0), row(1)), row(2)));
            }
        }
    }
    out
}
