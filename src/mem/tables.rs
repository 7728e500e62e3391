// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's page tables: the pool that they come from, the driver's own address space, and the only way
//! to change any of them.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};

use super::hop::{PteSink, Invalidation, TablePool, ENTRY_SIZE};
use super::page_table::{AddressSpace, Run};
use crate::context::asid::{ASIDS, KERNEL};
use crate::hw::bars::Bars;
use crate::hw::{map, mmu};
use crate::queue::cpu::{SHARED_ADDRESS, SHARED_SIZE};

/// What a change of page tables needs, under one lock.
struct State {
    pool: TablePool,
    kernel: AddressSpace,
}

/// All page tables of a card. There are none while the card is being reset.
#[pin_data]
pub(crate) struct Tables {
    bars: Arc<Bars>,
    #[pin]
    state: Mutex<Option<State>>,
}

/// Entries go to the card through the window to DRAM, which shows the tables.
struct Window<'a>(&'a Bars);

impl PteSink for Window<'_> {
    fn write(&mut self, address: u64, entries: &[u64]) {
        for (address, entry) in (address..).step_by(ENTRY_SIZE).zip(entries) {
            // An address outside of the window is none of the pool's; a card that is gone loses it.
            let _ = self.0.write_dram64(address, *entry);
        }
    }
}

/// Where the first table of each address space is.
pub(crate) fn first_tables() -> impl Iterator<Item = u64> {
    (0..u64::from(ASIDS)).map(|asid| map::PAGE_TABLES + asid * super::hop::TABLE_SIZE)
}

impl Tables {
    pub(crate) fn new(bars: Arc<Bars>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { bars, state <- new_mutex!(None) }),
            GFP_KERNEL,
        )
    }

    /// Begins anew, after the card's memory for tables was zeroed: maps what the device CPU needs, its
    /// firmware and the memory that it shares with the driver, which the card finds at `shared`.
    pub(crate) fn start(&self, dev: &Device, shared: u64) -> Result {
        let mut sink = Window(&self.bars);
        let mut pool = TablePool::new(map::PAGE_TABLES, map::PAGE_TABLES_SIZE, ASIDS as usize)?;
        let mut kernel = AddressSpace::new(&mut pool, &mut sink, KERNEL as usize, None)?;
        let firmware = Run {
            address: map::DRAM_BASE,
            size: map::FIRMWARE_SIZE,
        };
        let memory = Run {
            address: shared,
            size: SHARED_SIZE as u64,
        };
        for (va, run) in [(map::DRAM_BASE, firmware), (SHARED_ADDRESS, memory)] {
            let mapped = kernel
                .map(&mut pool, &mut sink, va, [run])
                .map_err(|error| {
                    dev_err!(dev, "Map failed for address {:#x}\n", va);
                    error.failure.errno()
                })?;
            self.settle(&mut pool, mapped)?;
        }
        *self.state.lock() = Some(State { pool, kernel });
        mmu::translate_cpu(&*self.bars);
        Ok(())
    }

    /// Forgets all tables: the card is about to be reset.
    pub(crate) fn stop(&self) {
        *self.state.lock() = None;
    }

    fn settle(&self, pool: &mut TablePool, invalidation: Invalidation) -> Result {
        invalidation.settle(pool, || mmu::invalidate(&*self.bars))
    }
}
