// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Queue managers, and command queues, which lack the ring: a family of blocks (`dma_qm_0_regs.h`, `mme_qm_regs.h`,
//! `mme_cmdq_regs.h`, `tpc0_qm_regs.h`, `tpc0_cmdq_regs.h` and their masks; bases from `goya_blocks.h`).

use crate::hw::{
    map,
    Block,
    Blocks,
    Offset, //
};
use kernel::io::register;

/// The family. Its parts: PQF, which fetches the ring's entries; CQF, which fetches packets; CP, the command processor,
/// which runs them; and the DMA channel, where there is one.
pub(crate) struct QueueManagers;

/// The DMA channels' queue managers, `DMA_QM_0` to `4`.
pub(crate) const DMA_QM: Blocks<QueueManagers> =
    Blocks::new(Offset::new(0x40_0000), map::DMA_CHANNELS, 0x8000);
/// The MME's queue manager.
pub(crate) const MME_QM: Block<QueueManagers> = Block::new(Offset::new(0xd_8000));
/// The MME's command queue.
pub(crate) const MME_CMDQ: Block<QueueManagers> = Block::new(Offset::new(0xd_9000));
/// The TPCs' queue managers, `TPC0_QM` to `TPC7_QM`.
pub(crate) const TPC_QM: Blocks<QueueManagers> =
    Blocks::new(Offset::new(0xe0_8000), map::TPCS, 0x4_0000);
/// The TPCs' command queues, `TPC0_CMDQ` to `TPC7_CMDQ`.
pub(crate) const TPC_CMDQ: Blocks<QueueManagers> =
    Blocks::new(Offset::new(0xe0_9000), map::TPCS, 0x4_0000);

register! {
    /// Enables the parts.
    pub(crate) GLBL_CFG0(u32) @ QueueManagers + 0x00 {
        0:0     pqf_en;
        1:1     cqf_en;
        2:2     cp_en;
        3:3     dma_en;
    }

    /// Stops the parts.
    pub(crate) GLBL_CFG1(u32) @ QueueManagers + 0x04 {
        0:0     pqf_stop;
        1:1     cqf_stop;
        2:2     cp_stop;
        3:3     dma_stop;
    }

    /// Which parts' accesses are trusted, and so are not translated or checked.
    pub(crate) GLBL_PROT(u32) @ QueueManagers + 0x08 {
        0:0     pqf_prot;
        1:1     cqf_prot;
        2:2     cp_prot;
        3:3     dma_prot;
        /// Reports of errors, a bit for each of the four parts.
        7:4     err_prot;
    }

    /// What happens on an error of a part: a message to [`GLBL_ERR_ADDR_LO`], and a stop.
    pub(crate) GLBL_ERR_CFG(u32) @ QueueManagers + 0x0c {
        1:1     pqf_err_msg_en;
        2:2     pqf_stop_on_err;
        4:4     cqf_err_msg_en;
        5:5     cqf_stop_on_err;
        7:7     cp_err_msg_en;
        8:8     cp_stop_on_err;
        10:10   dma_err_msg_en;
        11:11   dma_stop_on_err;
    }

    /// Where errors are reported, low half.
    pub(crate) GLBL_ERR_ADDR_LO(u32) @ QueueManagers + 0x10 {}

    /// Where errors are reported, high half.
    pub(crate) GLBL_ERR_ADDR_HI(u32) @ QueueManagers + 0x14 {}

    /// What is written there.
    pub(crate) GLBL_ERR_WDATA(u32) @ QueueManagers + 0x18 {}

    /// As whom trusted accesses are made: a [`super::User`].
    pub(crate) GLBL_SECURE_PROPS(u32) @ QueueManagers + 0x1c {}

    /// As whom the other accesses are made: a [`super::User`].
    pub(crate) GLBL_NON_SECURE_PROPS(u32) @ QueueManagers + 0x20 {}

    /// Parts that are idle, and that have stopped.
    pub(crate) GLBL_STS0(u32) @ QueueManagers + 0x24 {
        0:0     pqf_idle;
        1:1     cqf_idle;
        2:2     cp_idle;
        3:3     dma_idle;
        6:6     cp_is_stop => bool;
    }

    /// The ring's address, low half.
    pub(crate) PQ_BASE_LO(u32) @ QueueManagers + 0x60 {}

    /// The ring's address, high half.
    pub(crate) PQ_BASE_HI(u32) @ QueueManagers + 0x64 {}

    /// Binary logarithm of the ring's entries.
    pub(crate) PQ_SIZE(u32) @ QueueManagers + 0x68 {}

    /// The ring's producer index: the doorbell.
    pub(crate) PQ_PI(u32) @ QueueManagers + 0x6c {}

    /// The ring's consumer index.
    pub(crate) PQ_CI(u32) @ QueueManagers + 0x70 {}

    /// How far the ring's fetcher goes ahead.
    pub(crate) PQ_CFG1(u32) @ QueueManagers + 0x78 {
        /// Entries that have been fetched.
        15:0    credit_lim;
        /// Fetches on their way.
        31:16   max_inflight;
    }

    /// How far the packets' fetcher goes ahead.
    pub(crate) CQ_CFG1(u32) @ QueueManagers + 0xb4 {
        /// Lines that have been fetched.
        15:0    credit_lim;
        /// Fetches on their way.
        31:16   max_inflight;
    }

    /// Base 0 of short messages, low half.
    pub(crate) CP_MSG_BASE0_ADDR_LO(u32) @ QueueManagers + 0x120 {}

    /// Base 0 of short messages, high half.
    pub(crate) CP_MSG_BASE0_ADDR_HI(u32) @ QueueManagers + 0x124 {}

    /// Base 1 of short messages, low half.
    pub(crate) CP_MSG_BASE1_ADDR_LO(u32) @ QueueManagers + 0x128 {}

    /// Base 1 of short messages, high half.
    pub(crate) CP_MSG_BASE1_ADDR_HI(u32) @ QueueManagers + 0x12c {}

    /// To which register a CP_DMA packet's size goes, as seen from this block.
    pub(crate) CP_LDMA_TSIZE_OFFSET(u32) @ QueueManagers + 0x140 {}

    /// To which its source goes, low half.
    pub(crate) CP_LDMA_SRC_BASE_LO_OFFSET(u32) @ QueueManagers + 0x144 {}

    /// To which its source goes, high half.
    pub(crate) CP_LDMA_SRC_BASE_HI_OFFSET(u32) @ QueueManagers + 0x148 {}

    /// Which is written to start it.
    pub(crate) CP_LDMA_COMMIT_OFFSET(u32) @ QueueManagers + 0x154 {}

    /// The command processor's state.
    pub(crate) CP_STS(u32) @ QueueManagers + 0x178 {
        /// It waits at a fence.
        22:22   fence_in_progress => bool;
    }

    /// The packet at work, low half.
    pub(crate) CP_CURRENT_INST_LO(u32) @ QueueManagers + 0x17c {}

    /// The packet at work, high half.
    pub(crate) CP_CURRENT_INST_HI(u32) @ QueueManagers + 0x180 {}
}
