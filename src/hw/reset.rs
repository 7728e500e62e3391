// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Soft and hard reset, and the note that the card is in use.
//!
//! Facts from upstream's `goya_hw_fini()`, `goya_hw_init()` and `goya_early_init()`.

use super::{
    events::id,
    flush, pll, qman,
    regs::{cpu::KMD_MSG_TO_CPU, psoc::*},
    signal_cpu, Io,
};
use crate::abstractions::pci_power;
use kernel::{
    device::{Bound, Device},
    pci,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// Says that the card uses nothing of its jobs any more: its engines were reset, or it is [`Unreachable`].
pub(crate) struct JobsForgotten(());

/// Says that the card reaches no memory of the host's: it was reset, or kept from the bus. What it could reach can be given
/// back.
pub(crate) struct Unreachable(JobsForgotten);

impl Unreachable {
    /// By keeping the card from the bus. Nothing if it does not finish what it has begun there, or does not answer: then it
    /// may still ask.
    pub(crate) fn by_disconnecting(pdev: &pci::Device<Bound>) -> Option<Self> {
        pci_power::disconnect(pdev).then_some(Self(JobsForgotten(())))
    }

    /// Nor what jobs have used.
    pub(crate) fn jobs(&self) -> &JobsForgotten {
        &self.0
    }

    /// In a test without a card.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn without_a_card() -> Self {
        Self(JobsForgotten(()))
    }
}

/// How long the device CPU may take to come to rest.
const CPU_REST: Delta = Delta::from_millis(100);
/// How long a reset takes. It can't be polled for: the register to ask is in reset, too.
const RESET_TIME: Delta = Delta::from_millis(500);

/// What the driver writes before it changes anything else (`HL_DEVICE_HW_STATE_DIRTY`); a reset leaves 0 there.
const HW_STATE_DIRTY: APP_STATUS = APP_STATUS::from_raw(1);
/// Resets DMA, MME and TPC (`DMA_MME_TPC_RESET`).
const RESET_ENGINES: SW_ALL_RST_CFG = SW_ALL_RST_CFG::from_raw(0)
    .with_const_tpc::<1>()
    .with_const_mme::<1>()
    .with_const_dma::<1>();
/// Resets everything but what is between the card and PCI.
const RESET_ALL: SW_ALL_RST_CFG = RESET_ENGINES
    .with_const_mc::<1>()
    .with_const_cpu::<1>()
    .with_const_ic_if::<1>()
    .with_const_psoc::<1>()
    .with_const_sram::<0x3f>()
    .with_const_dma_if::<1>();
/// Restarts the boot sequencer.
const RESTART: BOOT_SEQ_RE_START = BOOT_SEQ_RE_START::from_raw(0).with_const_ind::<1>();
/// The boot manager's state before the boot sequencer starts.
const PRE_BOOT: SW_BTM_FSM = SW_BTM_FSM::from_raw(0).with_const_ctrl::<0xa>();

/// Notes on the card that it is in use, from now to the next reset.
pub(crate) fn mark_dirty(io: &impl Io) {
    flush(io);
    io.write_reg(HW_STATE_DIRTY);
}

/// Somebody has used the card since its last reset: it must be reset before it is set up.
pub(crate) fn is_dirty(io: &impl Io) -> bool {
    io.read(APP_STATUS) == HW_STATE_DIRTY
}

/// Warns if the board is wired in a way that makes PCI unreliable.
pub(crate) fn check_straps(dev: &Device, io: &impl Io) {
    if io.read(BOOT_STRAP_PINS).sriov_en() {
        dev_warn!(
            dev,
            "PCI strap is not configured correctly, PCI bus errors may occur\n"
        );
    }
}

/// The first part of a hard reset: stops the device CPU, whatever it is at. Sleeps 100 ms.
///
/// Then the DRAM window must be moved to DRAM's beginning (see [`super::iatu`]), then [`hard`] called.
pub(crate) fn stop_cpu(io: &impl Io) {
    // A boot loader hears the first, firmware hears the second.
    io.write_reg(KMD_MSG_TO_CPU::GOTO_WFE);
    signal_cpu(io, id::HALT_MACHINE);
    fsleep(CPU_REST);
}

/// Resets the whole card. Sleeps 500 ms. Afterwards nothing of what was set up is left.
///
/// # Errors
///
/// `ETIMEDOUT` if the card does not come back, `EIO` if it was not reset: it says that it is at no reset before one, too.
pub(crate) fn hard(dev: &Device, io: &impl Io) -> Result<Unreachable> {
    pll::prepare_reset(io);
    // What a reset takes away. The card may have lost the mark that it has, or never got one.
    mark_dirty(io);
    let marked = is_dirty(io);
    io.write_reg(RESET_ALL);
    dev_dbg!(
        dev,
        "Issued HARD reset command, going to wait {}ms\n",
        RESET_TIME.as_millis()
    );
    wait(dev, io)?;
    if !marked || is_dirty(io) {
        return Err(lost(dev));
    }

    io.write_reg(RESTART);
    io.write_reg(PRE_BOOT);
    Ok(Unreachable(JobsForgotten(())))
}

/// Resets the engines only; memory, MMU and device CPU go on. Sleeps 500 ms.
///
/// Afterwards golden registers and all queue managers must be set up again.
///
/// # Errors
///
/// `ETIMEDOUT` if the card does not come back; `EIO` if its queues had not all `stopped` before, and know their rings yet.
/// That they forget these is what upstream's driver goes by, which sets them up anew; no document says it, and a card that
/// kept them would not have to be reset once more when its queues had stopped anyway.
pub(crate) fn soft(dev: &Device, io: &impl Io, stopped: bool) -> Result<JobsForgotten> {
    let marked = !stopped && qman::has_rings(io);
    io.write_reg(RESET_ENGINES);
    dev_dbg!(
        dev,
        "Issued SOFT reset command, going to wait {}ms\n",
        RESET_TIME.as_millis()
    );
    wait(dev, io)?;
    if !stopped && (!marked || qman::has_rings(io)) {
        return Err(lost(dev));
    }

    signal_cpu(io, id::SOFT_RESET);
    Ok(JobsForgotten(()))
}

/// Nothing was reset, whatever the card says of that.
fn lost(dev: &Device) -> Error {
    dev_err!(dev, "The reset has not reached the device\n");
    EIO
}

/// Waits for the end of a reset.
fn wait(dev: &Device, io: &impl Io) -> Result {
    fsleep(RESET_TIME);
    let status = io.read(BTM_FSM);
    if status.state() == 0 {
        return Ok(());
    }
    dev_err!(
        dev,
        "Timeout while waiting for device to reset 0x{:x}\n",
        status.into_raw()
    );
    Err(ETIMEDOUT)
}
