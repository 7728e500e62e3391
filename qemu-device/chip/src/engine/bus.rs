// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What a TPC's kernel reaches: memory in the address space that the driver gave the core, behind the same
//! protection as the core's queue, and registers with no more rights than that.

use super::launch::{self, ARUSER, AWUSER};
use crate::access::{Origin, register_address};
use crate::chip::Chip;
use crate::map::register_at;
use crate::mmu::Attributes;
use crate::queue::QueueId;
use crate::tpc::{Memory, MemoryFault};

/// The way of core `n` to the rest of the card.
pub(super) struct Bus<'a> {
    chip: &'a mut Chip,
    n: u8,
    /// How its loads and stores are translated.
    users: [Attributes; 2],
    /// What its accesses have taken so far, measured in bytes of DMA.
    pub(super) cost: u64,
}

/// What an access takes beside its bytes: protection, translation.
const ACCESS_COST: u64 = 256;
/// What a byte of code takes, which is decoded.
const CODE_COST: u64 = 16;

impl<'a> Bus<'a> {
    pub(super) fn new(chip: &'a mut Chip, n: u8) -> Self {
        let users = users(chip, n);
        Self { chip, n, users, cost: 0 }
    }

    fn origin(&self) -> Origin {
        Origin::Core(self.n)
    }

    fn check(&mut self, address: u64, len: usize, write: bool) -> Result<(), MemoryFault> {
        self.cost += ACCESS_COST + len as u64;
        let id = QueueId::TpcCmdq(self.n);
        self.chip.protection_check(id, address, len as u64, write).map_err(|_| MemoryFault)
    }

    /// The device address of the register at `offset` of the core's own block.
    fn register(&self, offset: u32) -> u64 {
        register_address(launch::base(self.n) + (offset & 0xFFC))
    }
}

/// How loads and stores of core `n` are translated.
fn users(chip: &Chip, n: u8) -> [Attributes; 2] {
    [ARUSER, AWUSER].map(|user| Attributes::from_register(chip.regs.get(launch::base(n) + user)))
}

impl Memory for Bus<'_> {
    fn fetch(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault> {
        self.cost += CODE_COST * bytes.len() as u64;
        self.read(address, bytes)
    }

    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault> {
        self.check(address, bytes.len(), false)?;
        let ([attributes, _], origin) = (self.users, self.origin());
        self.chip.read_as(attributes, address, bytes, origin).map_err(|_| MemoryFault)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryFault> {
        self.check(address, bytes.len(), true)?;
        let ([_, attributes], origin) = (self.users, self.origin());
        let written = self.chip.write_as(attributes, address, bytes, origin).map_err(|_| MemoryFault);
        // It may have written what says how it is translated.
        if register_at(address).is_some() {
            self.users = users(self.chip, self.n);
        }
        written
    }

    fn register_read(&mut self, offset: u32) -> Result<u32, MemoryFault> {
        let mut word = [0; 4];
        self.read(self.register(offset), &mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn register_write(&mut self, offset: u32, value: u32) -> Result<(), MemoryFault> {
        self.write(self.register(offset), &value.to_le_bytes())
    }
}
