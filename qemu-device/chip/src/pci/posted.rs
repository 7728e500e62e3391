// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Posted writes to BAR 4 that have not arrived: only an injected fault holds them back. What reads the BAR finds
//! them done, and the card's own engines don't until then.

use crate::access::Origin;
use crate::chip::Chip;

/// Bytes that wait at most; a bridge has room for no more.
const MOST: usize = 1 << 20;

/// What waits, by device address, in the order of the writes.
#[derive(Debug, Default)]
pub(super) struct Posted {
    writes: Vec<(u64, Vec<u8>)>,
    bytes: usize,
}

impl Chip {
    /// A write of `data` to card memory at device address `address` is on its way.
    pub(super) fn post(&mut self, address: u64, data: &[u8]) {
        let posted = &mut self.pci.posted;
        posted.bytes += data.len();
        posted.writes.push((address, data.to_vec()));
        if posted.bytes > MOST || !self.faults.writes_held() {
            self.posted_arrive();
        }
    }

    /// All that is on its way arrives.
    pub(crate) fn posted_arrive(&mut self) {
        let Posted { writes, .. } = std::mem::take(&mut self.pci.posted);
        for (address, data) in writes {
            // The memory was there when it was written.
            let _ = self.physical_write(address, &data, Origin::Host);
            self.boot_note_write(address, data.len() as u64);
        }
    }
}
