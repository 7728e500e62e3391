// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Protection bits of a register block, from the list of the registers that they protect.
//!
//! The last 128 bytes of each 4 KiB block of registers hold a bit for every register of the
//! block, in the order of the registers: a word of bits for 128 bytes of registers. Zero protects
//! the register from accesses that are not secure. (Fact from upstream's
//! `goya_init_protection_bits()`.)

use crate::hw::{Io, Offset};
use kernel::prelude::*;

/// Where the protection bits begin in a block (upstream: `PROT_BITS_OFFS`).
const PROT_BITS: Offset = Offset::new(0xF80);
/// Words of protection bits in a block.
const WORDS: usize = 32;
/// Bytes of registers that a word of bits stands for.
const WORD_SPAN: u32 = 128;

/// Registers that follow each other: the offsets of the first and of the last one in their block.
pub(super) type Run = (u32, u32);

/// The protection bits of a block, as far as the driver sets them.
pub(super) struct Bits {
    words: [u32; WORDS],
    /// A bit for each word that is written. The card's own values of the other words stay.
    written: u32,
}

impl Bits {
    /// Leaves a block as it is.
    pub(super) const NONE: Self = Self {
        words: [!0; WORDS],
        written: 0,
    };

    /// Protects all registers of a block.
    pub(super) const ALL: Self = Self {
        words: [0; WORDS],
        written: !0,
    };

    /// Protects the registers in `runs`, too. A word of bits written for the first time opens the
    /// other registers that it stands for.
    pub(super) const fn protect(mut self, runs: &[Run]) -> Self {
        let mut n = 0;
        while n < runs.len() {
            let (mut register, last) = checked(runs[n]);
            while register <= last {
                let (word, bit) = place(register);
                self.words[word] &= !bit;
                self.written |= 1 << word;
                register += 4;
            }
            n += 1;
        }
        self
    }

    /// Opens the registers in `runs`, where the bits are written.
    pub(super) const fn open(mut self, runs: &[Run]) -> Self {
        let mut n = 0;
        while n < runs.len() {
            let (mut register, last) = checked(runs[n]);
            while register <= last {
                let (word, bit) = place(register);
                self.words[word] |= bit;
                register += 4;
            }
            n += 1;
        }
        self
    }

    /// Whether the bits protect themselves.
    pub(super) const fn seals(&self) -> bool {
        self.written >> 31 != 0 && self.words[WORDS - 1] == 0
    }

    /// Writes the bits of the block at `block`.
    pub(super) fn write(&self, io: &impl Io, block: Offset) {
        let first = block.plus(PROT_BITS);
        for (n, &word) in (0..u32::BITS).zip(&self.words) {
            if self.written.checked_shr(n).unwrap_or(0) & 1 != 0 {
                io.write(first.nth(n, 4), word);
            }
        }
    }
}

/// The compiler evaluates this: a run that is none does not build.
const fn checked(run: Run) -> Run {
    let (first, last) = run;
    assert!(first <= last && last < 0x1000 && (first | last) % 4 == 0);
    run
}

/// The word of the bit of the register at `offset`, and the bit.
const fn place(offset: u32) -> (usize, u32) {
    let word = offset / WORD_SPAN;
    (word as usize, 1 << (offset % WORD_SPAN / 4))
}

#[kunit_tests(goya_security_bits)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_for_each_register() {
        const BITS: Bits = Bits::NONE.protect(&[(0x000, 0x000), (0x07C, 0x084), (0xFFC, 0xFFC)]);
        assert_eq!(BITS.written, 1 << 31 | 0b11);
        assert_eq!(BITS.words[0], 0x7FFF_FFFE);
        assert_eq!(BITS.words[1], 0xFFFF_FFFC);
        assert_eq!(BITS.words[31], 0x7FFF_FFFF);
    }

    #[test]
    fn everything_else() {
        const BITS: Bits = Bits::ALL.open(&[(0x310, 0x310)]);
        assert_eq!(BITS.written, !0);
        assert_eq!(BITS.words[6], 1 << 4);
        assert_eq!(BITS.words[5], 0);
    }
}
