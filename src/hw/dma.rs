// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! DMA channels: what they have beyond their queue managers, and the traps for illegal accesses.
//!
//! Facts from upstream's `goya_init_dma_ch()`, `goya_context_switch()` and `goya_print_razwi_info()`.

use super::{
    events::id,
    lower_half, map, nth,
    regs::{
        cpu::GICD_SETSPI_NSR,
        dma::*,
        qm::{self, CP_CURRENT_INST_HI, CP_CURRENT_INST_LO, PQ_CI},
    },
    sync, upper_half, Io, Location, Offset,
};

/// DMA channels.
pub(crate) const COUNT: u32 = super::map::DMA_CHANNELS;
/// Where a channel and its queue manager are in their work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position([u32; 6]);

impl Position {
    /// That of a channel (0 to 4): as soon as anything moves, it is another one.
    pub(crate) fn of(io: &impl Io, channel: u32) -> Self {
        let (manager, channel) = (qm::DMA_QM.nth(channel), DMA_CH.nth(channel));
        Self([
            manager.read::<PQ_CI>(io).into(),
            manager.read::<CP_CURRENT_INST_LO>(io).into(),
            manager.read::<CP_CURRENT_INST_HI>(io).into(),
            channel.read::<SRC_ADDR_LO_STS>(io).into(),
            channel.read::<DST_ADDR_LO_STS>(io).into(),
            channel.read::<DST_TSIZE_STS>(io).into(),
        ])
    }

    /// A test's.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn at(place: u32) -> Self {
        Self([place; 6])
    }
}

/// The sync object that a channel adds 1 to at the end of a transfer: 1000 and up for channels 1 to 4, and 1007 for
/// channel 0, where users don't look.
fn completion_object(channel: u32) -> u64 {
    let object = match channel {
        0 => 1007,
        n => n.wrapping_add(999),
    };
    map::register(sync::object(object).offset())
}

/// Sets up error and completion messages of a channel.
///
/// The low half of the completion's address is not set here: users may change it, so
/// [`reset_user_registers`] does it for every context.
pub(super) fn start_channel(io: &impl Io, channel: u32) {
    let completion = completion_object(channel);
    let error_event = nth(id::DMA0_CH.into(), channel, 1);
    let channel = DMA_CH.nth(channel);
    channel.write_pair::<ERRMSG_ADDR_LO, ERRMSG_ADDR_HI>(
        io,
        map::register(Offset::of::<GICD_SETSPI_NSR>()),
    );
    channel.write(io, ERRMSG_WDATA::from(error_event));

    channel.write(io, WR_COMP_ADDR_HI::from(upper_half(completion)));
    channel.write(io, WR_COMP_WDATA::from(sync::ADD_1.into_raw()));
}

/// Gives the channels' registers that users may change their first values again.
pub(crate) fn reset_user_registers(io: &impl Io) {
    for (number, channel) in (0..COUNT).zip(DMA_CH.iter()) {
        let completion = lower_half(completion_object(number));
        channel.write(io, WR_COMP_ADDR_LO::from(completion));
    }
}

/// Kinds of illegal accesses.
pub(crate) const ILLEGAL_KINDS: usize = 4;

/// Calls `report` with number and text of each kind of illegal access since the last call, and forgets them.
pub(crate) fn take_illegal_accesses(io: &impl Io, mut report: impl FnMut(usize, &'static str)) {
    let kinds: [_; ILLEGAL_KINDS] = [
        (RAZWI_LBW_WT_VLD.offset(), "Illegal write to LBW"),
        (RAZWI_LBW_RD_VLD.offset(), "Illegal read from LBW"),
        (RAZWI_HBW_WT_VLD.offset(), "Illegal write to HBW"),
        (RAZWI_HBW_RD_VLD.offset(), "Illegal read from HBW"),
    ];
    for (kind, (register, text)) in (0..ILLEGAL_KINDS).zip(kinds) {
        if io.read(register) != 0 {
            report(kind, text);
            io.write(register, 0);
        }
    }
}
