// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the kernel and the bus do to the card: sleep, shutdown, resets and errors (upstream `hl_pm_ops`,
//! `hl_pci_err_handler`, `hl_device_suspend()`, `hl_device_resume()`).
//!
//! Whatever it is, the card is stopped before and brought up by a hard reset afterwards, which ends its users.

use core::pin::Pin;

use kernel::device::{Bound, Core};
use kernel::pci;
use kernel::prelude::*;

use crate::abstractions::pci_callbacks::{self, Channel, Verdict};
use crate::abstractions::pci_power;
use crate::device::Card;
use crate::driver::{Bind, GoyaDriver};
use crate::{removal, reset};

impl pci_callbacks::Driver for GoyaDriver {
    const PROBE_ASYNCHRONOUSLY: bool = true;

    fn suspend<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&Bind<'a>>) -> Result {
        reset::quiesce(this.card(), true)
            .inspect_err(|_| dev_err!(pdev, "Can't suspend while in reset\n"))?;
        pci_power::disconnect(pdev);
        Ok(())
    }

    fn resume<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&Bind<'a>>) -> Result {
        bring_back(this.card(), pdev);
        Ok(())
    }

    fn shutdown<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&Bind<'a>>) {
        removal::retire(this.card(), pdev);
    }

    fn error_detected<'a>(
        pdev: &'a pci::Device<Core<'_>>,
        this: Pin<&Bind<'a>>,
        channel: Channel,
    ) -> Verdict {
        let card = this.card();
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

    fn slot_reset<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&Bind<'a>>) -> Verdict {
        let dev = &this.card().dev;
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

    fn error_resume<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&Bind<'a>>) {
        let card = this.card();
        dev_warn!(card.dev, "Resuming device after PCI slot reset\n");
        bring_back(card, pdev);
    }

    fn reset_prepare<'a>(_pdev: &'a pci::Device<Core<'_>>, this: Pin<&Bind<'a>>) {
        // A reset that is under way fails, and is done again afterwards.
        let _ = reset::quiesce(this.card(), true);
    }

    fn reset_done<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&Bind<'a>>) {
        bring_back(this.card(), pdev);
    }
}

/// The card is on the bus again. Users that go by themselves find its registers, and then it is reset.
fn bring_back(card: &Card, pdev: &pci::Device<Bound>) {
    // It has said why not; the reset tries again.
    let _ = card.bars.open_windows(pdev);
    reset::revive(card);
}
