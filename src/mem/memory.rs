// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The memory of a card: what all its address spaces share.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::Arc;

use super::asid::Asids;
use super::dram::Dram;
use super::exported::ExportedMemory;
use super::table_paths::Paths;
use super::table_writer::TableWriter;
use super::tables::Tables;
use crate::abstractions::dmabuf::Exports;
use crate::abstractions::pinned::DmaMappings;
use crate::hw::bars::Bars;
use crate::queue::budget::Budget;
use crate::queue::kernel_queue::KernelQueue;
use crate::state::resets::Resets;

/// A card's memory. Address spaces hold it, so that it is there as long as anything of a user's is mapped.
pub(crate) struct Memory {
    pub(crate) dev: ARef<Device>,
    pub(crate) bars: Arc<Bars>,
    pub(crate) tables: Arc<Tables>,
    /// Users' DRAM.
    pub(crate) dram: Arc<Dram>,
    /// Users' pages that the card can reach.
    pub(crate) dma: DmaMappings,
    /// DRAM that other devices can reach.
    pub(crate) exports: Arc<Exports<ExportedMemory>>,
    pub(crate) asids: Arc<Asids>,
    /// What the machine's memory has to spare for users' buffers.
    pub(crate) buffers: Arc<Budget>,
    /// Asked for a reset of a card that does not forget what was mapped.
    pub(crate) resets: Arc<Resets>,
}

impl Memory {
    /// Nothing is mapped yet. Tables are copied to the card by `queue`.
    pub(crate) fn new(
        dev: &Device<Bound>,
        bars: &Arc<Bars>,
        queue: &Arc<KernelQueue>,
        resets: &Arc<Resets>,
    ) -> Result<Arc<Self>> {
        let paths = Paths {
            dev: dev.into(),
            bars: bars.clone(),
            queue: queue.clone(),
        };
        let memory = Self {
            dev: dev.into(),
            bars: bars.clone(),
            tables: Tables::new(TableWriter::new(paths)?)?,
            dram: Dram::new()?,
            dma: DmaMappings::new(dev)?,
            exports: Exports::new()?,
            asids: Asids::new()?,
            buffers: Budget::for_buffers()?,
            resets: resets.clone(),
        };
        Ok(Arc::new(memory, GFP_KERNEL)?)
    }
}
