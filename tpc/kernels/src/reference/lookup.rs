// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What moves and counts numbers.

/// The rows of `table` that `indices` say; `padding` for those that are not there.
#[must_use]
pub fn gather_f32(table: &[f32], width: usize, indices: &[i32], padding: f32) -> Vec<f32> {
    let rows: Vec<_> = table.chunks(width.max(1)).collect();
    let row = |&index: &i32| {
        let row = usize::try_from(index).ok().and_then(|index| rows.get(index));
        row.map_or_else(|| vec![padding; width], |row| row.to_vec())
    };
    indices.iter().flat_map(row).collect()
}

/// How often each of 256 numbers is in each row.
#[must_use]
pub fn histogram_u8(a: &[u8], width: usize) -> Vec<i32> {
    let row = |row: &[u8]| {
        let mut counts = [0; 256];
        row.iter().for_each(|&number| counts[usize::from(number)] += 1);
        counts
    };
    a.chunks(width.max(1)).flat_map(row).collect()
}

/// The matrices, one behind the other, with rows and columns exchanged.
#[must_use]
pub fn transpose_f32(a: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
    let plane = |plane: &[f32]| {
        let column = |x| plane.iter().copied().skip(x).step_by(width.max(1));
        (0..width).flat_map(column).collect::<Vec<_>>()
    };
    a.chunks((width * height).max(1)).flat_map(plane).collect()
}
