// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The instruction word as bits.

use std::fmt;

use crate::slot::Span;

/// Bytes of an instruction word.
pub const WORD_SIZE: usize = 32;

/// An instruction word: 256 bits, little endian in memory.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct RawWord([u64; 4]);

impl RawWord {
    /// The word at these bytes of memory.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; WORD_SIZE]) -> Self {
        Self(std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j]))))
    }

    /// Its bytes in memory.
    #[must_use]
    pub fn to_bytes(self) -> [u8; WORD_SIZE] {
        let mut bytes = [0; WORD_SIZE];
        for (to, part) in bytes.chunks_exact_mut(8).zip(self.0) {
            to.copy_from_slice(&part.to_le_bytes());
        }
        bytes
    }

    /// The word written as 64 hexadecimal digits, first byte first.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let mut bytes = [0; WORD_SIZE];
        if hex.len() != 2 * WORD_SIZE || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
        }
        Some(Self::from_bytes(&bytes))
    }

    /// The bits of `span`.
    #[must_use]
    pub fn get(&self, span: Span) -> u32 {
        let (index, shift) = (usize::from(span.low / 64), span.low % 64);
        let low = self.0[index & 3] >> shift;
        let high = if shift == 0 { 0 } else { self.0[index + 1 & 3] << (64 - shift) };
        ((low | high) & mask(span)) as u32
    }

    /// Sets the bits of `span` to the low bits of `value`.
    pub fn set(&mut self, span: Span, value: u32) {
        let (index, shift) = (usize::from(span.low / 64), span.low % 64);
        let value = u64::from(value) & mask(span);
        let parts = [(index, value << shift, mask(span) << shift), {
            let spill = |bits: u64| if shift == 0 { 0 } else { bits >> (64 - shift) };
            (index + 1, spill(value), spill(mask(span)))
        }];
        for (index, value, mask) in parts {
            let part = &mut self.0[index & 3];
            *part = *part & !mask | value;
        }
    }
}

fn mask(span: Span) -> u64 {
    (1 << span.width) - 1
}

impl fmt::Display for RawWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RawWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::bits;

    #[test]
    fn a_field_is_what_was_put_there_and_its_neighbours_stay() {
        for low in 0..=224 {
            for width in [1, 5, 9, 32] {
                let span = Span { low, width };
                let mut word = RawWord([u64::MAX; 4]);
                word.set(span, 0);
                assert_eq!(
                    (word.get(span), word.0.iter().map(|p| p.count_zeros()).sum()),
                    (0, u32::from(width))
                );
                let mut word = RawWord::default();
                word.set(span, 0xA5A5_A5A5);
                assert_eq!(u64::from(word.get(span)), 0xA5A5_A5A5 & mask(span));
            }
        }
    }

    #[test]
    fn hexadecimal_text_is_in_memory_order() {
        let text = format!("3f{}01", "00".repeat(30));
        let word = RawWord::from_hex(&text).unwrap();
        assert_eq!((word.get(bits(5, 0)), word.get(bits(255, 248))), (0x3F, 1));
        assert_eq!(word.to_string(), text);
        assert_eq!(RawWord::from_hex("3f"), None);
    }
}
