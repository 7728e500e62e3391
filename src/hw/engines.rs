// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Stopping all engines.
//!
//! Facts from upstream's `goya_halt_engines()` and what it calls, and from `goya_hw_init()`'s way out.

use super::{
    dma,
    qman::Block,
    regs::mme,
    timestamp,
    tpc,
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

/// What engines are given to come to rest before the next, harsher step.
const REST: Delta = Delta::from_millis(1);

/// Which engines' queue managers were set up since the last reset. The others are left alone: they would not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Started {
    /// DMA channels.
    pub(crate) dma: bool,
    /// MME.
    pub(crate) mme: bool,
    /// TPCs.
    pub(crate) tpc: bool,
}

impl Started {
    /// All of them.
    pub(crate) const ALL: Self = Self {
        dma: true,
        mme: true,
        tpc: true,
    };
}

/// Stops all engines and the time stamp counter: the first thing of every reset.
///
/// First politely (after the packet that each queue is at), then in the middle of what they do, then for good. What
/// does not stop in time is logged, and does not keep the others from being stopped.
pub(crate) fn halt(dev: &Device, io: &impl Io, started: Started) {
    // Both have logged what went wrong, and a reset follows in any case.
    let _ = stop_external_queues(dev, io, started);
    let _ = stop_internal_queues(dev, io, started);
    fsleep(REST);
    stall(io, started);
    fsleep(REST);
    disable_external_queues(io, started);
    disable_internal_queues(io, started);
    timestamp::stop(io);
}

/// Stops the DMA channels' queues.
///
/// # Errors
///
/// `EIO` if one goes on.
pub(crate) fn stop_external_queues(dev: &Device, io: &impl Io, started: Started) -> Result {
    let mut result = Ok(());
    if started.dma {
        for (channel, block) in (0..dma::COUNT).zip(Block::dma_qms()) {
            if block.stop(dev, io).is_err() {
                dev_err!(dev, "failed to stop DMA QMAN {}\n", channel);
                result = Err(EIO);
            }
        }
    }
    result
}

/// Stops the queues of MME and TPCs.
///
/// # Errors
///
/// `EIO` if one goes on.
pub(crate) fn stop_internal_queues(dev: &Device, io: &impl Io, started: Started) -> Result {
    let mut result = Ok(());
    if started.mme {
        for (block, name) in [(Block::MME_QM, "QMAN"), (Block::MME_CMDQ, "CMDQ")] {
            if block.stop(dev, io).is_err() {
                dev_err!(dev, "failed to stop MME {}\n", name);
                result = Err(EIO);
            }
        }
    }
    if started.tpc {
        let cores = Block::tpc_qms().zip(Block::tpc_cmdqs());
        for (core, (qman, cmdq)) in (0..tpc::COUNT).zip(cores) {
            for (block, name) in [(qman, "QMAN"), (cmdq, "CMDQ")] {
                if block.stop(dev, io).is_err() {
                    dev_err!(dev, "failed to stop TPC {} {}\n", core, name);
                    result = Err(EIO);
                }
            }
        }
    }
    result
}

/// Stops the engines behind the queues in the middle of what they do.
pub(crate) fn stall(io: &impl Io, started: Started) {
    if started.dma {
        Block::dma_qms().for_each(|block| block.stall_dma(io));
    }
    if started.tpc {
        tpc::stall(io);
    }
    if started.mme {
        io.write(mme::STALL, !0);
    }
}

/// Disables the DMA channels' queue managers.
pub(crate) fn disable_external_queues(io: &impl Io, started: Started) {
    if started.dma {
        Block::dma_qms().for_each(|block| block.disable(io));
    }
}

/// Disables the queue managers and command queues of MME and TPCs.
pub(crate) fn disable_internal_queues(io: &impl Io, started: Started) {
    if started.mme {
        Block::MME_QM.disable(io);
        Block::MME_CMDQ.disable(io);
    }
    if started.tpc {
        for (qman, cmdq) in Block::tpc_qms().zip(Block::tpc_cmdqs()) {
            qman.disable(io);
            cmdq.disable(io);
        }
    }
}
