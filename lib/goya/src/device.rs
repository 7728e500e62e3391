// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Open cards.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

use crate::events::{self, Events, Notifications};
use crate::flight::Flight;
use crate::memory::{Buffer, BufferOptions, DeviceMemory, Hint, HostMemory};
use crate::node::Node;
use crate::place::Place;
use crate::sync::{FenceCounter, Monitor, Pool, SyncObject};
use crate::{
    Card, CommandBuffer, Commands, Completion, Error, Fence, Info, Queue, Result, Submission, submit,
};

/// How long [`Device::open`] waits for a card that is being reset, or whose last user has just gone.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Sync objects that DMA channels tell of their completions, as the driver sets them up.
const TOLD_BY_DMA: [u16; 5] = [1000, 1001, 1002, 1003, 1007];

/// An open card, with an address space of its own: one program at a time has it.
///
/// A clone is the same open card; it is closed when all that was made of it is gone: devices, memory, buffers, fences,
/// events. The last of devices and fences waits for what is still in flight (for a minute at most), since a card that is
/// closed while it works is reset.
///
/// It is the process's that opened it: in a child of `fork(2)` all calls fail, and what is dropped there stays as it is for the
/// parent. The card is not free for others before the child has closed it, too, or called `execve(2)`.
#[derive(Debug, Clone)]
pub struct Device {
    flight: Arc<Flight>,
    objects: Arc<Pool>,
    monitors: Arc<Pool>,
}

impl Device {
    /// Opens the first card.
    ///
    /// # Errors
    /// If there is none, it is not ours to open, or somebody else has it.
    pub fn open_first() -> Result<Self> {
        Self::open(&Card::first()?)
    }

    /// Opens a card.
    ///
    /// # Errors
    /// If it is not ours to open, or somebody else has it.
    pub fn open(card: &Card) -> Result<Self> {
        Self::open_node(&card.compute_node(), PATIENCE)
    }

    /// Opens a compute node. While the card is being reset, or its last user is just leaving, tries again for `patience`.
    ///
    /// # Errors
    /// If it is not ours to open, or somebody else has it.
    pub fn open_node(path: &Path, patience: Duration) -> Result<Self> {
        let node = Arc::new(Node::open(path, patience)?);
        let weak = || Arc::downgrade(&node);
        Ok(Self {
            objects: Pool::new(weak(), SyncObject::COUNT, &TOLD_BY_DMA),
            monitors: Pool::new(weak(), Monitor::COUNT, &[]),
            flight: Flight::new(node),
        })
    }

    /// Makes something. If there is too little left for that, tries once more without what has ended.
    fn make<T>(&self, make: impl Fn() -> Result<T>) -> Result<T> {
        match make() {
            Err(e) if matches!(e, Error::AllInUse(_)) || e.errno() == libc::ENOMEM => {
                self.flight.sweep();
                make()
            }
            made => made,
        }
    }

    fn node(&self) -> &Arc<Node> {
        self.flight.node()
    }

    /// The node that was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.node().path()
    }

    /// Questions about the card.
    #[must_use]
    pub fn info(&self) -> Info<'_> {
        Info(self.node())
    }

    /// New host memory of `len` zeroed bytes, which the card reaches.
    ///
    /// # Errors
    /// If memory is short, or may not be pinned.
    pub fn host_memory(&self, len: usize) -> Result<HostMemory> {
        self.host_memory_at(len, Hint::Any)
    }

    /// The same at an address of the card.
    ///
    /// # Errors
    /// If memory is short, or may not be pinned, or the address is not free.
    pub fn host_memory_at(&self, len: usize, hint: Hint) -> Result<HostMemory> {
        self.make(|| HostMemory::new(self.node(), len, hint))
    }

    /// Has the card reach `len` bytes of the caller's memory.
    ///
    /// # Safety
    /// The card, [`HostMemory::read`] and [`HostMemory::write`] may read and write the memory at any time, and the card
    /// reaches whole pages: so all pages that the range touches have to be there, and nothing that lies in them may rely on
    /// not being changed, until this device, its clones, and everything made of it (memory, command buffers, fences, events,
    /// exported buffers) are gone: no sooner is it certain, after a reset, that the card has let go of them.
    ///
    /// # Errors
    /// If the memory is not the process's, or cannot be written or pinned.
    pub unsafe fn map_host(&self, start: NonNull<u8>, len: usize, hint: Hint) -> Result<HostMemory> {
        // SAFETY: the caller's promise.
        self.make(|| unsafe { HostMemory::map(self.node(), start, len, hint, None) })
    }

    /// Device memory of `size` bytes, allocated and mapped. It is not cleared.
    ///
    /// # Errors
    /// If device memory is short.
    pub fn device_memory(&self, size: u64) -> Result<DeviceMemory> {
        let buffer = self.buffer(size, BufferOptions::default())?;
        self.make(|| buffer.map(Hint::Any))
    }

    /// Device memory of `size` bytes, not yet mapped. It is not cleared.
    ///
    /// # Errors
    /// If device memory is short.
    pub fn buffer(&self, size: u64, options: BufferOptions) -> Result<Buffer> {
        self.make(|| Buffer::new(self.node(), size, options))
    }

    /// A command buffer with these packets.
    ///
    /// # Errors
    /// If they are too many, or memory is short.
    pub fn command_buffer(&self, commands: &Commands) -> Result<CommandBuffer> {
        let mut buffer = self.command_buffer_of(commands.bytes().len())?;
        buffer.write(commands)?;
        Ok(buffer)
    }

    /// An empty command buffer with room for `capacity` bytes of packets.
    ///
    /// # Errors
    /// If that is too much ([`CommandBuffer::MAX`]), or memory is short.
    pub fn command_buffer_of(&self, capacity: usize) -> Result<CommandBuffer> {
        self.make(|| CommandBuffer::new(self.node(), capacity))
    }

    /// A sync object that nobody else of this device has.
    ///
    /// # Errors
    /// If all are in use.
    pub fn sync_object(&self) -> Result<SyncObject> {
        self.make(|| SyncObject::new(&self.objects))
    }

    /// A monitor that nobody else of this device has.
    ///
    /// # Errors
    /// If all are in use.
    pub fn monitor(&self) -> Result<Monitor> {
        self.make(|| Monitor::new(&self.monitors))
    }

    /// Submits jobs. Waits for room if too much is in flight.
    ///
    /// # Errors
    /// If a job is not right, or the card is not operational.
    pub fn submit(&self, submission: Submission<'_>) -> Result<Fence> {
        submit::submit(&self.flight, submission, true)
    }

    /// Submits jobs, if there is room.
    ///
    /// # Errors
    /// [`Error::NoRoom`](crate::Error::NoRoom) if too much is in flight; as [`submit`](Self::submit).
    pub fn try_submit(&self, submission: Submission<'_>) -> Result<Fence> {
        submit::submit(&self.flight, submission, false)
    }

    /// Submits packets to a DMA queue, and waits until they are executed.
    ///
    /// # Errors
    /// If something is wrong with them, or they do not end well.
    pub fn run(&self, queue: Queue, commands: &Commands) -> Result<Completion> {
        let buffer = self.command_buffer(commands)?;
        self.submit(Submission::new().job(queue, &buffer))?.wait()
    }

    /// Copies `data` to the card, and waits until it is there.
    ///
    /// # Errors
    /// If the place has no room for it; as [`run`](Self::run).
    pub fn put(&self, to: impl Into<Place>, data: &[u8]) -> Result {
        let to = to.into();
        for (offset, piece) in pieces(data.len()) {
            let host = self.host_memory(piece)?;
            host.write(0, data.get(offset..offset + piece).unwrap_or_default())?;
            let mut copy = Commands::new();
            copy.copy(&host, to.at(offset as u64, piece as u64)?, piece as u32)?;
            self.run(Queue::Dma1, &copy)?;
        }
        Ok(())
    }

    /// Copies from the card into `data`.
    ///
    /// # Errors
    /// If the place has not so much; as [`run`](Self::run).
    pub fn get(&self, from: impl Into<Place>, data: &mut [u8]) -> Result {
        let from = from.into();
        // Only one queue may read host memory.
        let queue = if from.is_host() { Queue::Dma1 } else { Queue::Dma2 };
        for (offset, piece) in pieces(data.len()) {
            let host = self.host_memory(piece)?;
            let mut copy = Commands::new();
            copy.copy(from.at(offset as u64, piece as u64)?, &host, piece as u32)?;
            self.run(queue, &copy)?;
            host.read(0, data.get_mut(offset..offset + piece).unwrap_or_default())?;
        }
        Ok(())
    }

    /// Waits until all that was submitted until now has ended, whether well or not.
    ///
    /// # Errors
    /// That of the first that has not ended well, or cannot be waited for.
    pub fn finish(&self) -> Result {
        self.flight.finish()
    }

    /// Listens to events. One listener at a time.
    ///
    /// # Errors
    /// If there is one already.
    pub fn events(&self) -> Result<Events> {
        Events::new(self.node())
    }

    /// What has happened since the last time, without a listener.
    ///
    /// # Errors
    /// If the card is gone.
    pub fn take_notifications(&self) -> Result<Notifications> {
        events::take(self.node())
    }

    /// Counter `id`, 0 to 3, of a queue. Counter 3 of [`Queue::Dma3`] is not to be had: launches of kernels use it.
    ///
    /// # Errors
    /// If there is no such counter, or launches use it.
    pub fn fence_counter(&self, queue: Queue, id: u8) -> Result<FenceCounter> {
        FenceCounter::new(queue, id)
    }
}

/// Offsets and lengths of what is copied at a time.
fn pieces(len: usize) -> impl Iterator<Item = (usize, usize)> {
    const PIECE: usize = 64 << 20;
    (0..len).step_by(PIECE).map(move |offset| (offset, PIECE.min(len - offset)))
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.node().file().as_fd()
    }
}

impl AsRawFd for Device {
    fn as_raw_fd(&self) -> RawFd {
        self.node().file().as_raw_fd()
    }
}

/// A control node: questions only, whoever has the card, and during a reset.
#[derive(Debug)]
pub struct Control(Node);

impl Control {
    /// Opens the control node of a card.
    ///
    /// # Errors
    /// If it is not ours to open, or the card is out of order.
    pub fn open(card: &Card) -> Result<Self> {
        Node::open(&card.control_node(), Duration::ZERO).map(Self)
    }

    /// Questions about the card. What concerns a user is zero here.
    #[must_use]
    pub fn info(&self) -> Info<'_> {
        Info(&self.0)
    }

    /// The node that was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
