// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A machine small enough for a test: one block of memory, recorded interrupts, a clock set by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use vm_memory::MmapRegion;
use vm_memory::volatile_memory::{VolatileMemory, VolatileSlice};

use crate::{Chip, ChipConfig, Host};

/// Host memory at bus address 0, shared with the test.
#[derive(Clone)]
pub struct TestHost {
    ram: Arc<MmapRegion>,
    interrupts: Arc<Mutex<Vec<u16>>>,
    now: Arc<AtomicU64>,
}

impl TestHost {
    /// A machine with `size` bytes of memory.
    ///
    /// # Panics
    /// When the system has no such memory.
    pub fn new(size: usize) -> Self {
        let ram = MmapRegion::new(size).expect("test memory");
        Self { ram: Arc::new(ram), interrupts: Arc::default(), now: Arc::default() }
    }

    /// Writes `bytes` at bus address `at`.
    pub fn write(&self, at: u64, bytes: &[u8]) {
        self.ram.get_slice(at as usize, bytes.len()).expect("inside test memory").copy_from(bytes);
    }

    /// Reads `len` bytes at bus address `at`.
    pub fn read(&self, at: u64, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        self.ram.get_slice(at as usize, len).expect("inside test memory").copy_to(&mut out[..]);
        out
    }

    /// Reads a little-endian word at bus address `at`.
    pub fn word(&self, at: u64) -> u32 {
        let b = self.read(at, 4);
        u32::from_le_bytes([b[0], b[1], b[2], b[3]])
    }

    /// The vectors that were signalled since the last call.
    pub fn take_interrupts(&self) -> Vec<u16> {
        std::mem::take(&mut *self.interrupts.lock().expect("no panic holds this lock"))
    }

    /// Moves the clock on by `ns`.
    pub fn advance(&self, ns: u64) {
        self.now.fetch_add(ns, Ordering::Relaxed);
    }

    /// A default card plugged into this machine.
    pub fn chip(&self) -> Chip {
        self.chip_with(ChipConfig::default())
    }

    /// A card built from `config` plugged into this machine: memory decoding and bus master on, and the
    /// way to host memory open.
    pub fn chip_with(&self, config: ChipConfig) -> Chip {
        let mut chip = Chip::new(config, Box::new(self.clone())).expect("a valid test card");
        Self::enable(&mut chip);
        chip
    }

    /// Memory decoding and bus master on, and the way to host memory open, as after boot.
    pub fn enable(chip: &mut Chip) {
        chip.pci.enable();
    }
}

impl Host for TestHost {
    fn memory(&self, bus_addr: u64, len: usize) -> Option<VolatileSlice<'_>> {
        let at = usize::try_from(bus_addr).ok()?;
        let left = self.ram.size().checked_sub(at)?;
        self.ram.get_slice(at, len.min(left)).ok()
    }

    fn interrupt(&mut self, vector: u16) {
        self.interrupts.lock().expect("no panic holds this lock").push(vector);
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn now_ns(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }
}
