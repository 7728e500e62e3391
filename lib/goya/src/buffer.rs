// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Command buffers: packets where the driver reads them.

use std::sync::Arc;

use goya_uapi::*;

use crate::error::Call;
use crate::node::Node;
use crate::place::Keep;
use crate::sys::{Mapping, PAGE};
use crate::undo::Undo;
use crate::{Commands, Error, Result};

/// A command buffer of the driver's, for jobs of DMA queues.
///
/// The driver copies it when it is submitted, so it can be written anew, submitted again, or dropped as soon as
/// [`submit`](crate::Device::submit) has returned.
#[derive(Debug)]
pub struct CommandBuffer {
    node: Arc<Node>,
    handle: u64,
    /// There until it is dropped.
    memory: Option<Mapping>,
    capacity: usize,
    used: usize,
    keep: Vec<Arc<dyn Keep>>,
}

impl CommandBuffer {
    /// Bytes of packets that a command buffer can have.
    pub const MAX: usize = HL_MAX_CB_SIZE as usize;

    pub(crate) fn new(node: &Arc<Node>, capacity: usize) -> Result<Self> {
        let capacity = capacity.max(PAGE);
        let size = u32::try_from(capacity).ok().filter(|_| capacity <= Self::MAX);
        let size = size.ok_or_else(|| too_long(capacity, Self::MAX))?;
        node.undo_again();
        let mut args = hl_cb_args::default();
        args.in_ = hl_cb_in { op: HL_CB_OP_CREATE, cb_size: size, ..Default::default() };
        node.ioctl(HL_IOCTL_CB, &mut args)
            .map_err(|e| Call::CommandBuffer.failed(format!("make a command buffer of {size} bytes"), e))?;
        // SAFETY: the call has succeeded, so there is an answer; all readings of it are numbers.
        let handle = unsafe { args.out.__bindgen_anon_1.cb_handle };
        match Mapping::of_file(node.file(), capacity.next_multiple_of(PAGE), handle) {
            Ok(memory) => {
                let memory = Some(memory);
                Ok(Self { node: node.clone(), handle, memory, capacity, used: 0, keep: Vec::new() })
            }
            Err(e) => {
                node.undo(Undo::Destroy { handle });
                Err(Call::CommandBuffer.failed("map a command buffer", e))
            }
        }
    }

    /// Replaces what is in it.
    ///
    /// # Errors
    /// If it is too small.
    pub fn write(&mut self, commands: &Commands) -> Result {
        let bytes = commands.bytes();
        if bytes.len() > self.capacity {
            return Err(too_long(bytes.len(), self.capacity));
        }
        if let Some(memory) = self.memory.as_mut().filter(|_| self.node.is_ours()) {
            memory.fill_front(bytes);
        }
        self.used = bytes.len();
        self.keep = commands.kept().to_vec();
        Ok(())
    }

    /// Bytes of packets that are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether no packets are in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Bytes of packets that it has room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The driver's number for it.
    #[must_use]
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// The node that it is of.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    pub(crate) fn kept(&self) -> &[Arc<dyn Keep>] {
        &self.keep
    }
}

impl Drop for CommandBuffer {
    fn drop(&mut self) {
        if !self.node.is_ours() {
            // A fork leaves the driver's memory alone.
            std::mem::forget(self.memory.take());
        }
        // What is mapped lives on until it is unmapped, which comes next.
        self.node.undo(Undo::Destroy { handle: self.handle });
    }
}

fn too_long(len: usize, room: usize) -> Error {
    Error::Invalid(format!(
        "{len} bytes of packets do not fit into a command buffer of {room}: split them into several jobs"
    ))
}
