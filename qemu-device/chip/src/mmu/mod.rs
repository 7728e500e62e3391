// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The MMU: page tables of five hops in DRAM, one tree for each ASID.
//!
//! A table has 512 entries of eight bytes, indexed by nine bits of the virtual address (hop 0: the
//! top two of 50). An entry's bit 0 says present, bit 11 says last; 2 MiB pages end at hop 3, 4 KiB
//! pages at hop 4 (`mmu_general.h`, `mmu_v1_0.h`).

mod registers;
mod tlb;
mod walk;

use tlb::Tlb;
pub use walk::Hop;

use crate::access::Origin;
use crate::chip::Chip;
use crate::host::BusError;
use crate::map::bypasses_mmu;
use crate::regs::CPU_IF;

/// ASIDs that the 10-bit field can name.
pub(crate) const ASIDS: usize = 1024;
/// Bits in a virtual address.
const VA_BITS: u32 = 50;
/// `CPU_IF_ARUSER_OVR`, and its enable right behind; the write side is eight further (`cpu_if_regs.h`).
const CPU_USER_OVERRIDE: u32 = CPU_IF + 0x104;

/// How an access is to be translated: the layout of the `*_PROPS` and `*USER` registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Address space.
    pub asid: u16,
    /// Use the address as it is.
    pub bypass: bool,
}

impl Attributes {
    /// Physical addresses.
    pub const PHYSICAL: Self = Self { asid: 0, bypass: true };

    /// Decodes ASID (9:0) and MMU bypass (10).
    pub fn from_register(value: u32) -> Self {
        Self { asid: (value & 0x3FF) as u16, bypass: value & 1 << 10 != 0 }
    }
}

/// State of the MMU.
#[derive(Debug)]
pub struct Mmu {
    tlb: Tlb,
    /// Hop-0 table of each ASID that was given one.
    roots: Vec<Option<u64>>,
    enabled: bool,
}

impl Default for Mmu {
    fn default() -> Self {
        Self { tlb: Tlb::default(), roots: vec![None; ASIDS], enabled: false }
    }
}

impl Chip {
    /// Translates an access to `len` bytes at `addr`: the physical address, and how many bytes from there
    /// on are in one piece, which may be fewer than `len` or more.
    pub(crate) fn translate(
        &mut self,
        attributes: Attributes,
        addr: u64,
        len: u64,
        origin: Origin,
    ) -> Result<(u64, u64), BusError> {
        if attributes.bypass || !self.mmu.enabled || bypasses_mmu(addr) {
            return Ok((addr, u64::MAX));
        }
        let asid = attributes.asid;
        let Some((physical, mut room)) = self.translate_page(asid, addr, origin) else {
            tracing::debug!(target: "goya::mmu", asid, va = %format_args!("{addr:#x}"), %origin, "page fault");
            self.capture_page_fault(addr);
            return Err(BusError::PageFault(addr));
        };
        // Large copies are faster than many small ones, so neighbours that lie side by side count as one.
        while room < len {
            match addr.checked_add(room).and_then(|next| self.translate_page(asid, next, origin)) {
                Some((next, more)) if physical.checked_add(room) == Some(next) => room += more,
                _ => break,
            }
        }
        Ok((physical, room))
    }

    /// The physical address of `va`, and how many bytes from there on lie in its page.
    fn translate_page(&mut self, asid: u16, va: u64, origin: Origin) -> Option<(u64, u64)> {
        let (page, size) = match self.mmu.tlb.lookup(asid, va) {
            Some(hit) => {
                self.counters.tlb_hits += 1;
                hit
            }
            None => {
                self.counters.tlb_misses += 1;
                let (page, size) = self.walk(asid, va, |_| ())?;
                self.mmu.tlb.insert(asid, va, page, size);
                tracing::trace!(target: "goya::mmu", asid, va = %format_args!("{va:#x}"), page = %format_args!("{page:#x}"), ?size, %origin, "walk");
                (page, size)
            }
        };
        let offset = va & (size.bytes() - 1);
        Some((page | offset, size.bytes() - offset))
    }

    /// Reads memory as the device CPU sees it: through the MMU once the driver has turned that on.
    pub(crate) fn cpu_read(&mut self, addr: u64, buf: &mut [u8]) -> Result<(), BusError> {
        let attributes = self.cpu_attributes(CPU_USER_OVERRIDE);
        self.read_as(attributes, addr, buf, Origin::Cpu)
    }

    /// Writes memory as the device CPU sees it.
    pub(crate) fn cpu_write(&mut self, addr: u64, buf: &[u8]) -> Result<(), BusError> {
        let attributes = self.cpu_attributes(CPU_USER_OVERRIDE + 8);
        self.write_as(attributes, addr, buf, Origin::Cpu)
    }

    /// Reads `buf.len()` bytes at `addr`, translating page by page.
    pub(crate) fn read_as(
        &mut self,
        attributes: Attributes,
        addr: u64,
        buf: &mut [u8],
        origin: Origin,
    ) -> Result<(), BusError> {
        let mut done = 0;
        while done < buf.len() {
            let at = addr.checked_add(done as u64).ok_or(BusError::Unmapped(addr))?;
            let left = buf.len() - done;
            let (physical, room) = self.translate(attributes, at, left as u64, origin)?;
            let n = part(left, room);
            self.physical_read(physical, &mut buf[done..done + n], origin)
                .inspect_err(|_| self.capture_access_error(at))?;
            done += n;
        }
        Ok(())
    }

    /// Writes `buf` at `addr`, translating page by page.
    pub(crate) fn write_as(
        &mut self,
        attributes: Attributes,
        addr: u64,
        buf: &[u8],
        origin: Origin,
    ) -> Result<(), BusError> {
        let mut done = 0;
        while done < buf.len() {
            let at = addr.checked_add(done as u64).ok_or(BusError::Unmapped(addr))?;
            let left = buf.len() - done;
            let (physical, room) = self.translate(attributes, at, left as u64, origin)?;
            let n = part(left, room);
            self.physical_write(physical, &buf[done..done + n], origin)
                .inspect_err(|_| self.capture_access_error(at))?;
            done += n;
        }
        Ok(())
    }

    fn cpu_attributes(&self, override_register: u32) -> Attributes {
        match self.regs.get(override_register + 4) {
            0 => Attributes::PHYSICAL,
            mask => Attributes::from_register(self.regs.get(override_register) & mask),
        }
    }
}

/// How much of `left` bytes fits into `room`.
fn part(left: usize, room: u64) -> usize {
    usize::try_from(room).map_or(left, |room| left.min(room))
}

#[cfg(test)]
mod tests;
