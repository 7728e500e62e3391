// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Sums of products of floats, which are rounded once: faster where the processor has an instruction for it, with the same results.

use super::super::float;
use super::super::vector::Vector;

/// `a * b + c` of each lane, to `out`; `c - a * b` if `negate`.
pub(super) fn mac(a: &Vector, b: &Vector, c: &Vector, negate: bool, out: &mut Vector) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: asks for nothing but AVX2 and FMA, which the processor has.
        return unsafe { fused(a, b, c, negate, out) };
    }
    *out = if negate {
        a.zip3(b, c, |a: f32, b: f32, c: f32| float::mac(-a, b, c))
    } else {
        a.zip3(b, c, float::mac)
    };
}

/// The same.
///
/// # Safety
/// The processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn fused(a: &Vector, b: &Vector, c: &Vector, negate: bool, out: &mut Vector) {
    let sign = if negate { 1 << 31 } else { 0 };
    let lane = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let factors = a.0.chunks_exact(4).zip(b.0.chunks_exact(4));
    for (to, ((a, b), c)) in out.0.chunks_exact_mut(4).zip(factors.zip(c.0.chunks_exact(4))) {
        let [a, b, c] = [lane(a) ^ sign, lane(b), lane(c)].map(f32::from_bits);
        to.copy_from_slice(&float::fused(a, b, c).to_bits().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of numbers of all sizes, subnormal ones, and none.
    #[test]
    fn both_ways_have_the_same_results() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = (state >> 32) as u32;
            // A product and a sum that are near each other, often.
            if state & 1 << 20 != 0 { bits } else { bits & 0x83FF_FFFF | 0x3C00_0000 }
        };
        for round in 0..2000 {
            let [a, b, c] = [(); 3].map(|()| {
                let mut vector = Vector::default();
                vector.0.chunks_exact_mut(4).for_each(|to| to.copy_from_slice(&next().to_le_bytes()));
                vector
            });
            let negate = round % 2 == 1;
            let other =
                a.zip3(&b, &c, |a: f32, b: f32, c: f32| float::mac(if negate { -a } else { a }, b, c));
            let mut out = Vector::default();
            mac(&a, &b, &c, negate, &mut out);
            assert_eq!(out.0, other.0);
        }
    }
}
