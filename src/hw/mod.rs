// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's facts: registers, sequences, address map.

pub(crate) mod bars;

/// Access to the card's registers. Offsets are relative to the configuration space.
///
/// Total: a card that is gone reads as all ones, and loses what is written.
pub(crate) trait Io {
    /// Reads a register.
    fn read(&self, offset: u32) -> u32;
    /// Writes a register.
    fn write(&self, offset: u32, value: u32);
}
