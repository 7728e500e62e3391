// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensors as they are in memory, and numbers to fill them with.

use goya_tpc_kernels::Index;

/// What is between rows, and in a result before it is written.
const UNTOUCHED: u8 = 0xA5;

/// A type of elements.
pub trait Value: Copy {
    /// The code of its size in a descriptor: 1, 2 or 4 bytes.
    const KIND: u32;
    /// Its bytes.
    fn bytes(self) -> Vec<u8>;
}

macro_rules! value {
    ($($type:ty: $kind:literal),*) => {$(
        impl Value for $type {
            const KIND: u32 = $kind;
            fn bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        }
    )*};
}

value!(i8: 0, u8: 0, i16: 1, u16: 1, i32: 2, u32: 2, f32: 2);

/// A tensor in memory: rows, with a gap behind each.
#[derive(Clone)]
pub struct Array {
    pub sizes: Index,
    /// The code of the elements' size.
    pub kind: u32,
    /// What is read out of bounds, as bits.
    pub padding: u32,
    /// Elements from one row to the next.
    pub pitch: u32,
    pub bytes: Vec<u8>,
}

impl Array {
    /// With these values, in order.
    pub fn of<T: Value>(sizes: Index, values: &[T]) -> Self {
        let mut array = Self::empty::<T>(sizes);
        let (width, size) = (sizes[0] as usize, 1 << T::KIND);
        assert_eq!(values.len(), sizes.iter().product::<u32>() as usize);
        let rows = array.bytes.chunks_exact_mut((array.pitch as usize) * size);
        for (row, values) in rows.zip(values.chunks(width)) {
            let bytes: Vec<_> = values.iter().flat_map(|value| value.bytes()).collect();
            row[..bytes.len()].copy_from_slice(&bytes);
        }
        array
    }

    /// With nothing written yet.
    pub fn empty<T: Value>(sizes: Index) -> Self {
        let pitch = sizes[0] + 3;
        let size = (pitch * sizes[1..].iter().product::<u32>()) << T::KIND;
        let bytes = vec![UNTOUCHED; size as usize];
        Self { sizes, kind: T::KIND, padding: 0, pitch, bytes }
    }

    /// With another padding value.
    pub fn padded<T: Value>(self, padding: T) -> Self {
        let mut bits = [0; 4];
        bits[..1 << T::KIND].copy_from_slice(&padding.bytes());
        Self { padding: u32::from_le_bytes(bits), ..self }
    }
}

/// Random numbers.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// As many values as a tensor of these sizes has.
    pub fn values<T>(&mut self, sizes: Index, mut f: impl FnMut(u32) -> T) -> Vec<T> {
        (0..sizes.iter().product::<u32>()).map(|_| f(self.next())).collect()
    }

    /// Floats from -16 to 16 with all their digits.
    pub fn floats(&mut self, sizes: Index) -> Vec<f32> {
        self.values(sizes, |bits| bits as i32 as f32 / (1 << 27) as f32)
    }

    /// Floats of any bits, the odd ones more often than by chance.
    pub fn any_floats(&mut self, sizes: Index) -> Vec<f32> {
        const ODD: [u32; 8] =
            [0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0001, 1, 0x807F_FFFF, 0x7F7F_FFFF];
        self.values(sizes, |bits| {
            f32::from_bits(if bits % 4 == 0 { ODD[(bits >> 8) as usize % 8] } else { bits })
        })
    }
}
