// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's time stamp counter.
//!
//! Facts from upstream's `goya_enable_timestamp()` and `goya_get_device_time()`.

use super::{
    regs::psoc::{
        TIMESTAMP_CNTCR,
        TIMESTAMP_CNTCVL,
        TIMESTAMP_CNTCVU, //
    },
    Io, //
};

/// Starts the counter at zero.
pub(crate) fn start(io: &impl Io) {
    stop(io);
    io.write_reg(TIMESTAMP_CNTCVU::from(0));
    io.write_reg(TIMESTAMP_CNTCVL::from(0));
    io.write_reg(TIMESTAMP_CNTCR::from(1));
}

/// Stops the counter.
pub(crate) fn stop(io: &impl Io) {
    io.write_reg(TIMESTAMP_CNTCR::from(0));
}

/// The counter, in ticks of [`super::pll::PciPll::frequency`]; all ones if the card is gone.
pub(crate) fn read(io: &impl Io) -> u64 {
    let half = |value: u32| u64::from(value);
    let high = io.read(TIMESTAMP_CNTCVU);
    let low = io.read(TIMESTAMP_CNTCVL);
    let later = io.read(TIMESTAMP_CNTCVU);
    if high == later {
        return half(high.into()) << 32 | half(low.into());
    }
    // The low half has gone round in between, so it is near zero now.
    half(later.into()) << 32 | half(io.read(TIMESTAMP_CNTCVL).into())
}
