// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Views of the card's state for people and tools.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::access::Origin;
use crate::chip::Chip;
use crate::cpu::BootView;
use crate::fault::Faults;
use crate::host::BusError;
use crate::map::CFG_SIZE;
use crate::mmu::Hop;
use crate::sync::Monitor;

/// The card at a glance.
#[derive(Debug, Serialize)]
pub struct Status<'a> {
    /// Card name.
    pub card: &'a str,
    /// Bytes of DRAM.
    pub dram: u64,
    /// Bytes of host memory that DRAM and SRAM use now.
    pub resident: u64,
    /// Whether BARs can be mapped.
    pub mmap: bool,
    /// Firmware.
    pub boot: BootView,
    /// Injected faults in force.
    pub faults: &'a Faults,
    /// Time stamp counter.
    pub time_stamp: u64,
}

/// Sync objects that are not zero, and monitors that have been used.
#[derive(Debug, Serialize)]
pub struct SyncView {
    /// Values by object.
    pub objects: BTreeMap<usize, u16>,
    /// Monitors by number.
    pub monitors: BTreeMap<usize, Monitor>,
}

/// A page-table walk.
#[derive(Debug, Serialize)]
pub struct WalkView {
    /// The steps, hop 0 first.
    pub hops: Vec<Hop>,
    /// Physical address of the byte, if the walk ends at a page.
    pub physical: Option<u64>,
    /// Bytes in that page.
    pub page: Option<u64>,
}

impl Chip {
    /// The card at a glance.
    pub fn status_view(&self) -> Status<'_> {
        Status {
            card: &self.config.card_name,
            dram: self.config.dram_size,
            resident: self.resident(),
            mmap: self.config.mmap,
            boot: self.boot_view(),
            faults: &self.faults,
            time_stamp: self.time_stamp(),
        }
    }

    /// Sync objects and monitors.
    pub fn sync_view(&self) -> SyncView {
        let objects = self.sync.objects().iter().enumerate().filter(|(_, v)| **v != 0);
        let monitors = self.sync.monitors().iter().enumerate().filter(|(_, m)| **m != Monitor::default());
        SyncView {
            objects: objects.map(|(i, v)| (i, *v)).collect(),
            monitors: monitors.map(|(i, m)| (i, *m)).collect(),
        }
    }

    /// Walks the page tables of `asid` for `va`; the TLB is neither asked nor filled.
    pub fn walk_view(&self, asid: u16, va: u64) -> WalkView {
        let mut hops = Vec::new();
        let page = self.walk(asid, va, |hop| hops.push(hop));
        WalkView {
            hops,
            physical: page.map(|(page, size)| page | va & (size.bytes() - 1)),
            page: page.map(|(_, size)| size.bytes()),
        }
    }

    /// Reads a register as the host does; `None` outside of the configuration space.
    pub fn inspect_register(&mut self, offset: u32) -> Option<u32> {
        (u64::from(offset) < CFG_SIZE && offset & 3 == 0).then(|| self.register_read(offset, Origin::Host))
    }

    /// Writes a register as the host does; `None` outside of the configuration space.
    pub fn inspect_register_write(&mut self, offset: u32, value: u32) -> Option<()> {
        (u64::from(offset) < CFG_SIZE && offset & 3 == 0)
            .then(|| self.register_write(offset, value, Origin::Host))
    }

    /// Reads physical device memory.
    pub fn inspect_memory(&mut self, addr: u64, buf: &mut [u8]) -> Result<(), BusError> {
        self.physical_read(addr, buf, Origin::Host)
    }

    /// Writes physical device memory.
    pub fn inspect_memory_write(&mut self, addr: u64, data: &[u8]) -> Result<(), BusError> {
        self.physical_write(addr, data, Origin::Host)
    }
}
