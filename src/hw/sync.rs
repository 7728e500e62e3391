// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Sync objects and monitors.
//!
//! Facts from upstream's `goya_clear_sm_regs()` and `include/goya/asic_reg/goya_regs.h`.

use super::{
    io::At,
    regs::sync::{
        MON_STATUS,
        SOB_OBJ, //
    },
    Io, //
};
/// Written to a sync object, adds 1.
pub(super) const ADD_1: SOB_OBJ = SOB_OBJ::from_raw(0)
    .with_const_add::<1>()
    .with_const_value::<1>();

/// Where a sync object is.
pub(crate) const fn object(number: u32) -> At<SOB_OBJ> {
    At::nth(number)
}

/// Clears all sync objects and disarms all monitors; when it returns, the card has seen it.
pub(crate) fn clear(io: &impl Io) {
    for object in At::all() {
        io.write(object, SOB_OBJ::from_raw(0));
    }
    for monitor in At::all() {
        io.write(monitor, MON_STATUS::from_raw(0));
    }
    // The next job's doorbell goes another way: wait.
    io.read(object(0));
}
