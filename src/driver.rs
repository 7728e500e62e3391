// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! PCI probe and removal (upstream `habanalabs_drv.c`).

use kernel::device::{Bound, Core};
use kernel::dma::DmaMask;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::Arc;

use crate::abstractions::accel;
use crate::abstractions::name;
use crate::abstractions::pci_callbacks::{self, Channel, Verdict};
use crate::abstractions::pci_id::device_id;
use crate::abstractions::pci_power::Enabled;
use crate::card::{BoundCard, Card, Handlers, Node};
use crate::fw::capabilities::iatu_configured;
use crate::hw::bars::{check_addresses, elbi_read, Bars};
use crate::hw::regs::cpu::BOOT_DEV_STS0;
use crate::ioctl::control::ControlNode;
use crate::ioctl::node::GoyaNode;
use crate::lifecycle::{bring_up, pci_events, removal, reset};
use crate::monitor::{conditional_reset, heartbeat, watchdog};
use crate::observe::user_interfaces::{self, UserInterfaces};
use crate::params::Params;
use crate::queue::budget::Sharing;
use crate::submit::scrub;

/// Habana Labs.
const VENDOR: u32 = 0x1DA3;
const GOYA: u32 = 0x0001;

/// The PCI driver.
pub(crate) struct GoyaDriver;

kernel::pci_device_table!(
    PCI_TABLE,
    <GoyaDriver as pci::Driver>::IdInfo,
    [(device_id(VENDOR, GOYA), ())]
);

/// What belongs to a bound card. Fields are dropped in order.
pub(crate) struct DriverData<'a> {
    _interfaces: UserInterfaces,
    _control: ControlNode,
    _node: accel::Registration<Arc<Card>>,
    card: Arc<Card>,
    bound: Arc<BoundCard>,
    _enabled: Enabled<'a>,
    _sharing: Sharing,
}

/// What people and programs see of it.
type Shown = (UserInterfaces, ControlNode, accel::Registration<Arc<Card>>);

impl pci::Driver for GoyaDriver {
    type IdInfo = ();
    type Data<'bound> = DriverData<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<DriverData<'bound>, Error> + 'bound {
        // The place for the result comes first: without it, nobody would stop a card that is up.
        pin_init::pin_init_scope(move || Ok(probe(pdev)))
    }

    fn unbind<'bound>(pdev: &'bound pci::Device<Core<'_>>, this: Pin<&DriverData<'bound>>) {
        dev_info!(pdev, "Removing device {}\n", name(&this.card.dev));
        removal::remove(&this.card, &this.bound, pdev);
    }
}

impl pci_callbacks::Driver for GoyaDriver {
    const PROBE_ASYNCHRONOUSLY: bool = true;

    fn suspend<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&DriverData<'a>>) -> Result {
        pci_events::suspend(&this.card, pdev)
    }

    fn resume<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&DriverData<'a>>) -> Result {
        pci_events::bring_back(&this.card, pdev);
        Ok(())
    }

    fn shutdown<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&DriverData<'a>>) {
        removal::retire(&this.card, pdev);
    }

    fn error_detected<'a>(
        pdev: &'a pci::Device<Core<'_>>,
        this: Pin<&DriverData<'a>>,
        channel: Channel,
    ) -> Verdict {
        pci_events::error_detected(&this.card, pdev, channel)
    }

    fn slot_reset<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&DriverData<'a>>) -> Verdict {
        pci_events::slot_reset(&this.card, pdev)
    }

    fn error_resume<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&DriverData<'a>>) {
        pci_events::error_resume(&this.card, pdev);
    }

    fn reset_prepare<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&DriverData<'a>>) {
        pci_events::reset_prepare(&this.card, pdev);
    }

    fn reset_done<'a>(pdev: &'a pci::Device<Core<'_>>, this: Pin<&DriverData<'a>>) {
        pci_events::bring_back(&this.card, pdev);
    }
}

fn probe<'a>(pdev: &'a pci::Device<Core<'_>>) -> Result<DriverData<'a>> {
    dev_info!(
        pdev,
        "habanalabs device found [{:04x}:{:04x}] (rev {:x})\n",
        VENDOR,
        GOYA,
        pdev.revision_id()
    );
    check_addresses(pdev)?;
    let (enabled, sharing) = (Enabled::new(pdev)?, Sharing::new());
    crate::abstractions::dma::set_mask(pdev, DmaMask::new::<48>())?;
    let by_firmware = iatu_configured(elbi_read(pdev, BOOT_DEV_STS0)?.into_raw());
    let bars = Bars::map(pdev, by_firmware)?;
    bars.open_windows(pdev)?;
    let bound = BoundCard::new()?;
    let card = Card::new(pdev, Params::get(), bars, handlers(&bound)?)?;
    // As upstream, whatever went wrong: the log has said it, and the kernel need not.
    let (interfaces, control, node) = start(&card, &bound, pdev).map_err(|_| ENODEV)?;
    Ok(DriverData {
        _interfaces: interfaces,
        _control: control,
        _node: node,
        card,
        bound,
        _enabled: enabled,
        _sharing: sharing,
    })
}

/// What is done for a card by its tasks.
fn handlers(bound: &Arc<BoundCard>) -> Result<Handlers> {
    let bound = || bound.clone();
    Ok(Handlers {
        reset: Arc::new(reset::Worker(bound()), GFP_KERNEL)?,
        release: Arc::new(conditional_reset::ReleaseWatchdog(bound()), GFP_KERNEL)?,
        watchdog: watchdog::Watchdog::new(&bound())?,
        heartbeat: Arc::new(heartbeat::Beat(bound()), GFP_KERNEL)?,
        scrubber: Arc::new(scrub::Scrubber(bound()), GFP_KERNEL)?,
    })
}

fn start(card: &Arc<Card>, bound: &Arc<BoundCard>, pdev: &pci::Device<Bound>) -> Result<Shown> {
    let failed = |error: &Error| {
        dev_err!(
            pdev,
            "Fatal error during habanalabs device init ({})\n",
            error.to_errno()
        );
    };
    let undo = |error: &Error| {
        failed(error);
        removal::shut_down(card, bound, pdev);
    };
    bring_up::all(card, pdev).inspect_err(undo)?;
    let device = Node::new::<GoyaNode>(pdev.as_ref(), card.clone()).inspect_err(undo)?;
    // Whoever opens the node may need a reset at once.
    bound.attach(device.clone());
    card.resets.set_initialised();
    let shown = show(card, bound, device, pdev).inspect_err(|error| {
        failed(error);
        // Somebody may have opened it.
        removal::remove(card, bound, pdev);
    })?;
    heartbeat::start(card);
    dev_notice!(
        pdev,
        "Successfully added device {} to habanalabs driver\n",
        name(&card.dev)
    );
    bring_up::enable_events(card);
    card.scrubber.schedule(0);
    Ok(shown)
}

fn show(
    card: &Arc<Card>,
    bound: &Arc<BoundCard>,
    device: ARef<Node>,
    pdev: &pci::Device<Bound>,
) -> Result<Shown> {
    let mut node = accel::Registration::new(device)?;
    let control = ControlNode::new(node.device())?;
    let interfaces = user_interfaces::register(card, bound, &mut node, pdev.as_ref())?;
    Ok((interfaces, control, node))
}
