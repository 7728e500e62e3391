// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What the chip needs from the machine it is plugged into.
//!
//! The chip knows no transport: memory, interrupts and time come in through [`Host`].

use vm_memory::volatile_memory::VolatileSlice;

/// The machine around the card, as the card sees it across PCIe.
///
/// Bus addresses are what the card puts on the wire: the device-side offset
/// `HOST_PHYS_BASE` (`goya.h`) is already taken off.
pub trait Host: Send {
    /// The host memory that starts at `bus_addr`, contiguous for at least one and at most `len`
    /// bytes, or `None` when nothing answers there.
    fn memory(&self, bus_addr: u64, len: usize) -> Option<VolatileSlice<'_>>;

    /// Sends the message of MSI-X vector `vector`. Masking has been dealt with already.
    fn interrupt(&mut self, vector: u16);

    /// Whether this machine keeps MSI-X table and masks itself, so that the card sends always.
    fn masks_interrupts(&self) -> bool {
        false
    }

    /// The machine itself, for its owner to reach behind [`crate::Chip::host_mut`].
    fn as_any_mut(&mut self) -> &mut dyn std::any::Any;

    /// Nanoseconds since some fixed moment; never goes back.
    fn now_ns(&self) -> u64;
}

/// An access that nothing answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// No memory or register at this address.
    #[error("nothing answers at {0:#x}")]
    Unmapped(u64),
    /// The MMU has no translation, or refuses this one.
    #[error("page fault at {0:#x}")]
    PageFault(u64),
    /// A range register or protection bit refuses the access.
    #[error("protected address {0:#x}")]
    Protected(u64),
}
