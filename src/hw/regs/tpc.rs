// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensor processing cores and their debug units, two families of blocks (`tpc0_cfg_regs.h`, `tpc0_eml_cfg_regs.h`).

use crate::hw::{
    map,
    Blocks,
    Offset, //
};
use kernel::io::register;

/// The family of the cores.
pub(crate) struct Cores;

/// The cores, `TPC0_CFG` to `TPC7_CFG`.
pub(crate) const TPC_CFG: Blocks<Cores> = Blocks::new(Offset::new(0xe0_6000), map::TPCS, 0x4_0000);

register! {
    /// State of the pipes.
    pub(crate) STATUS(u32) @ Cores + 0x81c {
        1:1     scalar_pipe_empty;
        2:2     vector_pipe_empty;
        3:3     iq_empty;
        4:4     no_infligh_mem_accesses;
    }

    /// Address of the sync objects, low half.
    pub(crate) SM_BASE_ADDRESS_LOW(u32) @ Cores + 0x828 {}

    /// Address of the sync objects, high half.
    pub(crate) SM_BASE_ADDRESS_HIGH(u32) @ Cores + 0x82c {}

    /// Stalls the core.
    pub(crate) TPC_STALL(u32) @ Cores + 0x83c {
        0:0     v;
    }

    /// Memory subsystem.
    pub(crate) MSS_CONFIG(u32) @ Cores + 0x854 {
        /// Lines that the instruction cache fetches at a time.
        9:8     icache_fetch_line_num;
    }

    /// Which interrupts are masked.
    pub(crate) TPC_INTR_MASK(u32) @ Cores + 0x85c {}

    /// As whom the core reads: a [`super::User`].
    pub(crate) ARUSER(u32) @ Cores + 0xd18 {}

    /// As whom the core writes: a [`super::User`].
    pub(crate) AWUSER(u32) @ Cores + 0xd1c {}

    /// Test of the core's memories: control.
    pub(crate) FUNC_MBIST_CNTRL(u32) @ Cores + 0xe00 {
        0:0     mbist_start;
        1:1     mbist_done => bool;
        2:2     mbist_active => bool;
    }

    /// Test of the core's memories: three patterns of four bits.
    pub(crate) FUNC_MBIST_PAT(u32) @ Cores + 0xe04 {
        11:0    patterns;
    }

    /// Test of the core's memories: what is written to each.
    pub(crate) FUNC_MBIST_MEM(u32)[10] @ Cores + 0xe08 {}
}

/// The family of the cores' debug units.
pub(crate) struct DebugUnits;

/// The debug units, `TPC0_EML_CFG` to `TPC7_EML_CFG`.
pub(crate) const TPC_EML_CFG: Blocks<DebugUnits> =
    Blocks::new(Offset::new(0x304_0000), map::TPCS, 0x20_0000);

register! {
    /// Control.
    pub(crate) DBG_CNT(u32) @ DebugUnits + 0x0 {
        /// Holds the core in reset.
        2:2     core_rst;
    }

    /// The core's scalar memory.
    pub(crate) SLM(u32)[256] @ DebugUnits + 0x10_0000 {}
}
