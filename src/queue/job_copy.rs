// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The driver's own copies of command buffers. When one is free again is said in [`super::external`].

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::{new_spinlock, Arc, SpinLock};

use super::budget::{Budget, Share};
use crate::abstractions::shared::SharedMemory;
use crate::hw::map::HOST_BASE;

const PAGE: usize = 4096;
/// The largest command buffer. Bytes.
pub(crate) const LARGEST: u32 = 2 << 20;

/// Memory that the card reaches, and its share of the machine's.
pub(crate) struct BufferMemory {
    memory: SharedMemory,
    _share: Share,
}

impl BufferMemory {
    /// `len` bytes, whole pages, out of `budget`.
    pub(crate) fn new(dev: &Device<Bound>, budget: &Arc<Budget>, len: usize) -> Result<Self> {
        let share = budget.take(len / PAGE)?;
        // Charged to the program; and if there is not so much, that is its error, and none for the log.
        let flags = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
        Ok(Self {
            memory: SharedMemory::new(dev, len, flags)?,
            _share: share,
        })
    }

    /// Copies what is at `offset` now. Whoever has it mapped can change it at any time.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) -> Result {
        self.memory.read(offset, into)
    }

    /// For whoever maps it.
    pub(crate) fn shared(&self) -> &SharedMemory {
        &self.memory
    }
}

/// Sizes of the driver's copies: 4 KiB, 64 KiB, 1 MiB, and the largest with its tail.
const CLASSES: [usize; 4] = [PAGE, 64 << 10, 1 << 20, (LARGEST as usize) + PAGE];
/// Copies of each size that are kept for the next submission.
const KEPT: [usize; 4] = [128, 16, 2, 0];

/// The smallest of [`CLASSES`] that has room for `size` bytes.
fn class(size: usize) -> Option<usize> {
    CLASSES.iter().position(|class| *class >= size)
}

/// Memory for the driver's copies of command buffers: what a job gives back, the next one takes. A job gives it back some time
/// after its end: see [`super::external`].
#[pin_data]
pub(crate) struct CopyPool {
    #[pin]
    free: SpinLock<[KVec<KBox<BufferMemory>>; 4]>,
    budget: Arc<Budget>,
}

/// The driver's copy of a command buffer, which the card reads. Goes back to the pool when dropped.
///
/// Small: it changes hands several times.
pub(crate) struct JobCopy {
    memory: Option<KBox<BufferMemory>>,
    /// Bytes that the card reads.
    pub(crate) size: u32,
    pool: Arc<CopyPool>,
}

impl CopyPool {
    pub(crate) fn new() -> Result<Arc<Self>> {
        let budget = Budget::for_copies()?;
        let mut free = [KVec::new(), KVec::new(), KVec::new(), KVec::new()];
        for (list, kept) in free.iter_mut().zip(KEPT) {
            *list = KVec::with_capacity(kept, GFP_KERNEL)?;
        }
        Arc::pin_init(
            pin_init!(Self { free <- new_spinlock!(free), budget }),
            GFP_KERNEL,
        )
    }

    /// Memory for at least `size` bytes.
    pub(crate) fn take(self: &Arc<Self>, dev: &Device<Bound>, size: usize) -> Result<JobCopy> {
        let class = class(size).ok_or(ENOMEM)?;
        let kept = self.free.lock().get_mut(class).and_then(KVec::pop);
        let memory = match kept {
            Some(memory) => memory,
            None => {
                let len = CLASSES.get(class).ok_or(ENOMEM)?;
                KBox::new(BufferMemory::new(dev, &self.budget, *len)?, GFP_KERNEL)?
            }
        };
        Ok(JobCopy {
            memory: Some(memory),
            size: 0,
            pool: self.clone(),
        })
    }

    /// Keeps `memory` for the next job; gives it back if there is enough already.
    fn keep(&self, memory: KBox<BufferMemory>) -> Option<KBox<BufferMemory>> {
        let class = class(memory.memory.len());
        let mut free = self.free.lock();
        match class.and_then(|class| free.get_mut(class)) {
            // Room was reserved when the pool was made.
            Some(list) if list.len() < list.capacity() => {
                let _ = list.push_within_capacity(memory);
                None
            }
            _ => Some(memory),
        }
    }
}

impl JobCopy {
    /// Whether it is what a job of `size` bytes takes.
    pub(crate) fn suits(&self, size: usize) -> bool {
        let owned = self.memory.as_ref();
        owned.is_some_and(|owned| class(size) == class(owned.memory.len()))
    }

    /// Where the card finds it.
    pub(crate) fn address(&self) -> u64 {
        self.memory.as_ref().map_or(0, |owned| {
            owned.memory.dma_address().wrapping_add(HOST_BASE)
        })
    }

    /// Writes double words at `offset`, a multiple of their size.
    pub(crate) fn write64s(&self, offset: usize, values: &[u64]) -> Result {
        let owned = self.memory.as_ref().ok_or(EINVAL)?;
        owned.memory.write64s(offset, values)
    }

    /// Writes `data` at `offset`.
    pub(crate) fn write(&self, offset: usize, data: &[u8]) -> Result {
        let owned = self.memory.as_ref().ok_or(EINVAL)?;
        owned.memory.write(offset, data)
    }
}

impl Drop for JobCopy {
    fn drop(&mut self) {
        let Some(memory) = self.memory.take() else {
            return;
        };
        // What the pool does not keep is freed outside of its lock.
        let _surplus = self.pool.keep(memory);
    }
}
