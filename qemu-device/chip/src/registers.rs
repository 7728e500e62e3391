// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Plain storage for the registers that have no behaviour of their own.

/// Words in a 4 KiB block.
const WORDS: usize = 1024;
/// First word of a block's protection bits (`PROT_BITS_OFFS`, `goya.h`).
const PROT_WORD: usize = 0xF80 / 4;

/// A sparse array of 32-bit registers, 4 KiB blocks made when first written.
///
/// Every register is zero after reset but the protection bits in the last 128 bytes of a block:
/// they are ones, which protects nothing.
#[derive(Debug, Default)]
pub struct RegisterFile {
    blocks: std::collections::BTreeMap<u32, Box<[u32; WORDS]>>,
}

impl RegisterFile {
    /// Reads the register at byte `offset`; the low two bits are ignored.
    pub fn get(&self, offset: u32) -> u32 {
        let word = Self::word(offset);
        match self.blocks.get(&(offset >> 12)) {
            Some(block) => block[word],
            None if word >= PROT_WORD => u32::MAX,
            None => 0,
        }
    }

    /// The 64-bit value of a pair of registers, the lower half at `low`.
    pub fn pair(&self, low: u32) -> u64 {
        u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32
    }

    /// Writes the register at byte `offset`; the low two bits are ignored.
    pub fn set(&mut self, offset: u32, value: u32) {
        let block = self.blocks.entry(offset >> 12).or_insert_with(|| {
            let mut words = Box::new([0; WORDS]);
            words[PROT_WORD..].fill(u32::MAX);
            words
        });
        block[Self::word(offset)] = value;
    }

    /// Puts every block for which `lost` says so back to its reset state.
    pub fn reset(&mut self, mut lost: impl FnMut(u32) -> bool) {
        self.blocks.retain(|&block, _| !lost(block << 12));
    }

    fn word(offset: u32) -> usize {
        ((offset & 0xFFF) >> 2) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_keep_values_until_reset() {
        let mut r = RegisterFile::default();
        assert_eq!((r.get(0x1000), r.get(0x1F80)), (0, u32::MAX));
        r.set(0x1004, 5);
        r.set(0x2004, 6);
        assert_eq!((r.get(0x1004), r.get(0x1F84), r.get(0x2004)), (5, u32::MAX, 6));
        r.reset(|block| block == 0x1000);
        assert_eq!((r.get(0x1004), r.get(0x2004)), (0, 6));
    }
}
