// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Loops over the elements of vectors, compiled for any processor and for those with vectors of 32 bytes: with the same results.

use super::lane::Lane;
use super::vector::Vector;

/// Makes each element of `to` `f` of one of `a`. Elements of both have the same size: none of `to` stays as it was.
pub fn map<T: Lane, U: Lane>(to: &mut Vector, a: &Vector, f: impl Fn(T) -> U) {
    const { assert!(T::BYTES == U::BYTES) };
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: asks for nothing but AVX2, which the processor has.
        return unsafe { map_avx2(to, a, f) };
    }
    map_any(to, a, f);
}

/// Makes each element of `to` `f` of one of `a` and one of `b`.
pub fn zip<T: Lane>(to: &mut Vector, a: &Vector, b: &Vector, f: impl Fn(T, T) -> T) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: asks for nothing but AVX2, which the processor has.
        return unsafe { zip_avx2(to, a, b, f) };
    }
    zip_any(to, a, b, f);
}

// What is inlined is compiled for the processor of the function that it is in.
#[inline(always)]
fn map_any<T: Lane, U: Lane>(to: &mut Vector, a: &Vector, f: impl Fn(T) -> U) {
    for (to, a) in to.0.chunks_exact_mut(U::BYTES).zip(a.0.chunks_exact(T::BYTES)) {
        f(T::from_bytes(a)).to_bytes(to);
    }
}

#[inline(always)]
fn zip_any<T: Lane>(to: &mut Vector, a: &Vector, b: &Vector, f: impl Fn(T, T) -> T) {
    let sources = a.0.chunks_exact(T::BYTES).zip(b.0.chunks_exact(T::BYTES));
    for (to, (a, b)) in to.0.chunks_exact_mut(T::BYTES).zip(sources) {
        f(T::from_bytes(a), T::from_bytes(b)).to_bytes(to);
    }
}

/// The same as [`map`].
///
/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn map_avx2<T: Lane, U: Lane>(to: &mut Vector, a: &Vector, f: impl Fn(T) -> U) {
    map_any(to, a, f);
}

/// The same as [`zip`].
///
/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn zip_avx2<T: Lane>(to: &mut Vector, a: &Vector, b: &Vector, f: impl Fn(T, T) -> T) {
    zip_any(to, a, b, f);
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::super::float;
    use super::super::spu::signed_count;
    use super::super::tests::machine::Random;
    use super::*;

    /// Numbers that are none, infinite, subnormal, zero, at the edges of integers.
    const EDGES: [u32; 12] = [
        0x7FC0_0000,
        0xFFA0_1234,
        0x7F80_0000,
        0xFF80_0000,
        0x0000_0001,
        0x807F_FFFF,
        0x0080_0000,
        0x8000_0000,
        0,
        0x7FFF_FFFF,
        0xFFFF_FFFF,
        0x8080_7F7F,
    ];

    fn vector(random: &mut Random) -> Vector {
        let mut vector = Vector::default();
        for to in vector.0.chunks_exact_mut(4) {
            let bits = if random.below(3) == 0 { EDGES[random.below(EDGES.len())] } else { random.next() };
            to.copy_from_slice(&bits.to_le_bytes());
        }
        vector
    }

    fn maps_alike<T: Lane, U: Lane>(random: &mut Random, f: impl Fn(T) -> U) {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        for _ in 0..200 {
            // What was there before is not seen.
            let (a, mut any, mut wide) = (vector(random), vector(random), vector(random));
            map_any(&mut any, &a, &f);
            // SAFETY: asks for nothing but AVX2, which the processor has.
            unsafe { map_avx2(&mut wide, &a, &f) };
            assert_eq!(any.0, wide.0, "{}", std::any::type_name::<T>());
        }
    }

    fn zips_alike<T: Lane>(random: &mut Random, f: impl Fn(T, T) -> T) {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        for _ in 0..200 {
            let [a, b, mut any, mut wide] = [(); 4].map(|()| vector(random));
            zip_any(&mut any, &a, &b, &f);
            // SAFETY: asks for nothing but AVX2, which the processor has.
            unsafe { zip_avx2(&mut wide, &a, &b, &f) };
            assert_eq!(any.0, wide.0, "{}", std::any::type_name::<T>());
        }
    }

    /// What the vector pipe makes of elements of a type.
    fn all_alike<T: Lane>(random: &mut Random) {
        for switch in [false, true] {
            zips_alike(random, |a: T, b: T| a.add(b, switch));
            zips_alike(random, |a: T, b: T| a.sub(b, switch));
            zips_alike(random, |a: T, b: T| a.ash(signed_count(b), switch));
            maps_alike(random, |a: T| T::of_bits(a.count(switch)));
            maps_alike(random, |a: T| T::of_bits(a.find(switch, false)));
            maps_alike(random, |a: T| T::of_bits(a.find(switch, true)));
        }
        zips_alike(random, T::greater);
        zips_alike(random, T::smaller);
        zips_alike(random, |a: T, b: T| a.shr(b.bits() & 31));
        zips_alike(random, |a: T, b: T| a.shl(b.bits() & 31));
        maps_alike(random, T::magnitude);
    }

    #[test]
    fn both_ways_have_the_same_results() {
        let random = &mut Random(1);
        all_alike::<f32>(random);
        all_alike::<i32>(random);
        all_alike::<u32>(random);
        all_alike::<i16>(random);
        all_alike::<u16>(random);
        all_alike::<i8>(random);
        all_alike::<u8>(random);
        zips_alike(random, float::mul);
        // From one type to another of its size.
        maps_alike(random, |a: f32| a.to_bits() >> 16);
        maps_alike(random, |a: u32| f32::from_bits(a ^ 1 << 31));
    }
}
