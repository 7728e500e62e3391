// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The memory of a context: what its user has mapped into its address space of the card's.
//!
//! Facts: upstream's `common/memory.c`, `map_device_va()`, `unmap_device_va()`, `hl_vm_ctx_init()` and
//! `hl_vm_ctx_fini()`; `goya_mmu_prepare()`.
//!
//! No lock is held while a process's pages are pinned. That of the address space may be while they are unpinned, which takes
//! no other lock of ours.

use core::mem;
use core::ops::Range;

use kernel::{
    device::Device,
    dma::DataDirection,
    prelude::*,
    rbtree::{RBTree, RBTreeNodeReservation},
    sync::{
        atomic::{Atomic, Relaxed},
        new_mutex,
        Arc,
        Mutex, //
    }, //
};

use super::{
    address_map::{AddressMap, Drain, Entry},
    asid::Asid,
    dram::{DramFailure, PieceUse},
    exported::{Counted, ExportCount},
    hop::HUGE_PAGE,
    mapping::{Backing, Layout, Mapping},
    memory::Memory,
    range::{Align, Block, Hint},
    tables::{Failure, Refused}, //
};
use crate::abstractions::ratelimit::{dev_err_ratelimited, dev_warn_ratelimited};
use crate::abstractions::{
    name,
    pinned::{Account, PinnedPages},
    signal::is_killed,
    trace, //
};
use crate::hw::mmu;

/// A context's address space and what is mapped there. At its end, which sleeps, all of that is undone.
#[pin_data(PinnedDrop)]
pub(crate) struct UserMemory {
    memory: Arc<Memory>,
    /// The number of its address space, which is somebody else's after its end, and that of its exports.
    asid: Arc<Asid>,
    /// The same number; [`NOBODY`] after [`Self::end`]. Held while the card's state changes for it.
    #[pin]
    space: Mutex<u32>,
    /// Bytes of device memory that the user has allocated.
    dram_used: Atomic<u64>,
    /// What the user has pinned, however many processes he is.
    pins: Arc<Account>,
    #[pin]
    state: Mutex<AddressMap>,
}

/// What no address space has for a number.
const NOBODY: u32 = u32::MAX;

impl UserMemory {
    /// Makes address space `asid`, and lets all engines run in it.
    ///
    /// Errors: `ENOMEM`.
    pub(crate) fn new(memory: &Arc<Memory>, asid: Asid) -> Result<Arc<Self>> {
        let dev = &memory.dev;
        let asid = Arc::new(asid, GFP_KERNEL)?;
        let number = asid.number();
        let make = || -> Result<Arc<Self>> {
            let (state, pins) = (AddressMap::new()?, Account::new()?);
            let this = Arc::pin_init(
                pin_init!(Self {
                    memory: memory.clone(),
                    space <- new_mutex!(number),
                    asid,
                    dram_used: Atomic::new(0),
                    pins,
                    state <- new_mutex!(state),
                }),
                GFP_KERNEL,
            )?;
            // Undone by dropping `this`.
            memory.tables.open(number).inspect_err(|_| {
                dev_err_ratelimited!(dev, "failed to init context {}\n", number)
            })?;
            Ok(this)
        };
        let this = make().map_err(|_| {
            dev_err_ratelimited!(dev, "Failed to init mem ctx module\n");
            ENOMEM
        })?;
        mmu::set_asid(dev, &*memory.bars, number)
            .inspect_err(|_| dev_err_ratelimited!(dev, "ctx_init failed\n"))?;
        Ok(this)
    }

    /// The memory that it is part of.
    pub(super) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    fn dev(&self) -> &Device {
        &self.memory.dev
    }

    /// The number of its address space.
    pub(crate) fn asid(&self) -> u32 {
        self.asid.number()
    }

    /// Its number, as long as somebody has something there.
    pub(super) fn share_asid(&self) -> Arc<Asid> {
        self.asid.clone()
    }

    /// What the user's pinned pages are charged to.
    pub(crate) fn pins(&self) -> &Arc<Account> {
        &self.pins
    }

    /// Bytes of device memory that the user has allocated.
    pub(crate) fn dram_used(&self) -> u64 {
        self.dram_used.load(Relaxed)
    }

    /// Bytes of host memory that are mapped, and of device memory that is mapped and exported.
    pub(crate) fn mapped(&self) -> (u64, u64) {
        self.state.lock().usage()
    }

    /// Calls `run` with address and memory of everything that is mapped, in the order of addresses.
    pub(crate) fn each_mapping(&self, mut run: impl FnMut(u64, &Mapping) -> Result) -> Result {
        let state = self.state.lock();
        let mut mappings = state.mappings.iter();
        mappings.try_for_each(|(address, entry)| run(*address, entry.mapping.mapping()))
    }

    /// Calls `run` with the free addresses for host memory or for DRAM, in rising order.
    pub(crate) fn each_hole(&self, dram: bool, run: impl FnMut(Range<u64>) -> Result) -> Result {
        let state = self.state.lock();
        let range = if dram { &state.dram } else { &state.host };
        let result = range.holes().try_for_each(run);
        result
    }

    /// Allocates device memory. Returns its handle.
    ///
    /// Errors: `EINVAL`: no bytes; `ENOMEM`: there is not so much; `EFAULT`: there is no handle.
    pub(crate) fn alloc(&self, size: u64, contiguous: bool, shared: bool) -> Result<u32> {
        let space = self.space.lock();
        if *space == NOBODY {
            return Err(ENODEV);
        }
        let dram = &self.memory.dram;
        let (handle, size) = dram
            .alloc(self.asid(), size, contiguous, shared)
            .map_err(|failure| self.failed(failure))?;
        self.dram_used.add(size, Relaxed);
        Ok(handle)
    }

    /// Frees device memory.
    ///
    /// Errors: `EINVAL`: there is no such handle, or it is mapped.
    pub(crate) fn free(&self, handle: u32) -> Result {
        let space = self.space.lock();
        if *space == NOBODY {
            return Err(ENODEV);
        }
        let freed = self.memory.dram.free(handle);
        if let Ok(size) = freed {
            self.dram_used.fetch_sub(size, Relaxed);
        }
        drop(space);
        freed.map(drop).map_err(|failure| self.failed(failure))
    }

    fn failed(&self, failure: DramFailure) -> Error {
        dev_err_ratelimited!(self.dev(), "{}\n", failure);
        failure.errno()
    }

    /// Maps device memory. Returns its address.
    ///
    /// Errors: `EINVAL`: there is no such handle; `EPERM`: it is another's; as [`Self::map`].
    pub(crate) fn map_device(&self, handle: u32, hint: Hint) -> Result<u64> {
        let Some(piece) = self.memory.dram.use_piece(handle) else {
            dev_err_ratelimited!(self.dev(), "no match for handle {}\n", handle);
            return Err(EINVAL);
        };
        if !piece.is_for(self.asid()) {
            dev_err_ratelimited!(
                self.dev(),
                "Failed to map memory, handle {} is not shared\n",
                handle
            );
            return Err(EPERM);
        }
        let layout = Layout {
            size: piece.size(),
            offset: 0,
            huge: true,
        };
        self.map(Backing::Device(piece), layout, Align::Page, hint, handle)
    }

    /// Maps pages of a process's. Returns their address.
    ///
    /// Errors: see [`PinnedPages::map`]; `EINVAL`: an address that must be but can't, as the memory does not begin
    /// at a page; as [`Self::map`].
    pub(crate) fn map_host(&self, pages: PinnedPages, hint: Hint) -> Result<u64> {
        let address = pages.address() as u64;
        let pages = pages
            .map(&self.memory.dma, DataDirection::Bidirectional)
            .inspect_err(|_| {
                dev_err_ratelimited!(self.dev(), "failed to map sgt with DMA region\n")
            })?;
        let memory = Backing::Host(pages);
        let layout = memory.layout();
        // Small pages get the place that a process's huge page would have.
        let align = if layout.huge || address % HUGE_PAGE == 0 {
            Align::Huge
        } else {
            Align::Page
        };
        self.map(memory, layout, align, hint, 0)
    }

    /// Errors: `ENOMEM`: no addresses, not those that must be, no table, or no memory of the host's;
    /// `ETIMEDOUT`: the card has not confirmed the change; `EINTR`: the process is to end, or the card is
    /// reset.
    fn map(
        &self,
        memory: Backing,
        layout: Layout,
        align: Align,
        hint: Hint,
        handle: u32,
    ) -> Result<u64> {
        let dev = self.dev();
        // What can fail is done before addresses are taken.
        let node = RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?;
        let room = KBox::new_uninit(GFP_KERNEL_ACCOUNT)?;
        if layout.offset != 0 {
            match hint {
                Hint::Force(hint) if hint != 0 => {
                    dev_err_ratelimited!(
                        dev,
                        "Hint address {:#x} cannot be respected because source memory is not aligned {:#x}\n",
                        hint,
                        layout.offset
                    );
                    return Err(EINVAL);
                }
                Hint::Wish(hint) if hint != 0 => dev_dbg!(
                    dev,
                    "Hint address {:#x} will be ignored because source memory is not aligned {:#x}\n",
                    hint,
                    layout.offset
                ),
                _ => (),
            }
        }
        let block = self
            .state
            .lock()
            .range(&memory)
            .alloc(layout.size, align, hint);
        let block = block.map_err(|failure| {
            dev_err_ratelimited!(dev, "{}\n", failure);
            dev_err_ratelimited!(dev, "no available va block for handle {}\n", handle);
            failure.errno()
        })?;
        let address = block.start().wrapping_add(layout.offset);
        let mapping = room.write(Mapping::new(block, memory));
        let resets = &self.memory.resets;
        let stop = || is_killed() || (resets.in_reset() && !resets.in_soft_reset());
        let mapped = {
            let space = self.space.lock();
            self.memory.tables.map(*space, mapping, stop)
        };
        match mapped {
            Ok(mapping) => {
                trace::goya_mmu_map(dev, || mapping.mapping().traced(self.asid()));
                let entry = Entry {
                    mapping,
                    exports: ExportCount::default(),
                };
                // No other mapping has the address: the block was free.
                self.state
                    .lock()
                    .mappings
                    .insert(node.into_node(address, entry));
                Ok(address)
            }
            Err(refused) => Err(self.refused(refused, layout, handle)),
        }
    }

    /// Cleans up after a mapping that was not made, and says why it was not.
    fn refused(&self, refused: Refused, layout: Layout, handle: u32) -> Error {
        let dev = self.dev();
        if let Some(mapping) = refused.mapping {
            self.give_back(KBox::into_inner(mapping));
        }
        if let Some(error) = refused.stale {
            self.not_forgotten("HMMU", error);
        }
        let error = match refused.failure {
            Failure::NoSpace => ENODEV,
            Failure::Stale(_) => return ETIMEDOUT,
            Failure::Stopped => return EINTR,
            Failure::Tables(failure, mapped) => {
                let error = failure.errno();
                let page = if layout.huge { HUGE_PAGE } else { 4096 };
                dev_err_ratelimited!(dev, "{}\n", failure);
                dev_err_ratelimited!(
                    dev,
                    "map failed ({}) for handle {}, npages: {}, mapped: {}\n",
                    error.to_errno(),
                    handle,
                    layout.size / page,
                    mapped / page
                );
                error
            }
        };
        dev_err_ratelimited!(
            dev,
            "mapping page pack failed ({}) for handle {}\n",
            error.to_errno(),
            handle
        );
        error
    }

    /// Unmaps what was mapped at `address`.
    ///
    /// Errors: `EINVAL`: there is no such mapping, or it is exported; `ETIMEDOUT`: the card has not
    /// confirmed.
    pub(crate) fn unmap(&self, address: u64) -> Result {
        let dev = self.dev();
        let mapping = {
            let mut state = self.state.lock();
            let Some(entry) = state.mappings.get(&address) else {
                dev_err_ratelimited!(dev, "unmap failed, no mem hnode for vaddr {:#x}\n", address);
                return Err(EINVAL);
            };
            if entry.exports.any() {
                dev_err_ratelimited!(dev, "failed to unmap {:#x}, memory is exported\n", address);
                return Err(EINVAL);
            }
            // Nobody else unmaps it now.
            state.remove(address).ok_or(EINVAL)?
        };
        let (start, size) = (mapping.mapping().address(), mapping.mapping().size());
        let unit = match mapping.mapping().memory() {
            Backing::Host(_) => "PMMU",
            Backing::Device(_) => "HMMU",
        };
        let unmapped = {
            let space = self.space.lock();
            self.memory.tables.unmap(*space, mapping)
        };
        match unmapped {
            Ok((mapping, holes)) => {
                if holes > 0 {
                    dev_warn_ratelimited!(dev, "unmap failed for vaddr: {:#x}\n", start);
                }
                trace::goya_mmu_unmap(dev, || mapping.traced(self.asid()));
                self.give_back(KBox::into_inner(mapping));
                Ok(())
            }
            Err(error) => {
                self.not_forgotten(unit, error);
                dev_err_ratelimited!(
                    dev,
                    "{}: {} cache range invalidation failed: va={:#x}, size={}, rc={}",
                    name(dev),
                    unit,
                    start,
                    size,
                    error.to_errno()
                );
                Err(error)
            }
        }
    }

    /// Frees the addresses of a mapping, then its memory, neither of which the card can reach.
    fn give_back(&self, mapping: Mapping) {
        let (block, memory): (Block, Backing) = mapping.into_parts();
        self.state.lock().range(&memory).free(block);
        // Without the lock: pages are unpinned.
        drop(memory);
    }

    /// The card did not confirm that it has forgotten a translation, or did not write one (then the log has why).
    fn not_forgotten(&self, unit: &str, error: Error) {
        dev_err_ratelimited!(
            self.dev(),
            "{}: {} cache invalidation failed, rc={}\n",
            name(self.dev()),
            unit,
            error.to_errno()
        );
        self.memory.resets.request_hard_reset();
    }

    /// Keeps the device memory that is mapped at `address` mapped, until the first result is dropped, if `check` likes
    /// it.
    ///
    /// Errors: `EINVAL`: there is no such mapping, or it is host memory; `ENOMEM`; what `check` returns.
    pub(super) fn pin_export<T>(
        &self,
        address: u64,
        check: impl FnOnce(&PieceUse) -> Result<T>,
    ) -> Result<(Counted, T)> {
        let dev = self.dev();
        let mut state = self.state.lock();
        let Some(entry) = state.mappings.get_mut(&address) else {
            dev_dbg!(dev, "map address {:#x} not found\n", address);
            return Err(EINVAL);
        };
        let Backing::Device(piece) = entry.mapping.mapping().memory() else {
            dev_dbg!(dev, "invalid handle for map address {:#x}\n", address);
            return Err(EINVAL);
        };
        let result = check(piece)?;
        Ok((entry.exports.up()?, result))
    }
}

#[pinned_drop]
impl PinnedDrop for UserMemory {
    fn drop(self: Pin<&mut Self>) {
        self.end();
    }
}

impl UserMemory {
    /// Undoes all. Nothing can be mapped or allocated any more, and another may have the address space.
    pub(crate) fn end(&self) {
        let memory = &self.memory;
        let mut space = self.space.lock();
        let asid = mem::replace(&mut *space, NOBODY);
        let mappings = mem::replace(&mut self.state.lock().mappings, RBTree::new());
        if !mappings.is_empty() && !memory.resets.in_reset() {
            dev_dbg!(
                memory.dev,
                "user released device without removing its memory mappings\n"
            );
        }
        if trace::goya_mmu_unmap_enabled() {
            for entry in mappings.values() {
                trace::goya_mmu_unmap(&memory.dev, || entry.mapping.mapping().traced(asid));
            }
        }
        match memory.tables.close(asid, Drain(mappings)) {
            Ok(0) => (),
            Ok(_) => {
                dev_err_ratelimited!(
                    memory.dev,
                    "ctx {} is freed while it has pgts in use\n",
                    asid
                )
            }
            Err(error) => self.not_forgotten("PMMU", error),
        }
        if asid == NOBODY {
            return;
        }
        let left = memory.dram.free_all(asid);
        self.dram_used.store(0, Relaxed);
        if left > 0 {
            dev_dbg!(
                memory.dev,
                "{} page lists of asid {} are still alive\n",
                left,
                asid
            );
        }
    }

    /// Undoes all, and gives the number of the address space back. The card can't reach what was mapped.
    pub(crate) fn bury(&self) {
        self.end();
        self.asid.give_back();
    }
}
