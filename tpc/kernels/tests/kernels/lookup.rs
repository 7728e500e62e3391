// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Gathering and counting.

use goya_tpc_kernels::reference;

use super::{Array, Random, launch};

#[test]
fn gathered_rows() {
    for [width, entries, count] in [[1, 1, 1], [70, 9, 40], [64, 100, 7], [300, 3, 10]] {
        let [of_table, of_indices, of_rows] =
            [[width, entries], [count, 1], [width, count]].map(|[x, y]| [x, y, 1, 1, 1]);
        let mut random = Random(13);
        let table = random.floats(of_table);
        // Some below and some behind the table.
        let indices = random.values(of_indices, |bits| (bits % (entries + 4)) as i32 - 2);
        let rows = reference::gather_f32(&table, width as usize, &indices, 0.25);
        let inputs = [Array::of(of_table, &table).padded(0.25_f32), Array::of(of_indices, &indices)];
        let [table, indices] = inputs;
        let tensors = [table.clone(), indices.clone(), Array::empty::<f32>(of_rows)];
        launch("gather_f32", &[], &tensors, &[table, indices, Array::of(of_rows, &rows)]);
    }
}

#[test]
fn histograms() {
    for [width, height, planes] in [[1, 1, 1], [7, 9, 2], [256, 2, 1], [520, 1, 2]] {
        let sizes = [width, height, planes, 1, 1];
        let counts = [256, height, planes, 1, 1];
        let mut random = Random(14);
        // Of one number alone there are more than a byte counts.
        let any = random.values(sizes, |bits| (bits >> 8) as u8);
        let one = random.values(sizes, |_| 255);
        for a in [any, one] {
            let b = reference::histogram_u8(&a, width as usize);
            let [input, output] = [Array::of(sizes, &a), Array::of(counts, &b)];
            launch("histogram_u8", &[], &[input.clone(), Array::empty::<i32>(counts)], &[input, output]);
        }
    }
}
