// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! MSI-X: table, pending bits, and sending.
//!
//! A transport that keeps table and masks itself says so by [`crate::Host::masks_interrupts`]; QEMU
//! does, and never shows the card what the guest wrote. Then every message of a bus master goes out at once.

use crate::chip::Chip;

/// Vectors of the card (`GOYA_MSIX_ENTRIES`, `goya.h`).
pub const VECTORS: u16 = 8;
/// Bytes of the BAR with table and pending bits (`MSIX_BAR_SIZE`, `goya.h`).
pub const MSIX_BAR_SIZE: u64 = 0x1000;
/// Where the pending bits lie in it; the table is at its beginning.
pub(super) const PBA: usize = 0x800;
const ENTRY: usize = 16;
const TABLE: usize = ENTRY * VECTORS as usize;
/// In the last word of an entry.
const MASKED: u8 = 1;

#[derive(Debug)]
pub(super) struct Msix {
    table: [u8; TABLE],
    pending: u8,
}

impl Default for Msix {
    fn default() -> Self {
        let mut table = [0; TABLE];
        table.iter_mut().skip(12).step_by(ENTRY).for_each(|control| *control = MASKED);
        Self { table, pending: 0 }
    }
}

impl Msix {
    pub fn read(&self, at: usize) -> u8 {
        match at {
            PBA => self.pending,
            _ => self.table.get(at).copied().unwrap_or(0),
        }
    }

    pub fn write(&mut self, at: usize, byte: u8) {
        if let Some(slot) = self.table.get_mut(at) {
            *slot = byte;
        }
    }

    fn masked(&self, vector: u16) -> bool {
        self.table.get(usize::from(vector) * ENTRY + 12).is_none_or(|c| c & MASKED != 0)
    }
}

impl Chip {
    /// Sends the message of `vector`, or keeps it pending while it is masked.
    pub(crate) fn interrupt(&mut self, vector: u16) {
        if vector >= VECTORS {
            tracing::debug!(target: "goya::irq", vector, "no such vector");
            return;
        }
        if self.faults.take_lost_interrupt(vector) {
            tracing::debug!(target: "goya::irq", vector, "lost by an injected fault");
            self.counters.interrupts_withheld += 1;
            return;
        }
        if !self.deliverable(vector) {
            tracing::debug!(target: "goya::irq", vector, "masked");
            self.pci.msix.pending |= 1 << vector;
            self.counters.interrupts_withheld += 1;
            return;
        }
        tracing::trace!(target: "goya::irq", vector);
        if let Some(count) = self.counters.interrupts.get_mut(usize::from(vector)) {
            *count += 1;
        }
        self.host.interrupt(vector);
    }

    /// Whether the message of `vector` may go out: it is a memory write, so the function must be a bus
    /// master as well.
    fn deliverable(&self, vector: u16) -> bool {
        let (enabled, function_masked) = self.pci.config.msix_control();
        let open = || enabled && !function_masked && !self.pci.msix.masked(vector);
        self.pci.config.memory_and_master().1 && (self.host.masks_interrupts() || open())
    }

    /// Sends what was pending and is held back no more.
    pub(super) fn msix_flush(&mut self) {
        if self.pci.msix.pending == 0 {
            return;
        }
        for vector in 0..VECTORS {
            if self.pci.msix.pending & 1 << vector != 0 && self.deliverable(vector) {
                self.pci.msix.pending &= !(1 << vector);
                self.interrupt(vector);
            }
        }
    }
}
