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
    dma, map, nth, poll,
    regs::{cpu_if, event, qm, sync, GIC_SETSPI},
    tpc, write_pair, Io,
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

/// Queue manager and DMA channel: all four parts (ring, packets, command processor, DMA).
const ENABLE_DMA_QM: u32 = 0xf;
/// Queue manager: all but DMA.
const ENABLE_QM: u32 = 0x7;
/// Command queue: packets and command processor.
const ENABLE_CMDQ: u32 = 0x6;
/// All parts report errors, and all but the DMA channel stop.
const ERRORS_DMA_QM: u32 = 0x5b6;
/// All parts report errors and stop.
const ERRORS: u32 = ERRORS_DMA_QM | qm::ERR_CFG_DMA_STOP_ON_ERR;
/// Only error reports are trusted.
const PROT_ERRORS: u32 = 0xf0;
/// Everything is trusted.
const PROT_ALL: u32 = 0xff;
/// Everything but the DMA channel's accesses is trusted.
const PROT_ALL_BUT_DMA: u32 = 0xf7;

/// A queue manager or a command queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block(u32);

impl Block {
    /// The MME's queue manager.
    pub(crate) const MME_QM: Self = Self(0xd_8000);
    /// The MME's command queue.
    pub(crate) const MME_CMDQ: Self = Self(0xd_9000);
    /// The queue manager of DMA channel 0, which runs the driver's own jobs.
    pub(crate) const DMA_QM_0: Self = Self(dma::QMS);

    /// The queue managers of the DMA channels, in order.
    pub(crate) fn dma_qms() -> impl Iterator<Item = Self> {
        (0..dma::COUNT).map(|channel| Self(nth(dma::QMS, channel, dma::STEP)))
    }

    /// The queue managers of the TPCs, in order.
    pub(crate) fn tpc_qms() -> impl Iterator<Item = Self> {
        tpc::bases().map(|base| Self(base.wrapping_add(0x8000)))
    }

    /// The command queues of the TPCs, in order.
    pub(crate) fn tpc_cmdqs() -> impl Iterator<Item = Self> {
        tpc::bases().map(|base| Self(base.wrapping_add(0x9000)))
    }

    /// The offset of a register of [`qm`] in this block.
    pub(crate) const fn register(self, register: u32) -> u32 {
        self.0.wrapping_add(register)
    }

    fn read(self, io: &impl Io, register: u32) -> u32 {
        io.read(self.register(register))
    }

    fn write(self, io: &impl Io, register: u32, value: u32) {
        io.write(self.register(register), value);
    }

    /// An empty ring of `length` entries (a power of two) at a card address.
    fn set_ring(self, io: &impl Io, address: u64, length: u32) {
        write_pair(io, self.register(qm::PQ_BASE), address);
        self.write(io, qm::PQ_SIZE, length.checked_ilog2().unwrap_or(0));
        self.write(io, qm::PQ_PI, 0);
        self.write(io, qm::PQ_CI, 0);
    }

    /// Where CP_DMA packets put the buffer they name: the command queue, 0x1000 behind the queue manager.
    fn set_command_queue(self, io: &impl Io) {
        self.write(io, qm::CP_LDMA_SRC_BASE_LO_OFFSET, 0x10c0);
        self.write(io, qm::CP_LDMA_SRC_BASE_HI_OFFSET, 0x10c4);
        self.write(io, qm::CP_LDMA_TSIZE_OFFSET, 0x10c8);
        self.write(io, qm::CP_LDMA_COMMIT_OFFSET, 0x10cc);
    }

    /// Where short messages go, and as which event errors go to the device CPU.
    fn set_messages(self, io: &impl Io, error_event: u32) {
        let monitors = map::register(sync::MON_PAY_ADDRL);
        write_pair(io, self.register(qm::CP_MSG_BASE0), monitors);
        write_pair(
            io,
            self.register(qm::CP_MSG_BASE1),
            map::register(sync::SOB),
        );
        write_pair(
            io,
            self.register(qm::GLBL_ERR_ADDR),
            map::register(GIC_SETSPI),
        );
        self.write(io, qm::GLBL_ERR_WDATA, error_event);
    }

    /// Buffers for packets, as many for those on the way as for those that are there.
    fn set_packet_buffers(self, io: &impl Io, lines: u32) {
        self.write(io, qm::CQ_CFG1, lines << 16 | lines);
    }

    /// The last steps: whoever enables a block must have set up everything else.
    fn enable(self, io: &impl Io, trust: u32, errors: u32, parts: u32) {
        self.write(io, qm::GLBL_PROT, trust);
        self.write(io, qm::GLBL_ERR_CFG, errors);
        self.write(io, qm::GLBL_CFG0, parts);
    }

    /// Takes all parts of the block out of work, in whatever state they are.
    pub(crate) fn disable(self, io: &impl Io) {
        self.write(io, qm::GLBL_CFG0, 0);
    }

    /// Stops the DMA channel of a DMA queue manager, in the middle of a transfer if need be.
    pub(crate) fn stall_dma(self, io: &impl Io) {
        self.write(io, qm::GLBL_CFG1, qm::CFG1_DMA_STOP);
    }

    /// Stops the command processor after the packet it is at. A fence that does not open counts as stopped.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it goes on.
    pub(crate) fn stop(self, dev: &Device, io: &impl Io) -> Result {
        self.write(io, qm::GLBL_CFG1, qm::CFG1_CP_STOP);

        let at_fence = |status| status & qm::CP_STS_FENCE_IN_PROGRESS != 0;
        if at_fence(self.read(io, qm::CP_STS)) {
            let status = self.register(qm::CP_STS);
            if poll(io, status, FENCE_TIMEOUT, |status| !at_fence(status)).is_err() {
                return Ok(());
            }
        }

        let status = self.register(qm::GLBL_STS0);
        let stopped = |status| status & qm::STS0_CP_IS_STOP != 0;
        poll(io, status, STOP_TIMEOUT, stopped).map_err(|_| {
            dev_err!(dev, "Timeout while waiting for QMAN to stop\n");
            EINVAL
        })?;
        Ok(())
    }
}

/// Sets up and enables the queue managers of the DMA channels, and the channels.
///
/// `rings` are the card addresses of the rings, [`map::QUEUE_LENGTH`] entries each. With `translated`, the channels'
/// accesses go through the MMU; it must have been started. With `stop_on_error`, a channel stops at an error.
pub(crate) fn start_dma(
    io: &impl Io,
    rings: &[u64; dma::COUNT as usize],
    translated: bool,
    stop_on_error: bool,
) {
    let trust = if translated {
        PROT_ALL_BUT_DMA
    } else {
        PROT_ALL
    };
    let errors = if stop_on_error { ERRORS } else { ERRORS_DMA_QM };
    for ((channel, block), ring) in (0..dma::COUNT).zip(Block::dma_qms()).zip(rings) {
        block.set_ring(io, *ring, map::QUEUE_LENGTH);
        block.set_messages(io, nth(event::DMA0_QM, channel, 1));
        block.write(io, qm::PQ_CFG1, 2 << 16 | 2);
        block.set_packet_buffers(io, 8);
        block.enable(io, trust, errors, ENABLE_DMA_QM);
        dma::start_channel(io, channel);
    }
}

/// Sets up and enables the MME's queue manager and command queue. The ring is the one in [`map`].
pub(crate) fn start_mme(io: &impl Io) {
    write_pair(
        io,
        super::regs::mme::SM_BASE_ADDRESS,
        map::register(sync::SOB),
    );

    let ring = map::SRAM_BASE + u64::from(map::MME_RING_OFFSET);
    let (qman, cmdq) = (Block::MME_QM, Block::MME_CMDQ);
    qman.set_ring(io, ring, map::MME_RING_LENGTH);
    start_manager(io, qman, event::MME_QM);
    start_command_queue(io, cmdq, event::MME_CMDQ);
}

/// Sets up and enables the TPCs' queue managers and command queues. The rings are those in [`map`].
pub(crate) fn start_tpcs(io: &impl Io) {
    for base in tpc::bases() {
        let register = base.wrapping_add(super::regs::tpc::CFG_SM_BASE_ADDRESS);
        write_pair(io, register, map::register(sync::SOB));
    }
    for (core, qman) in (0..tpc::COUNT).zip(Block::tpc_qms()) {
        let offset = nth(map::TPC_RINGS_OFFSET, core, map::TPC_RING_SIZE);
        let ring = map::SRAM_BASE.wrapping_add(u64::from(offset));
        qman.set_ring(io, ring, map::TPC_RING_LENGTH);
        start_manager(io, qman, nth(event::TPC0_QM, core, 1));
    }
    for (core, cmdq) in (0..tpc::COUNT).zip(Block::tpc_cmdqs()) {
        start_command_queue(io, cmdq, nth(event::TPC0_CMDQ, core, 1));
    }
}

/// What the MME's and the TPCs' queue managers have in common.
fn start_manager(io: &impl Io, qman: Block, error_event: u32) {
    qman.set_command_queue(io);
    qman.set_messages(io, error_event);
    qman.set_packet_buffers(io, 8);
    qman.enable(io, PROT_ERRORS, ERRORS, ENABLE_QM);
}

/// What the MME's and the TPCs' command queues have in common.
fn start_command_queue(io: &impl Io, cmdq: Block, error_event: u32) {
    cmdq.set_messages(io, error_event);
    cmdq.set_packet_buffers(io, 20);
    cmdq.enable(io, PROT_ERRORS, ERRORS, ENABLE_CMDQ);
}

/// Lets DMA channel 0 use physical addresses, for jobs of the driver's own, or takes that away again.
///
/// Only for a card whose MMU was started: without it, the channel has that right all the time. Upstream reads the
/// register back each time, which is no use: a doorbell goes to the same block, and is a posted write, too, so that
/// neither overtakes the other.
pub(crate) fn trust_dma_0(io: &impl Io, trusted: bool) {
    let value = if trusted { PROT_ALL } else { PROT_ALL_BUT_DMA };
    Block::DMA_QM_0.write(io, qm::GLBL_PROT, value);
}

/// Stops DMA channel 0 and its queue manager, in the middle of whatever they do: it was the driver's.
pub(crate) fn stop_dma_0(io: &impl Io) {
    Block::DMA_QM_0.write(io, qm::GLBL_CFG1, qm::CFG1_ALL_STOP);
}

/// The doorbell of a queue (its producer index), or nothing for a number that no queue has.
///
/// Queue numbers are those of the user API (`enum goya_queue_id`). The CPU queue's doorbell is heard only after
/// [`super::signal_cpu`] with [`event::PI_UPDATE`], and after a full memory barrier.
pub(crate) fn doorbell(queue: u32) -> Option<u32> {
    match queue {
        queue_id::DMA_0..=queue_id::DMA_LAST => {
            let channel = queue.wrapping_sub(queue_id::DMA_0);
            Some(nth(dma::QMS + qm::PQ_PI, channel, dma::STEP))
        }
        queue_id::CPU => Some(cpu_if::PQ_PI),
        queue_id::MME => Some(Block::MME_QM.register(qm::PQ_PI)),
        queue_id::TPC_0..=queue_id::TPC_LAST => {
            let core = queue.wrapping_sub(queue_id::TPC_0);
            Some(tpc::base(core).wrapping_add(0x8000 + qm::PQ_PI))
        }
        _ => None,
    }
}

/// Where in SRAM the ring of an internal queue is, and how many entries it has; nothing for other queues.
pub(crate) fn internal_ring(queue: u32) -> Option<(u32, u32)> {
    match queue {
        queue_id::MME => Some((map::MME_RING_OFFSET, map::MME_RING_LENGTH)),
        queue_id::TPC_0..=queue_id::TPC_LAST => {
            let core = queue.wrapping_sub(queue_id::TPC_0);
            let offset = nth(map::TPC_RINGS_OFFSET, core, map::TPC_RING_SIZE);
            Some((offset, map::TPC_RING_LENGTH))
        }
        _ => None,
    }
}

/// Numbers of queues in the user API.
pub(crate) mod queue_id {
    /// The first DMA channel's queue: the driver's own.
    pub(crate) const DMA_0: u32 = 0;
    /// The last DMA channel's queue.
    pub(crate) const DMA_LAST: u32 = DMA_0 + super::dma::COUNT - 1;
    /// The device CPU's queue.
    pub(crate) const CPU: u32 = 5;
    /// The MME's queue.
    pub(crate) const MME: u32 = 6;
    /// The first TPC's queue.
    pub(crate) const TPC_0: u32 = 7;
    /// The last TPC's queue.
    pub(crate) const TPC_LAST: u32 = TPC_0 + super::tpc::COUNT - 1;
}
