// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A second device that reaches a card's memory, for tests: QEMU's `edu`, which moves up to 4 KiB by DMA.
//!
//! Loaded by a process with parameter `fd`, a dma-buf of the process's, it maps that for the device, has the device
//! copy the first page to the second, and keeps the mapping until it is unloaded or the exporter revokes it. If
//! something fails, so does loading, with that error: `ENODEV` if there is no such device.
//!
//! C headers: `include/linux/dma-buf.h`. The device: `docs/specs/edu.rst` of QEMU's source.

use core::ptr;

use kernel::device::{Bound, Core};
use kernel::dma::{Device as _, DmaMask};
use kernel::driver::Registration;
use kernel::error::{from_err_ptr, to_result};
use kernel::io::Io;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::time::{delay::fsleep, Delta};
use kernel::{bindings, pci, InPlaceModule, ModuleMetadata};

/// Bytes that the device's own memory has, and a page.
const PAGE: u64 = 4096;
const BOTH: bindings::dma_data_direction = bindings::dma_data_direction::DMA_BIDIRECTIONAL;
/// The device's ids: a vendor's that `pci::Vendor` does not list, and of no class.
const VENDOR: u16 = 0x1234;
const DEVICE: u16 = 0x11E8;
const CLASS: u32 = 0x00_FF00;

/// Registers of the device's.
mod regs {
    pub(super) const SOURCE: usize = 0x80;
    pub(super) const DESTINATION: usize = 0x88;
    pub(super) const COUNT: usize = 0x90;
    pub(super) const COMMAND: usize = 0x98;
    pub(super) const END: usize = 0xA0;
    /// Of the command: a transfer begins; it is under way.
    pub(super) const RUN: u64 = 1;
    /// Of the command: from the device.
    pub(super) const FROM_DEVICE: u64 = 2;
    /// Where it sees its own memory.
    pub(super) const BUFFER: u64 = 0x4_0000;
}

type Registers<'bound> = pci::Bar<'bound, { regs::END }>;

/// What came of it, an error of the kernel's.
static OUTCOME: Atomic<i32> = Atomic::new(-(bindings::ENODEV as i32));

/// Moves a page between the device's memory and `address`.
fn transfer(registers: &Registers<'_>, address: u64, command: u64) -> Result {
    let (source, destination) = match command & regs::FROM_DEVICE {
        0 => (address, regs::BUFFER),
        _ => (regs::BUFFER, address),
    };
    registers.try_write64(source, regs::SOURCE)?;
    registers.try_write64(destination, regs::DESTINATION)?;
    registers.try_write64(PAGE, regs::COUNT)?;
    registers.try_write64(command | regs::RUN, regs::COMMAND)?;
    for _ in 0..1000 {
        if registers.try_read64(regs::COMMAND)? & regs::RUN == 0 {
            return Ok(());
        }
        fsleep(Delta::from_millis(10));
    }
    Err(ETIMEDOUT)
}

/// A dma-buf that the device reaches.
struct Import {
    attachment: *mut bindings::dma_buf_attachment,
    /// Guarded by the dma-buf's reservation lock; null once it is revoked.
    table: *mut bindings::sg_table,
}

impl Import {
    /// How the device imports: as a peer or not; to be told when that ends or not.
    const fn operations(peer: bool, told: bool) -> bindings::dma_buf_attach_ops {
        bindings::dma_buf_attach_ops {
            allow_peer2peer: peer,
            invalidate_mappings: if told { Some(Self::invalidate) } else { None },
        }
    }

    /// Maps the process's dma-buf `fd` for a device.
    fn new(device: &kernel::device::Device<Bound>, fd: i32) -> Result<KBox<Self>> {
        static PEER: bindings::dma_buf_attach_ops = Import::operations(true, true);
        static UNTOLD: bindings::dma_buf_attach_ops = Import::operations(true, false);
        static STRANGER: bindings::dma_buf_attach_ops = Import::operations(false, true);
        let operations = match (
            module_parameters::peer.value(),
            module_parameters::told.value(),
        ) {
            (false, _) => &STRANGER,
            (true, false) => &UNTOLD,
            (true, true) => &PEER,
        };
        // SAFETY: Any number may be asked for.
        let dma_buf = from_err_ptr(unsafe { bindings::dma_buf_get(fd) })?;
        let import = Self {
            attachment: ptr::null_mut(),
            table: ptr::null_mut(),
        };
        let import = KBox::into_raw(KBox::new(import, GFP_KERNEL).inspect_err(|_| {
            // SAFETY: We got this reference.
            unsafe { bindings::dma_buf_put(dma_buf) }
        })?);
        // A device is what C has of it, and nothing else (`repr(transparent)`).
        let device = ptr::from_ref(device).cast_mut().cast();
        // SAFETY: The device is bound, the dma-buf is there, and the operations live for ever. What they get lives
        // until the end of the attachment: `Drop` is all that ends it.
        let attachment = from_err_ptr(unsafe {
            bindings::dma_buf_dynamic_attach(dma_buf, device, operations, import.cast())
        })
        .inspect_err(|_| {
            // SAFETY: As above; there is no attachment that refers to it.
            unsafe {
                bindings::dma_buf_put(dma_buf);
                drop(KBox::<core::mem::ManuallyDrop<Self>>::from_raw(
                    import.cast(),
                ));
            }
        })?;
        // SAFETY: Made above; the reservation lock guards the table.
        unsafe {
            (*import).attachment = attachment;
            bindings::dma_resv_lock((*dma_buf).resv, ptr::null_mut());
            let table = from_err_ptr(bindings::dma_buf_map_attachment(attachment, BOTH));
            if let Ok(table) = table {
                (*import).table = table;
            }
            bindings::dma_resv_unlock((*dma_buf).resv);
            let import = KBox::from_raw(import);
            table.map(|_| import)
        }
    }

    /// The address of the second page, if it follows the first.
    fn pages(&self) -> Result<(u64, u64)> {
        // SAFETY: The table was mapped just now, and nothing revokes it as early as this.
        let (first, length) = unsafe {
            let entry = self.table.as_ref().ok_or(ENODEV)?.sgl;
            (
                bindings::sg_dma_address(entry),
                u64::from(bindings::sg_dma_len(entry)),
            )
        };
        if length < 2 * PAGE {
            return Err(EINVAL);
        }
        Ok((first, first + PAGE))
    }

    /// The exporter takes the memory back.
    ///
    /// # Safety
    ///
    /// Called by the dma-buf core, with an attachment of [`Self::new`]'s and the reservation locked.
    unsafe extern "C" fn invalidate(attachment: *mut bindings::dma_buf_attachment) {
        if module_parameters::late.value() {
            pr_info!("the memory is revoked; kept for now\n");
            return;
        }
        // SAFETY: By the function's precondition.
        unsafe {
            let import = (*attachment).importer_priv.cast::<Self>();
            let table = ptr::replace(&raw mut (*import).table, ptr::null_mut());
            if table.is_null() {
                return;
            }
            bindings::dma_buf_unmap_attachment(attachment, table, BOTH);
            let error = match from_err_ptr(bindings::dma_buf_map_attachment(attachment, BOTH)) {
                Ok(table) => {
                    (*import).table = table;
                    0
                }
                Err(error) => error.to_errno(),
            };
            pr_info!("the memory is revoked; asked for again: {}\n", error);
        }
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        // SAFETY: The attachment is this one's, and nobody else uses it. The lock guards the table.
        unsafe {
            let dma_buf = (*self.attachment).dmabuf;
            bindings::dma_resv_lock((*dma_buf).resv, ptr::null_mut());
            if !self.table.is_null() {
                bindings::dma_buf_unmap_attachment(self.attachment, self.table, BOTH);
                self.table = ptr::null_mut();
            }
            bindings::dma_resv_unlock((*dma_buf).resv);
            bindings::dma_buf_detach(dma_buf, self.attachment);
            bindings::dma_buf_put(dma_buf);
        }
    }
}

// SAFETY: An attachment may be used anywhere, and the lock guards the rest.
unsafe impl Send for Import {}

struct Edu;

kernel::pci_device_table!(
    PCI_TABLE,
    <Edu as pci::Driver>::IdInfo,
    [(pci::DeviceId::from_class(CLASS, 0xFF_FFFF), ())]
);

fn probe(pdev: &pci::Device<Core<'_>>) -> Result<KBox<Import>> {
    pdev.enable_device_mem()?;
    pdev.set_master();
    // SAFETY: Nothing of this device is mapped yet.
    unsafe { pdev.dma_set_mask_and_coherent(DmaMask::new::<64>())? };
    let registers = pdev.iomap_region_sized::<{ regs::END }>(0, c"goya_peer")?;
    let import = Import::new(pdev.as_ref(), module_parameters::fd.value())?;
    let (first, second) = import.pages()?;
    transfer(&registers, first, 0)?;
    transfer(&registers, second, regs::FROM_DEVICE)?;
    Ok(import)
}

impl pci::Driver for Edu {
    type IdInfo = ();
    type Data<'bound> = KBox<Import>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<KBox<Import>, Error> + 'bound {
        if (pdev.vendor_id().as_raw(), pdev.device_id()) != (VENDOR, DEVICE) {
            return Err(ENODEV);
        }
        let result = probe(pdev);
        let outcome = result.as_ref().err().map_or(0, |error| error.to_errno());
        OUTCOME.store(outcome, Relaxed);
        // Loading tells of the error, and of this one the log says nothing.
        result.map_err(|_| ENODEV)
    }
}

#[pin_data]
struct Peer {
    #[pin]
    driver: Registration<pci::Adapter<Edu>>,
    /// It has a device, which works.
    outcome: (),
}

impl InPlaceModule for Peer {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            driver <- Registration::new(<Self as ModuleMetadata>::NAME, module),
            outcome: to_result(OUTCOME.load(Relaxed))?,
        })
    }
}

module! {
    type: Peer,
    name: "goya_peer",
    authors: ["The goya-rs authors"],
    description: "Reaches a Goya card's memory with QEMU's edu device, for tests",
    license: "GPL v2",
    imports_ns: ["DMA_BUF"],
    params: {
        fd: i32 {
            default: -1,
            description: "The dma-buf, a descriptor of the loading process's",
        },
        peer: bool {
            default: true,
            description: "Ask for memory without pages, as peers have",
        },
        told: bool {
            default: true,
            description: "Be told when the memory is taken back",
        },
        late: bool {
            default: false,
            description: "Keep memory that is taken back until unloaded",
        },
    },
}
