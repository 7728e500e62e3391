// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensor processing cores: what they have beyond their queues.
//!
//! Facts from upstream's `_goya_tpc_mbist_workaround()` and `goya_tpc_stall()`.

use super::{
    modify,
    nth,
    poll,
    regs::tpc as regs,
    Io, //
};
use kernel::{
    device::Device,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// Cores.
pub(crate) const COUNT: u32 = 8;

/// What the test writes to each memory of a core.
const MBIST_MEMORIES: [u32; 10] = [
    0x37ff, 0x303f, 0x71ff, 0x71ff, 0x70ff, 0x70ff, 0x70ff, 0x70ff, 0x70ff, 0x70ff,
];
/// How long the test may take.
const MBIST_TIMEOUT: Delta = Delta::from_secs(1);
/// How long a core must be held in reset, and how long it then takes.
const CORE_RESET: Delta = Delta::from_millis(1);
/// Words of a core's scalar memory.
const SLM_WORDS: u32 = 256;

/// The base of a core's blocks (0 to 7).
pub(crate) const fn base(core: u32) -> u32 {
    nth(0xe0_0000, core, 0x4_0000)
}

/// The bases of all cores, in order.
pub(crate) fn bases() -> impl Iterator<Item = u32> {
    (0..COUNT).map(base)
}

/// The base of a core's debug unit (0 to 7).
const fn debug_unit(core: u32) -> u32 {
    nth(regs::EML, core, regs::EML_STEP)
}

/// Initializes what a reset leaves undefined in the cores (hardware bug 2443): tests their memories, resets them, and
/// clears their scalar memories. Once after each hard reset, before anything uses the cores.
///
/// The cores do it at the same time. One that does not finish is logged, and used nevertheless, as upstream does.
pub(crate) fn initialize_memories(dev: &Device, io: &impl Io) {
    for (core, base) in (0..COUNT).zip(bases()) {
        start_memory_test(dev, io, core, base);
    }
    for (core, base) in (0..COUNT).zip(bases()) {
        let done = |control| control & regs::MBIST_DONE != 0;
        if poll(
            io,
            base.wrapping_add(regs::MBIST_CNTRL),
            MBIST_TIMEOUT,
            done,
        )
        .is_err()
        {
            dev_err!(dev, "Timeout while waiting for TPC{} MBIST DONE\n", core);
        }
    }

    for core in 0..COUNT {
        modify(
            io,
            debug_unit(core).wrapping_add(regs::EML_DBG_CNT),
            0,
            regs::EML_CORE_RST,
        );
    }
    fsleep(CORE_RESET);
    for core in 0..COUNT {
        modify(
            io,
            debug_unit(core).wrapping_add(regs::EML_DBG_CNT),
            regs::EML_CORE_RST,
            0,
        );
    }
    fsleep(CORE_RESET);

    for core in 0..COUNT {
        let memory = debug_unit(core).wrapping_add(regs::EML_SLM);
        for word in 0..SLM_WORDS {
            io.write(nth(memory, word, 4), 0);
        }
        io.read(memory);
    }
}

fn start_memory_test(dev: &Device, io: &impl Io, core: u32, base: u32) {
    let at = |register: u32| base.wrapping_add(register);
    let control = io.read(at(regs::MBIST_CNTRL));
    if control & regs::MBIST_ACTIVE != 0 {
        dev_warn!(dev, "TPC{} MBIST ACTIVE is not cleared\n", core);
    }
    // That the pattern comes from the control register is what upstream does.
    io.write(at(regs::MBIST_PAT), control & 0xffff_f000);
    for (memory, value) in (0..32).zip(MBIST_MEMORIES) {
        io.write(nth(at(regs::MBIST_MEM), memory, 4), value);
    }
    modify(io, at(regs::MBIST_CNTRL), 0, regs::MBIST_START);
}

/// Stalls all cores, in the middle of a program if need be.
pub(super) fn stall(io: &impl Io) {
    for base in bases() {
        io.write(base.wrapping_add(regs::CFG_STALL), regs::STALL);
    }
}
