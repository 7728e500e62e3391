// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Queue managers and command queues: setting up, stopping, doorbells.
//!
//! Facts from upstream's `goya_init_{dma,mme,tpc}_qman()`, `goya_init_{mme,tpc}_cmdq()`, `goya_stop_queue()`,
//! `goya_ring_doorbell()` and `goya_qman0_set_security()`, and `include/goya/asic_reg/goya_masks.h`.
//!
//! The MME and each TPC have two blocks: the queue manager, whose ring is in SRAM, and the command queue that it
//! feeds. A DMA channel has a queue manager only, whose ring is in host memory. The blocks' registers are the same.

use super::{
    dma,
    events::id,
    io::At,
    map, nth, poll,
    regs::{
        cpu::GICD_SETSPI_NSR,
        mme,
        qm::{self, *},
        sync::MON_PAY_ADDRL,
        tpc::{SM_BASE_ADDRESS_HIGH, SM_BASE_ADDRESS_LOW, TPC_CFG},
    },
    sync, tpc, Block, Io, Offset,
};
use kernel::{
    device::Device,
    prelude::*,
    time::Delta, //
};

/// What a queue test's packet, or the last packet of the driver's own job, writes to say that it has run.
pub(crate) const FENCE_VALUE: u32 = 0xd169_b243;

/// How long a command processor that is told to stop may still wait at a fence.
const FENCE_TIMEOUT: Delta = Delta::from_millis(10);
/// How long a command processor may take to stop.
const STOP_TIMEOUT: Delta = Delta::from_millis(100);

/// Queue manager and DMA channel: all four parts (`QMAN_DMA_ENABLE`).
const ENABLE_DMA_QM: GLBL_CFG0 = ENABLE_QM.with_const_dma_en::<1>();
/// Queue manager: all but DMA (`QMAN_MME_ENABLE`, `QMAN_TPC_ENABLE`).
const ENABLE_QM: GLBL_CFG0 = ENABLE_CMDQ.with_const_pqf_en::<1>();
/// Command queue: packets and command processor (`CMDQ_MME_ENABLE`, `CMDQ_TPC_ENABLE`).
const ENABLE_CMDQ: GLBL_CFG0 = GLBL_CFG0::from_raw(0)
    .with_const_cqf_en::<1>()
    .with_const_cp_en::<1>();
/// No part is enabled.
const DISABLE: GLBL_CFG0 = GLBL_CFG0::from_raw(0);
/// Stops the command processor.
const STOP_CP: GLBL_CFG1 = GLBL_CFG1::from_raw(0).with_const_cp_stop::<1>();
/// Stops the DMA channel.
const STOP_DMA: GLBL_CFG1 = GLBL_CFG1::from_raw(0).with_const_dma_stop::<1>();
/// Stops all parts.
const STOP_ALL: GLBL_CFG1 = STOP_CP
    .with_const_pqf_stop::<1>()
    .with_const_cqf_stop::<1>()
    .with_const_dma_stop::<1>();
/// All parts report errors, and all but the DMA channel stop (`QMAN_DMA_ERR_MSG_EN`).
const ERRORS_DMA_QM: GLBL_ERR_CFG = GLBL_ERR_CFG::from_raw(0)
    .with_const_pqf_err_msg_en::<1>()
    .with_const_pqf_stop_on_err::<1>()
    .with_const_cqf_err_msg_en::<1>()
    .with_const_cqf_stop_on_err::<1>()
    .with_const_cp_err_msg_en::<1>()
    .with_const_cp_stop_on_err::<1>()
    .with_const_dma_err_msg_en::<1>();
/// All parts report errors and stop (`QMAN_MME_ERR_MSG_EN` and the like).
const ERRORS: GLBL_ERR_CFG = ERRORS_DMA_QM.with_const_dma_stop_on_err::<1>();
/// Only error reports are trusted (`QMAN_MME_ERR_PROT` and the like).
const PROT_ERRORS: GLBL_PROT = GLBL_PROT::from_raw(0).with_const_err_prot::<0xf>();
/// Everything but the DMA channel's accesses is trusted (`QMAN_DMA_PARTLY_TRUSTED`).
const PROT_ALL_BUT_DMA: GLBL_PROT = PROT_ERRORS
    .with_const_pqf_prot::<1>()
    .with_const_cqf_prot::<1>()
    .with_const_cp_prot::<1>();
/// Everything is trusted (`QMAN_DMA_FULLY_TRUSTED`).
const PROT_ALL: GLBL_PROT = PROT_ALL_BUT_DMA.with_const_dma_prot::<1>();

/// The MME's queue among the internal ones.
const MME_RING: u32 = 0;
/// The first TPC's queue among the internal ones; the others follow.
const TPC_RINGS: u32 = 1;

/// A queue manager or a command queue.
pub(crate) type QueueManager = Block<QueueManagers>;

impl QueueManager {
    /// The queue manager of external queue `n`: the DMA channels'.
    pub(crate) fn of_external(n: u32) -> Option<Self> {
        qm::DMA_QM.get(n)
    }

    /// The queue manager of internal queue `n`: 0 is the MME's, then come those of the TPCs.
    pub(crate) fn of_internal(n: u32) -> Option<Self> {
        match n.checked_sub(TPC_RINGS) {
            None => Some(qm::MME_QM),
            Some(core) => qm::TPC_QM.get(core),
        }
    }

    /// An empty ring of `length` entries (a power of two) at a card address.
    fn set_ring(self, io: &impl Io, address: u64, length: u32) {
        self.write_pair::<PQ_BASE_LO, PQ_BASE_HI>(io, address);
        self.write(io, PQ_SIZE::from(length.checked_ilog2().unwrap_or(0)));
        self.write(io, PQ_PI::from(0));
        self.write(io, PQ_CI::from(0));
    }

    /// The empty ring of internal queue `n`, in SRAM.
    fn set_internal_ring(self, io: &impl Io, n: u32) {
        let ring = map::SRAM_BASE.wrapping_add(u64::from(map::internal_ring(n)));
        self.set_ring(io, ring, map::INTERNAL_QUEUE_LENGTH);
    }

    /// Where CP_DMA packets put the buffer they name: the command queue, 0x1000 after the queue manager.
    fn set_command_queue(self, io: &impl Io) {
        self.write(io, CP_LDMA_SRC_BASE_LO_OFFSET::from(0x10c0));
        self.write(io, CP_LDMA_SRC_BASE_HI_OFFSET::from(0x10c4));
        self.write(io, CP_LDMA_TSIZE_OFFSET::from(0x10c8));
        self.write(io, CP_LDMA_COMMIT_OFFSET::from(0x10cc));
    }

    /// Where short messages go, and as which event errors go to the device CPU.
    fn set_messages(self, io: &impl Io, error_event: u32) {
        let monitors = map::register(At::<MON_PAY_ADDRL>::nth(0).offset());
        let objects = map::register(sync::object(0).offset());
        self.write_pair::<CP_MSG_BASE0_ADDR_LO, CP_MSG_BASE0_ADDR_HI>(io, monitors);
        self.write_pair::<CP_MSG_BASE1_ADDR_LO, CP_MSG_BASE1_ADDR_HI>(io, objects);
        let interrupt = map::register(Offset::of::<GICD_SETSPI_NSR>());
        self.write_pair::<GLBL_ERR_ADDR_LO, GLBL_ERR_ADDR_HI>(io, interrupt);
        self.write(io, GLBL_ERR_WDATA::from(error_event));
    }

    /// Buffers for packets, as many for those on the way as for those that are there.
    fn set_packet_buffers(self, io: &impl Io, lines: u8) {
        let limits = CQ_CFG1::zeroed()
            .with_credit_lim(lines)
            .with_max_inflight(lines);
        self.write(io, limits);
    }

    /// The last steps: whoever enables a block must have set up everything else.
    fn enable(self, io: &impl Io, trust: GLBL_PROT, errors: GLBL_ERR_CFG, parts: GLBL_CFG0) {
        self.write(io, trust);
        self.write(io, errors);
        self.write(io, parts);
    }

    /// Rings the doorbell: the ring is filled up to the producer index `producer`. Descriptors in host memory need a
    /// memory barrier before it.
    pub(crate) fn ring(self, io: &impl Io, producer: u32) {
        self.write(io, PQ_PI::from(producer));
    }

    /// Takes all parts of the block out of work, in whatever state they are.
    pub(crate) fn disable(self, io: &impl Io) {
        self.write(io, DISABLE);
    }

    /// Stops the DMA channel of a DMA queue manager, in the middle of a transfer if need be.
    pub(crate) fn stall_dma(self, io: &impl Io) {
        self.write(io, STOP_DMA);
    }

    /// Stops the command processor after the packet it is at. A fence that does not open counts as stopped.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it goes on.
    pub(crate) fn stop(self, dev: &Device, io: &impl Io) -> Result {
        self.write(io, STOP_CP);

        if self.read::<CP_STS>(io).fence_in_progress() {
            let opened = |status: CP_STS| !status.fence_in_progress();
            if poll(io, self.at(), FENCE_TIMEOUT, opened).is_err() {
                return Ok(());
            }
        }

        let stopped = |status: GLBL_STS0| status.cp_is_stop();
        poll(io, self.at(), STOP_TIMEOUT, stopped).map_err(|_| {
            dev_err!(dev, "Timeout while waiting for QMAN to stop\n");
            EINVAL
        })?;
        Ok(())
    }
}

/// Sets up and enables the queue managers of the DMA channels, and the channels.
///
/// `rings` are the card addresses of the rings, [`map::QUEUE_LENGTH`] entries each. The channels' accesses go through the
/// MMU, which must have been started. With `stop_on_error`, a channel stops at an error.
pub(crate) fn start_dma(io: &impl Io, rings: &[u64; dma::COUNT as usize], stop_on_error: bool) {
    let errors = if stop_on_error { ERRORS } else { ERRORS_DMA_QM };
    for ((channel, block), ring) in (0..dma::COUNT).zip(qm::DMA_QM.iter()).zip(rings) {
        block.set_ring(io, *ring, map::QUEUE_LENGTH);
        block.set_messages(io, nth(id::DMA0_QM.into(), channel, 1));
        let ahead = PQ_CFG1::zeroed()
            .with_credit_lim(2u8)
            .with_max_inflight(2u8);
        block.write(io, ahead);
        block.set_packet_buffers(io, 8);
        block.enable(io, PROT_ALL_BUT_DMA, errors, ENABLE_DMA_QM);
        dma::start_channel(io, channel);
    }
}

/// Sets up and enables the MME's queue manager and command queue. The ring is the one in [`map`].
pub(crate) fn start_mme(io: &impl Io) {
    let objects = map::register(sync::object(0).offset());
    io.write_pair(mme::SM_BASE_ADDRESS_LOW, mme::SM_BASE_ADDRESS_HIGH, objects);

    let (qman, cmdq) = (qm::MME_QM, qm::MME_CMDQ);
    qman.set_internal_ring(io, MME_RING);
    start_manager(io, qman, id::MME_QM.into());
    start_command_queue(io, cmdq, id::MME_CMDQ.into());
}

/// Sets up and enables the TPCs' queue managers and command queues. The rings are those in [`map`].
pub(crate) fn start_tpcs(io: &impl Io) {
    let objects = map::register(sync::object(0).offset());
    for core in TPC_CFG.iter() {
        core.write_pair::<SM_BASE_ADDRESS_LOW, SM_BASE_ADDRESS_HIGH>(io, objects);
    }
    for (core, qman) in (0..tpc::COUNT).zip(qm::TPC_QM.iter()) {
        qman.set_internal_ring(io, nth(TPC_RINGS, core, 1));
        start_manager(io, qman, nth(id::TPC0_QM.into(), core, 1));
    }
    for (core, cmdq) in (0..tpc::COUNT).zip(qm::TPC_CMDQ.iter()) {
        start_command_queue(io, cmdq, nth(id::TPC0_CMDQ.into(), core, 1));
    }
}

/// What the MME's and the TPCs' queue managers have in common.
fn start_manager(io: &impl Io, qman: QueueManager, error_event: u32) {
    qman.set_command_queue(io);
    qman.set_messages(io, error_event);
    qman.set_packet_buffers(io, 8);
    qman.enable(io, PROT_ERRORS, ERRORS, ENABLE_QM);
}

/// What the MME's and the TPCs' command queues have in common.
fn start_command_queue(io: &impl Io, cmdq: QueueManager, error_event: u32) {
    cmdq.set_messages(io, error_event);
    cmdq.set_packet_buffers(io, 20);
    cmdq.enable(io, PROT_ERRORS, ERRORS, ENABLE_CMDQ);
}

/// Lets DMA channel 0 use physical addresses, for jobs of the driver's own, or takes that away again.
///
/// Upstream reads the register back each time, which is no use: a doorbell goes to the same block, and is a posted
/// write, too, so that neither overtakes the other.
pub(crate) fn trust_dma_0(io: &impl Io, trusted: bool) {
    let value = if trusted { PROT_ALL } else { PROT_ALL_BUT_DMA };
    qm::DMA_QM.first().write(io, value);
}

/// Stops DMA channel 0 and its queue manager, in the middle of whatever they do: it was the driver's.
pub(crate) fn stop_dma_0(io: &impl Io) {
    qm::DMA_QM.first().write(io, STOP_ALL);
}

/// Whether any DMA channel knows the ring that it was set up with: in host memory, which begins far above 4 GiB.
pub(crate) fn has_rings(io: &impl Io) -> bool {
    qm::DMA_QM
        .iter()
        .any(|block| block.read::<PQ_BASE_HI>(io).into_raw() != 0)
}
