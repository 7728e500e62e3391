// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the kernel and the bus do to the card: sleep, resets of the function and errors (upstream `hl_pm_ops`,
//! `hl_pci_err_handler`, `hl_device_suspend()`, `hl_device_resume()`). Shutdown is in [`super::removal`].
//!
//! The card is stopped before and brought up by a hard reset afterwards, which ends its users; but not at an error that harms
//! nothing ([`Channel::Normal`]), nor at one that is final ([`Channel::Failed`]).

use kernel::device::{Bound, Core};
use kernel::pci;
use kernel::prelude::*;

use super::{bring_up, reset};
use crate::abstractions::pci_callbacks::{Channel, Verdict};
use crate::abstractions::pci_power;
use crate::card::Card;

/// The machine goes to sleep, or its memory is about to be saved or brought back.
///
/// Errors: `EIO`: the card is being reset.
pub(crate) fn suspend(card: &Card, pdev: &pci::Device<Bound>) -> Result {
    quiesce(card, pdev).inspect_err(|_| dev_err!(pdev, "Can't suspend while in reset\n"))?;
    pci_power::disconnect(pdev);
    Ok(())
}

/// The bus has had an error.
pub(crate) fn error_detected(card: &Card, pdev: &pci::Device<Bound>, channel: Channel) -> Verdict {
    match channel {
        Channel::Normal => {
            dev_warn!(card.dev, "PCI normal state error detected\n");
            Verdict::CanRecover
        }
        Channel::Frozen => {
            dev_warn!(card.dev, "PCI frozen state error detected\n");
            // A reset that is under way fails, and is done again after `error_resume`.
            let _ = reset::quiesce(card, false);
            pci_power::disconnect(pdev);
            Verdict::NeedReset
        }
        Channel::Failed => {
            dev_warn!(card.dev, "PCI failure state error detected\n");
            reset::give_up(card);
            pci_power::disconnect(pdev);
            Verdict::Disconnect
        }
    }
}

/// The bus has reset the card after an error.
pub(crate) fn slot_reset(card: &Card, pdev: &pci::Device<Core<'_>>) -> Verdict {
    let dev = &card.dev;
    dev_warn!(dev, "PCI slot reset detected\n");
    match pci_power::restore(pdev) {
        Ok(()) => Verdict::Recovered,
        Err(error) => {
            dev_err!(
                dev,
                "Failed to enable PCI device after slot reset ({})\n",
                error.to_errno()
            );
            Verdict::Disconnect
        }
    }
}

/// The bus works again after an error.
pub(crate) fn error_resume(card: &Card, pdev: &pci::Device<Bound>) {
    dev_warn!(card.dev, "Resuming device after PCI slot reset\n");
    bring_back(card, pdev);
}

/// Somebody is about to reset the function.
pub(crate) fn reset_prepare(card: &Card, pdev: &pci::Device<Bound>) {
    // A reset that is under way fails, and is done again afterwards.
    let _ = quiesce(card, pdev);
}

/// Stops the card, which may have been put to sleep.
fn quiesce(card: &Card, pdev: &pci::Device<Bound>) -> Result {
    reset::quiesce(card, bring_up::wake(card, pdev).is_ok())
}

/// The card is on the bus again. Users that go by themselves find its registers, and then it is reset.
pub(crate) fn bring_back(card: &Card, pdev: &pci::Device<Bound>) {
    // The callee has logged why not; the reset tries again.
    let _ = card.bars.open_windows(pdev);
    card.resets.revive();
}
