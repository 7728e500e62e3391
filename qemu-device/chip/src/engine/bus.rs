// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What a TPC's kernel reaches: memory in the address space that the driver gave the core, behind the same
//! protection as the core's queue, and registers with no more rights than that.

use vm_memory::VolatileSlice;

use super::launch::{self, ARUSER, AWUSER};
use super::windows::{Windows, page_of};
use crate::access::{Origin, register_address};
use crate::chip::Chip;
use crate::map::Target;
use crate::mmu::Attributes;
use crate::queue::QueueId;
use crate::tpc::{Memory, MemoryFault};

/// What an access does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Read,
    Write,
}

/// The way of core `n` to the rest of the card.
pub(super) struct Bus<'a> {
    chip: &'a mut Chip,
    n: u8,
    /// How its loads and stores are translated.
    users: [Attributes; 2],
    windows: Windows,
    /// What its accesses have taken so far, measured in bytes of DMA.
    pub(super) cost: u64,
}

/// How far ahead of an access a core that goes through a tensor will be soon: four vectors.
const AHEAD: u64 = 1024;
/// What an access takes beside its bytes: protection, translation.
const ACCESS_COST: u64 = 256;
/// What a byte of code takes, which is decoded.
const CODE_COST: u64 = 16;

impl<'a> Bus<'a> {
    pub(super) fn new(chip: &'a mut Chip, n: u8) -> Self {
        let users = users(chip, n);
        Self { chip, n, users, windows: Windows::default(), cost: 0 }
    }

    fn origin(&self) -> Origin {
        Origin::Core(self.n)
    }

    fn check(&mut self, address: u64, len: usize, way: Way) -> Result<(), MemoryFault> {
        let id = QueueId::TpcCmdq(self.n);
        self.chip.protection_check(id, address, len as u64, way == Way::Write).map_err(|_| MemoryFault)
    }

    /// The `len` bytes of memory at `address`, if they are of one page all of which the core may reach, and all there.
    #[inline]
    fn slice(
        &mut self,
        address: u64,
        len: usize,
        way: Way,
    ) -> Result<Option<VolatileSlice<'_>>, MemoryFault> {
        self.cost += ACCESS_COST + len as u64;
        let Some(page) = page_of(address, len) else { return Ok(None) };
        let at = match self.windows.find(way, page) {
            Some(at) => at,
            None => match self.open(address, page, way)? {
                Some(at) => at,
                None => return Ok(None),
            },
        };
        let target = at.plus(address - page);
        self.chip.memory_prefetch(target.plus(AHEAD), len);
        Ok(self.chip.memory(target, len).filter(|slice| slice.len() == len))
    }

    /// Where the page of memory at `page`, with `address` in it, is, if the core may reach all of it. It is remembered.
    fn open(&mut self, address: u64, page: u64, way: Way) -> Result<Option<Target>, MemoryFault> {
        if !self.chip.protection_opens(QueueId::TpcCmdq(self.n), page) {
            return Ok(None);
        }
        let attributes = self.users[way as usize];
        let translated = self.chip.translate(attributes, address, 1, self.origin());
        let (physical, _) = translated.map_err(|_| MemoryFault)?;
        match self.chip.target(physical - (address - page)) {
            // Who reads or writes a register may change what is remembered.
            Target::Cfg(_) | Target::None => Ok(None),
            at => {
                self.chip.memory_used(at);
                self.windows.remember(way, page, at);
                Ok(Some(at))
            }
        }
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
        if let Some(slice) = self.slice(address, bytes.len(), Way::Read)? {
            slice.copy_to(bytes);
            return Ok(());
        }
        self.check(address, bytes.len(), Way::Read)?;
        let (attributes, origin) = (self.users[Way::Read as usize], self.origin());
        self.chip.read_as(attributes, address, bytes, origin).map_err(|_| MemoryFault)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryFault> {
        if let Some(slice) = self.slice(address, bytes.len(), Way::Write)? {
            slice.copy_from(bytes);
            return Ok(());
        }
        self.check(address, bytes.len(), Way::Write)?;
        let (attributes, origin) = (self.users[Way::Write as usize], self.origin());
        let written = self.chip.write_as(attributes, address, bytes, origin).map_err(|_| MemoryFault);
        // It may have written what says how it is checked or translated.
        self.windows.forget();
        self.users = users(self.chip, self.n);
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
