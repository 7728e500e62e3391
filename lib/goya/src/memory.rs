// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory that the card reaches: the host's, mapped for it, and its own.

use std::fmt::Debug;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};

use goya_uapi::*;

use crate::error::{Call, inside};
use crate::export::DmaBuf;
use crate::node::Node;
use crate::place::{Keep, Place};
use crate::sys::Mapping;
use crate::undo::Undo;
use crate::{Result, place, sys};

/// What [`Node::memory`] does for one structure of the union of questions.
pub(crate) type Question = hl_mem_in__bindgen_ty_1;

impl Node {
    /// Does a memory operation; the answer is an address or a handle.
    pub(crate) fn memory(&self, op: u32, flags: u32, question: Question) -> std::io::Result<u64> {
        let mut args = hl_mem_args::default();
        args.in_ = hl_mem_in { op, flags, __bindgen_anon_1: question, ..Default::default() };
        self.ioctl(HL_IOCTL_MEMORY, &mut args)?;
        // SAFETY: the call has succeeded, so there is an answer; all readings of it are numbers.
        Ok(unsafe { args.out.__bindgen_anon_1.handle })
    }
}

/// Where in the card's address space something is to be mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hint {
    /// Anywhere.
    #[default]
    Any,
    /// At this address, if that can be, else anywhere.
    Prefer(u64),
    /// At this address, or nowhere.
    Exactly(u64),
}

impl Hint {
    fn address_and_flags(self) -> (u64, u32) {
        match self {
            Self::Any => (0, 0),
            Self::Prefer(address) => (address, 0),
            Self::Exactly(address) => (address, HL_MEM_FORCE_HINT),
        }
    }
}

/// Host memory that the card reaches, as long as this lives, or a submission that uses it is in flight.
///
/// The card may change it at any time, so it is used by copies. A clone is the same memory.
#[derive(Debug, Clone)]
pub struct HostMemory(Arc<HostInner>);

#[derive(Debug)]
struct HostInner {
    node: Arc<Node>,
    /// The memory, unless it is the caller's.
    own: Option<Mapping>,
    start: NonNull<u8>,
    len: usize,
    address: u64,
    /// Who copies from it shares it, who copies to it has it alone. The card asks nobody: copies are volatile.
    copies: RwLock<()>,
}

// SAFETY: memory is the process's, not a thread's.
unsafe impl Send for HostInner {}
// SAFETY: threads read and write under the lock only.
unsafe impl Sync for HostInner {}
impl Keep for HostInner {
    fn node(&self) -> *const Node {
        Arc::as_ptr(&self.node)
    }
}

impl Drop for HostInner {
    fn drop(&mut self) {
        self.node.undo(Undo::Unmap { address: self.address, _own: self.own.take() });
    }
}

impl HostMemory {
    /// `len` bytes of zeroed memory, which are the library's.
    pub(crate) fn new(node: &Arc<Node>, len: usize, hint: Hint) -> Result<Self> {
        let own = Mapping::anonymous(len.max(1))
            .map_err(|e| Call::Process.failed(format!("allocate {len} bytes"), e))?;
        let start = own.address();
        // SAFETY: the memory is there until after the mapping is taken away: it is dropped later.
        unsafe { Self::map(node, start, len.max(1), hint, Some(own)) }
    }

    /// Maps memory of the caller's, or of `own`.
    ///
    /// # Safety
    /// As [`Device::map_host`](crate::Device::map_host), unless it is that of `own`.
    pub(crate) unsafe fn map(
        node: &Arc<Node>,
        start: NonNull<u8>,
        len: usize,
        hint: Hint,
        own: Option<Mapping>,
    ) -> Result<Self> {
        node.undo_again();
        let (hint_addr, flags) = hint.address_and_flags();
        let map_host = hl_mem_in__bindgen_ty_1__bindgen_ty_4 {
            host_virt_addr: start.as_ptr() as u64,
            hint_addr,
            mem_size: len as u64,
        };
        let address = node
            .memory(HL_MEM_OP_MAP, HL_MEM_USERPTR | flags, Question { map_host })
            .map_err(|e| Call::Map.failed(format!("map {len} bytes of host memory"), e))?;
        Ok(Self(Arc::new(HostInner {
            node: node.clone(),
            own,
            start,
            len,
            address,
            copies: RwLock::default(),
        })))
    }

    /// Its address in the card.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.0.address
    }

    /// Bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there is nothing. There always is something.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// Where it is in the process. Whoever reads or writes there shares it with the card, and with the copies of others.
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        self.0.start.as_ptr()
    }

    /// Copies `data` to it. Threads that copy to and from the same memory wait for each other; the card does not.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn write(&self, offset: usize, data: &[u8]) -> Result {
        inside("host memory", offset as u64, data.len() as u64, self.0.len as u64)?;
        let _alone = self.0.copies.write().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the range is inside, and the lock keeps other threads away.
        unsafe { sys::copy_to(self.0.start.as_ptr().add(offset), data) };
        Ok(())
    }

    /// Copies from it into `data`.
    ///
    /// # Errors
    /// If it has not so much.
    pub fn read(&self, offset: usize, data: &mut [u8]) -> Result {
        inside("host memory", offset as u64, data.len() as u64, self.0.len as u64)?;
        let _shared = self.0.copies.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the range is inside, and the lock keeps threads away that write.
        unsafe { sys::copy_from(self.0.start.as_ptr().add(offset), data) };
        Ok(())
    }

    /// A copy of `len` of its bytes.
    ///
    /// # Errors
    /// If it has not so much.
    pub fn to_vec(&self, offset: usize, len: usize) -> Result<Vec<u8>> {
        inside("host memory", offset as u64, len as u64, self.0.len as u64)?;
        let mut data = vec![0; len];
        self.read(offset, &mut data)?;
        Ok(data)
    }

    /// `len` bytes of it at `offset`, for packets.
    ///
    /// # Errors
    /// If it has not so much.
    pub fn at(&self, offset: u64, len: u64) -> Result<Place> {
        Place::from(self).at(offset, len)
    }
}

impl From<&HostMemory> for Place {
    fn from(memory: &HostMemory) -> Self {
        Self::kept(memory.0.address, memory.0.len as u64, memory.0.clone())
    }
}

/// Device memory, without an address: [`map`](Self::map) gives it one. A clone is the same memory.
#[derive(Debug, Clone)]
pub struct Buffer(Arc<BufferInner>);

#[derive(Debug)]
struct BufferInner {
    node: Arc<Node>,
    handle: u64,
    size: u64,
}

impl Drop for BufferInner {
    fn drop(&mut self) {
        self.node.undo(Undo::Free { handle: self.handle });
    }
}

/// How device memory is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BufferOptions {
    /// In one piece of the card's memory.
    pub contiguous: bool,
    /// For other users of the card, too, where there can be some.
    pub shared: bool,
}

impl Buffer {
    /// Allocates `size` bytes, which are rounded up to pages of 2 MiB.
    pub(crate) fn new(node: &Arc<Node>, size: u64, options: BufferOptions) -> Result<Self> {
        node.undo_again();
        let mut flags = 0;
        if options.contiguous {
            flags |= HL_MEM_CONTIGUOUS;
        }
        if options.shared {
            flags |= HL_MEM_SHARED;
        }
        let alloc = hl_mem_in__bindgen_ty_1__bindgen_ty_1 { mem_size: size, page_size: 0 };
        let handle = node
            .memory(HL_MEM_OP_ALLOC, flags, Question { alloc })
            .map_err(|e| Call::Allocate.failed(format!("allocate {size} bytes of device memory"), e))?;
        Ok(Self(Arc::new(BufferInner { node: node.clone(), handle, size })))
    }

    /// The driver's number for it.
    #[must_use]
    pub fn handle(&self) -> u64 {
        self.0.handle
    }

    /// Bytes that were asked for.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// Maps it into the card's address space. It can be mapped several times.
    ///
    /// # Errors
    /// If the address that `hint` insists on is not free, or there is no memory for page tables.
    pub fn map(&self, hint: Hint) -> Result<DeviceMemory> {
        self.0.node.undo_again();
        let (hint_addr, flags) = hint.address_and_flags();
        let map_device = hl_mem_in__bindgen_ty_1__bindgen_ty_3 { hint_addr, handle: self.0.handle };
        let address = self
            .0
            .node
            .memory(HL_MEM_OP_MAP, flags, Question { map_device })
            .map_err(|e| Call::Map.failed(format!("map {} bytes of device memory", self.0.size), e))?;
        Ok(DeviceMemory(Arc::new(DeviceInner { buffer: self.clone(), address })))
    }
}

/// Device memory that is mapped, as long as this lives, or a submission that uses it is in flight. A clone is the same
/// mapping.
#[derive(Debug, Clone)]
pub struct DeviceMemory(Arc<DeviceInner>);

#[derive(Debug)]
struct DeviceInner {
    buffer: Buffer,
    address: u64,
}

impl Keep for DeviceInner {
    fn node(&self) -> *const Node {
        Arc::as_ptr(&self.buffer.0.node)
    }
}

impl Drop for DeviceInner {
    fn drop(&mut self) {
        self.buffer.0.node.undo(Undo::Unmap { address: self.address, _own: None });
    }
}

impl DeviceMemory {
    /// Its address in the card.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.0.address
    }

    /// Bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.buffer.0.size
    }

    /// What is mapped.
    #[must_use]
    pub fn buffer(&self) -> &Buffer {
        &self.0.buffer
    }

    /// `len` bytes of it at `offset`, for packets.
    ///
    /// # Errors
    /// If it has not so much.
    pub fn at(&self, offset: u64, len: u64) -> Result<Place> {
        Place::from(self).at(offset, len)
    }

    /// Makes a dma-buf of `len` bytes at `offset`, whole pages, for other devices. The card stays taken until that is
    /// closed.
    ///
    /// # Errors
    /// If the card's window to its memory does not reach all of the allocation, among others.
    pub fn export(&self, offset: u64, len: u64) -> Result<DmaBuf> {
        inside("device memory", offset, len, self.size().next_multiple_of(place::DEVICE_PAGE))?;
        let question = hl_mem_in__bindgen_ty_1__bindgen_ty_7 { addr: self.0.address, mem_size: len, offset };
        let flags = (libc::O_CLOEXEC | libc::O_RDWR) as u32;
        let node = &self.0.buffer.0.node;
        let answer = node
            .memory(HL_MEM_OP_EXPORT_DMABUF_FD, flags, Question { export_dmabuf_fd: question })
            .map_err(|e| Call::Export.failed(format!("export {len} bytes of device memory"), e))?;
        // The descriptor is the low word of the answer.
        let fd = crate::sys::owned(answer as u32 as i32).map_err(|e| Call::Export.failed("export", e))?;
        Ok(DmaBuf::new(fd, self.clone()))
    }
}

impl From<&DeviceMemory> for Place {
    fn from(memory: &DeviceMemory) -> Self {
        Self::kept(memory.0.address, memory.size(), memory.0.clone())
    }
}
