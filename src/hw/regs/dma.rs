// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! DMA channels, a family of blocks (`dma_ch_0_regs.h`), and the block that all of them go through (`dma_macro_regs.h`).

use crate::hw::{
    map,
    Blocks,
    Offset, //
};
use kernel::io::register;

/// The family of the channels.
pub(crate) struct DmaChannels;

/// The channels, `DMA_CH_0` to `4`.
pub(crate) const DMA_CH: Blocks<DmaChannels> =
    Blocks::new(Offset::new(0x40_1000), map::DMA_CHANNELS, 0x8000);

register! {
    /// Limits of what is on its way.
    pub(crate) CFG0(u32) @ DmaChannels + 0x00 {
        /// Reads.
        9:0     rd_max_outstand;
        /// Writes.
        27:16   wr_max_outstand;
    }

    /// Where errors are reported, low half.
    pub(crate) ERRMSG_ADDR_LO(u32) @ DmaChannels + 0x08 {}

    /// Where errors are reported, high half.
    pub(crate) ERRMSG_ADDR_HI(u32) @ DmaChannels + 0x0c {}

    /// What is written there.
    pub(crate) ERRMSG_WDATA(u32) @ DmaChannels + 0x10 {}

    /// Where the end of a transfer is reported, low half: users may write it.
    pub(crate) WR_COMP_ADDR_LO(u32) @ DmaChannels + 0x20 {}

    /// Where the end of a transfer is reported, high half.
    pub(crate) WR_COMP_ADDR_HI(u32) @ DmaChannels + 0x24 {}

    /// What is written there.
    pub(crate) WR_COMP_WDATA(u32) @ DmaChannels + 0x28 {}

    /// State.
    pub(crate) STS0(u32) @ DmaChannels + 0x44 {
        0:0     dma_busy => bool;
    }

    /// Where the transfer at work reads, low half.
    pub(crate) SRC_ADDR_LO_STS(u32) @ DmaChannels + 0x58 {}

    /// Where the transfer at work writes, low half.
    pub(crate) DST_ADDR_LO_STS(u32) @ DmaChannels + 0x64 {}

    /// What the transfer at work has left to write.
    pub(crate) DST_TSIZE_STS(u32) @ DmaChannels + 0x6c {}
}

// Traps for illegal accesses, of DMA_MACRO. Each is set by the card, and cleared by writing zero.
register! {
    /// Of a write on the bus to registers.
    pub(crate) RAZWI_LBW_WT_VLD(u32) @ 0x4b_013c {}

    /// Of a read on the bus to registers.
    pub(crate) RAZWI_LBW_RD_VLD(u32) @ 0x4b_0144 {}

    /// Of a write on the bus to memory.
    pub(crate) RAZWI_HBW_WT_VLD(u32) @ 0x4b_014c {}

    /// Of a read on the bus to memory.
    pub(crate) RAZWI_HBW_RD_VLD(u32) @ 0x4b_0154 {}
}
