// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The Goya card without a transport.
//!
//! [`Chip`] is the whole card as a driver can see it: PCI configuration space, BARs, boot
//! firmware, queue managers, sync manager, MMU and events. Whoever owns a `Chip` gives it accesses
//! ([`Chip::config_read`], [`Chip::bar_write`], ...) and time to work ([`Chip::run`]); the chip
//! reaches its surroundings only through [`Host`]. It starts no thread and reads no clock of its own.
//!
//! Hardware facts come from the upstream Linux driver (`drivers/accel/habanalabs`); each one names
//! its header.

mod access;
mod busy;
mod chip;
mod config;
mod counters;
mod cpu;
mod engine;
pub mod events;
pub mod fault;
mod host;
mod huge;
pub mod inspect;
pub mod map;
mod memory;
mod mmu;
mod pci;
mod protect;
mod psoc;
mod queue;
mod registers;
pub mod regs;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tpc;
mod trace;

pub use chip::{Chip, ChipError, Progress, Reset};
pub use config::{ChipConfig, ConfigError};
pub use counters::Counters;
pub use cpu::{BootView, Image, Kind as SensorKind, SensorView, Stage};
pub use host::{BusError, Host};
pub use memory::{MemoryError, SparseMemory};
pub use pci::{CONFIG_SIZE, DRAM_BAR, MSIX_BAR, MSIX_BAR_SIZE, SRAM_CFG_BAR, SRAM_CFG_BAR_SIZE, VECTORS};
pub use queue::{ChannelView, QueueId, QueueView};
