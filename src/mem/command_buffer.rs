// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Command buffers, which programs make and map (upstream `command_buffer.c`, `memory_mgr.c`).

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_mutex, Arc, Mutex, UniqueArc};

use super::handles::Handles;
use crate::abstractions::pages::Pages;
use crate::abstractions::ratelimit::dev_err_ratelimited;
use crate::abstractions::vma::{Mapped, Memory, NewMapping};
use crate::queue::budget::{Budget, Share};
use crate::queue::job_copy::BufferMemory;

const PAGE_SHIFT: u32 = 12;
const PAGE: usize = 1 << PAGE_SHIFT;
/// The kind of a handle, in the offset of a mapping: a command buffer's (`HL_MMAP_TYPE_CB`), and that of a
/// buffer for time stamps (`HL_MMAP_TYPE_TS_BUFF`).
const COMMANDS_KIND: u64 = 0x2 << 59;
const STAMPS_KIND: u64 = 0x10 << 59;
/// That of a block of registers (`HL_MMAP_TYPE_BLOCK`).
const BLOCK_KIND: u64 = 0x4 << 59;
const KIND_MASK: u64 = 0x1F << 59;

/// What a buffer is made of.
enum Content {
    /// Of commands, which the card may read.
    Commands(BufferMemory),
    /// Of time stamps, which this card never writes.
    Stamps { pages: Pages, _share: Share },
}

/// A program's command buffer; or one for time stamps, which no submission can name.
pub(crate) struct CommandBuffer {
    content: Content,
    /// Bytes that were asked for, one page at least.
    size: u32,
    /// Submissions that use it now.
    users: Atomic<i32>,
    /// Changed with the lock of the table held, as what follows.
    mapped: Atomic<bool>,
    /// The program has given its handle up, which nevertheless lasts while the buffer is mapped.
    destroyed: Atomic<bool>,
}

impl CommandBuffer {
    /// Bytes.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// Submissions that use it now.
    pub(crate) fn users(&self) -> i32 {
        self.users.load(Relaxed)
    }

    /// Whether a process has it mapped.
    pub(crate) fn is_mapped(&self) -> bool {
        self.mapped.load(Relaxed)
    }

    /// Whether it is for time stamps.
    pub(crate) fn is_for_stamps(&self) -> bool {
        matches!(self.content, Content::Stamps { .. })
    }

    /// The kind of its handle.
    fn kind(&self) -> u64 {
        if self.is_for_stamps() {
            STAMPS_KIND
        } else {
            COMMANDS_KIND
        }
    }

    /// What messages call it.
    fn topic(&self) -> &'static str {
        if self.is_for_stamps() {
            "TS"
        } else {
            "CB"
        }
    }

    /// Copies what is at `offset` now. The program can change it at any time.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) -> Result {
        match &self.content {
            Content::Commands(commands) => commands.read(offset, into),
            Content::Stamps { .. } => Err(EINVAL),
        }
    }

    fn memory(&self) -> Memory<'_> {
        match &self.content {
            Content::Commands(commands) => Memory::Shared(commands.shared()),
            Content::Stamps { pages, .. } => Memory::Pages(pages),
        }
    }
}

/// The use of a command buffer by a submission.
pub(crate) struct InUse(Arc<CommandBuffer>);

impl InUse {
    pub(crate) fn new(buffer: Arc<CommandBuffer>) -> Self {
        buffer.users.add(1, Relaxed);
        Self(buffer)
    }
}

impl core::ops::Deref for InUse {
    type Target = CommandBuffer;

    fn deref(&self) -> &CommandBuffer {
        &self.0
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.users.add(-1, Relaxed);
    }
}

/// Place n has the buffer of id n + 1.
type Slots = Mutex<Handles<Arc<CommandBuffer>>>;

/// A mapping of a command buffer. When the last part of it is gone, the buffer can be mapped again; or, if its
/// handle was destroyed meanwhile, nothing is left of it.
struct MappedBuffer {
    buffer: Arc<CommandBuffer>,
    place: usize,
    slots: Arc<Slots>,
}

impl Mapped for MappedBuffer {
    fn memory(&self) -> Memory<'_> {
        self.buffer.memory()
    }
}

impl Drop for MappedBuffer {
    fn drop(&mut self) {
        let mut slots = self.slots.lock();
        self.buffer.mapped.store(false, Relaxed);
        let destroyed = self.buffer.destroyed.load(Relaxed);
        let handle = destroyed.then(|| slots.remove(self.place));
        // Freed outside of the lock.
        drop(slots);
        drop(handle);
    }
}

/// The buffers of an open file, by their handles.
pub(crate) struct BufferTable {
    slots: Arc<Slots>,
    budget: Arc<Budget>,
}

impl BufferTable {
    /// No buffers; their memory comes out of `budget`.
    pub(crate) fn new(budget: &Arc<Budget>) -> Result<Self> {
        let slots = Arc::pin_init(new_mutex!(Handles::new()), GFP_KERNEL)?;
        let budget = budget.clone();
        Ok(Self { slots, budget })
    }

    /// Makes a command buffer of `size` bytes, zeroed; returns its handle.
    pub(crate) fn create(&self, dev: &Device<Bound>, size: u32) -> Result<u64> {
        let size = size.max(PAGE as u32);
        let memory = BufferMemory::new(dev, &self.budget, (size as usize).next_multiple_of(PAGE))?;
        self.insert(Content::Commands(memory), size)
    }

    /// Makes a buffer for `count` time stamps, zeroed; returns its handle.
    pub(crate) fn create_stamps(&self, count: u32) -> Result<u64> {
        let size = count
            .checked_mul(8)
            .filter(|size| *size > 0)
            .ok_or(ENOMEM)?;
        let pages = (size as usize).div_ceil(PAGE);
        let _share = self.budget.take(pages)?;
        let pages = Pages::new(pages, GFP_KERNEL_ACCOUNT | __GFP_NOWARN)?;
        self.insert(Content::Stamps { pages, _share }, size)
    }

    fn insert(&self, content: Content, size: u32) -> Result<u64> {
        let buffer = Arc::new(
            CommandBuffer {
                content,
                size,
                users: Atomic::new(0),
                mapped: Atomic::new(false),
                destroyed: Atomic::new(false),
            },
            GFP_KERNEL_ACCOUNT,
        )?;
        let kind = buffer.kind();
        let place = self.slots.lock().insert(buffer)?;
        Ok(handle(place, kind))
    }

    /// The command buffer of `handle`.
    pub(crate) fn get(&self, handle: u64) -> Option<Arc<CommandBuffer>> {
        self.find(handle).filter(|buffer| !buffer.is_for_stamps())
    }

    fn find(&self, handle: u64) -> Option<Arc<CommandBuffer>> {
        self.slots.lock().get(place(handle)?).cloned()
    }

    /// Destroys the handle of a command buffer, once. The buffer lives on while it is in use or mapped, and the
    /// handle while it is mapped.
    pub(crate) fn destroy(&self, handle: u64) -> Result {
        let mut slots = self.slots.lock();
        let place = place(handle).ok_or(EINVAL)?;
        let buffer = slots.get(place).ok_or(EINVAL)?;
        if buffer.is_for_stamps() || buffer.destroyed.load(Relaxed) {
            return Err(EINVAL);
        }
        buffer.destroyed.store(true, Relaxed);
        let mapped = buffer.mapped.load(Relaxed);
        let handle = (!mapped).then(|| slots.remove(place));
        // Freed outside of the lock.
        drop(slots);
        drop(handle);
        Ok(())
    }

    /// Maps a buffer into a process.
    pub(crate) fn map(&self, dev: &Device, mapping: NewMapping<'_>) -> Result {
        let handle = mapping.offset();
        match handle & KIND_MASK {
            COMMANDS_KIND | STAMPS_KIND => (),
            // No register block is for users of this card.
            BLOCK_KIND => return Err(EPERM),
            _ => return Err(EINVAL),
        }
        let place = place(handle);
        let slots = self.slots.lock();
        let slot = place.and_then(|place| Some((place, slots.get(place)?)));
        let Some((place, buffer)) = slot else {
            dev_err_ratelimited!(
                dev,
                "Memory mmap failed, no match to handle {:#x}\n",
                handle
            );
            return Err(EINVAL);
        };
        let size = buffer.memory().len();
        if mapping.len() != size {
            dev_err_ratelimited!(
                dev,
                "{}: Memory mmap failed, mmap VM size {:#x} != {:#x} allocated physical mem size\n",
                buffer.topic(),
                mapping.len(),
                buffer.size
            );
            return Err(EINVAL);
        }
        if buffer.mapped.load(Relaxed) {
            dev_err_ratelimited!(
                dev,
                "{}, Memory mmap failed, already mapped to user\n",
                buffer.topic()
            );
            return Err(EINVAL);
        }
        let room = UniqueArc::new_uninit(GFP_KERNEL)?;
        buffer.mapped.store(true, Relaxed);
        let buffer = buffer.clone();
        drop(slots);
        // Dropping it makes the buffer mappable again.
        let mapped = room.write(MappedBuffer {
            buffer,
            place,
            slots: self.slots.clone(),
        });
        mapping.map(Arc::from(mapped))
    }

    /// Does something to each buffer and its handle.
    pub(crate) fn each(&self, mut run: impl FnMut(u64, &CommandBuffer)) {
        for (place, buffer) in self.slots.lock().iter() {
            run(handle(place, buffer.kind()), buffer);
        }
    }

    /// Bytes that all buffers take, in whole pages.
    pub(crate) fn used(&self) -> u64 {
        let mut sum = 0u64;
        self.each(|_, buffer| {
            sum = sum.saturating_add(u64::from(buffer.size()).next_multiple_of(PAGE as u64));
        });
        sum
    }

    /// Forgets all buffers, for good; those that are mapped live on until they are unmapped.
    pub(crate) fn close(&self) {
        let handles = self.slots.lock().close();
        // Freed outside of the lock.
        drop(handles);
    }
}

/// The handle of the buffer at `place`.
fn handle(place: usize, kind: u64) -> u64 {
    ((place as u64).wrapping_add(1) << PAGE_SHIFT) | kind
}

fn place(handle: u64) -> Option<usize> {
    // The kind is not looked at, as upstream.
    let id = (handle >> PAGE_SHIFT) as u32;
    usize::try_from(id).ok()?.checked_sub(1)
}
