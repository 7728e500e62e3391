// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The registers V0 to V39. Each is somewhere of its own, so that a register takes a new value by changing places with it, and
//! nothing is copied.

use std::ops::{Index, IndexMut};

use super::vector::Vector;

/// A vector that changes places with others.
pub type Place = Box<Vector>;

/// Registers of the file.
const COUNT: usize = 40;

/// The file; a register's number is its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorFile([Place; COUNT]);

impl Default for VectorFile {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Place::default()))
    }
}

impl VectorFile {
    /// The place of register `number`; the decoder lets no number pass that is not.
    #[inline]
    fn place(&mut self, number: u8) -> &mut Place {
        &mut self.0[usize::from(number).min(COUNT - 1)]
    }

    /// The register gets what is at `other`, where what it held is then.
    #[inline]
    pub fn exchange(&mut self, number: u8, other: &mut Place) {
        std::mem::swap(self.place(number), other);
    }

    /// All registers in turn.
    pub fn iter(&self) -> impl Iterator<Item = &Vector> {
        self.0.iter().map(Box::as_ref)
    }

    /// The same, to write.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Vector> {
        self.0.iter_mut().map(Box::as_mut)
    }
}

impl Index<usize> for VectorFile {
    type Output = Vector;

    #[inline]
    fn index(&self, number: usize) -> &Vector {
        &self.0[number]
    }
}

impl IndexMut<usize> for VectorFile {
    #[inline]
    fn index_mut(&mut self, number: usize) -> &mut Vector {
        &mut self.0[number]
    }
}
