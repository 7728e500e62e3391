// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! User-space library of Habana Goya cards.
//!
//! It speaks to the driver `goya`, or to `habanalabs`, whose user API is the same. `Documentation/libgoya.rst` has a
//! tutorial. There are no threads and no global state in it; whatever can be shared between threads is `Send` and `Sync`.
//!
//! A [`Device`] is an open card. Memory that it reaches is [`HostMemory`] or [`DeviceMemory`]; [`Commands`] name places in
//! them, and keep them alive: until the [`Fence`] of the last submission that uses them has signalled, memory stays mapped,
//! whoever drops it. [`Submission`]s are jobs for [`Queue`]s.
//!
//! ```no_run
//! use goya::{Commands, Device, Queue, Submission};
//!
//! # fn main() -> goya::Result {
//! let device = Device::open_first()?;
//! let host = device.host_memory(4096)?;
//! host.write(0, b"to SRAM")?;
//! let mut commands = Commands::new();
//! commands.copy(&host, goya::sram(0, 4096)?, 4096)?;
//! let buffer = device.command_buffer(&commands)?;
//! let fence = device.submit(Submission::new().job(Queue::Dma1, &buffer))?;
//! fence.wait()?;
//! # Ok(())
//! # }
//! ```

mod buffer;
mod cards;
mod commands;
mod device;
mod error;
mod events;
mod export;
mod fence;
mod flight;
pub mod info;
mod memory;
mod node;
pub mod packet;
mod place;
mod queue;
mod submit;
mod sync;
mod sys;
pub mod tpc;
mod undo;

/// The layouts of the user API, as in `drm/habanalabs_accel.h`.
pub use goya_uapi as uapi;

pub use buffer::CommandBuffer;
pub use cards::{Card, cards};
pub use commands::{Commands, Condition};
pub use device::{Control, Device, PATIENCE};
pub use error::{Call, Error, Result};
pub use events::{Events, Notifications};
pub use export::DmaBuf;
pub use fence::{Completion, Fence, wait_all, wait_any};
/// Texts of others, without what a terminal would obey.
pub use goya_tpc_isa::printable;
pub use info::{Info, Status};
pub use memory::{Buffer, BufferOptions, DeviceMemory, Hint, HostMemory};
pub use place::{DEVICE_PAGE, DRAM, HOST, Place, REGISTERS, SRAM, sram};
pub use queue::Queue;
pub use submit::Submission;
pub use sync::{FenceCounter, Monitor, SyncObject};
