// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is computed of each element by itself.

use goya_tpc_kernels::{Index, reference};

use super::{Array, Random, Value, launch};

/// One element, odd sizes, exact vectors, several dimensions, more than eight of what is split.
const SHAPES: [Index; 5] =
    [[1, 1, 1, 1, 1], [70, 3, 4, 2, 1], [256, 2, 1, 1, 1], [1000, 1, 1, 1, 1], [5, 3, 2, 19, 1]];

fn unary(name: &str, scalars: &[u32], f: impl Fn(&[f32]) -> Vec<f32>) {
    for sizes in SHAPES {
        let mut random = Random(1);
        for a in [random.floats(sizes), random.any_floats(sizes)] {
            let input = Array::of(sizes, &a).padded(f32::NAN);
            let output = Array::of(sizes, &f(&a));
            launch(name, scalars, &[input.clone(), Array::empty::<f32>(sizes)], &[input, output]);
        }
    }
}

fn binary(name: &str, scalars: &[u32], f: impl Fn(&[f32], &[f32]) -> Vec<f32>) {
    for sizes in SHAPES {
        let mut random = Random(2);
        let pairs = [(); 2].map(|()| (random.floats(sizes), random.any_floats(sizes)));
        let [(a, odd), (b, odder)] = pairs;
        for (a, b) in [(a, b), (odd, odder)] {
            let inputs = [&a, &b].map(|values| Array::of(sizes, values).padded(f32::NAN));
            let [x, y] = inputs.clone();
            let [before, after] = [Array::empty::<f32>(sizes), Array::of(sizes, &f(&a, &b))];
            launch(name, scalars, &[x.clone(), y.clone(), before], &[x, y, after]);
        }
    }
}

#[test]
fn sums_and_products() {
    binary("add_f32", &[], reference::add_f32);
    binary("mul_f32", &[], reference::mul_f32);
    binary("scaled_add_f32", &[(-0.3_f32).to_bits()], |a, b| reference::scaled_add_f32(a, b, -0.3));
}

#[test]
fn ranges() {
    unary("relu_f32", &[], reference::relu_f32);
    let bounds = [-1.5_f32, 7.25];
    unary("clamp_f32", &bounds.map(f32::to_bits), |a| reference::clamp_f32(a, bounds[0], bounds[1]));
}

#[test]
fn exponentials() {
    unary("exp_f32", &[], reference::exp_f32);
    let sizes = [700, 1, 1, 1, 1];
    let mut a: Vec<_> = (0..700).map(|i| (i - 350) as f32 * 0.3).collect();
    // The last arguments of ordinary results, and the first of others.
    let edges = [0x42B1_7217, 0x42B1_7218, 0xC2AE_AC4F, 0xC2AE_AC50_u32];
    a.iter_mut().zip(edges).for_each(|(a, bits)| *a = f32::from_bits(bits));
    let [input, output] = [Array::of(sizes, &a), Array::of(sizes, &reference::exp_f32(&a))];
    launch("exp_f32", &[], &[input.clone(), Array::empty::<f32>(sizes)], &[input, output]);
}

#[test]
fn saturated_sums_of_bytes() {
    for sizes in SHAPES {
        let mut random = Random(3);
        let [a, b] = [(); 2].map(|()| random.values(sizes, |bits| bits as i8));
        let [x, y] = [&a, &b].map(|values| Array::of(sizes, values).padded(99_i8));
        let [before, after] = [Array::empty::<i8>(sizes), Array::of(sizes, &reference::add_sat_i8(&a, &b))];
        launch("add_sat_i8", &[], &[x.clone(), y.clone(), before], &[x, y, after]);
    }
}

fn copy<T: Value>(vector: u32, value: impl Fn(u32) -> T) {
    for sizes in SHAPES {
        let array = Array::of(sizes, &Random(4).values(sizes, &value));
        launch("copy", &[vector], &[array.clone(), Array::empty::<T>(sizes)], &[array.clone(), array]);
    }
}

#[test]
fn copies_of_all_sizes() {
    copy(64, |bits| bits);
    copy(128, |bits| bits as u16);
    copy(256, |bits| bits as u8);
}
