// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is computed of whole rows.

use goya_tpc_kernels::{Index, reference};

use super::{Array, Random, Value, launch};

const SHAPES: [Index; 5] =
    [[1, 1, 1, 1, 1], [70, 3, 4, 2, 1], [64, 19, 1, 1, 1], [1000, 2, 1, 1, 1], [5, 1, 9, 2, 1]];

/// Whether what is out of bounds counts is seen by a padding value that is greater than all others.
const PADDING: f32 = 1e30;

fn reduce<T: Value>(name: &str, values: &[f32], sizes: Index, f: impl Fn(&[f32], usize) -> Vec<T>) {
    let [_, rest @ ..] = sizes;
    let reduced = [1, rest[0], rest[1], rest[2], rest[3]];
    let input = Array::of(sizes, values).padded(PADDING);
    let output = Array::of(reduced, &f(values, sizes[0] as usize));
    launch(name, &[], &[input.clone(), Array::empty::<T>(reduced)], &[input, output]);
}

#[test]
fn sums_and_greatest() {
    for sizes in SHAPES {
        let mut random = Random(10);
        for a in [random.floats(sizes), random.values(sizes, |bits| -((bits >> 28) as f32))] {
            reduce("row_sum_f32", &a, sizes, reference::row_sum_f32);
            reduce("row_max_f32", &a, sizes, reference::row_max_f32);
            reduce("row_arg_max_f32", &a, sizes, reference::row_arg_max_f32);
        }
    }
}

#[test]
fn the_first_of_the_greatest_is_where_it_is() {
    let sizes = [200, 4, 1, 1, 1];
    let mut a = vec![-1.0; 800];
    // Equal ones in two lanes, in one lane of two vectors, nothing but the least, and what is no number beside.
    for at in [150, 30, 200 + 170, 200 + 42, 200 + 106, 600 + 77] {
        a[at] = 2.0;
    }
    a[400..600].fill(f32::NEG_INFINITY);
    a[600..650].fill(f32::NAN);
    assert_eq!(reference::row_arg_max_f32(&a, 200), [30, 42, 0, 77]);
    reduce("row_arg_max_f32", &a, sizes, reference::row_arg_max_f32);
}

#[test]
fn softmax() {
    for sizes in SHAPES {
        let a = Random(11).floats(sizes);
        let b = reference::softmax_f32(&a, sizes[0] as usize);
        let [input, output] = [Array::of(sizes, &a).padded(PADDING), Array::of(sizes, &b)];
        launch("softmax_f32", &[], &[input.clone(), Array::empty::<f32>(sizes)], &[input, output]);
    }
}

#[test]
fn softmax_of_the_longest_row() {
    let sizes = [20480, 1, 1, 1, 1];
    let a = Random(12).floats(sizes);
    let b = reference::softmax_f32(&a, sizes[0] as usize);
    let [input, output] = [Array::of(sizes, &a), Array::of(sizes, &b)];
    launch("softmax_f32", &[], &[input.clone(), Array::empty::<f32>(sizes)], &[input, output]);
}
