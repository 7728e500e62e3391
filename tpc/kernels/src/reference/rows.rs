// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! One value for each row.

use super::float;

/// Numbers in a vector.
const LANES: usize = 64;

/// The whole of a row: of each lane first, then of lanes that are further and further apart.
fn reduce(row: &[f32], first: f32, f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [first; LANES];
    for vector in row.chunks(LANES) {
        lanes.iter_mut().zip(vector).for_each(|(lane, &value)| *lane = f(*lane, value));
    }
    for distance in [16, 32, 8, 4, 2, 1] {
        lanes = std::array::from_fn(|lane| f(lanes[lane], lanes[lane ^ distance]));
    }
    lanes[0]
}

pub fn sum(row: &[f32]) -> f32 {
    reduce(row, 0.0, float::add)
}

pub fn greatest(row: &[f32]) -> f32 {
    reduce(row, f32::NEG_INFINITY, float::max)
}

/// The sum of each row.
#[must_use]
pub fn row_sum_f32(a: &[f32], width: usize) -> Vec<f32> {
    a.chunks(width.max(1)).map(sum).collect()
}

/// The greatest of each row.
#[must_use]
pub fn row_max_f32(a: &[f32], width: usize) -> Vec<f32> {
    a.chunks(width.max(1)).map(greatest).collect()
}

/// Where the first of the greatest of each row is. What is no number is ignored.
#[must_use]
pub fn row_arg_max_f32(a: &[f32], width: usize) -> Vec<i32> {
    let place = |row: &[f32]| {
        let (mut at, mut best) = (0, f32::NEG_INFINITY);
        for (i, &value) in (0..).zip(row) {
            if value > best {
                (at, best) = (i, value);
            }
        }
        at
    };
    a.chunks(width.max(1)).map(place).collect()
}
