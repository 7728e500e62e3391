// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The machine that QEMU shows the card: guest memory and interrupt eventfds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;

use goya_chip::{Host, VECTORS};
use vm_memory::volatile_memory::{VolatileMemory, VolatileSlice};
use vm_memory::{FileOffset, MmapRegion};

/// What the client has mapped and connected.
pub struct Machine {
    /// Memory by bus address.
    maps: BTreeMap<u64, MmapRegion>,
    vectors: Vec<Option<File>>,
    start: Instant,
}

impl Machine {
    /// A machine without memory.
    pub fn new() -> Self {
        let mut vectors = Vec::new();
        vectors.resize_with(usize::from(VECTORS), || None);
        Self { maps: BTreeMap::new(), vectors, start: Instant::now() }
    }

    /// Forgets the client that has gone.
    pub fn clear(&mut self) {
        self.maps.clear();
        self.vectors.iter_mut().for_each(|v| *v = None);
    }

    /// Maps `size` bytes of `file` from `offset` on at bus address `address`.
    pub fn map(&mut self, address: u64, size: u64, file: File, offset: u64) -> io::Result<()> {
        let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
        let len = usize::try_from(size).map_err(|_| invalid("mapping too large"))?;
        address.checked_add(size).ok_or_else(|| invalid("mapping past the end of the address space"))?;
        self.unmap(address, size);
        let region = MmapRegion::from_file(FileOffset::new(file, offset), len)
            .map_err(|error| io::Error::other(format!("cannot map guest memory: {error}")))?;
        self.maps.insert(address, region);
        Ok(())
    }

    /// Takes away every mapping that touches the range: QEMU unmaps what it mapped, in one piece.
    pub fn unmap(&mut self, address: u64, size: u64) {
        let end = address.saturating_add(size);
        let touched =
            |(&at, region): (&u64, &mut MmapRegion)| at < end && address < at + region.size() as u64;
        self.maps.retain(|at, region| !touched((at, region)));
    }

    /// Connects vectors from `first` on with eventfds.
    pub fn connect(&mut self, first: usize, files: Vec<File>) {
        for (slot, file) in self.vectors.iter_mut().skip(first).zip(files) {
            *slot = Some(file);
        }
    }

    /// Disconnects `count` vectors from `first` on.
    pub fn disconnect(&mut self, first: usize, count: usize) {
        self.vectors.iter_mut().skip(first).take(count).for_each(|v| *v = None);
    }
}

impl Host for Machine {
    fn memory(&self, bus_addr: u64, len: usize) -> Option<VolatileSlice<'_>> {
        let (&at, region) = self.maps.range(..=bus_addr).next_back()?;
        let offset = usize::try_from(bus_addr - at).ok()?;
        let left = region.size().checked_sub(offset).filter(|&n| n > 0)?;
        region.get_slice(offset, len.min(left)).ok()
    }

    fn interrupt(&mut self, vector: u16) {
        if let Some(Some(file)) = self.vectors.get_mut(usize::from(vector)) {
            // An eventfd takes eight bytes, or is so full that the other side knows already.
            let _ = file.write(&1u64.to_ne_bytes());
        }
    }

    fn masks_interrupts(&self) -> bool {
        true
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
