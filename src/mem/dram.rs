// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Device memory that users hold, in pieces with handles.
//!
//! Facts: upstream's `common/memory.c`, `alloc_device_memory()` and `free_device_memory()`.

use core::ops::Range;

use kernel::{
    fmt,
    prelude::*,
    sync::{
        atomic::{
            ordering::{Acquire, Release},
            Atomic,
            Relaxed, //
        },
        new_mutex,
        Arc,
        Mutex,
        UniqueArc, //
    },
};

use super::{
    device_memory::{AllocFailure, Allocation, DeviceMemory, Dirt},
    extent::Run, //
};
use crate::abstractions::vec;

/// The card's DRAM for users. There is none before firmware has told its size.
#[pin_data]
pub(crate) struct Dram {
    /// Held by who overwrites memory.
    #[pin]
    overwriting: Mutex<()>,
    #[pin]
    state: Mutex<Option<DramState>>,
}

struct DramState {
    memory: DeviceMemory,
    /// Which memory that is: another one if firmware has told another size since.
    era: u64,
    /// Place n has the piece with handle n + 1.
    pieces: KVVec<Option<Arc<Piece>>>,
    /// No place below is free.
    first_free: usize,
}

/// Memory with a handle. Its pages can be somebody else's once nobody holds it any more: neither the
/// table of handles nor a mapping.
pub(crate) struct Piece {
    of: Arc<Dram>,
    /// The address space of who has it.
    owner: u32,
    /// Others may map it, too.
    shared: bool,
    handle: u32,
    /// How many [`PieceUse`]s there are. Counted up from 0 only with the lock held.
    uses: Atomic<u32>,
    /// There was one: the card may have written to it.
    used: Atomic<bool>,
    /// Its owner has gone.
    ended: Atomic<bool>,
    /// Of which memory it is.
    era: u64,
    /// There until the end.
    allocation: Option<Allocation>,
}

impl Piece {
    /// Bytes.
    fn size(&self) -> u64 {
        self.allocation.as_ref().map_or(0, Allocation::size)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let (Some(state), Some(mut allocation)) =
            (&mut *self.of.state.lock(), self.allocation.take())
        {
            if state.era != self.era {
                // There was a reset since, so nobody reaches it. It is not the memory that is handed out now.
                return;
            }
            if self.used.load(Relaxed) {
                allocation.set_used();
            }
            let owner = (!self.ended.load(Relaxed)).then_some(self.owner);
            state.memory.free(allocation, owner);
        }
    }
}

/// Why there is no piece for a handle, or no handle. [`fmt::Display`] gives the text for the kernel log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DramFailure {
    /// There is no memory.
    Memory(AllocFailure),
    /// There are no more handles, or no memory of the host's for one.
    NoHandle,
    /// The handle is nobody's.
    NoMatch(u32),
    /// The handle is mapped.
    Mapped(u32),
}

impl DramFailure {
    /// What the user gets.
    pub(crate) fn errno(self) -> Error {
        match self {
            Self::Memory(failure) => failure.errno(),
            Self::NoHandle => EFAULT,
            Self::NoMatch(_) | Self::Mapped(_) => EINVAL,
        }
    }
}

impl fmt::Display for DramFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(failure) => failure.fmt(f),
            Self::NoHandle => f.write_str("Failed to get handle for page"),
            Self::NoMatch(handle) => {
                write!(f, "free device memory failed, no match for handle {handle}")
            }
            Self::Mapped(handle) => write!(f, "handle {handle} is mapped, cannot free"),
        }
    }
}

/// A piece that is mapped or about to be: its handle cannot be freed.
pub(crate) struct PieceUse(Arc<Piece>);

impl PieceUse {
    /// Whether address space `asid` may map it.
    pub(crate) fn is_for(&self, asid: u32) -> bool {
        self.0.shared || self.0.owner == asid
    }

    /// Where it is, in the order of its bytes.
    pub(crate) fn runs(&self) -> &[Run] {
        self.0.allocation.as_ref().map_or(&[], Allocation::runs)
    }

    /// Bytes, a multiple of huge pages.
    pub(crate) fn size(&self) -> u64 {
        self.0.size()
    }

    /// Its handle.
    pub(crate) fn handle(&self) -> u32 {
        self.0.handle
    }

    /// One more use of the same.
    pub(crate) fn again(&self) -> Self {
        self.0.uses.fetch_add(1, Relaxed);
        Self(self.0.clone())
    }
}

impl Drop for PieceUse {
    fn drop(&mut self) {
        self.0.uses.fetch_sub(1, Release);
    }
}

impl Dram {
    pub(crate) fn new() -> Result<Arc<Self>> {
        let this = pin_init!(Self {
            overwriting <- new_mutex!(()),
            state <- new_mutex!(None),
        });
        Arc::pin_init(this, GFP_KERNEL)
    }

    /// Hands out whole pages of `range`, addresses of the card's DRAM, from now on, once they were overwritten. After a
    /// reset, the same memory goes on: it knows what its users have left.
    pub(crate) fn start(&self, range: Range<u64>) -> Result {
        let memory = DeviceMemory::new(range)?;
        let _overwriting = self.overwriting.lock();
        let mut state = self.state.lock();
        let era = match &*state {
            Some(state) if state.memory.is_like(&memory) => return Ok(()),
            Some(state) => state.era.wrapping_add(1),
            None => 0,
        };
        let old = state.replace(DramState {
            memory,
            era,
            pieces: KVVec::new(),
            first_free: 0,
        });
        drop(state);
        // Pieces take the lock by themselves.
        drop(old);
        Ok(())
    }

    /// Overwrites by `fill` some memory that holds what others have left, `most` bytes at most. Whether there was any.
    ///
    /// What is not overwritten is not handed out.
    pub(crate) fn overwrite(
        &self,
        most: u64,
        fill: impl FnOnce(Run, Dirt) -> Result,
    ) -> Result<bool> {
        let _overwriting = self.overwriting.lock();
        let next = |state: &DramState| state.memory.dirty(most);
        let Some((run, dirt)) = self.state.lock().as_ref().and_then(next) else {
            return Ok(false);
        };
        fill(run, dirt)?;
        if let Some(state) = &mut *self.state.lock() {
            state.memory.overwritten(&run);
        }
        Ok(true)
    }

    /// Calls `run` with handle, owner and place of every piece.
    pub(crate) fn each(&self, mut run: impl FnMut(u32, u32, &[Run]) -> Result) -> Result {
        let state = self.state.lock();
        let pieces = state.iter().flat_map(|state| &state.pieces).flatten();
        for piece in pieces {
            let runs = piece.allocation.as_ref();
            run(
                piece.handle,
                piece.owner,
                runs.map_or(&[], Allocation::runs),
            )?;
        }
        Ok(())
    }

    /// Bytes that users hold.
    pub(crate) fn used(&self) -> u64 {
        let state = self.state.lock();
        state.as_ref().map_or(0, |state| state.memory.used_bytes())
    }

    /// Takes `size` bytes, rounded up to pages, for address space `owner`. Returns handle and bytes.
    pub(crate) fn alloc(
        self: &Arc<Self>,
        owner: u32,
        size: u64,
        contiguous: bool,
        shared: bool,
    ) -> Result<(u32, u64), DramFailure> {
        let none = DramFailure::Memory(AllocFailure::NoMemory);
        let room = UniqueArc::new_uninit(GFP_KERNEL_ACCOUNT).map_err(|_| none)?;
        let mut state = self.state.lock();
        let state = (*state).as_mut().ok_or(none)?;
        let allocation = state
            .memory
            .alloc(size, contiguous, owner)
            .map_err(DramFailure::Memory)?;
        let size = allocation.size();
        let Some((handle, place)) = vacancy(&mut state.pieces, &mut state.first_free) else {
            state.memory.free(allocation, Some(owner));
            return Err(DramFailure::NoHandle);
        };
        let piece = room.write(Piece {
            of: self.clone(),
            handle,
            owner,
            shared,
            uses: Atomic::new(0),
            used: Atomic::new(false),
            ended: Atomic::new(false),
            era: state.era,
            allocation: Some(allocation),
        });
        *place = Some(piece.into());
        Ok((handle, size))
    }

    /// Ends a handle. Returns how many bytes it had.
    pub(crate) fn free(&self, handle: u32) -> Result<u64, DramFailure> {
        let mut state = self.state.lock();
        let slot = (*state).as_mut().and_then(|state| state.slot(handle));
        let Some((slot, place)) = slot else {
            return Err(DramFailure::NoMatch(handle));
        };
        if slot
            .as_ref()
            .is_some_and(|piece| piece.uses.load(Acquire) > 0)
        {
            return Err(DramFailure::Mapped(handle));
        }
        let piece = slot.take();
        if let Some(state) = (*state).as_mut() {
            state.first_free = state.first_free.min(place);
        }
        drop(state);
        // Takes the lock by itself.
        let size = piece.as_ref().map_or(0, |piece| piece.size());
        drop(piece);
        Ok(size)
    }

    /// The piece of a handle, which can't be freed until the result is dropped.
    pub(crate) fn use_piece(&self, handle: u32) -> Option<PieceUse> {
        let mut state = self.state.lock();
        let (slot, _) = (*state).as_mut()?.slot(handle)?;
        let piece = slot.as_ref()?.clone();
        piece.uses.fetch_add(1, Relaxed);
        piece.used.store(true, Relaxed);
        Some(PieceUse(piece))
    }

    /// Ends all handles of address space `owner`, mapped or not: nobody gets what he has left, before it was
    /// overwritten. Returns how many there were.
    pub(crate) fn free_all(&self, owner: u32) -> usize {
        let mut freed = 0usize;
        let mut from = 0;
        while let Some((place, piece)) = self.take_next(owner, from) {
            piece.ended.store(true, Relaxed);
            // With the lock dropped: it takes it by itself.
            drop(piece);
            from = place;
            freed = freed.saturating_add(1);
        }
        if let Some(state) = &mut *self.state.lock() {
            state.memory.leave(owner);
        }
        freed
    }

    /// Takes the first piece of `owner` at place `from` or after out of the table.
    fn take_next(&self, owner: u32, from: usize) -> Option<(usize, Arc<Piece>)> {
        let mut state = self.state.lock();
        let state = (*state).as_mut()?;
        let mut slots = (from..usize::MAX).zip(state.pieces.get_mut(from..)?);
        let (place, slot) =
            slots.find(|(_, slot)| slot.as_ref().is_some_and(|piece| piece.owner == owner))?;
        state.first_free = state.first_free.min(place);
        Some((place, slot.take()?))
    }
}

impl DramState {
    /// The place of a handle that is in use.
    fn slot(&mut self, handle: u32) -> Option<(&mut Option<Arc<Piece>>, usize)> {
        let place = usize::try_from(handle).ok()?.checked_sub(1)?;
        let slot = self.pieces.get_mut(place)?;
        slot.is_some().then_some((slot, place))
    }
}

/// The lowest free handle, and its place.
fn vacancy<'a>(
    pieces: &'a mut KVVec<Option<Arc<Piece>>>,
    first_free: &mut usize,
) -> Option<(u32, &'a mut Option<Arc<Piece>>)> {
    let rest = pieces.get(*first_free..).unwrap_or_default();
    let mut rest = (*first_free..usize::MAX).zip(rest);
    let place = match rest.find(|(_, piece)| piece.is_none()) {
        Some((place, _)) => place,
        None => {
            vec::push(pieces, None, GFP_KERNEL_ACCOUNT).ok()?;
            pieces.len().saturating_sub(1)
        }
    };
    let handle = u32::try_from(place.checked_add(1)?).ok()?;
    *first_free = place.saturating_add(1);
    Some((handle, pieces.get_mut(place)?))
}

#[kunit_tests(goya_dram)]
mod tests {
    use super::{super::device_memory::PAGE_SIZE, *};

    const RANGE: Range<u64> = 0x2000_0000..0x2000_0000 + 8 * PAGE_SIZE;

    /// Clean memory.
    fn clean() -> Result<Arc<Dram>> {
        let dram = Dram::new()?;
        dram.start(RANGE)?;
        while dram.overwrite(PAGE_SIZE, |_, _| Ok(()))? {}
        Ok(dram)
    }

    #[test]
    fn handles() -> Result {
        let dram = Dram::new()?;
        assert!(dram.alloc(1, 1, false, false).is_err());
        let dram = clean()?;
        let alloc = |size| {
            dram.alloc(1, size, false, false)
                .map_err(DramFailure::errno)
        };
        let (first, size) = alloc(1)?;
        assert_eq!((first, size), (1, PAGE_SIZE));
        let (second, size) = alloc(2 * PAGE_SIZE)?;
        assert_eq!(
            (second, size, dram.used()),
            (2, 2 * PAGE_SIZE, 3 * PAGE_SIZE)
        );
        // The lowest number that is free.
        assert_eq!(dram.free(first), Ok(PAGE_SIZE));
        assert_eq!(dram.free(first), Err(DramFailure::NoMatch(first)));
        assert_eq!(alloc(1)?.0, first);
        for none in [0, 3, u32::MAX] {
            assert_eq!(dram.free(none), Err(DramFailure::NoMatch(none)));
            assert!(dram.use_piece(none).is_none());
        }
        assert_eq!(alloc(0).err(), Some(EINVAL));
        assert_eq!(alloc(6 * PAGE_SIZE).err(), Some(ENOMEM));
        assert_eq!(dram.free_all(2), 0);
        assert_eq!(dram.free_all(1), 2);
        assert_eq!(dram.used(), 0);
        // Nobody could write there.
        assert_eq!(dram.overwrite(PAGE_SIZE, |_, _| Ok(())), Ok(false));
        Ok(())
    }

    /// What is mapped is nobody else's, even if its owner goes.
    #[test]
    fn uses() -> Result {
        let dram = clean()?;
        let alloc = |size, shared| {
            dram.alloc(1, size, true, shared)
                .map_err(DramFailure::errno)
        };
        let (handle, _) = alloc(3 * PAGE_SIZE, false)?;
        let one = dram.use_piece(handle).ok_or(EINVAL)?;
        assert!(one.is_for(1) && !one.is_for(2));
        assert_eq!((one.size(), one.runs().len()), (3 * PAGE_SIZE, 1));
        let two = dram.use_piece(handle).ok_or(EINVAL)?;
        drop(one);
        assert_eq!(dram.free(handle), Err(DramFailure::Mapped(handle)));
        assert_eq!(dram.free_all(1), 1);
        assert!(dram.use_piece(handle).is_none());
        assert_eq!(dram.used(), 3 * PAGE_SIZE);
        // Nor does it go when the card starts anew.
        dram.start(RANGE)?;
        assert_eq!(dram.used(), 3 * PAGE_SIZE);
        assert_eq!(dram.overwrite(u64::MAX, |_, _| Ok(())), Ok(false));
        drop(two);
        assert_eq!(dram.used(), 0);
        // They hold what the card has written there, also for whoever starts the card anew, until all was overwritten.
        dram.start(RANGE)?;
        let mut done = KVec::new();
        let mut overwrite = |works: bool| {
            dram.overwrite(2 * PAGE_SIZE, |run, dirt| {
                done.push((run.size, dirt), GFP_KERNEL)?;
                if works {
                    Ok(())
                } else {
                    Err(ETIMEDOUT)
                }
            })
        };
        assert_eq!(overwrite(true), Ok(true));
        assert_eq!(overwrite(false), Err(ETIMEDOUT));
        assert_eq!(overwrite(true), Ok(true));
        assert_eq!(overwrite(true), Ok(false));
        let sizes = [2 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE];
        assert!(done
            .iter()
            .copied()
            .eq(sizes.map(|size| (size, Dirt::Left))));
        let (shared, _) = alloc(PAGE_SIZE, true)?;
        assert!(dram.use_piece(shared).is_some_and(|piece| piece.is_for(2)));
        assert_eq!(dram.free_all(1), 1);
        Ok(())
    }

    /// Memory of another size is other memory: what is held of the old one is none of it.
    #[test]
    fn other_size() -> Result {
        let dram = clean()?;
        let (handle, _) = dram
            .alloc(1, PAGE_SIZE, true, false)
            .map_err(DramFailure::errno)?;
        let piece = dram.use_piece(handle).ok_or(EINVAL)?;
        dram.start(RANGE.start..RANGE.end - PAGE_SIZE)?;
        assert!(dram.use_piece(handle).is_none() && dram.used() == 0);
        drop(piece);
        let mut first = None;
        dram.overwrite(u64::MAX, |run, dirt| {
            first = Some((run.size, dirt));
            Ok(())
        })?;
        assert_eq!(first, Some((7 * PAGE_SIZE, Dirt::Unknown)));
        assert_eq!(dram.used(), 0);
        Ok(())
    }
}
