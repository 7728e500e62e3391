// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Stopping all engines.
//!
//! Facts from upstream's `goya_halt_engines()` and what it calls.

use super::{
    dma,
    regs::{mme, qm},
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

/// Stalls all of the MME's pipes.
const STALL_ALL: mme::STALL = mme::STALL::from_raw(!0);

/// Stops all engines and the time stamp counter: the first thing of every reset.
///
/// First politely (after the packet that each queue is at), then in the middle of what they do, then for good. What
/// does not stop in time is logged, and does not keep the others from being stopped. Whether the card says that all DMA
/// channels' queues have stopped, which fetch from the host's memory.
pub(crate) fn halt(dev: &Device, io: &impl Io) -> bool {
    let stopped = stop_external_queues(dev, io);
    stop_internal_queues(dev, io);
    fsleep(REST);
    stall(io);
    fsleep(REST);
    disable(io);
    timestamp::stop(io);
    stopped
}

/// Stops the DMA channels' queues. Whether all have stopped.
fn stop_external_queues(dev: &Device, io: &impl Io) -> bool {
    let mut all = true;
    for (channel, block) in (0..dma::COUNT).zip(qm::DMA_QM.iter()) {
        if block.stop(dev, io).is_err() {
            dev_err!(dev, "failed to stop DMA QMAN {}\n", channel);
            all = false;
        }
    }
    all
}

/// Stops the queues of MME and TPCs.
fn stop_internal_queues(dev: &Device, io: &impl Io) {
    for (block, name) in [(qm::MME_QM, "QMAN"), (qm::MME_CMDQ, "CMDQ")] {
        if block.stop(dev, io).is_err() {
            dev_err!(dev, "failed to stop MME {}\n", name);
        }
    }
    let cores = qm::TPC_QM.iter().zip(qm::TPC_CMDQ.iter());
    for (core, (qman, cmdq)) in (0..tpc::COUNT).zip(cores) {
        for (block, name) in [(qman, "QMAN"), (cmdq, "CMDQ")] {
            if block.stop(dev, io).is_err() {
                dev_err!(dev, "failed to stop TPC {} {}\n", core, name);
            }
        }
    }
}

/// Stops the engines behind the queues in the middle of what they do.
fn stall(io: &impl Io) {
    qm::DMA_QM.iter().for_each(|block| block.stall_dma(io));
    tpc::stall(io);
    io.write(mme::STALL, STALL_ALL);
}

/// Disables all queue managers and command queues: the DMA channels', the MME's, the TPCs'.
fn disable(io: &impl Io) {
    qm::DMA_QM.iter().for_each(|block| block.disable(io));
    qm::MME_QM.disable(io);
    qm::MME_CMDQ.disable(io);
    for (qman, cmdq) in qm::TPC_QM.iter().zip(qm::TPC_CMDQ.iter()) {
        qman.disable(io);
        cmdq.disable(io);
    }
}
