// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Products of matrices, filters of images, transposition.

use goya_tpc_kernels::reference;

use super::{Array, Random, launch};

/// Columns, rows, depth, batches.
const PRODUCTS: [[u32; 4]; 5] =
    [[1, 1, 1, 1], [70, 13, 5, 2], [64, 8, 3, 1], [130, 65, 17, 1], [300, 9, 40, 3]];

#[test]
fn products_of_floats() {
    for [columns, rows, depth, batches] in PRODUCTS {
        let mut random = Random(6);
        let [a, b, c] =
            [[depth, rows], [columns, depth], [columns, rows]].map(|[x, y]| [x, y, batches, 1, 1]);
        let [x, y] = [a, b].map(|sizes| random.floats(sizes));
        let z = reference::matmul_f32(&x, &y, [columns, rows, depth].map(|size| size as usize));
        let [x, y, z] = [Array::of(a, &x), Array::of(b, &y), Array::of(c, &z)];
        launch("matmul_f32", &[], &[x.clone(), y.clone(), Array::empty::<f32>(c)], &[x, y, z]);
    }
}

#[test]
fn products_of_bytes() {
    for ([columns, rows, depth, batches], shift) in PRODUCTS.into_iter().zip([0, -4, -7, -9, -31]) {
        let mut random = Random(7);
        let [a, b, c] =
            [[depth, rows], [columns, depth], [columns, rows]].map(|[x, y]| [x, y, batches, 1, 1]);
        let [x, y] = [a, b].map(|sizes| random.values(sizes, |bits| bits as i8));
        let z = reference::matmul_i8(&x, &y, [columns, rows, depth].map(|size| size as usize), shift);
        let [x, y, z] = [Array::of(a, &x), Array::of(b, &y), Array::of(c, &z)];
        let shift = i32::from(shift) as u32;
        launch("matmul_i8", &[shift], &[x.clone(), y.clone(), Array::empty::<i8>(c)], &[x, y, z]);
    }
}

#[test]
fn filters() {
    let weights = [0.5, -1.25, 0.1, 2.0, 4.3, -0.7, 1.0, 0.3, -0.2_f32];
    for (sizes, padding) in [
        ([1, 1, 1, 1, 1], 0.0),
        ([70, 5, 3, 2, 1], 0.0),
        ([64, 31, 1, 1, 1], -3.5),
        ([129, 2, 3, 1, 1], 7.0),
        ([3, 40, 1, 2, 1], 0.1),
    ] {
        let a = Random(8).floats(sizes);
        let shape = [sizes[0], sizes[1]].map(|size| size as usize);
        let b = reference::filter3x3_f32(&a, shape, &weights, padding);
        let [input, output] = [Array::of(sizes, &a).padded(padding), Array::of(sizes, &b)];
        let tensors = [input.clone(), Array::empty::<f32>(sizes)];
        launch("filter3x3_f32", &weights.map(f32::to_bits), &tensors, &[input, output]);
    }
}

#[test]
fn transpositions() {
    for [width, height, planes] in
        [[1, 1, 1], [70, 5, 2], [5, 70, 2], [64, 64, 1], [3, 129, 11], [200, 130, 1]]
    {
        let sizes = [width, height, planes, 1, 1];
        let turned = [height, width, planes, 1, 1];
        let a = Random(9).values(sizes, f32::from_bits);
        let b = reference::transpose_f32(&a, [width as usize, height as usize]);
        let [input, output] = [Array::of(sizes, &a), Array::of(turned, &b)];
        launch("transpose_f32", &[], &[input.clone(), Array::empty::<f32>(turned)], &[input, output]);
    }
}
