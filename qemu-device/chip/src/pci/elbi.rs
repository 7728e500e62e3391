// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! ELBI: a window to the card's registers in configuration space (`pci_general.h`), for use before
//! any BAR is mapped.

use crate::access::Origin;
use crate::chip::Chip;
use crate::map::{CFG_BASE, CFG_SIZE};

/// Where the window begins: address (low 32 bits), data, control, status.
pub(super) const FIRST: usize = 0xFF0;
const CONTROL: usize = 8;
const STATUS: usize = 12;
/// In control: write, not read.
const WRITE: u32 = 1 << 31;
const DONE: u32 = 1 << 31;
const ERROR: u32 = 1 << 30;

/// The window's four registers.
#[derive(Debug, Default)]
pub(super) struct Elbi {
    bytes: [u8; 16],
}

impl Elbi {
    pub fn read(&self, at: usize) -> u8 {
        self.bytes.get(at - FIRST).copied().unwrap_or(0xFF)
    }

    fn word(&self, at: usize) -> u32 {
        let b = &self.bytes[at..at + 4];
        u32::from_le_bytes([b[0], b[1], b[2], b[3]])
    }

    fn set(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
}

impl Chip {
    /// Writes one byte of the window; the last byte of control starts the access, which is done at once.
    pub(super) fn elbi_write(&mut self, at: usize, byte: u8) {
        let Some(slot) = self.pci.elbi.bytes.get_mut(at - FIRST) else { return };
        *slot = byte;
        if at - FIRST != CONTROL + 3 {
            return;
        }
        let address = self.pci.elbi.word(0);
        // The window takes 32 bits of a 39-bit address; everything behind it is configuration space.
        let offset = address.wrapping_sub(CFG_BASE as u32);
        let status = if self.faults.take_elbi() || u64::from(offset) >= CFG_SIZE || address & 3 != 0 {
            DONE | ERROR
        } else if self.pci.elbi.word(CONTROL) & WRITE != 0 {
            let data = self.pci.elbi.word(4);
            self.register_write(offset, data, Origin::Host);
            DONE
        } else {
            let data = self.register_read(offset, Origin::Host);
            self.pci.elbi.set(4, data);
            DONE
        };
        self.pci.elbi.set(STATUS, status);
    }
}
