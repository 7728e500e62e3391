// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What is around a core in tests and benchmarks.

use std::collections::HashMap;

use super::memory::{Memory, MemoryFault};

/// Regions of memory, with nothing between them, and registers.
#[derive(Debug, Default)]
pub struct Regions {
    /// Where each begins, and its bytes.
    pub regions: Vec<(u64, Vec<u8>)>,
    /// The registers that there are, by their offset in the configuration block.
    pub registers: HashMap<u32, u32>,
}

impl Regions {
    fn find(&mut self, address: u64, size: usize) -> Result<&mut [u8], MemoryFault> {
        let inside = self.regions.iter_mut().find_map(|(base, bytes)| {
            let start = usize::try_from(address.checked_sub(*base)?).ok()?;
            bytes.get_mut(start..start.checked_add(size)?)
        });
        inside.ok_or(MemoryFault)
    }
}

impl Memory for Regions {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault> {
        bytes.copy_from_slice(self.find(address, bytes.len())?);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryFault> {
        self.find(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn register_read(&mut self, offset: u32) -> Result<u32, MemoryFault> {
        self.registers.get(&offset).copied().ok_or(MemoryFault)
    }

    fn register_write(&mut self, offset: u32, value: u32) -> Result<(), MemoryFault> {
        self.registers.get_mut(&offset).map(|register| *register = value).ok_or(MemoryFault)
    }
}
