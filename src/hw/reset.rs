// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Soft and hard reset, and the note that the card is in use.
//!
//! Facts from upstream's `goya_hw_fini()`, `goya_hw_init()` and `goya_early_init()`.

use super::{
    flush, pll,
    regs::{event, kmd_msg, psoc},
    signal_cpu, Io,
};
use crate::abstractions::pci_power;
use kernel::{
    device::{Bound, Device},
    io::Io as _,
    pci,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// Says that the card reaches no memory of the host's: it was reset, or kept from the bus. What it could reach can be given
/// back.
pub(crate) struct Unreachable(());

impl Unreachable {
    /// By keeping the card from the bus. Nothing if it does not finish what it has begun there, but is not gone.
    pub(crate) fn by_disconnecting(pdev: &pci::Device<Bound>) -> Option<Self> {
        let gone = || pdev.config_space().read16(PCI_VENDOR) == u16::MAX;
        (pci_power::disconnect(pdev) || gone()).then_some(Self(()))
    }

    /// In a test without a card.
    #[cfg(CONFIG_KUNIT)]
    pub(crate) fn without_a_card() -> Self {
        Self(())
    }
}

/// Where the vendor's number is in configuration space; all ones where nothing answers.
const PCI_VENDOR: usize = 0;

/// How long the device CPU may take to come to rest.
const CPU_REST: Delta = Delta::from_millis(100);
/// How long a reset takes. It can't be polled for: the register to ask is in reset, too.
const RESET_TIME: Delta = Delta::from_millis(500);

/// What the driver writes to [`psoc::HW_STATE`] before it changes anything else; a reset leaves 0 there.
const HW_STATE_DIRTY: u32 = 1;

/// Notes on the card that it is in use, from now to the next reset.
pub(crate) fn mark_dirty(io: &impl Io) {
    flush(io);
    io.write(psoc::HW_STATE, HW_STATE_DIRTY);
}

/// Somebody has used the card since its last reset: it must be reset before it is set up.
pub(crate) fn is_dirty(io: &impl Io) -> bool {
    io.read(psoc::HW_STATE) == HW_STATE_DIRTY
}

/// Warns if the board is wired in a way that makes PCI unreliable.
pub(crate) fn check_straps(dev: &Device, io: &impl Io) {
    if io.read(psoc::BOOT_STRAP_PINS) & psoc::STRAP_SRIOV_EN != 0 {
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
    io.write(psoc::KMD_MSG_TO_CPU, kmd_msg::GOTO_WFE);
    signal_cpu(io, event::HALT_MACHINE);
    fsleep(CPU_REST);
}

/// Resets the whole card. Sleeps 500 ms. Afterwards nothing of what was set up is left.
///
/// # Errors
///
/// `ETIMEDOUT` if the card does not come back.
pub(crate) fn hard(dev: &Device, io: &impl Io) -> Result<Unreachable> {
    pll::prepare_reset(io);
    io.write(psoc::SW_ALL_RST_CFG, psoc::RESET_ALL);
    dev_dbg!(
        dev,
        "Issued HARD reset command, going to wait {}ms\n",
        RESET_TIME.as_millis()
    );
    wait(dev, io)?;

    io.write(psoc::BOOT_SEQ_RE_START, 1);
    io.write(psoc::SW_BTM_FSM, psoc::BTM_FSM_PRE_BOOT);
    Ok(Unreachable(()))
}

/// Resets the engines only; memory, MMU and device CPU go on. Sleeps 500 ms.
///
/// Afterwards golden registers and all queue managers must be set up again.
///
/// # Errors
///
/// `ETIMEDOUT` if the card does not come back.
pub(crate) fn soft(dev: &Device, io: &impl Io) -> Result {
    io.write(psoc::SW_ALL_RST_CFG, psoc::RESET_ENGINES);
    dev_dbg!(
        dev,
        "Issued SOFT reset command, going to wait {}ms\n",
        RESET_TIME.as_millis()
    );
    wait(dev, io)?;

    signal_cpu(io, event::SOFT_RESET);
    Ok(())
}

/// Waits for the end of a reset.
fn wait(dev: &Device, io: &impl Io) -> Result {
    fsleep(RESET_TIME);
    let status = io.read(psoc::BTM_FSM);
    if status & psoc::BTM_FSM_STATE == 0 {
        return Ok(());
    }
    dev_err!(
        dev,
        "Timeout while waiting for device to reset 0x{:x}\n",
        status
    );
    Err(ETIMEDOUT)
}
