// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Vectors of 256 bytes and masks of 256 bits, with loops that the compiler turns into SIMD.

use super::lane::Lane;
use super::simd;

/// Bytes of a vector register.
pub const VECTOR_SIZE: usize = 256;

/// A vector register: elements in little-endian order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
pub struct Vector(pub [u8; VECTOR_SIZE]);

impl Default for Vector {
    fn default() -> Self {
        Self([0; VECTOR_SIZE])
    }
}

impl Vector {
    /// All elements of type `T`.
    pub fn lanes<T: Lane>(&self) -> impl Iterator<Item = T> {
        self.0.chunks_exact(T::BYTES).map(T::from_bytes)
    }

    /// A vector with `value` in all elements.
    pub fn splat<T: Lane>(value: T) -> Self {
        let mut vector = Self::default();
        vector.0.chunks_exact_mut(T::BYTES).for_each(|to| value.to_bytes(to));
        vector
    }

    /// A vector with element `i` made by `element(i)`.
    pub fn from_fn<T: Lane>(element: impl Fn(usize) -> T) -> Self {
        let mut vector = Self::default();
        vector.0.chunks_exact_mut(T::BYTES).enumerate().for_each(|(i, to)| element(i).to_bytes(to));
        vector
    }

    /// `f` of each element.
    pub fn map<T: Lane, U: Lane>(&self, f: impl Fn(T) -> U) -> Self {
        let mut out = Self::default();
        out.set_map(self, f);
        out
    }

    /// Makes each element `f` of one of `a`. What is made where it belongs need not be copied there.
    pub fn set_map<T: Lane, U: Lane>(&mut self, a: &Self, f: impl Fn(T) -> U) {
        simd::map(self, a, f);
    }

    /// `f` of each two elements.
    pub fn zip<T: Lane>(&self, b: &Self, f: impl Fn(T, T) -> T) -> Self {
        let mut out = Self::default();
        out.set_zip(self, b, f);
        out
    }

    /// Makes each element `f` of one of `a` and one of `b`.
    pub fn set_zip<T: Lane>(&mut self, a: &Self, b: &Self, f: impl Fn(T, T) -> T) {
        simd::zip(self, a, b, f);
    }

    /// `f` of each three elements.
    pub fn zip3<T: Lane>(&self, b: &Self, c: &Self, f: impl Fn(T, T, T) -> T) -> Self {
        let mut out = Self::default();
        let sources = self.0.chunks_exact(T::BYTES).zip(b.0.chunks_exact(T::BYTES));
        let sources = sources.zip(c.0.chunks_exact(T::BYTES));
        for (to, ((a, b), c)) in out.0.chunks_exact_mut(T::BYTES).zip(sources) {
            f(T::from_bytes(a), T::from_bytes(b), T::from_bytes(c)).to_bytes(to);
        }
        out
    }

    /// The bytes of `new` where `mask` is set for their element of `width` bytes, else those here.
    pub fn merge(&mut self, new: &Self, mask: &Mask, width: usize) {
        for (i, (to, from)) in
            self.0.chunks_exact_mut(width.max(1)).zip(new.0.chunks_exact(width.max(1))).enumerate()
        {
            if mask.get(i * width) {
                to.copy_from_slice(from);
            }
        }
    }
}

/// A vector predicate: a bit for each byte of a vector. An element of several bytes has as many bits, all alike;
/// the first of them counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mask(pub [u64; 4]);

impl Mask {
    /// All bits set.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// Bit `i` of 256.
    #[must_use]
    pub fn get(&self, i: usize) -> bool {
        self.0[i >> 6 & 3] >> (i & 63) & 1 != 0
    }

    /// The mask of what `test` says of each two elements.
    pub fn compare<T: Lane>(a: &Vector, b: &Vector, test: impl Fn(T, T) -> bool) -> Self {
        let mut mask = Self::default();
        let bits = (1_u64 << T::BYTES) - 1;
        for (i, (a, b)) in a.lanes::<T>().zip(b.lanes::<T>()).enumerate() {
            let at = i * T::BYTES;
            mask.0[at >> 6 & 3] |= if test(a, b) { bits << (at & 63) } else { 0 };
        }
        mask
    }

    /// The mask with all bits changed.
    #[must_use]
    pub fn inverted(&self) -> Self {
        Self(self.0.map(|bits| !bits))
    }

    /// Each word as `f` makes it of the words here and in `other`.
    #[must_use]
    pub fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    /// The bits here where `by` is clear for an element of `width` bytes, those of `new` where it is set.
    pub fn merge(&mut self, new: &Self, by: &Self, width: usize) {
        let by = by.widened(width);
        for (to, (new, by)) in self.0.iter_mut().zip(new.0.iter().zip(by.0)) {
            *to = *to & !by | new & by;
        }
    }

    /// The mask with all bits of an element of `width` bytes as its first.
    fn widened(&self, width: usize) -> Self {
        let (first, times) = match width {
            2 => (0x5555_5555_5555_5555, 3),
            4 => (0x1111_1111_1111_1111, 15),
            _ => (u64::MAX, 1),
        };
        // No carries: the bits of an element do not touch those of the next.
        Self(self.0.map(|bits| (bits & first).wrapping_mul(times)))
    }

    /// The mask as 32 bytes of memory.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.chunks_exact_mut(8).zip(self.0).for_each(|(to, word)| to.copy_from_slice(&word.to_le_bytes()));
        bytes
    }

    /// The mask of 32 bytes of memory.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j]))))
    }

    /// Replaces bits 32 `section` and on, of eight sections; section 8 is all of them.
    pub fn set_section(&mut self, section: u8, value: u32) {
        let both = u64::from(value) << 32 | u64::from(value);
        for (i, word) in self.0.iter_mut().enumerate() {
            for (half, bits) in [(0, 0xFFFF_FFFF), (1, 0xFFFF_FFFF_0000_0000)] {
                if section == 8 || usize::from(section) == 2 * i + half {
                    *word = *word & !bits | both & bits;
                }
            }
        }
    }
}
