// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is mapped where in a user's address space.

use kernel::prelude::*;
use kernel::rbtree::RBTree;

use super::exported::ExportCount;
use super::mapping::Backing;
use super::range::AddressRange;
use super::tables::LiveMapping;

/// What is mapped in an address space, and which of its addresses are free.
pub(super) struct AddressMap {
    pub(super) host: AddressRange,
    pub(super) dram: AddressRange,
    /// By the addresses that the user was told.
    pub(super) mappings: RBTree<u64, Entry>,
}

/// A mapping, and how often it is exported.
pub(super) struct Entry {
    pub(super) mapping: LiveMapping,
    pub(super) exports: ExportCount,
}

impl AddressMap {
    /// Nothing is mapped.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            host: AddressRange::host()?,
            dram: AddressRange::dram()?,
            mappings: RBTree::new(),
        })
    }

    /// The addresses for `memory`.
    pub(super) fn range(&mut self, memory: &Backing) -> &mut AddressRange {
        match memory {
            Backing::Host(_) => &mut self.host,
            Backing::Device(_) => &mut self.dram,
        }
    }

    /// Bytes of host memory that are mapped, and of mapped device memory that is exported.
    pub(super) fn usage(&self) -> (u64, u64) {
        let (mut host, mut exported) = (0u64, 0u64);
        for entry in self.mappings.values() {
            let mapping = entry.mapping.mapping();
            match mapping.memory() {
                Backing::Host(_) => host = host.saturating_add(mapping.size()),
                Backing::Device(_) if entry.exports.any() => {
                    exported = exported.saturating_add(mapping.size());
                }
                Backing::Device(_) => (),
            }
        }
        (host, exported)
    }

    pub(super) fn remove(&mut self, address: u64) -> Option<LiveMapping> {
        let node = self.mappings.remove_node(&address)?;
        let (_, entry) = node.to_key_value();
        Some(entry.mapping)
    }
}

/// Takes all mappings out of a tree.
pub(super) struct Drain(pub(super) RBTree<u64, Entry>);

impl Iterator for Drain {
    type Item = LiveMapping;

    fn next(&mut self) -> Option<LiveMapping> {
        let (_, node) = self.0.cursor_front_mut()?.remove_current();
        let (_, entry) = node.to_key_value();
        Some(entry.mapping)
    }
}
