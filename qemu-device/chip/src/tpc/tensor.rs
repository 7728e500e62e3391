// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensors: descriptors, addresses of coordinates, and vectors of elements with padding and bounds.
//!
//! Descriptors are those of `tpc0_cfg_regs.h`; coordinates follow the vendor's description of tensor addressing.

use super::choices;
use super::memory::{Memory, MemoryFault};
use super::registers::{Address, Index};
use super::vector::{VECTOR_SIZE, Vector};

/// Bytes of a descriptor's registers.
pub const DESCRIPTOR_SIZE: u32 = 0x4C;
/// Descriptors of a kernel.
pub const TENSORS: usize = 8;

/// A dimension of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dimension {
    /// Elements.
    pub size: u32,
    /// Elements from one coordinate to the next.
    pub stride: u32,
    /// Added to coordinates.
    pub offset: i32,
    /// Whether it counts at all.
    pub valid: bool,
}

/// A tensor's descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tensor {
    /// Virtual address of the element with all coordinates zero.
    pub base: u64,
    /// What is read out of bounds.
    pub padding: u32,
    /// Bytes of an element: 1, 2 or 4.
    element: u8,
    /// Its dimensions, the one of a vector's lanes first.
    pub dimensions: [Dimension; 5],
    /// How many of them can count: none behind does.
    rank: usize,
}

impl Tensor {
    /// The descriptor whose registers, by their offset in it, `register` reads.
    pub fn from_registers(register: impl Fn(u32) -> u32) -> Self {
        let config = register(0x0C);
        let last = config >> 16 & 7;
        let dimension = |d: u32| Dimension {
            size: register(0x10 + 12 * d),
            stride: register(0x14 + 12 * d),
            offset: register(0x18 + 12 * d) as i32,
            valid: config >> (8 + d) & 1 != 0 && d <= last,
        };
        let dimensions = [0, 1, 2, 3, 4].map(dimension);
        Self {
            base: u64::from(register(0)) | u64::from(register(4)) << 32,
            padding: register(8),
            element: [1, 2, 4, choices::RESERVED_ELEMENT][(config & 3) as usize],
            dimensions,
            rank: dimensions.iter().rposition(|d| d.valid).map_or(0, |last| last + 1),
        }
    }

    /// The address of the element at `index`, in bounds or not.
    #[must_use]
    pub fn address(&self, index: &Index) -> Address {
        let elements = self.dimensions.iter().zip(index).filter(|(d, _)| d.valid).map(|(d, &coordinate)| {
            let coordinate = i64::from(coordinate) + i64::from(d.offset);
            (coordinate as u64).wrapping_mul(u64::from(d.stride))
        });
        let elements = elements.fold(0, u64::wrapping_add);
        let address = self.base.wrapping_add(elements.wrapping_mul(u64::from(self.element)));
        Address { address, element: self.element }
    }

    /// Reads the elements from `index` on into the bytes of `part`; what is out of bounds is padding.
    pub fn load(
        &self,
        index: &Index,
        vector: &mut Vector,
        part: Part,
        memory: &mut impl Memory,
    ) -> Result<(), MemoryFault> {
        self.load_bytes(index, part.of_mut(vector), memory)
    }

    /// The same of any bytes.
    pub fn load_bytes(
        &self,
        index: &Index,
        bytes: &mut [u8],
        memory: &mut impl Memory,
    ) -> Result<(), MemoryFault> {
        let size = usize::from(self.element);
        let Inside { first, end, start } = self.inside(index, bytes.len() / size);
        if first > 0 || end < bytes.len() / size {
            let padding = self.padding.to_le_bytes();
            bytes.chunks_exact_mut(size).for_each(|to| to.copy_from_slice(&padding[..size]));
        }
        let Some(inside) = bytes.get_mut(first * size..end * size).filter(|b| !b.is_empty()) else {
            return Ok(());
        };
        if self.is_dense() {
            return memory.read(start, inside);
        }
        let step = u64::from(self.dimensions[0].stride) * u64::from(self.element);
        let mut elements = inside.chunks_exact_mut(size).enumerate();
        elements.try_for_each(|(i, to)| memory.read(start.wrapping_add(step.wrapping_mul(i as u64)), to))
    }

    /// Writes the bytes of `part` to the elements from `index` on; what is out of bounds is not written.
    pub fn store(
        &self,
        index: &Index,
        vector: &Vector,
        part: Part,
        memory: &mut impl Memory,
    ) -> Result<(), MemoryFault> {
        self.store_bytes(index, part.of(vector), memory)
    }

    /// The same of any bytes.
    pub fn store_bytes(
        &self,
        index: &Index,
        bytes: &[u8],
        memory: &mut impl Memory,
    ) -> Result<(), MemoryFault> {
        let size = usize::from(self.element);
        let Inside { first, end, start } = self.inside(index, bytes.len() / size);
        let Some(inside) = bytes.get(first * size..end * size).filter(|b| !b.is_empty()) else {
            return Ok(());
        };
        if self.is_dense() {
            return memory.write(start, inside);
        }
        let step = u64::from(self.dimensions[0].stride) * u64::from(self.element);
        let mut elements = inside.chunks_exact(size).enumerate();
        elements.try_for_each(|(i, from)| memory.write(start.wrapping_add(step.wrapping_mul(i as u64)), from))
    }

    /// The lanes, of `lanes` from `index` on, that are in bounds.
    fn inside(&self, index: &Index, lanes: usize) -> Inside {
        let mut elements = 0_u64;
        let (mut first, mut end) = (0, lanes);
        for (d, (dimension, &coordinate)) in self.dimensions.iter().zip(index).enumerate().take(self.rank) {
            if !dimension.valid {
                continue;
            }
            let coordinate = i64::from(coordinate) + i64::from(dimension.offset);
            let size = i64::from(dimension.size);
            if d == 0 {
                let lane = |at: i64| at.clamp(0, lanes as i64) as usize;
                end = lane(size - coordinate);
                first = lane(-coordinate).min(end);
            } else if coordinate < 0 || coordinate >= size {
                return Inside { first: 0, end: 0, start: 0 };
            }
            elements = elements.wrapping_add((coordinate as u64).wrapping_mul(u64::from(dimension.stride)));
        }
        // A lane counts even where the dimension does not.
        let step = if self.dimensions[0].valid { u64::from(self.dimensions[0].stride) } else { 1 };
        elements = elements.wrapping_add(step.wrapping_mul(first as u64));
        Inside { first, end, start: self.base.wrapping_add(elements.wrapping_mul(self.element.into())) }
    }

    fn is_dense(&self) -> bool {
        self.dimensions[0].stride == 1 || !self.dimensions[0].valid
    }
}

/// The lanes of an access that are in bounds.
struct Inside {
    first: usize,
    end: usize,
    /// The address of the first.
    start: u64,
}

/// The part of a vector that is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The lower half.
    Low,
    /// The upper half.
    High,
}

impl Part {
    /// The part that the last two bits of an opcode mean, counted from that of the whole.
    #[must_use]
    pub const fn from_offset(offset: u8) -> Self {
        match offset {
            0 => Self::Whole,
            1 => Self::Low,
            _ => Self::High,
        }
    }

    const fn range(self) -> (usize, usize) {
        match self {
            Self::Whole => (0, VECTOR_SIZE),
            Self::Low => (0, VECTOR_SIZE / 2),
            Self::High => (VECTOR_SIZE / 2, VECTOR_SIZE),
        }
    }

    /// The bytes of `vector` that are the part.
    #[must_use]
    pub fn of(self, vector: &Vector) -> &[u8] {
        let (start, end) = self.range();
        &vector.0[start..end]
    }

    /// The same, to write.
    pub fn of_mut(self, vector: &mut Vector) -> &mut [u8] {
        let (start, end) = self.range();
        &mut vector.0[start..end]
    }
}
