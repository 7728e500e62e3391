// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Mapping of pinned pages for DMA, undone at the latest when the device loses its driver.
//!
//! A `Devres` for each mapping would be the simple way. But giving one back looks through all that the
//! device has, with interrupts off, and how many there are is the user's choice. So there is one
//! `Devres` for a list of all mappings, from which each can be taken in no time.

use super::{
    super::{
        ratelimit::{dev_err_ratelimited, RateLimit},
        raw_device, LINK_BITS,
    },
    bounce,
    pages::PinnedPages,
    runs::runs, //
};

use kernel::{
    bindings,
    device::{Bound, Device},
    devres::Devres,
    dma::DataDirection,
    error::to_result,
    list::{impl_list_arc_safe, impl_list_item, List, ListArc, ListLinks},
    page::PAGE_SIZE,
    prelude::*,
    sync::{aref::ARef, new_condvar, new_mutex, Arc, CondVar, Mutex},
};

use core::marker::PhantomData;

/// The same memory may be mapped as often as one likes: there are no caches that are to be flushed for the device, and no
/// copies ([`bounce`]). The kernel's checker of mappings warns of more than eight otherwise.
const OFTEN: c_ulong = bindings::DMA_ATTR_DEBUGGING_IGNORE_CACHELINES as c_ulong;

/// All DMA mappings of a device. When this is dropped, or the device is unbound from its driver, all
/// of them are undone (which may sleep), and new ones refused; the card must have been stopped before.
pub(crate) struct DmaMappings {
    shared: Arc<Shared>,
    _closer: Devres<Closer>,
}

impl DmaMappings {
    /// None yet. To be made once for a device.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(dev: &Device<Bound>) -> Result<Self> {
        let bounces = bounce::always(dev)?;
        if bounces {
            dev_notice!(
                dev,
                "only copies of host memory can be mapped here (swiotlb), so that none can\n"
            );
        }
        let shared = Arc::pin_init(
            pin_init!(Shared {
                device: dev.into(),
                bounces,
                state <- new_mutex!(State {
                    open: true,
                    busy: 0,
                    mapped: List::new(),
                }),
                idle <- new_condvar!(),
            }),
            GFP_KERNEL,
        )?;
        Ok(Self {
            _closer: Devres::new(dev, Closer(shared.clone()))?,
            shared,
        })
    }
}

/// What mappings share.
///
/// # Invariants
///
/// As long as `state.open`, or `state.busy` is not 0, or `state.mapped` is not empty, `device` is bound
/// to its driver: [`Closer`] is dropped before it is not, and waits for all that.
#[pin_data]
struct Shared {
    device: ARef<Device>,
    /// The kernel maps copies of memory, whatever the memory.
    bounces: bool,
    #[pin]
    state: Mutex<State>,
    /// Woken when `busy` gets 0.
    #[pin]
    idle: CondVar,
}

struct State {
    /// Whether new mappings can be made.
    open: bool,
    /// How many calls use the device without the lock.
    busy: usize,
    /// What is mapped and has to be unmapped.
    mapped: List<Mapping>,
}

impl Shared {
    /// Ends a call that uses the device without the lock.
    fn done(&self, state: &mut State) {
        state.busy = state.busy.saturating_sub(1);
        if state.busy == 0 {
            self.idle.notify_all();
        }
    }

    /// Says that only a copy of memory could be mapped, and what that is for a user.
    fn copies_only(&self) -> Error {
        static LIMIT: RateLimit = RateLimit::new();
        if LIMIT.allows() {
            dev_err!(
                self.device,
                "host memory can't be mapped: the kernel would give the card a copy of it (swiotlb)\n"
            );
        }
        EOPNOTSUPP
    }

    /// Maps a table. Also says how many of its entries have an address of the device's: it may need
    /// fewer than there are pieces.
    ///
    /// # Safety
    ///
    /// The table must not be freed before the result is taken from `state.mapped`.
    unsafe fn map(&self, table: &Table, direction: DataDirection) -> Result<(Arc<Mapping>, u32)> {
        let mapping = ListArc::pin_init::<Error>(
            try_pin_init!(Mapping {
                table: table.0,
                direction,
                links <- ListLinks::new(),
            }),
            GFP_KERNEL_ACCOUNT,
        )?;
        {
            let mut state = self.state.lock();
            if !state.open {
                return Err(ENODEV);
            }
            state.busy = state.busy.saturating_add(1);
        }
        let mut mapped = table.0;
        // SAFETY: The device is bound, as `busy` is not 0. The list is valid. The call sets a
        // count in the copy that neither unmapping nor freeing needs.
        let result = to_result(unsafe {
            bindings::dma_map_sgtable(
                raw_device(&self.device),
                &mut mapped,
                direction.into(),
                OFTEN,
            )
        });
        // SAFETY: The device is bound, and the table mapped. If it may not stay so, its memory is as it was.
        let result = result.and_then(|()| unsafe {
            if bounce::any(raw_device(&self.device), &mapped) {
                bindings::dma_unmap_sgtable(
                    raw_device(&self.device),
                    &mut mapped,
                    direction.into(),
                    OFTEN | bindings::DMA_ATTR_SKIP_CPU_SYNC as c_ulong,
                );
                return Err(self.copies_only());
            }
            Ok(())
        });
        let mut state = self.state.lock();
        self.done(&mut state);
        result?;
        let kept = mapping.clone_arc();
        state.mapped.push_back(mapping);
        Ok((kept, mapped.nents))
    }

    /// # Safety
    ///
    /// `mapping` was just taken from `state.mapped`, its list is alive, and either `state.busy` counts
    /// the caller or the lock has been held since.
    unsafe fn unmap(&self, mapping: &Mapping) {
        let mut table = mapping.table;
        // SAFETY: The device is bound by the type invariant and the function's precondition. What was
        // in the list of mappings is mapped, with this direction.
        unsafe {
            bindings::dma_unmap_sgtable(
                raw_device(&self.device),
                &mut table,
                mapping.direction.into(),
                OFTEN,
            )
        }
    }
}

/// Undoes all mappings when dropped.
struct Closer(Arc<Shared>);

impl Drop for Closer {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.open = false;
        while state.busy > 0 {
            self.0.idle.wait(&mut state);
        }
        while let Some(mapping) = state.mapped.pop_front() {
            // SAFETY: We hold the lock. The list is alive: `MappedPages` takes the mapping from
            // `state.mapped` before it frees the list, and did not yet.
            unsafe { self.0.unmap(&mapping) };
        }
    }
}

/// A list of the pieces of memory that adjacent pages make.
///
/// # Invariants
///
/// `.0` was made by `sg_alloc_table()`, and all its entries are filled.
struct Table(bindings::sg_table);

// SAFETY: Any task may free the table.
unsafe impl Send for Table {}
// SAFETY: A shared reference only lets one read, and copy pointers.
unsafe impl Sync for Table {}

impl Table {
    fn new(dev: &Device, pinned: &PinnedPages) -> Result<Self> {
        // Bounce buffers take pieces of a limited size only.
        // SAFETY: `dev` is a valid device.
        let longest = match unsafe { bindings::dma_max_mapping_size(raw_device(dev)) } {
            0 => u32::MAX,
            longest => u32::try_from(longest).unwrap_or(u32::MAX),
        };
        let runs = || runs(&pinned.pages, longest as usize / PAGE_SIZE);
        let count = runs().fold(0u32, |count, _| count.saturating_add(1));
        let mut table = bindings::sg_table::default();
        let flags = bindings::GFP_KERNEL_ACCOUNT | bindings::__GFP_NOWARN;
        // SAFETY: The table is ours, and empty.
        to_result(unsafe { bindings::sg_alloc_table(&mut table, count, flags) })?;
        let (mut entry, mut offset, mut left) = (table.sgl, pinned.span.offset, pinned.span.size);
        for run in runs() {
            // A run is no longer than `longest`.
            let room = run.pages.saturating_mul(PAGE_SIZE);
            let length = left.min(room.saturating_sub(offset as usize)) as u32;
            // SAFETY: There are as many entries as runs, so this is one. It is set as `sg_set_page()` does.
            unsafe {
                (*entry).page_link = ((*entry).page_link & LINK_BITS) | run.first as c_ulong;
                (*entry).offset = offset;
                (*entry).length = length;
                entry = bindings::sg_next(entry);
            }
            (offset, left) = (0, left.saturating_sub(length as usize));
        }
        // INVARIANT: Filled above.
        Ok(Self(table))
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::sg_free_table(&mut self.0) }
    }
}

/// A copy of a table, mapped as long as it is in `State::mapped`.
#[pin_data]
struct Mapping {
    table: bindings::sg_table,
    direction: DataDirection,
    #[pin]
    links: ListLinks,
}

// SAFETY: Any task may unmap the table.
unsafe impl Send for Mapping {}
// SAFETY: A shared reference only lets one read, and copy pointers.
unsafe impl Sync for Mapping {}

impl_list_arc_safe! {
    impl ListArcSafe<0> for Mapping { untracked; }
}
impl_list_item! {
    impl ListItem<0> for Mapping { using ListLinks { self.links }; }
}

impl PinnedPages {
    /// Maps the pages for DMA, until the result or `mappings` is dropped, or the device is unbound from
    /// its driver, whatever is first.
    ///
    /// # Errors
    ///
    /// `ENODEV`: unbound already; `EOPNOTSUPP`: the kernel would map a copy of some of them; `ENOMEM`, and what
    /// `dma_map_sgtable()` returns. The pages are unpinned then.
    pub(crate) fn map(
        self,
        mappings: &DmaMappings,
        direction: DataDirection,
    ) -> Result<MappedPages> {
        let shared = mappings.shared.clone();
        if shared.bounces {
            return Err(shared.copies_only());
        }
        let table = Table::new(&shared.device, &self).inspect_err(|_| {
            dev_err_ratelimited!(shared.device, "failed to create SG table from pages\n");
        })?;
        // SAFETY: `MappedPages` takes the mapping from the list before it drops the table.
        let (mapping, entries) = unsafe { shared.map(&table, direction) }?;
        Ok(MappedPages {
            mapping,
            entries,
            shared,
            _table: table,
            pages: self,
        })
    }
}

/// A contiguous range of the device's bus addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Bus address of the first byte; without the card's own offset of host memory.
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) length: u64,
}

/// Pinned pages that a device can reach. Dropping them unmaps, then unpins (and may sleep); the card
/// must have been stopped from using the addresses before.
pub(crate) struct MappedPages {
    mapping: Arc<Mapping>,
    /// How many entries of the list have an address.
    entries: u32,
    shared: Arc<Shared>,
    // The order matters: free the list, then unpin. Unmapping comes before both.
    _table: Table,
    pages: PinnedPages,
}

impl MappedPages {
    /// The pieces in the order of the user's addresses; together they are as many bytes as the pages. The
    /// first one begins at the user's address, which need not be that of a page.
    ///
    /// The card may use the addresses until the mapping ends.
    pub(crate) fn segments(&self) -> Segments<'_> {
        // INVARIANT: So many entries were mapped, and the list lives as long as `self`.
        Segments {
            list: PhantomData,
            next: self.mapping.table.sgl,
            left: self.entries,
        }
    }

    /// The pages.
    pub(crate) fn pages(&self) -> &PinnedPages {
        &self.pages
    }
}

impl Drop for MappedPages {
    fn drop(&mut self) {
        let shared = &*self.shared;
        let mut state = shared.state.lock();
        // SAFETY: The mapping is in no other list.
        if unsafe { state.mapped.remove(&self.mapping) }.is_none() {
            // Unmapped already: the device was unbound.
            return;
        }
        state.busy = state.busy.saturating_add(1);
        drop(state);
        // SAFETY: Just taken from the list, and `busy` counts us. Our fields are still there.
        unsafe { shared.unmap(&self.mapping) };
        shared.done(&mut shared.state.lock());
    }
}

/// Goes through the pieces of [`MappedPages`].
///
/// # Invariants
///
/// `next` is an entry of a list that lives for `'a`, with at least `left` mapped entries from it on, or
/// `left` is 0.
pub(crate) struct Segments<'a> {
    list: PhantomData<&'a MappedPages>,
    next: *mut bindings::scatterlist,
    left: u32,
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        self.left = self.left.checked_sub(1)?;
        let entry = self.next;
        // SAFETY: By the type invariant `entry` is a mapped entry.
        let segment = unsafe {
            Segment {
                address: bindings::sg_dma_address(entry),
                length: u64::from(bindings::sg_dma_len(entry)),
            }
        };
        if self.left > 0 {
            // INVARIANT: There is one more mapped entry, and it is the next of the list.
            // SAFETY: By the type invariant `entry` is valid, and not the last one.
            self.next = unsafe { bindings::sg_next(entry) };
        }
        Some(segment)
    }
}

#[kunit_tests(goya_dma_mappings)]
mod tests {
    use super::*;
    use kernel::faux;

    /// Nothing is mapped, but all that has to end ends, in either order.
    #[test]
    fn closes() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-dma", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        drop(DmaMappings::new(dev)?);
        let mappings = DmaMappings::new(dev)?;
        assert!(mappings.shared.state.lock().open);
        drop(faux);
        assert!(!mappings.shared.state.lock().open);
        let table = Table(bindings::sg_table::default());
        // SAFETY: There is nothing that can be mapped, nor freed.
        let result = unsafe { mappings.shared.map(&table, DataDirection::Bidirectional) };
        assert_eq!(result.err(), Some(ENODEV));
        core::mem::forget(table);
        Ok(())
    }
}
