// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What a core is told of a kernel (`tpc0_cfg_regs.h`).

use goya_tpc_kernels::{Index, Part};

use crate::place::Place;
use crate::{Commands, Error, Result, SyncObject};

/// From the engine's base: the queue's copy of the descriptor, and the registers that start what it describes.
const QM_TENSOR: u16 = 0x6A00;
const CMD: u16 = 0x6830;
const EXECUTE: u16 = 0x6838;
/// Code, data, and loads are taken from memory anew.
const INVALIDATE: u32 = 0xF;
/// Words of a descriptor, and in it those of a tensor.
const WORDS: usize = (0xD18 - 0xA00) / 4;
const TENSOR: usize = 0x4C / 4;
const TENSORS: usize = 8;
const CODE: usize = 0x260 / 4;
const INDEX_SPACE: usize = 0x268 / 4;
const SCALARS: usize = 0x290 / 4;
const MESSAGE: usize = 0x314 / 4;
/// Scalars that there is room for.
const SCALAR_COUNT: usize = 32;

/// A tensor in the card's memory.
#[derive(Debug, Clone)]
pub struct Tensor {
    place: Place,
    element: u32,
    sizes: Index,
    strides: Index,
}

impl Tensor {
    /// A tensor whose elements, of `element` bytes (1, 2 or 4), lie without gaps, the first dimension's side by side.
    #[must_use]
    pub fn new(place: impl Into<Place>, element: u32, sizes: Index) -> Self {
        let mut next = 1u32;
        let strides = sizes.map(|size| {
            let stride = next;
            // More than that is in no place.
            next = next.saturating_mul(size);
            stride
        });
        Self { place: place.into(), element, sizes, strides }
    }

    /// The same with other distances, in elements, between those that are neighbours in a dimension.
    #[must_use]
    pub fn with_strides(mut self, strides: Index) -> Self {
        self.strides = strides;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Elements of each dimension.
    #[must_use]
    pub fn sizes(&self) -> Index {
        self.sizes
    }

    /// Bytes of an element.
    #[must_use]
    pub fn element(&self) -> u32 {
        self.element
    }

    /// Bytes from its first element to the end of its last.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        if self.sizes.contains(&0) {
            return 0;
        }
        let steps = |(size, stride): (&u32, &u32)| u64::from(size - 1).saturating_mul((*stride).into());
        let last = self.sizes.iter().zip(&self.strides).map(steps).fold(0, u64::saturating_add);
        last.saturating_add(1).saturating_mul(self.element.into())
    }

    /// Fails unless it can be, and is where there is room for it.
    fn check(&self) -> Result {
        if !matches!(self.element, 1 | 2 | 4) {
            return Err(Error::Invalid(format!("elements have 1, 2 or 4 bytes, not {}", self.element)));
        }
        self.place.holds(self.bytes())
    }

    /// Whether kernels can reach it at all: the host's memory is closed to them.
    pub(super) fn is_in_reach(&self) -> bool {
        !self.place.is_host()
    }

    /// Its descriptor's registers.
    fn words(&self) -> [u32; TENSOR] {
        let mut words = [0; TENSOR];
        let address = self.place.address();
        (words[0], words[1]) = (address as u32, (address >> 32) as u32);
        // All five dimensions count.
        words[3] = self.element.trailing_zeros() | 0x1F << 8 | 4 << 16;
        for (d, (size, stride)) in self.sizes.into_iter().zip(self.strides).enumerate() {
            (words[4 + 3 * d], words[5 + 3 * d]) = (size, stride);
        }
        words
    }
}

/// What a core is told of a kernel.
#[derive(Debug, Clone)]
pub struct Descriptor<'a> {
    /// Where its code is.
    pub code: u64,
    /// Its tensors, by their numbers.
    pub tensors: &'a [Tensor],
    /// Its scalars, from S0 on, as bits.
    pub scalars: &'a [u32],
    /// The core's part of the index space.
    pub part: Part,
    /// What is sent to a sync object at the end, see [`completion_message`]; nothing if 0.
    pub message: u32,
}

impl Descriptor<'_> {
    /// The registers.
    ///
    /// # Errors
    /// If there are more than 8 tensors or 32 scalars, or a tensor is larger than its place.
    pub fn words(&self) -> Result<Vec<u32>> {
        if self.tensors.len() > TENSORS || self.scalars.len() > SCALAR_COUNT {
            let (tensors, scalars) = (self.tensors.len(), self.scalars.len());
            return Err(Error::Invalid(format!(
                "{tensors} tensors and {scalars} scalars are too many: {TENSORS} and {SCALAR_COUNT}"
            )));
        }
        let mut words = vec![0; WORDS];
        for (to, tensor) in words.chunks_exact_mut(TENSOR).zip(self.tensors) {
            tensor.check()?;
            to.copy_from_slice(&tensor.words());
        }
        (words[CODE], words[CODE + 1]) = (self.code as u32, (self.code >> 32) as u32);
        for d in 0..5 {
            (words[INDEX_SPACE + 2 * d], words[INDEX_SPACE + 2 * d + 1]) =
                (self.part.offset[d], self.part.size[d]);
        }
        words[SCALARS..SCALARS + self.scalars.len()].copy_from_slice(self.scalars);
        words[MESSAGE] = self.message;
        Ok(words)
    }
}

/// The message that adds one to a sync object, if a card has that.
#[must_use]
pub const fn completion_message(object: u16) -> Option<u32> {
    if object < SyncObject::COUNT { Some(1 << 31 | (object as u32 * 4) << 16 | 1) } else { None }
}

impl SyncObject {
    /// The message by which a core adds one to it at a kernel's end.
    ///
    /// # Errors
    /// If no card has it; those of a device are there.
    pub fn completion_message(&self) -> Result<u32> {
        let number = self.number();
        completion_message(number).ok_or_else(|| {
            Error::Invalid(format!("sync object {number}: there are 0 to {}", Self::COUNT - 1))
        })
    }
}

/// Packets for the queue of a tensor core that launch a kernel.
///
/// # Errors
/// As [`Descriptor::words`].
pub fn launch_packets(descriptor: &Descriptor<'_>) -> Result<Commands> {
    let mut commands = Commands::new();
    commands.write_registers(QM_TENSOR, &descriptor.words()?)?;
    commands.write_register(CMD, INVALIDATE).write_register(EXECUTE, 1);
    for tensor in descriptor.tensors {
        commands.keep(tensor.place());
    }
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_as_large_as_they_are() {
        let tensor = Tensor::new(0x8_0000_0000, 4, [10, 3, 2, 1, 1]);
        assert_eq!((tensor.bytes(), tensor.strides), (240, [1, 10, 30, 60, 60]));
        assert_eq!(tensor.clone().with_strides([1, 16, 48, 0, 0]).bytes(), (9 + 32 + 48 + 1) * 4);
        assert_eq!(Tensor::new(0, 4, [0, 3, 2, 1, 1]).bytes(), 0);
        assert_eq!(Tensor::new(0, 4, [u32::MAX; 5]).bytes(), u64::MAX);
        assert_eq!(tensor.words()[..9], [0, 8, 0, 0x0004_1F02, 10, 1, 0, 3, 10]);
    }

    #[test]
    fn descriptors_refuse_what_does_not_fit() {
        let place = crate::sram(0, 100).unwrap();
        let part = Part { offset: [0; 5], size: [1; 5] };
        let words = |tensors: &[Tensor], scalars: &[u32]| {
            let message = completion_message(3).unwrap();
            Descriptor { code: 0x1_0000_0002, tensors, scalars, part, message }.words()
        };
        let fits = Tensor::new(&place, 4, [25, 1, 1, 1, 1]);
        let words_of_one = words(&[fits.clone()], &[7]).unwrap();
        assert_eq!(words_of_one.len() % 2, 0);
        assert_eq!(words_of_one[CODE..CODE + 4], [2, 1, 0, 1]);
        assert_eq!((words_of_one[SCALARS], words_of_one[MESSAGE]), (7, 0x800C_0001));
        assert!(words(&[Tensor::new(&place, 4, [26, 1, 1, 1, 1])], &[]).is_err());
        assert!(words(&[Tensor::new(&place, 3, [1, 1, 1, 1, 1])], &[]).is_err());
        let host = Tensor::new(crate::HOST.start, 4, [1; 5]);
        assert!(!host.is_in_reach() && words(&[host], &[]).is_ok());
        assert!(completion_message(1023) == Some(0x8FFC_0001) && completion_message(1024).is_none());
        assert!(words(&vec![fits; 9], &[]).is_err() && words(&[], &[0; 33]).is_err());
    }
}
