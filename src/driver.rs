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
use crate::abstractions::pci_id::device_id;
use crate::bringup;
use crate::context::file::File;
use crate::device::Card;
use crate::hw::bars::{elbi_read, Bars};
use crate::observe::glue::{self, Exhibits};
use crate::params::Params;
use crate::uapi;
use crate::uapi::control::ControlNode;

/// Habana Labs.
const VENDOR: u32 = 0x1DA3;
const GOYA: u32 = 0x0001;
/// A register that is read before there are BARs: what firmware says of its state.
const BOOT_STATUS: u32 = 0xC4_B150;

/// The PCI driver.
pub(crate) struct GoyaDriver;

kernel::pci_device_table!(
    PCI_TABLE,
    <GoyaDriver as pci::Driver>::IdInfo,
    [(device_id(VENDOR, GOYA), ())]
);

/// The DRM driver: keeps upstream's name, which user space looks for.
pub(crate) struct GoyaNode;

impl accel::Driver for GoyaNode {
    type Data = Arc<Card>;
    type File = File;
    type Module = crate::LocalModule;

    const INFO: accel::Info = accel::Info {
        name: c"habanalabs",
        desc: c"Driver for HabanaLabs's AI Accelerators",
        version: version(env!("GOYA_KERNEL_VERSION")),
    };
    const IOCTLS: &'static [accel::Descriptor] = uapi::IOCTLS;

    fn open(card: &Arc<Card>) -> Result<Pin<KBox<File>>> {
        File::open(card)
    }

    fn close(card: &Arc<Card>, file: Pin<KBox<File>>) {
        File::close(card, file);
    }

    fn mmap(
        card: &Arc<Card>,
        file: &File,
        mapping: crate::abstractions::vma::NewMapping<'_>,
    ) -> Result {
        file.context.buffers.map(&card.dev, mapping)
    }
}

/// The first three numbers of a version; those that are not there are 0.
const fn version(text: &str) -> (i32, i32, i32) {
    let (text, mut numbers) = (text.as_bytes(), [0; 3]);
    let (mut at, mut n) = (0, 0);
    while at < text.len() && n < numbers.len() {
        match text[at] {
            digit @ b'0'..=b'9' => numbers[n] = numbers[n] * 10 + (digit - b'0') as i32,
            b'.' => n += 1,
            _ => break,
        }
        at += 1;
    }
    let [major, minor, patch] = numbers;
    (major, minor, patch)
}

/// What belongs to a bound card. Fields are dropped in order.
pub(crate) struct Bind {
    _exhibits: Exhibits,
    _control: ControlNode,
    _node: accel::Registration<GoyaNode>,
    card: Arc<Card>,
}

impl pci::Driver for GoyaDriver {
    type IdInfo = ();
    type Data<'bound> = Bind;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Bind, Error> + 'bound {
        probe(pdev)
    }

    fn unbind<'bound>(pdev: &'bound pci::Device<Core<'_>>, this: Pin<&Bind>) {
        dev_info!(pdev, "Removing device {}\n", this.card.dev.name());
        crate::removal::remove(&this.card, pdev);
    }
}

fn probe(pdev: &pci::Device<Core<'_>>) -> Result<Bind> {
    dev_info!(
        pdev,
        "habanalabs device found [{:04x}:{:04x}] (rev {:x})\n",
        VENDOR,
        GOYA,
        pdev.revision_id()
    );
    pdev.enable_device_mem()?;
    pdev.set_master();
    crate::abstractions::dma::set_mask(pdev, DmaMask::new::<48>())?;
    elbi_read(pdev, BOOT_STATUS)?;
    let bars = Arc::new(Bars::map(pdev)?, GFP_KERNEL)?;
    bars.open_windows(pdev)?;
    let card = Card::new(pdev, Params::get(), bars)?;
    // As upstream, whatever went wrong: the log has said it, and the kernel need not.
    start(&card, pdev).map_err(|_| ENODEV)
}

fn start(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result<Bind> {
    let undo = |error: &Error| {
        dev_err!(
            pdev,
            "Fatal error during habanalabs device init ({})\n",
            error.to_errno()
        );
        crate::removal::shut_down(card, pdev);
    };
    bringup::all(card, pdev).inspect_err(undo)?;
    let device: ARef<accel::Device<GoyaNode>> =
        accel::Device::new(pdev.as_ref(), card.clone()).inspect_err(undo)?;
    let mut node = accel::Registration::new(device.clone()).inspect_err(undo)?;
    let control = ControlNode::new(node.device()).inspect_err(undo)?;
    let exhibits = glue::register(card, &mut node, pdev.as_ref()).inspect_err(undo)?;
    card.link.tie(card.clone(), device);
    card.heartbeat.start();
    dev_notice!(
        pdev,
        "Successfully added device {} to habanalabs driver\n",
        card.dev.name()
    );
    bringup::enable_events(card);
    card.state.initialised.set(true);
    Ok(Bind {
        _exhibits: exhibits,
        _control: control,
        _node: node,
        card: card.clone(),
    })
}

#[kunit_tests(goya_version)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(version("7.3.4"), (7, 3, 4));
        assert_eq!(version("7.3.0-rc2"), (7, 3, 0));
        assert_eq!(version("10.12"), (10, 12, 0));
        assert_eq!(version("1.2.3.4"), (1, 2, 3));
    }
}
