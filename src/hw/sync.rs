// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Sync objects and monitors.
//!
//! Facts from upstream's `goya_clear_sm_regs()` and `include/goya/asic_reg/goya_regs.h`.

use super::{
    nth,
    regs::sync::{MON_STATUS, SOB},
    Io,
};

/// Sync objects.
pub(crate) const OBJECTS: u32 = 1024;
/// Monitors.
pub(crate) const MONITORS: u32 = 256;
/// In a value written to a sync object: add bits 15:0 instead of setting them.
pub(crate) const ADD: u32 = 1 << 31;

/// The offset of a sync object's register.
pub(crate) const fn object(number: u32) -> u32 {
    nth(SOB, number, 4)
}

/// Clears all sync objects and disarms all monitors; when it returns, the card has seen it.
pub(crate) fn clear(io: &impl Io) {
    for number in 0..OBJECTS {
        io.write(object(number), 0);
    }
    for number in 0..MONITORS {
        io.write(nth(MON_STATUS, number, 4), 0);
    }
    // The next job's doorbell goes another way: wait.
    io.read(SOB);
}
