// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Which engines are busy.
//!
//! Facts, and the table's text, from upstream's `goya_is_device_idle()`.

use super::{
    dma, nth,
    regs::{
        dma::{DMA_CH, STS0},
        mme::{self, ARCH_STATUS},
        qm::{self, GLBL_STS0},
        tpc::{STATUS, TPC_CFG},
    },
    tpc, Io,
};
use crate::uapi::consts::{
    GOYA_ENGINE_ID_DMA_0,
    GOYA_ENGINE_ID_MME_0,
    GOYA_ENGINE_ID_TPC_0, //
};
use core::fmt::Write;

/// A DMA queue manager's four parts are idle.
const DMA_QM_IDLE: u32 = QM_IDLE | GLBL_STS0::DMA_IDLE_MASK;
/// A queue manager's three parts are idle.
const QM_IDLE: u32 = CMDQ_IDLE | GLBL_STS0::PQF_IDLE_MASK;
/// A command queue's two parts are idle.
const CMDQ_IDLE: u32 = GLBL_STS0::CQF_IDLE_MASK | GLBL_STS0::CP_IDLE_MASK;

/// All of a TPC's pipes and its queue are empty, and no access is under way.
const TPC_IDLE: u32 = STATUS::SCALAR_PIPE_EMPTY_MASK
    | STATUS::VECTOR_PIPE_EMPTY_MASK
    | STATUS::IQ_EMPTY_MASK
    | STATUS::NO_INFLIGH_MEM_ACCESSES_MASK;
/// All of the MME's buffers are empty.
const MME_IDLE: u32 = ARCH_STATUS::SB_A_EMPTY_MASK
    | ARCH_STATUS::SB_B_EMPTY_MASK
    | ARCH_STATUS::SB_CIN_EMPTY_MASK
    | ARCH_STATUS::SB_COUT_EMPTY_MASK;

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
    for (number, (qman, channel)) in (0..dma::COUNT).zip(qm::DMA_QM.iter().zip(DMA_CH.iter())) {
        let qman = qman.read::<GLBL_STS0>(io).into_raw();
        let core = channel.read::<STS0>(io);
        drop(held.take());
        let idle = has(qman, DMA_QM_IDLE) && !core.dma_busy();
        note(report, nth(GOYA_ENGINE_ID_DMA_0, number, 1), idle);
        let (idle, core) = (yes_no(idle), core.into_raw());
        print(
            table,
            format_args!("{number:<5}{idle:<9}{qman:<#14x}{core:#x}\n"),
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
    let cores = TPC_CFG
        .iter()
        .zip(qm::TPC_QM.iter().zip(qm::TPC_CMDQ.iter()));
    for (number, (core, (qman, cmdq))) in (0..tpc::COUNT).zip(cores) {
        let qman = qman.read::<GLBL_STS0>(io).into_raw();
        let cmdq = cmdq.read::<GLBL_STS0>(io).into_raw();
        let core = core.read::<STATUS>(io).into_raw();
        let idle = has(qman, QM_IDLE) && has(cmdq, CMDQ_IDLE) && has(core, TPC_IDLE);
        note(report, nth(GOYA_ENGINE_ID_TPC_0, number, 1), idle);
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
    let qman = qm::MME_QM.read::<GLBL_STS0>(io).into_raw();
    let cmdq = qm::MME_CMDQ.read::<GLBL_STS0>(io).into_raw();
    let core = io.read(mme::ARCH_STATUS).into_raw();
    let idle = has(qman, QM_IDLE) && has(cmdq, CMDQ_IDLE) && has(core, MME_IDLE);
    note(report, GOYA_ENGINE_ID_MME_0, idle);
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
