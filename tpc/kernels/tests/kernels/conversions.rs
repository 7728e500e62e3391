// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Conversions between types of elements.

use goya_tpc_kernels::{Index, reference};

use super::{Array, Random, Value, launch};

const SHAPES: [Index; 4] = [[1, 1, 1, 1, 1], [70, 3, 4, 2, 1], [513, 9, 1, 1, 1], [256, 1, 1, 1, 1]];

fn convert<T: Value, U: Value>(
    name: &str,
    values: impl Fn(&mut Random, Index) -> Vec<T>,
    f: impl Fn(&[T]) -> Vec<U>,
) {
    for sizes in SHAPES {
        let a = values(&mut Random(5), sizes);
        let [input, output] = [Array::of(sizes, &a), Array::of(sizes, &f(&a))];
        launch(name, &[], &[input.clone(), Array::empty::<U>(sizes)], &[input, output]);
    }
}

/// Floats around `limit`, of both signs, with halves.
fn around(random: &mut Random, sizes: Index, limit: f32) -> Vec<f32> {
    random.values(sizes, |bits| (bits as i32 >> 20) as f32 * limit / 1024.0)
}

#[test]
fn floats_are_rounded_and_saturated() {
    convert("f32_to_i16", |random, sizes| around(random, sizes, 32768.0), reference::f32_to_i16);
    convert("f32_to_i16", |random, sizes| around(random, sizes, 512.0), reference::f32_to_i16);
    convert("f32_to_i16", Random::any_floats, reference::f32_to_i16);
    convert("f32_to_i8", |random, sizes| around(random, sizes, 128.0), reference::f32_to_i8);
    convert("f32_to_i8", Random::any_floats, reference::f32_to_i8);
}

#[test]
fn integers_are_exact_or_saturated() {
    let halves = |random: &mut Random, sizes| random.values(sizes, |bits| bits as i16);
    convert("i16_to_f32", halves, reference::i16_to_f32);
    let bytes = |random: &mut Random, sizes| random.values(sizes, |bits| bits as i8);
    convert("i8_to_f32", bytes, reference::i8_to_f32);
    convert("i8_to_i16", bytes, reference::i8_to_i16);
    let near = |random: &mut Random, sizes| random.values(sizes, |bits| (bits as i32 >> 22) as i16);
    convert("i16_to_i8", near, reference::i16_to_i8);
    convert("i16_to_i8", halves, reference::i16_to_i8);
}
