// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is computed of each element by itself.

use super::float;

fn zip<T: Copy>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> Vec<T> {
    a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
}

/// `a + b`
#[must_use]
pub fn add_f32(a: &[f32], b: &[f32]) -> Vec<f32> {
    zip(a, b, float::add)
}

/// `a * b`
#[must_use]
pub fn mul_f32(a: &[f32], b: &[f32]) -> Vec<f32> {
    zip(a, b, float::mul)
}

/// `a + scale * b`, rounded once.
#[must_use]
pub fn scaled_add_f32(a: &[f32], b: &[f32], scale: f32) -> Vec<f32> {
    zip(a, b, |a, b| float::mac(a, b, scale))
}

/// `max(a, 0)`
#[must_use]
pub fn relu_f32(a: &[f32]) -> Vec<f32> {
    a.iter().map(|&a| float::max(a, 0.0)).collect()
}

/// `min(max(a, low), high)`
#[must_use]
pub fn clamp_f32(a: &[f32], low: f32, high: f32) -> Vec<f32> {
    a.iter().map(|&a| float::min(float::max(a, low), high)).collect()
}

/// `a + b`, saturated.
#[must_use]
pub fn add_sat_i8(a: &[i8], b: &[i8]) -> Vec<i8> {
    zip(a, b, i8::saturating_add)
}
