// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What is around a core that has no card: the code, the tensors, the tables, and its own registers.

use std::collections::HashMap;

use goya_chip::tpc::{Memory, MemoryFault};

/// Regions of memory with nothing between them.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Where each begins, and its bytes.
    pub regions: Vec<(u64, Vec<u8>)>,
    /// The registers of the core that runs, by their offset in its configuration block.
    pub registers: HashMap<u32, u32>,
    /// The access that went wrong last, for the message.
    pub fault: Option<String>,
}

impl Surroundings {
    fn find(&mut self, address: u64, size: usize) -> Result<&mut [u8], MemoryFault> {
        let inside = self.regions.iter().position(|(base, bytes)| {
            let end = address.checked_sub(*base).and_then(|start| start.checked_add(size as u64));
            end.is_some_and(|end| end <= bytes.len() as u64)
        });
        let Some((base, bytes)) = inside.and_then(|index| self.regions.get_mut(index)) else {
            self.fault = Some(format!("{size} bytes at {address:#x}, which are in no tensor"));
            return Err(MemoryFault);
        };
        let start = (address - *base) as usize;
        bytes.get_mut(start..start + size).ok_or(MemoryFault)
    }

    fn register(&mut self, offset: u32) -> Result<&mut u32, MemoryFault> {
        self.fault = Some(format!("register {offset:#x}, which this core does not have"));
        self.registers.get_mut(&offset).ok_or(MemoryFault)
    }
}

impl Memory for Surroundings {
    fn fetch(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault> {
        // Whole pages are tried before the words of one: only the latter failing is a fault.
        let fetched = self.read(address, bytes);
        self.fault = None;
        fetched
    }

    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault> {
        bytes.copy_from_slice(self.find(address, bytes.len())?);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryFault> {
        self.find(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn register_read(&mut self, offset: u32) -> Result<u32, MemoryFault> {
        self.register(offset).copied()
    }

    fn register_write(&mut self, offset: u32, value: u32) -> Result<(), MemoryFault> {
        self.register(offset).map(|register| *register = value)
    }
}
