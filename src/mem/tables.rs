// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's page tables: the pool that they come from, all address spaces, and the only way to change
//! any of them.
//!
//! Here is the rule that memory is given back only once the card cannot reach it: what is mapped is
//! [`Reachable`], and only this file makes a [`Mapping`] of it again, after the card has forgotten its
//! translation, or after a reset. If the card does not confirm that, the memory stays in limbo until one
//! of both has happened.

use core::mem::{self, ManuallyDrop};

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};

use super::hop::{Invalidation, PteSink, TablePool};
use super::mapping::{Chain, Mapping};
use super::page_table::{AddressSpace, MapFailure, Run, Walk};
use crate::context::asid::{ASIDS, KERNEL};
use crate::hw::bars::Bars;
use crate::hw::{map, mmu};
use crate::queue::cpu::{SHARED_ADDRESS, SHARED_SIZE};

/// A mapping that the card has in its tables, or may still have in its caches.
///
/// It has to go back to [`Tables`]; dropping it leaks it, with its memory, which is safe.
pub(crate) struct Reachable(ManuallyDrop<KBox<Mapping>>);

impl Reachable {
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
    Stale,
}

/// A mapping that was not made.
pub(crate) struct Refused {
    pub(crate) failure: Failure,
    /// The card did not confirm that it has forgotten a translation: it needs a reset.
    pub(crate) stale: Option<Error>,
    /// The mapping; none if it is in limbo.
    pub(crate) mapping: Option<KBox<Mapping>>,
}

/// What a change of page tables needs, under one lock.
struct State {
    pool: TablePool,
    spaces: [Option<AddressSpace>; ASIDS as usize],
    /// What the card may still reach although it is in no table any more.
    limbo: Chain,
}

impl State {
    /// The parts that a change of address space `asid` needs.
    fn parts(&mut self, asid: u32) -> Option<(&mut TablePool, &mut AddressSpace, &mut Chain)> {
        let space = self.spaces.get_mut(asid as usize)?.as_mut()?;
        Some((&mut self.pool, space, &mut self.limbo))
    }
}

/// Where page tables are: a card, or what a test takes for one.
pub(crate) trait Target {
    /// Writes entries to the card's memory at `address`. A card that is gone loses them.
    fn write_entries(&self, address: u64, entries: &[u64]);
    /// Makes the card forget all translations.
    fn forget(&self) -> Result;
}

impl Target for Bars {
    fn write_entries(&self, address: u64, entries: &[u64]) {
        // An address outside of the window is none of the pool's.
        let _ = self.write_dram64(address, entries);
    }

    fn forget(&self) -> Result {
        mmu::invalidate(self)
    }
}

/// Makes the card forget, if that is needed. Returns what was in limbo until now: it is to be dropped
/// without the lock.
fn settle(
    target: &impl Target,
    pool: &mut TablePool,
    limbo: &mut Chain,
    invalidation: Invalidation,
) -> Result<Chain> {
    let needed = invalidation.needed();
    invalidation.settle(pool, || target.forget())?;
    Ok(if needed {
        mem::take(limbo)
    } else {
        Chain::default()
    })
}

/// All page tables of a card. There are none while the card is being reset.
#[pin_data]
pub(crate) struct Tables<T = Bars> {
    target: Arc<T>,
    #[pin]
    state: Mutex<Option<State>>,
}

/// Entries go to the card through the window to DRAM, which shows the tables.
struct Window<'a, T>(&'a T);

impl<T: Target> PteSink for Window<'_, T> {
    fn write(&mut self, address: u64, entries: &[u64]) {
        self.0.write_entries(address, entries);
    }
}

/// Where the first table of each address space is.
pub(crate) fn first_tables() -> impl Iterator<Item = u64> {
    (0..u64::from(ASIDS)).map(|asid| map::PAGE_TABLES + asid * super::hop::TABLE_SIZE)
}

impl Tables {
    /// Begins anew, see [`Self::begin`], and has the device CPU use the tables.
    pub(crate) fn start(&self, dev: &Device, shared: u64) -> Result {
        self.begin(dev, shared)?;
        mmu::translate_cpu(&*self.target);
        Ok(())
    }
}

impl<T: Target> Tables<T> {
    pub(crate) fn new(target: Arc<T>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { target, state <- new_mutex!(None) }),
            GFP_KERNEL,
        )
    }

    /// Begins anew, after the card's memory for tables was zeroed: maps what the device CPU needs, its
    /// firmware and the memory that it shares with the driver, which the card finds at `shared`.
    pub(super) fn begin(&self, dev: &Device, shared: u64) -> Result {
        let target = &*self.target;
        let mut sink = Window(target);
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
            mapped.settle(&mut pool, || target.forget())?;
        }
        let mut spaces = [const { None }; ASIDS as usize];
        if let Some(first) = spaces.get_mut(KERNEL as usize) {
            *first = Some(kernel);
        }
        let state = State {
            pool,
            spaces,
            limbo: Chain::default(),
        };
        let old = self.state.lock().replace(state);
        drop(old);
        Ok(())
    }

    /// Forgets all tables. Call it when a reset has stopped the card from reaching any memory: what was
    /// in limbo is given back, and so is, from now on, whatever was mapped.
    pub(crate) fn stop(&self) {
        let state = self.state.lock().take();
        // Without the lock: pages are unpinned.
        drop(state);
    }

    /// Makes the address space of a user. The card knows where its first table is since it was started.
    ///
    /// Errors: `ENODEV`: the card is being reset; `EBUSY`: it is there already; `ENOMEM`.
    pub(crate) fn open(&self, asid: u32) -> Result {
        let mut state = self.state.lock();
        let State { pool, spaces, .. } = (*state).as_mut().ok_or(ENODEV)?;
        let space = spaces.get_mut(asid as usize).ok_or(EINVAL)?;
        if space.is_some() {
            return Err(EBUSY);
        }
        let mut sink = Window(&*self.target);
        *space = Some(AddressSpace::new(
            pool,
            &mut sink,
            asid as usize,
            Some(map::DEFAULT_PAGE),
        )?);
        Ok(())
    }

    /// Ends a user's address space with all that is mapped there, and gives that back. Returns how many
    /// tables were in use beyond that. Nothing is done if a reset has ended it before.
    ///
    /// An error says that the card has not confirmed, and needs a reset; what was mapped is in limbo.
    pub(crate) fn close(
        &self,
        asid: u32,
        mappings: impl Iterator<Item = Reachable>,
    ) -> Result<usize> {
        let mut gone = Chain::default();
        let mut state = self.state.lock();
        let space = (*state).as_mut().and_then(|state| {
            let space = state.spaces.get_mut(asid as usize)?.take()?;
            Some((space, &mut state.pool, &mut state.limbo))
        });
        let Some((mut space, pool, limbo)) = space else {
            // The card was reset since: it has no tables with any of this.
            mappings.for_each(|mapping| gone.push(mapping.into_inner()));
            drop(state);
            return Ok(0);
        };
        let mut sink = Window(&*self.target);
        let mut invalidation = Invalidation::none();
        for mapping in mappings {
            let (address, size) = (mapping.mapping().address(), mapping.mapping().size());
            let unmapped = space.unmap(pool, &mut sink, address, size);
            invalidation = invalidation.and(unmapped.invalidation);
            gone.push(mapping.into_inner());
        }
        let (destroyed, left) = space.destroy(pool, &mut sink);
        match settle(&*self.target, pool, limbo, invalidation.and(destroyed)) {
            Ok(free) => {
                drop(state);
                drop((free, gone));
                Ok(left)
            }
            Err(error) => {
                limbo.append(gone);
                Err(error)
            }
        }
    }

    /// Maps `mapping` in a user's address space.
    pub(crate) fn map(&self, asid: u32, mapping: KBox<Mapping>) -> Result<Reachable, Refused> {
        let mut state = self.state.lock();
        let Some((pool, space, limbo)) = (*state).as_mut().and_then(|state| state.parts(asid))
        else {
            return Err(Refused {
                failure: Failure::NoSpace,
                stale: None,
                mapping: Some(mapping),
            });
        };
        let (target, mut sink) = (&*self.target, Window(&*self.target));
        let address = mapping.address();
        let mapped = space.map(pool, &mut sink, address, mapping.memory().runs());
        let (failure, invalidation) = match mapped {
            Ok(invalidation) => match settle(target, pool, limbo, invalidation) {
                Ok(free) => {
                    drop(state);
                    drop(free);
                    return Ok(Reachable::new(mapping));
                }
                Err(error) => {
                    // The card may use the old translation for ever, but not the new one for longer.
                    let unmapped = space.unmap(pool, &mut sink, address, mapping.size());
                    drop(unmapped);
                    limbo.push(mapping);
                    return Err(Refused {
                        failure: Failure::Stale,
                        stale: Some(error),
                        mapping: None,
                    });
                }
            },
            Err(error) => (
                Failure::Tables(error.failure, error.mapped),
                error.invalidation,
            ),
        };
        match settle(target, pool, limbo, invalidation) {
            Ok(free) => {
                drop(state);
                drop(free);
                Err(Refused {
                    failure,
                    stale: None,
                    mapping: Some(mapping),
                })
            }
            Err(error) => {
                limbo.push(mapping);
                Err(Refused {
                    failure,
                    stale: Some(error),
                    mapping: None,
                })
            }
        }
    }

    /// Unmaps `mapping`, which [`Self::map`] made in the same address space. Also says how many small
    /// pages of it were not mapped.
    ///
    /// An error says that the card has not confirmed, and needs a reset; the mapping is in limbo.
    pub(crate) fn unmap(&self, asid: u32, mapping: Reachable) -> Result<(KBox<Mapping>, u64)> {
        let mut state = self.state.lock();
        let Some((pool, space, limbo)) = (*state).as_mut().and_then(|state| state.parts(asid))
        else {
            // The card was reset since: it has no tables with this.
            return Ok((mapping.into_inner(), 0));
        };
        let mut sink = Window(&*self.target);
        let mapping = mapping.into_inner();
        let unmapped = space.unmap(pool, &mut sink, mapping.address(), mapping.size());
        match settle(&*self.target, pool, limbo, unmapped.invalidation) {
            Ok(free) => {
                drop(state);
                drop(free);
                Ok((mapping, unmapped.holes))
            }
            Err(error) => {
                limbo.push(mapping);
                Err(error)
            }
        }
    }

    /// Runs `run` while no table is being written, so that the window to them may show something else meanwhile.
    pub(crate) fn still<R>(&self, run: impl FnOnce() -> R) -> R {
        let _state = self.state.lock();
        run()
    }

    /// The tables that the card visits for address `address` of address space `asid`; `None` if there is
    /// no such space.
    pub(crate) fn walk(&self, asid: u32, address: u64) -> Option<Walk> {
        let mut state = self.state.lock();
        let (_, space, _) = (*state).as_mut()?.parts(asid)?;
        Some(space.walk(address))
    }
}
