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
use crate::abstractions::pci_id::device_id;
use crate::abstractions::pci_power::Enabled;
use crate::bringup;
use crate::context::file::File;
use crate::device::Card;
use crate::fw::capabilities::{iatu_configured, DEVICE_STATUS};
use crate::hw::bars::{elbi_read, Bars};
use crate::observe::glue::{self, Exhibits};
use crate::params::Params;
use crate::uapi;
use crate::uapi::control::ControlNode;

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

    fn check(file: &File) -> Result {
        file.check()
    }

    fn mmap(
        card: &Arc<Card>,
        file: &File,
        mapping: crate::abstractions::vma::NewMapping<'_>,
    ) -> Result {
        // Removal ends all mappings, but none that is not quite made; it waits for users long after this.
        if card.state.removing.get() {
            return Err(ENODEV);
        }
        file.context.buffers.map(&card.dev, mapping)
    }
}

/// The first three numbers of a version; those that are not there are 0.
const fn version(text: &str) -> (i32, i32, i32) {
    let (text, mut numbers) = (text.as_bytes(), [0i32; 3]);
    let (mut at, mut n) = (0, 0);
    while at < text.len() && n < numbers.len() {
        match text[at] {
            digit @ b'0'..=b'9' => {
                let more = numbers[n].wrapping_mul(10);
                numbers[n] = more.wrapping_add((digit ^ b'0') as i32);
            }
            b'.' => n += 1,
            _ => break,
        }
        at += 1;
    }
    let [major, minor, patch] = numbers;
    (major, minor, patch)
}

/// What belongs to a bound card. Fields are dropped in order.
pub(crate) struct Bind<'a> {
    _exhibits: Exhibits,
    _control: ControlNode,
    _node: accel::Registration<GoyaNode>,
    card: Arc<Card>,
    _enabled: Enabled<'a>,
}

impl Bind<'_> {
    pub(crate) fn card(&self) -> &Arc<Card> {
        &self.card
    }
}

/// What people and programs see of it.
type Shown = (Exhibits, ControlNode, accel::Registration<GoyaNode>);

impl pci::Driver for GoyaDriver {
    type IdInfo = ();
    type Data<'bound> = Bind<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Bind<'bound>, Error> + 'bound {
        probe(pdev)
    }

    fn unbind<'bound>(pdev: &'bound pci::Device<Core<'_>>, this: Pin<&Bind<'bound>>) {
        dev_info!(pdev, "Removing device {}\n", name(&this.card.dev));
        crate::removal::remove(&this.card, pdev);
    }
}

fn probe<'a>(pdev: &'a pci::Device<Core<'_>>) -> Result<Bind<'a>> {
    dev_info!(
        pdev,
        "habanalabs device found [{:04x}:{:04x}] (rev {:x})\n",
        VENDOR,
        GOYA,
        pdev.revision_id()
    );
    let enabled = Enabled::new(pdev)?;
    crate::abstractions::dma::set_mask(pdev, DmaMask::new::<48>())?;
    let by_firmware = iatu_configured(elbi_read(pdev, DEVICE_STATUS)?);
    let bars = Bars::map(pdev, by_firmware)?;
    bars.open_windows(pdev)?;
    let card = Card::new(pdev, Params::get(), bars)?;
    // As upstream, whatever went wrong: the log has said it, and the kernel need not.
    let (exhibits, control, node) = start(&card, pdev).map_err(|_| ENODEV)?;
    Ok(Bind {
        _exhibits: exhibits,
        _control: control,
        _node: node,
        card,
        _enabled: enabled,
    })
}

fn start(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result<Shown> {
    let failed = |error: &Error| {
        dev_err!(
            pdev,
            "Fatal error during habanalabs device init ({})\n",
            error.to_errno()
        );
    };
    let undo = |error: &Error| {
        failed(error);
        crate::removal::shut_down(card, pdev);
    };
    bringup::all(card, pdev).inspect_err(undo)?;
    let device = accel::Device::new(pdev.as_ref(), card.clone()).inspect_err(undo)?;
    // Whoever opens the node may need a reset at once.
    card.link.tie(card.clone(), device.clone());
    card.state.initialised.set(true);
    let shown = show(card, device, pdev).inspect_err(|error| {
        failed(error);
        // Somebody may have opened it.
        crate::removal::remove(card, pdev);
    })?;
    card.heartbeat.start();
    dev_notice!(
        pdev,
        "Successfully added device {} to habanalabs driver\n",
        name(&card.dev)
    );
    bringup::enable_events(card);
    card.scrubber.start();
    Ok(shown)
}

fn show(
    card: &Arc<Card>,
    device: ARef<accel::Device<GoyaNode>>,
    pdev: &pci::Device<Bound>,
) -> Result<Shown> {
    let mut node = accel::Registration::new(device)?;
    let control = ControlNode::new(node.device())?;
    let exhibits = glue::register(card, &mut node, pdev.as_ref())?;
    Ok((exhibits, control, node))
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
