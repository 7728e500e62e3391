// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The memories inside of a core: of scalars and of vectors.

use super::choices;

/// Bytes of scalar local memory.
pub const SLM_SIZE: usize = 1 << 10;
/// Bytes of vector local memory.
pub const VLM_SIZE: usize = 80 << 10;
/// Bytes of it that are left where the tables of special functions have the rest.
pub const SMALL_VLM_SIZE: usize = 16 << 10;

/// The local memories.
#[derive(Debug, Clone)]
pub struct Local {
    slm: [u32; SLM_SIZE / 4],
    vlm: Box<[u8]>,
    /// Bytes of the vectors' memory that a kernel has.
    pub vlm_size: usize,
}

impl Default for Local {
    fn default() -> Self {
        Self { slm: [0; SLM_SIZE / 4], vlm: vec![0; VLM_SIZE].into(), vlm_size: VLM_SIZE }
    }
}

impl Local {
    /// The word at byte `address` of scalar memory; `None` behind its end.
    #[must_use]
    pub fn scalar(&self, address: u32) -> Option<u32> {
        self.slm.get(address as usize / 4).copied()
    }

    /// The same, to write.
    pub fn scalar_mut(&mut self, address: u32) -> Option<&mut u32> {
        self.slm.get_mut(address as usize / 4)
    }

    /// `size` bytes at byte `address` of vector memory; `None` behind its end.
    fn range(&self, address: u32, size: usize) -> Option<std::ops::Range<usize>> {
        let address = address as usize;
        let start = if choices::VLM_ROUNDS_DOWN { address - address % size } else { address };
        (start + size <= self.vlm_size).then_some(start..start + size)
    }

    /// Reads `bytes` of vector memory; `None` behind its end.
    pub fn load(&self, address: u32, bytes: &mut [u8]) -> Option<()> {
        bytes.copy_from_slice(self.vlm.get(self.range(address, bytes.len())?)?);
        Some(())
    }

    /// Writes `bytes` of vector memory; `None` behind its end.
    pub fn store(&mut self, address: u32, bytes: &[u8]) -> Option<()> {
        let range = self.range(address, bytes.len())?;
        self.vlm.get_mut(range)?.copy_from_slice(bytes);
        Some(())
    }
}
