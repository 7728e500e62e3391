// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Arithmetic of floats as the cores have it: subnormal numbers are zero, one value is no number, and a product is
//! added with one rounding.

/// The bits of a result that is no number.
const NAN: u32 = 0x7FFF_FFFF;

fn flush(value: f32) -> f32 {
    if value.is_subnormal() { 0_f32.copysign(value) } else { value }
}

fn result(value: f32) -> f32 {
    if value.is_nan() { f32::from_bits(NAN) } else { flush(value) }
}

pub fn add(a: f32, b: f32) -> f32 {
    result(flush(a) + flush(b))
}

pub fn sub(a: f32, b: f32) -> f32 {
    result(flush(a) - flush(b))
}

pub fn mul(a: f32, b: f32) -> f32 {
    result(flush(a) * flush(b))
}

/// `sum + a * b`
pub fn mac(sum: f32, a: f32, b: f32) -> f32 {
    result(flush(a).mul_add(flush(b), flush(sum)))
}

/// `sum - a * b`
pub fn mac_neg(sum: f32, a: f32, b: f32) -> f32 {
    mac(sum, -a, b)
}

/// The greater; what is no number wins, and -0 is less than 0.
pub fn max(a: f32, b: f32) -> f32 {
    match a.partial_cmp(&b) {
        _ if a.is_nan() => a,
        None => b,
        Some(order) => {
            if order.then(b.is_sign_negative().cmp(&a.is_sign_negative())).is_ge() {
                a
            } else {
                b
            }
        }
    }
}

/// The smaller; what is no number wins, and -0 is less than 0.
pub fn min(a: f32, b: f32) -> f32 {
    -max(-a, -b)
}

/// The nearest integer, the even one of two.
pub fn nearest(a: f32) -> f32 {
    result(flush(a).round_ties_even())
}
