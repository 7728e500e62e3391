// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensor processing cores: what they have beyond their queues.
//!
//! Facts from upstream's `_goya_tpc_mbist_workaround()` and `goya_tpc_stall()`.

use super::{
    poll,
    regs::tpc::*,
    Block,
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
pub(crate) const COUNT: u32 = super::map::TPCS;

/// What the test writes to each memory of a core.
const MBIST_MEMORIES: [u32; 10] = [
    0x37ff, 0x303f, 0x71ff, 0x71ff, 0x70ff, 0x70ff, 0x70ff, 0x70ff, 0x70ff, 0x70ff,
];
/// What stalls a core.
const STALL: TPC_STALL = TPC_STALL::from_raw(0).with_const_v::<1>();
/// How long the test may take.
const MBIST_TIMEOUT: Delta = Delta::from_secs(1);
/// How long a core must be held in reset, and how long it then takes.
const CORE_RESET: Delta = Delta::from_millis(1);

/// Initializes what a reset leaves undefined in the cores (hardware bug 2443): tests their memories, resets them, and
/// clears their scalar memories. Once after each hard reset, before anything uses the cores.
///
/// The cores do it at the same time. One that does not finish is logged, and used nevertheless, as upstream does.
pub(crate) fn initialize_memories(dev: &Device, io: &impl Io) {
    for (number, core) in (0..COUNT).zip(TPC_CFG.iter()) {
        start_memory_test(dev, io, number, core);
    }
    let done = |control: FUNC_MBIST_CNTRL| control.mbist_done();
    for (number, core) in (0..COUNT).zip(TPC_CFG.iter()) {
        if poll(io, core.at(), MBIST_TIMEOUT, done).is_err() {
            dev_err!(dev, "Timeout while waiting for TPC{} MBIST DONE\n", number);
        }
    }

    for unit in TPC_EML_CFG.iter() {
        io.update(unit.at(), |control: DBG_CNT| control.with_core_rst(true));
    }
    fsleep(CORE_RESET);
    for unit in TPC_EML_CFG.iter() {
        io.update(unit.at(), |control: DBG_CNT| control.with_core_rst(false));
    }
    fsleep(CORE_RESET);

    for unit in TPC_EML_CFG.iter() {
        for word in unit.all::<SLM>() {
            io.write(word, SLM::from(0));
        }
        if let Some(first) = unit.all::<SLM>().next() {
            io.read(first);
        }
    }
}

fn start_memory_test(dev: &Device, io: &impl Io, number: u32, core: Block<Cores>) {
    let control = core.read::<FUNC_MBIST_CNTRL>(io);
    if control.mbist_active() {
        dev_warn!(dev, "TPC{} MBIST ACTIVE is not cleared\n", number);
    }
    // That the pattern comes from the control register is what upstream does.
    let pattern = FUNC_MBIST_PAT::from(control.into_raw());
    core.write(io, pattern.with_const_patterns::<0>());
    for (place, value) in core.all::<FUNC_MBIST_MEM>().zip(MBIST_MEMORIES) {
        io.write(place, FUNC_MBIST_MEM::from(value));
    }
    io.update(core.at(), |control: FUNC_MBIST_CNTRL| {
        control.with_mbist_start(true)
    });
}

/// Stalls all cores, in the middle of a program if need be.
pub(super) fn stall(io: &impl Io) {
    for core in TPC_CFG.iter() {
        core.write(io, STALL);
    }
}
