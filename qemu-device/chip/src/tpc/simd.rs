// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Loops over the elements of vectors, compiled for any processor and for those with vectors of 32 bytes: with the same results.

use super::lane::Lane;
use super::vector::Vector;

/// Makes each element of `to` `f` of one of `a`.
pub fn map<T: Lane, U: Lane>(to: &mut Vector, a: &Vector, f: impl Fn(T) -> U) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the feature that the function is compiled for.
        return unsafe { map_avx2(to, a, f) };
    }
    map_any(to, a, f);
}

/// Makes each element of `to` `f` of one of `a` and one of `b`.
pub fn zip<T: Lane>(to: &mut Vector, a: &Vector, b: &Vector, f: impl Fn(T, T) -> T) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the feature that the function is compiled for.
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
