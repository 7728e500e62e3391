// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Conversions between types of elements.

/// The nearest integers, the even one of two, saturated; 0 for what is no number.
#[must_use]
pub fn f32_to_i16(a: &[f32]) -> Vec<i16> {
    a.iter().map(|a| a.round_ties_even() as i16).collect()
}

/// The nearest integers, the even one of two, saturated; 0 for what is no number.
#[must_use]
pub fn f32_to_i8(a: &[f32]) -> Vec<i8> {
    a.iter().map(|a| a.round_ties_even() as i8).collect()
}

/// The same values.
#[must_use]
pub fn i16_to_f32(a: &[i16]) -> Vec<f32> {
    a.iter().copied().map(f32::from).collect()
}

/// The same values.
#[must_use]
pub fn i8_to_f32(a: &[i8]) -> Vec<f32> {
    a.iter().copied().map(f32::from).collect()
}

/// The nearest of the other type.
#[must_use]
pub fn i16_to_i8(a: &[i16]) -> Vec<i8> {
    a.iter().map(|&a| a.clamp(-128, 127) as i8).collect()
}

/// The same values.
#[must_use]
pub fn i8_to_i16(a: &[i8]) -> Vec<i16> {
    a.iter().copied().map(i16::from).collect()
}
