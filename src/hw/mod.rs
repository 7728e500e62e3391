// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's hardware: registers, what is written to them and when, and nothing about the host's side of it.
//!
//! Everything here is a function over [`Io`] and plain numbers, so it knows neither PCI nor DMA memory, and runs
//! against an array in a test. The facts are those of upstream's `goya/goya.c`.
//!
//! | file | question it answers |
//! |---|---|
//! | [`map`] | where things are in the card's address space, in SRAM and in DRAM |
//! | [`io`] | how registers are reached: read, write, poll |
//! | [`regs`] | offsets and bits of the registers that are used |
//! | [`golden`] | what the interconnect must be told before anything runs |
//! | [`qman`] | queue managers and command queues: set up, stop, doorbells |
//! | [`dma`], [`tpc`] | what the DMA channels and the TPCs have beyond their queue managers |
//! | [`sync`] | sync objects and monitors |
//! | [`engines`] | stopping, stalling and disabling all engines in the right order |
//! | [`idle`] | which engine is busy, for the driver and for people |
//! | [`mmu`] | translation: start, invalidate, who runs under which ASID, page faults |
//! | [`reset`] | soft and hard reset, and the card's own note of its state |
//! | [`bars`] | the mapped BARs, through which all of this is reached |
//! | [`window`] | the window to DRAM: where it is, and when what was written there has arrived |
//! | [`iatu`], [`elbi`] | what BARs show, as writes for the ELBI window |
//! | [`pll`], [`timestamp`] | clocks, and the time stamp counter |

pub(crate) mod bars;
pub(crate) mod dma;
pub(crate) mod elbi;
pub(crate) mod engines;
pub(crate) mod events;
pub(crate) mod golden;
mod golden_tables;
pub(crate) mod iatu;
pub(crate) mod idle;
mod io;
pub(crate) mod map;
pub(crate) mod mmu;
pub(crate) mod packet;
mod place;
pub(crate) mod pll;
pub(crate) mod qman;
pub(crate) mod regs;
pub(crate) mod reset;
pub(crate) mod security;
pub(crate) mod sync;
#[cfg(CONFIG_KUNIT = "y")]
mod tests;
pub(crate) mod timestamp;
pub(crate) mod tpc;
pub(crate) mod window;

pub(crate) use io::{
    lower_half, nth, poll, poll_at, upper_half, Block, Blocks, Io, Location, Offset, Pauses,
};

/// Waits until all writes so far have reached the card: a read can't pass them on the bus.
pub(crate) fn flush(io: &impl Io) {
    io.read(regs::pcie::DBI_DEVICE_ID_VENDOR_ID_REG);
}

/// Sends an event to the device CPU, one of [`events::id`].
pub(crate) fn signal_cpu(io: &impl Io, event: u16) {
    io.write_reg(regs::cpu::GICD_SETSPI_NSR::from(u32::from(event)));
}
