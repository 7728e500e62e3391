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

use kernel::{
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

use crate::abstractions::time::Moment;

pub(crate) mod bars;
pub(crate) mod dma;
pub(crate) mod elbi;
pub(crate) mod engines;
pub(crate) mod events;
pub(crate) mod golden;
mod golden_tables;
pub(crate) mod iatu;
pub(crate) mod idle;
pub(crate) mod map;
pub(crate) mod mmu;
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

/// Registers of a card.
///
/// Offsets are relative to the configuration space, as upstream's `mm*` names are. Both functions are total: a card
/// that is gone reads as all ones and swallows what is written.
pub(crate) trait Io {
    /// Reads the register at `offset`.
    fn read(&self, offset: u32) -> u32;
    /// Writes `value` to the register at `offset`.
    fn write(&self, offset: u32, value: u32);
}

/// Pauses of [`poll`] in microseconds: a card that is quick is not waited for longer than needed.
const PAUSES: Pauses = Pauses {
    first: 2,
    longest: 500,
};

/// Microseconds between two looks at a register; each pause is twice the one before.
pub(crate) struct Pauses {
    pub(crate) first: i64,
    pub(crate) longest: i64,
}

/// Reads a register until `done` likes its value, and returns that value. Sleeps between reads.
///
/// # Errors
///
/// `ETIMEDOUT` if that has not happened after `timeout`.
pub(crate) fn poll(
    io: &impl Io,
    offset: u32,
    timeout: Delta,
    done: impl Fn(u32) -> bool,
) -> Result<u32> {
    poll_at(io, offset, timeout, PAUSES, done).map_err(|_| ETIMEDOUT)
}

/// As [`poll`], with pauses of the caller's.
///
/// # Errors
///
/// What was read last, if `done` has not liked it after `timeout`.
pub(crate) fn poll_at(
    io: &impl Io,
    offset: u32,
    timeout: Delta,
    pauses: Pauses,
    done: impl Fn(u32) -> bool,
) -> Result<u32, u32> {
    let start = Moment::now();
    let mut pause = pauses.first;
    loop {
        // The clock before the register: whoever is scheduled away in between must not miss what the card did.
        let late = start.elapsed() > timeout;
        let value = io.read(offset);
        if done(value) {
            return Ok(value);
        }
        if late {
            return Err(value);
        }
        fsleep(Delta::from_micros(pause));
        pause = pause.saturating_mul(2).min(pauses.longest);
    }
}

/// Clears the bits `clear` of a register, then sets the bits `set`: one read, one write.
pub(crate) fn modify(io: &impl Io, offset: u32, clear: u32, set: u32) {
    io.write(offset, (io.read(offset) & !clear) | set);
}

/// The offset of register `first` of number `n` of a kind, each `step` bytes behind the one before: those of no card are
/// so large that this wraps.
pub(crate) const fn nth(first: u32, n: u32, step: u32) -> u32 {
    first.wrapping_add(n.wrapping_mul(step))
}

/// Writes an address or a counter to a pair of registers, the low half at `low`, the high half behind it.
pub(crate) fn write_pair(io: &impl Io, low: u32, value: u64) {
    io.write(low, lower_half(value));
    io.write(low.wrapping_add(4), upper_half(value));
}

/// Bits 31:0.
pub(crate) const fn lower_half(value: u64) -> u32 {
    (value & 0xffff_ffff) as u32
}

/// Bits 63:32.
pub(crate) const fn upper_half(value: u64) -> u32 {
    (value >> 32) as u32
}

/// Waits until all writes so far have reached the card: a read can't pass them on the bus.
pub(crate) fn flush(io: &impl Io) {
    io.read(regs::pcie::DBI_ID);
}

/// Sends an event number to the device CPU, see [`regs::event`].
pub(crate) fn signal_cpu(io: &impl Io, event: u32) {
    io.write(regs::GIC_SETSPI, event);
}
