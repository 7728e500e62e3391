// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's page tables: the pool that they come from, all address spaces, and the only way to change
//! any of them.
//!
//! Here is the rule that memory is given back only once the card cannot reach it: what is mapped is
//! [`LiveMapping`], and only this file makes a [`Mapping`] of it again, after the card has forgotten its
//! translation, or after a reset. If the card does not confirm that, the memory waits until one
//! of both has happened.

use core::iter::from_fn;
use core::mem::{self, ManuallyDrop};
use core::ops::Range;

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};

use super::asid::{ASIDS, KERNEL};
use super::extent::{MapFailure, Run};
use super::hop::{span, Invalidation, TablePool};
use super::mapping::{Chain, Mapping};
use super::page_table::{AddressSpace, Unmapped, Walk};
use super::pages::Pages;
use super::table_memory::TableMemory;
use super::table_writer::TableWriter;
use crate::hw::map;
use crate::hw::reset::Unreachable;
use crate::queue::cpu::{SHARED_ADDRESS, SHARED_SIZE};

/// A mapping that the card has in its tables, or may still have in its caches.
///
/// It has to go back to [`Tables`]; dropping it leaks it, with its memory, which is safe.
pub(crate) struct LiveMapping(ManuallyDrop<KBox<Mapping>>);

impl LiveMapping {
    fn new(mapping: KBox<Mapping>) -> Self {
        Self(ManuallyDrop::new(mapping))
    }

    /// What is mapped.
    pub(crate) fn mapping(&self) -> &Mapping {
        &self.0
    }

    /// To be called only for what the card cannot reach any more.
    fn into_inner(self) -> KBox<Mapping> {
        ManuallyDrop::into_inner(self.0)
    }
}

/// Why something was not mapped.
pub(crate) enum Failure {
    /// There is no such address space: the card was reset.
    NoSpace,
    /// What the tables say, and how many bytes were mapped before that.
    Tables(MapFailure, u64),
    /// The card has not forgotten what was there before.
    Stale(Error),
    /// The caller was told to stop.
    Stopped,
}

/// A mapping that was not made.
pub(crate) struct Refused {
    pub(crate) failure: Failure,
    /// The card did not confirm that it has forgotten a translation: it needs a reset.
    pub(crate) stale: Option<Error>,
    /// The mapping; none if it awaits its invalidation.
    pub(crate) mapping: Option<KBox<Mapping>>,
}

/// What a change of page tables needs, under one lock.
struct TablesState<M> {
    memory: M,
    /// None while the card is being reset.
    tables: Option<Live>,
}

struct Live {
    pool: TablePool,
    spaces: [Option<AddressSpace>; ASIDS as usize],
    /// What the card may still reach although it is in no table any more.
    awaiting_invalidation: Chain,
}

impl Drop for Live {
    /// Who has no proof that the card can't reach it leaks it.
    fn drop(&mut self) {
        mem::forget(mem::take(&mut self.awaiting_invalidation));
    }
}

/// The parts of [`TablesState`] that a change of an address space needs.
struct Parts<'a, M> {
    memory: &'a mut M,
    pool: &'a mut TablePool,
    space: &'a mut AddressSpace,
    awaiting_invalidation: &'a mut Chain,
}

impl<M: TableMemory> TablesState<M> {
    fn parts(&mut self, asid: u32) -> Option<Parts<'_, M>> {
        let Live {
            pool,
            spaces,
            awaiting_invalidation,
        } = self.tables.as_mut()?;
        Some(Parts {
            memory: &mut self.memory,
            pool,
            space: spaces.get_mut(asid as usize)?.as_mut()?,
            awaiting_invalidation,
        })
    }
}

/// Completes a change: all of it is written, and then the card forgets what was there, if that is needed. Returns
/// what awaited invalidation until now: it is to be dropped without the lock.
fn settle(
    memory: &mut impl TableMemory,
    pool: &mut TablePool,
    awaiting_invalidation: &mut Chain,
    invalidation: Invalidation,
) -> Result<Chain> {
    let needed = invalidation.needed();
    memory.finish()?;
    invalidation.settle(pool, || memory.forget())?;
    Ok(if needed {
        mem::take(awaiting_invalidation)
    } else {
        Chain::default()
    })
}

/// Bytes of addresses that are changed in one go: in between, others have their turn. As much as a table of the hop that
/// maps huge pages covers.
const PIECE: u64 = span(2);

/// The pieces of `range`, in rising order.
fn pieces(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let mut at = range.start;
    from_fn(move || {
        let start = at;
        at = (start | (PIECE - 1)).saturating_add(1).min(range.end);
        (start < at).then_some(start..at)
    })
}

/// All page tables of a card. There are none while the card is being reset.
#[pin_data]
pub(crate) struct Tables<M = TableWriter> {
    #[pin]
    state: Mutex<TablesState<M>>,
}

/// Where the first table of each address space is.
pub(crate) fn first_tables() -> impl Iterator<Item = u64> {
    (0..ASIDS).map(|asid| {
        let offset = u64::from(asid).wrapping_mul(super::hop::TABLE_SIZE);
        map::PAGE_TABLES.wrapping_add(offset)
    })
}

impl<M: TableMemory> Tables<M> {
    pub(crate) fn new(memory: M) -> Result<Arc<Self>> {
        let state = TablesState {
            memory,
            tables: None,
        };
        Arc::pin_init(pin_init!(Self { state <- new_mutex!(state) }), GFP_KERNEL)
    }

    /// Begins anew, after the card's memory for tables was zeroed: maps what the device CPU needs, its
    /// firmware and the memory that it shares with the driver, which the card finds at `shared`.
    pub(crate) fn begin(&self, dev: &Device<Bound>, shared: u64) -> Result {
        let mut state = self.state.lock();
        let memory = &mut state.memory;
        memory.begin(dev);
        let mut pool = TablePool::new(map::PAGE_TABLES, map::PAGE_TABLES_SIZE, ASIDS as usize)?;
        let mut kernel = AddressSpace::new(&mut pool, memory, KERNEL as usize, None)?;
        let firmware = Run {
            address: map::DRAM_BASE,
            size: map::FIRMWARE_SIZE,
        };
        let shared = Run {
            address: shared,
            size: SHARED_SIZE as u64,
        };
        let mut awaiting_invalidation = Chain::default();
        for (va, run) in [(map::DRAM_BASE, firmware), (SHARED_ADDRESS, shared)] {
            let mapped = kernel.map(&mut pool, memory, va, [run]).map_err(|error| {
                dev_err!(dev, "Map failed for address {:#x}\n", va);
                error.failure.errno()
            })?;
            settle(memory, &mut pool, &mut awaiting_invalidation, mapped)?;
        }
        let mut spaces = [const { None }; ASIDS as usize];
        if let Some(first) = spaces.get_mut(KERNEL as usize) {
            *first = Some(kernel);
        }
        let old = state.tables.replace(Live {
            pool,
            spaces,
            awaiting_invalidation,
        });
        drop(state);
        drop(old);
        Ok(())
    }

    /// Forgets all tables of a card that reaches no memory: what awaited invalidation is given back, and so is, from now on,
    /// whatever was mapped.
    pub(crate) fn stop(&self, _proof: &Unreachable) {
        let tables = self.state.lock().tables.take();
        let awaiting_invalidation =
            tables.map(|mut tables| mem::take(&mut tables.awaiting_invalidation));
        // Without the lock: pages are unpinned.
        drop(awaiting_invalidation);
    }

    /// Makes the address space of a user. The card knows where its first table is since it was started.
    ///
    /// Errors: `ENODEV`: the card is being reset; `EBUSY`: it is there already; `ENOMEM`.
    pub(crate) fn open(&self, asid: u32) -> Result {
        let mut state = self.state.lock();
        let TablesState { memory, tables } = &mut *state;
        let Live { pool, spaces, .. } = tables.as_mut().ok_or(ENODEV)?;
        let space = spaces.get_mut(asid as usize).ok_or(EINVAL)?;
        if space.is_some() {
            return Err(EBUSY);
        }
        let made = AddressSpace::new(pool, memory, asid as usize, Some(map::DEFAULT_PAGE));
        let finished = memory.finish();
        *space = Some(made?);
        finished
    }

    /// Ends a user's address space with all that is mapped there, and gives that back. Returns how many
    /// tables were in use beyond that. Nothing is done if a reset has ended it before.
    ///
    /// An error says that the card has not confirmed, and needs a reset; what was mapped awaits that.
    pub(crate) fn close(
        &self,
        asid: u32,
        mappings: impl Iterator<Item = LiveMapping>,
    ) -> Result<usize> {
        let mut gone = Chain::default();
        let mut owed = Invalidation::none();
        for mapping in mappings {
            if let Some(unmapped) = self.clear(asid, mapping.mapping().range()) {
                owed = owed.and(unmapped.invalidation);
            }
            gone.push(mapping.into_inner());
        }
        let mut state = self.state.lock();
        let TablesState { memory, tables } = &mut *state;
        let space = tables.as_mut().and_then(|tables| {
            let space = tables.spaces.get_mut(asid as usize)?.take()?;
            Some((space, &mut tables.pool, &mut tables.awaiting_invalidation))
        });
        let Some((space, pool, awaiting_invalidation)) = space else {
            // The card was reset since: it has no tables with any of this.
            drop(state);
            return Ok(0);
        };
        let (destroyed, left) = space.destroy(pool, memory);
        match settle(memory, pool, awaiting_invalidation, owed.and(destroyed)) {
            Ok(free) => {
                drop(state);
                drop((free, gone));
                Ok(left)
            }
            Err(error) => {
                awaiting_invalidation.append(gone);
                Err(error)
            }
        }
    }

    /// Maps `mapping` in a user's address space, unless `stop` says that the caller wants that no more.
    pub(crate) fn map(
        &self,
        asid: u32,
        mapping: KBox<Mapping>,
        stop: impl FnMut() -> bool,
    ) -> Result<LiveMapping, Refused> {
        let range = mapping.range();
        let mut owed = Invalidation::none();
        let filled = self.fill(asid, &mapping, &mut owed, stop);
        let failure = match filled.and_then(|()| self.settle(asid, &mut owed)) {
            Ok(()) => return Ok(LiveMapping::new(mapping)),
            Err(failure) => failure,
        };
        // All of it is undone. If the card may use an old translation for ever, it does not use the new one for longer.
        let undone = match failure {
            Failure::NoSpace => None,
            Failure::Tables(_, mapped) => {
                self.clear(asid, range.start..range.start.saturating_add(mapped))
            }
            Failure::Stale(_) | Failure::Stopped => self.clear(asid, range),
        };
        let stale = match failure {
            Failure::Stale(error) => Some(error),
            _ => undone.and_then(|undone| {
                owed.add(undone.invalidation);
                match self.settle(asid, &mut owed) {
                    Err(Failure::Stale(error)) => Some(error),
                    _ => None,
                }
            }),
        };
        let mapping = match stale {
            Some(_) => self.keep(asid, mapping),
            None => Some(mapping),
        };
        Err(Refused {
            failure,
            stale,
            mapping,
        })
    }

    /// Unmaps `mapping`, which [`Self::map`] made in the same address space. Also says how many small
    /// pages of it were not mapped.
    ///
    /// An error says that the card has not confirmed, and needs a reset; the mapping awaits that.
    pub(crate) fn unmap(&self, asid: u32, mapping: LiveMapping) -> Result<(KBox<Mapping>, u64)> {
        let Some(unmapped) = self.clear(asid, mapping.mapping().range()) else {
            // The card was reset since: it has no tables with this.
            return Ok((mapping.into_inner(), 0));
        };
        let mut owed = unmapped.invalidation;
        let settled = self.settle(asid, &mut owed);
        let mapping = mapping.into_inner();
        match settled {
            Err(Failure::Stale(error)) => match self.keep(asid, mapping) {
                Some(mapping) => Ok((mapping, unmapped.holes)),
                None => Err(error),
            },
            _ => Ok((mapping, unmapped.holes)),
        }
    }

    /// Maps `mapping`, piece by piece. What is `owed` for that must be settled.
    fn fill(
        &self,
        asid: u32,
        mapping: &Mapping,
        owed: &mut Invalidation,
        mut stop: impl FnMut() -> bool,
    ) -> Result<(), Failure> {
        let range = mapping.range();
        let mut pages = Pages::new(mapping.memory().runs());
        for piece in pieces(range.clone()) {
            if piece.start > range.start && stop() {
                return Err(Failure::Stopped);
            }
            let mut state = self.state.lock();
            let parts = state.parts(asid).ok_or(Failure::NoSpace)?;
            let (mapped, invalidation) =
                parts
                    .space
                    .map_some(parts.pool, parts.memory, piece, &mut pages);
            owed.add(invalidation);
            mapped.map_err(|(end, failure)| {
                Failure::Tables(failure, end.saturating_sub(range.start))
            })?;
        }
        Ok(())
    }

    /// Unmaps `range`, piece by piece; nothing if a reset has ended the address space.
    fn clear(&self, asid: u32, range: Range<u64>) -> Option<Unmapped> {
        let mut sum = Unmapped::default();
        for piece in pieces(range) {
            let mut state = self.state.lock();
            let parts = state.parts(asid)?;
            let size = piece.end.saturating_sub(piece.start);
            let unmapped = parts
                .space
                .unmap(parts.pool, parts.memory, piece.start, size);
            sum.invalidation.add(unmapped.invalidation);
            sum.holes = sum.holes.saturating_add(unmapped.holes);
        }
        Some(sum)
    }

    /// Completes a change: see [`settle`].
    fn settle(&self, asid: u32, owed: &mut Invalidation) -> Result<(), Failure> {
        let mut state = self.state.lock();
        let parts = state.parts(asid).ok_or(Failure::NoSpace)?;
        let free = settle(
            parts.memory,
            parts.pool,
            parts.awaiting_invalidation,
            owed.take(),
        );
        drop(state);
        // Without the lock: pages are unpinned.
        free.map(drop).map_err(Failure::Stale)
    }

    /// Keeps what is in no table any more, but perhaps in the card's caches, until it is not. Gives it back if there was
    /// a reset.
    fn keep(&self, asid: u32, mapping: KBox<Mapping>) -> Option<KBox<Mapping>> {
        match self.state.lock().parts(asid) {
            Some(parts) => {
                parts.awaiting_invalidation.push(mapping);
                None
            }
            None => Some(mapping),
        }
    }

    /// The tables that the card visits for address `address` of address space `asid`; `None` if there is
    /// no such space.
    pub(crate) fn walk(&self, asid: u32, address: u64) -> Option<Walk> {
        let mut state = self.state.lock();
        Some(state.parts(asid)?.space.walk(address))
    }
}
