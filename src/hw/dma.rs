// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! DMA channels: what they have beyond their queue managers, and the traps for illegal accesses.
//!
//! Facts from upstream's `goya_init_dma_ch()`, `goya_context_switch()` and `goya_print_razwi_info()`.

use super::{
    lower_half, map, nth,
    regs::{dma_ch, event, qm, razwi, GIC_SETSPI},
    sync, upper_half, write_pair, Io,
};

/// DMA channels.
pub(crate) const COUNT: u32 = 5;
/// The first channel's queue manager.
pub(crate) const QMS: u32 = 0x40_0000;
/// Bytes from a channel's blocks to the next one's.
pub(crate) const STEP: u32 = 0x8000;
/// The first channel.
const CHANNELS: u32 = QMS + 0x1000;

/// The offset of a register of [`dma_ch`] in the block of a channel (0 to 4).
pub(crate) const fn register(channel: u32, register: u32) -> u32 {
    nth(CHANNELS, channel, STEP).wrapping_add(register)
}

/// Where a channel and its queue manager are in their work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position([u32; 6]);

impl Position {
    /// That of a channel (0 to 4): as soon as anything moves, it is another one.
    pub(crate) fn of(io: &impl Io, channel: u32) -> Self {
        let manager = QMS.wrapping_add(channel.wrapping_mul(STEP));
        Self([
            io.read(manager.wrapping_add(qm::PQ_CI)),
            io.read(manager.wrapping_add(qm::CP_CURRENT_INST)),
            io.read(manager.wrapping_add(qm::CP_CURRENT_INST + 4)),
            io.read(register(channel, dma_ch::SRC_ADDR_LO_STS)),
            io.read(register(channel, dma_ch::DST_ADDR_LO_STS)),
            io.read(register(channel, dma_ch::DST_TSIZE_STS)),
        ])
    }

    /// A test's.
    #[cfg(CONFIG_KUNIT)]
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
    map::register(sync::object(object))
}

/// Sets up error and completion messages of a channel.
///
/// The low half of the completion's address is not set here: users may change it, so
/// [`reset_user_registers`] does it for every context.
pub(super) fn start_channel(io: &impl Io, channel: u32) {
    let errors = register(channel, dma_ch::ERRMSG_ADDR);
    write_pair(io, errors, map::register(GIC_SETSPI));
    let error_event = register(channel, dma_ch::ERRMSG_WDATA);
    io.write(error_event, nth(event::DMA0_CH, channel, 1));

    let completion = register(channel, dma_ch::WR_COMP_ADDR_HI);
    io.write(completion, upper_half(completion_object(channel)));
    io.write(register(channel, dma_ch::WR_COMP_WDATA), sync::ADD | 1);
}

/// Gives the channels' registers that users may change their first values again.
pub(crate) fn reset_user_registers(io: &impl Io) {
    for channel in 0..COUNT {
        let completion = register(channel, dma_ch::WR_COMP_ADDR_LO);
        io.write(completion, lower_half(completion_object(channel)));
    }
}

/// Kinds of illegal accesses.
pub(crate) const ILLEGAL_KINDS: usize = 4;

/// Calls `report` with number and text of each kind of illegal access since the last call, and forgets them.
pub(crate) fn take_illegal_accesses(io: &impl Io, mut report: impl FnMut(usize, &'static str)) {
    let kinds: [_; ILLEGAL_KINDS] = [
        (razwi::LBW_WRITE, "Illegal write to LBW"),
        (razwi::LBW_READ, "Illegal read from LBW"),
        (razwi::HBW_WRITE, "Illegal write to HBW"),
        (razwi::HBW_READ, "Illegal read from HBW"),
    ];
    for (kind, (register, text)) in (0..ILLEGAL_KINDS).zip(kinds) {
        if io.read(register) != 0 {
            report(kind, text);
            io.write(register, 0);
        }
    }
}
