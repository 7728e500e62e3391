// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Which engines are busy.
//!
//! Facts, and the table's text, from upstream's `goya_is_device_idle()`.

use super::{
    dma, nth,
    qman::Block,
    regs::{dma_ch, mme, qm, tpc as tpc_regs},
    tpc, Io,
};
use core::fmt::Write;

/// A DMA queue manager's four parts are idle.
const DMA_QM_IDLE: u32 = 0xf;
/// A queue manager's three parts are idle.
const QM_IDLE: u32 = 0x7;
/// A command queue's two parts are idle.
const CMDQ_IDLE: u32 = 0x6;

/// The MME's number in the user API (`enum goya_engine_id`): the DMA channels come before it, the TPCs behind it.
const ENGINE_MME: u32 = dma::COUNT;
/// The first TPC's number in the user API.
const ENGINE_TPC_0: u32 = ENGINE_MME + 1;

/// What the engines are at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdleReport {
    /// A bit for each engine that is busy, at its number in the user API (`enum goya_engine_id`).
    pub(crate) busy_mask: u64,
}

impl IdleReport {
    /// Nothing is busy.
    pub(crate) fn is_idle(self) -> bool {
        self.busy_mask == 0
    }
}

/// Asks all engines, and writes a table for people to `table`, if there is one: each line or heading by a
/// `write_fmt()` of its own.
///
/// A table that has no more room is not completed; that is no error. A card that is gone looks idle, except for its
/// DMA channels.
///
/// While it asks the first DMA channel, it has what `hold` returns: the driver uses that itself.
pub(crate) fn engines<G>(
    io: &impl Io,
    hold: impl FnOnce() -> G,
    mut table: Option<&mut dyn Write>,
) -> IdleReport {
    let mut report = IdleReport::default();
    dma_channels(io, hold, &mut report, &mut table);
    tpcs(io, &mut report, &mut table);
    mme(io, &mut report, &mut table);
    report
}

/// All bits of `mask` are set.
fn has(status: u32, mask: u32) -> bool {
    status & mask == mask
}

fn print(table: &mut Option<&mut dyn Write>, text: core::fmt::Arguments<'_>) {
    if let Some(table) = table {
        // Nobody to tell: whoever gave too small a buffer sees where it ends.
        let _ = table.write_fmt(text);
    }
}

fn yes_no(idle: bool) -> &'static str {
    if idle {
        "Y"
    } else {
        "N"
    }
}

fn note(report: &mut IdleReport, engine: u32, idle: bool) {
    if !idle {
        report.busy_mask |= 1u64.checked_shl(engine).unwrap_or(0);
    }
}

fn dma_channels<G>(
    io: &impl Io,
    hold: impl FnOnce() -> G,
    report: &mut IdleReport,
    table: &mut Option<&mut dyn Write>,
) {
    print(
        table,
        format_args!(
            "\nDMA  is_idle  QM_GLBL_STS0  DMA_CORE_STS0\n\
             ---  -------  ------------  -------------\n"
        ),
    );
    let mut held = Some(hold());
    for (channel, block) in (0..dma::COUNT).zip(Block::dma_qms()) {
        let qman = io.read(block.register(qm::GLBL_STS0));
        let core = io.read(dma::register(channel, dma_ch::STS0));
        drop(held.take());
        let idle = has(qman, DMA_QM_IDLE) && core & dma_ch::STS0_DMA_BUSY == 0;
        note(report, channel, idle);
        let idle = yes_no(idle);
        print(
            table,
            format_args!("{channel:<5}{idle:<9}{qman:<#14x}{core:#x}\n"),
        );
    }
}

fn tpcs(io: &impl Io, report: &mut IdleReport, table: &mut Option<&mut dyn Write>) {
    print(
        table,
        format_args!(
            "\nTPC  is_idle  QM_GLBL_STS0  CMDQ_GLBL_STS0  CFG_STATUS\n\
             ---  -------  ------------  --------------  ----------\n"
        ),
    );
    let cores = tpc::bases().zip(Block::tpc_qms().zip(Block::tpc_cmdqs()));
    for (number, (base, (qman, cmdq))) in (0..tpc::COUNT).zip(cores) {
        let qman = io.read(qman.register(qm::GLBL_STS0));
        let cmdq = io.read(cmdq.register(qm::GLBL_STS0));
        let core = io.read(base.wrapping_add(tpc_regs::CFG_STATUS));
        let idle = has(qman, QM_IDLE) && has(cmdq, CMDQ_IDLE) && has(core, tpc_regs::CFG_IDLE);
        note(report, nth(ENGINE_TPC_0, number, 1), idle);
        row(table, number, idle, [qman, cmdq, core]);
    }
}

fn mme(io: &impl Io, report: &mut IdleReport, table: &mut Option<&mut dyn Write>) {
    print(
        table,
        format_args!(
            "\nMME  is_idle  QM_GLBL_STS0  CMDQ_GLBL_STS0  ARCH_STATUS\n\
             ---  -------  ------------  --------------  -----------\n"
        ),
    );
    let qman = io.read(Block::MME_QM.register(qm::GLBL_STS0));
    let cmdq = io.read(Block::MME_CMDQ.register(qm::GLBL_STS0));
    let core = io.read(mme::ARCH_STATUS);
    let idle = has(qman, QM_IDLE) && has(cmdq, CMDQ_IDLE) && has(core, mme::ARCH_IDLE);
    note(report, ENGINE_MME, idle);
    row(table, 0, idle, [qman, cmdq, core]);
    print(table, format_args!("\n"));
}

/// A line of an engine that has a command queue.
fn row(table: &mut Option<&mut dyn Write>, number: u32, idle: bool, status: [u32; 3]) {
    let idle = yes_no(idle);
    let [qman, cmdq, core] = status;
    print(
        table,
        format_args!("{number:<5}{idle:<9}{qman:<#14x}{cmdq:<#16x}{core:#x}\n"),
    );
}
