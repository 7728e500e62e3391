// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What a kernel is: a text, and what has to be known to launch it.

use std::collections::HashMap;
use std::fmt;

use goya_tpc_isa::asm::{self, AsmError, Program};

use crate::space::{Index, Space};

/// What the elements of a tensor, or a scalar, are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// Floats of 32 bits.
    F32,
    /// Signed integers of 32 bits.
    I32,
    /// Signed integers of 16 bits.
    I16,
    /// Signed integers of 8 bits.
    I8,
    /// Unsigned integers of 8 bits.
    U8,
    /// Whatever the caller has; all tensors of a launch that say so have the same.
    Any,
}

impl Element {
    /// Its size in bytes, if it has one.
    #[must_use]
    pub const fn size(self) -> Option<u32> {
        match self {
            Self::F32 | Self::I32 => Some(4),
            Self::I16 => Some(2),
            Self::I8 | Self::U8 => Some(1),
            Self::Any => None,
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::I32 => "i32",
            Self::I16 => "i16",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::Any => "any",
        })
    }
}

/// A tensor that a kernel reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tensor {
    /// What it is called.
    pub name: &'static str,
    /// What it consists of.
    pub element: Element,
    /// What its dimensions are called, that of a vector's lanes first. Dimensions of one name have one size,
    /// and one whose name is a number has that size. Others that a tensor may have have the size 1.
    pub dimensions: &'static [&'static str],
    /// Whether the kernel writes it.
    pub output: bool,
}

/// As `a[x y]: f32`; of one that is written as `->a[x y]: f32`.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.output { "->" } else { "" };
        write!(f, "{way}{}[{}]: {}", self.name, self.dimensions.join(" "), self.element)
    }
}

/// A scalar argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scalar {
    /// What it is called.
    pub name: &'static str,
    /// What its bits are.
    pub element: Element,
}

/// A kernel.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    /// Its name, which says what it computes and of what.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The tensors, by the number of their descriptor.
    pub tensors: &'static [Tensor],
    /// The scalars, in the order of their registers, from S0 on.
    pub scalars: &'static [Scalar],
    /// How its index space comes from the size of a tensor.
    pub space: Space,
}

impl Kernel {
    /// Its program.
    ///
    /// # Errors
    /// None for those of [`KERNELS`](crate::KERNELS).
    pub fn assemble(&self) -> Result<Program, Vec<AsmError>> {
        asm::assemble(self.text)
    }

    /// The size of the whole index space, for tensors of these sizes and these scalars, as bits. `None` if they are
    /// not what the kernel takes.
    #[must_use]
    pub fn index_space(&self, sizes: &[Index], scalars: &[u32]) -> Option<Index> {
        let fits = self.agree(sizes) && scalars.len() == self.scalars.len();
        self.space.size(sizes.get(self.space.tensor).filter(|_| fits)?, scalars)
    }

    /// Whether tensors of these sizes have the dimensions that the kernel's have.
    fn agree(&self, sizes: &[Index]) -> bool {
        let mut known = HashMap::new();
        let mut fits = |tensor: &Tensor, sizes: &Index| {
            sizes.iter().enumerate().all(|(d, &size)| match tensor.dimensions.get(d) {
                None => size == 1,
                Some(name) => name.parse().unwrap_or_else(|_| *known.entry(name).or_insert(size)) == size,
            })
        };
        sizes.len() == self.tensors.len() && self.tensors.iter().zip(sizes).all(|(t, s)| fits(t, s))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tensors_have_a_text() {
        let texts = crate::find("row_sum_f32").unwrap().tensors.iter().map(ToString::to_string);
        let texts: Vec<_> = texts.collect();
        assert!(texts[0].starts_with("a[") && texts[1].starts_with("->"), "{texts:?}");
        assert!(texts.iter().all(|text| text.ends_with("]: f32")), "{texts:?}");
    }

    #[test]
    fn tensors_have_to_agree() {
        let kernel = crate::find("row_sum_f32").unwrap();
        let space = |a, b| kernel.index_space(&[a, b], &[]);
        assert_eq!(space([100, 3, 4, 5, 1], [1, 3, 4, 5, 1]), Some([1, 3, 4, 5, 1]));
        assert_eq!(space([100, 3, 4, 5, 1], [1, 3, 4, 6, 1]), None);
        assert_eq!(space([100, 3, 4, 5, 1], [2, 3, 4, 5, 1]), None);
        assert_eq!(space([100, 3, 4, 5, 2], [1, 3, 4, 5, 2]), None);
        assert_eq!(kernel.index_space(&[[100, 3, 4, 5, 1]], &[]), None);
        assert_eq!(kernel.index_space(&[[1; 5]; 2], &[0]), None);
    }
}
