// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's time stamp counter.
//!
//! Facts from upstream's `goya_enable_timestamp()` and `goya_get_device_time()`.

use super::{
    regs::psoc::TIMESTAMP,
    Io, //
};

/// The counter's low half.
const LOW: u32 = TIMESTAMP + 8;
/// The counter's high half.
const HIGH: u32 = TIMESTAMP + 12;

/// Starts the counter at zero.
pub(crate) fn start(io: &impl Io) {
    io.write(TIMESTAMP, 0);
    io.write(HIGH, 0);
    io.write(LOW, 0);
    io.write(TIMESTAMP, 1);
}

/// Stops the counter.
pub(crate) fn stop(io: &impl Io) {
    io.write(TIMESTAMP, 0);
}

/// The counter, in ticks of [`super::pll::PciPll::frequency`]; all ones if the card is gone.
pub(crate) fn read(io: &impl Io) -> u64 {
    let high = io.read(HIGH);
    let low = io.read(LOW);
    let later = io.read(HIGH);
    if high == later {
        return u64::from(high) << 32 | u64::from(low);
    }
    // The low half has gone round in between, so it is near zero now.
    u64::from(later) << 32 | u64::from(io.read(LOW))
}
