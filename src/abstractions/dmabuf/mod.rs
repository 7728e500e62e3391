// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory of a PCI device's, for other devices to reach (dma-buf, peer to peer).
//!
//! Who reaches it is told when that ends ([`Exports::revoke`]), and has to let go of it, if he can be told at
//! all (`dma_buf_attach_ops::invalidate_mappings`).
//!
//! C headers: `include/linux/dma-buf.h`, `include/linux/dma-resv.h`, `include/linux/pci-p2pdma.h`.

mod exports;
mod table;

pub(crate) use exports::Exports;
pub(crate) use table::Piece;

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use kernel::bindings;
use kernel::device::Device;
use kernel::error::from_err_ptr;
use kernel::fs::file::{File, FileDescriptorReservation};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::{Arc, ArcBorrow};
use kernel::types::ForeignOwnable;
use kernel::ModuleMetadata;

use super::ratelimit::dev_err_ratelimited;
use super::raw_device;
use exports::Export;

#[cfg(CONFIG_PCI_P2PDMA)]
extern "C" {
    /// `drivers/pci/p2pdma.c`; the first two are `struct pci_dev *` and `struct device **`, some fields of which
    /// are empty, and so nothing that Rust knows in C.
    fn pci_p2pdma_distance_many(
        provider: *mut c_void,
        clients: *mut *mut c_void,
        count: c_int,
        verbose: bool,
    ) -> c_int;
}

/// What is exported: it lives as long as anybody has the dma-buf, or until it is revoked.
pub(crate) trait Exported: Send + Sync + 'static {
    /// The module with the code of this.
    type Module: ModuleMetadata;

    /// Whose memory it is, a PCI device.
    fn device(&self) -> &Device;
    /// The memory, in order.
    fn pieces(&self) -> &[Piece];
}

/// Makes a dma-buf of `what`, `size` bytes, one of `exports`, and a descriptor of the calling process's for it,
/// with `flags` (`O_*`).
///
/// Errors: `EMFILE` and others: there is no descriptor; `ENOMEM`. `what` is dropped then.
pub(crate) fn export<E: Exported>(
    what: KBox<E>,
    exports: &Arc<Exports<E>>,
    size: usize,
    flags: u32,
) -> Result<i32> {
    let device: ARef<Device> = what.device().into();
    let fd = FileDescriptorReservation::get_unused_fd_flags(flags).inspect_err(|error| {
        dev_err_ratelimited!(
            device,
            "failed to get a file descriptor for a dma-buf, {}\n",
            error.to_errno()
        );
    })?;
    let number = i32::try_from(fd.reserved_fd())?;
    let export = Export::new(what, exports)?;
    let priv_ = export.clone_arc().into_foreign();
    let info = bindings::dma_buf_export_info {
        exp_name: c"goya".as_char_ptr(),
        owner: kernel::module::this_module::<E::Module>().as_ptr(),
        ops: const { &Operations::<E>::TABLE },
        size,
        flags: flags as c_int,
        resv: ptr::null_mut(),
        priv_,
    };
    // SAFETY: The structure is filled; the operations live for ever, and are those of `priv_`.
    let exported = from_err_ptr(unsafe { bindings::dma_buf_export(&info) });
    let exported = exported.and_then(|dma_buf| NonNull::new(dma_buf).ok_or(EINVAL));
    let dma_buf = exported.inspect_err(|_| {
        dev_err_ratelimited!(device, "failed to export dma-buf\n");
        // SAFETY: The pointer came from `into_foreign()`, and nobody has taken it over.
        drop(unsafe { Arc::<Export<E>>::from_foreign(priv_) });
    })?;
    // SAFETY: The dma-buf is there; it calls `release()` at its end, which has what `priv_` is.
    let file = unsafe {
        exports.add(export, dma_buf);
        dma_buf.as_ref().file
    };
    // SAFETY: The file comes with one reference, which is ours; nobody else has it yet.
    let file: ARef<File> = unsafe { ARef::from_raw(NonNull::new(file.cast()).ok_or(EINVAL)?) };
    fd.fd_install(file);
    Ok(number)
}

struct Operations<E>(PhantomData<E>);

impl<E: Exported> Operations<E> {
    const TABLE: bindings::dma_buf_ops = bindings::dma_buf_ops {
        attach: Some(Self::attach),
        map_dma_buf: Some(Self::map),
        unmap_dma_buf: Some(Self::unmap),
        release: Some(Self::release),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `dma_buf` is one of [`export`]'s with the same `E`, and lives for `'a`.
    unsafe fn export<'a>(dma_buf: *mut bindings::dma_buf) -> ArcBorrow<'a, Export<E>> {
        // SAFETY: `export()` stored the pointer, which is taken back at the dma-buf's end.
        unsafe { Arc::<Export<E>>::borrow((*dma_buf).priv_) }
    }

    /// # Safety
    ///
    /// Called by the dma-buf core, with a dma-buf of [`export`]'s and a new attachment.
    unsafe extern "C" fn attach(
        dma_buf: *mut bindings::dma_buf,
        attachment: *mut bindings::dma_buf_attachment,
    ) -> c_int {
        // SAFETY: By the function's precondition.
        let export = unsafe { Self::export(dma_buf) };
        let device: Result<ARef<Device>> =
            export.with(|state| state.what().map(|what| what.device().into()));
        let device = match device {
            Ok(device) => device,
            Err(error) => return error.to_errno(),
        };
        // SAFETY: By the function's precondition.
        if !reaches(&device, unsafe { (*attachment).dev }) {
            // SAFETY: By the function's precondition; nobody else uses the attachment yet.
            unsafe { (*attachment).peer2peer = false };
        }
        0
    }

    /// # Safety
    ///
    /// Called by the dma-buf core, with an attachment to a dma-buf of [`export`]'s, whose reservation is locked.
    unsafe extern "C" fn map(
        attachment: *mut bindings::dma_buf_attachment,
        direction: bindings::dma_data_direction,
    ) -> *mut bindings::sg_table {
        // SAFETY: By the function's precondition.
        let (export, client, peer, told) = unsafe {
            let attachment = &*attachment;
            (
                Self::export(attachment.dmabuf),
                attachment.dev,
                attachment.peer2peer,
                is_told(attachment),
            )
        };
        // SAFETY: The core maps for a device that is there.
        let table = export.map(told, |what| unsafe { map(what, client, peer, direction) });
        table.map_or_else(|error| error.to_ptr(), KBox::into_raw)
    }

    /// # Safety
    ///
    /// Called by the dma-buf core for what [`Self::map`] returned.
    unsafe extern "C" fn unmap(
        attachment: *mut bindings::dma_buf_attachment,
        table: *mut bindings::sg_table,
        direction: bindings::dma_data_direction,
    ) {
        // SAFETY: By the function's precondition.
        let (export, told) = unsafe {
            let (attachment, table) = (&*attachment, KBox::from_raw(table));
            table::unmap(attachment.dev, direction, table);
            (Self::export(attachment.dmabuf), is_told(attachment))
        };
        export.unmapped(told);
    }

    /// # Safety
    ///
    /// Called by the dma-buf core at the end of a dma-buf of [`export`]'s.
    unsafe extern "C" fn release(dma_buf: *mut bindings::dma_buf) {
        // SAFETY: `export()` stored the pointer, and this is its end.
        unsafe { Arc::<Export<E>>::from_foreign((*dma_buf).priv_) }.released();
    }
}

/// Whether who attached is told when the memory is revoked (`dma_buf_attach_revocable()`).
///
/// # Safety
///
/// The attachment is valid, with what it refers to.
unsafe fn is_told(attachment: &bindings::dma_buf_attachment) -> bool {
    // SAFETY: By the function's precondition.
    let operations = unsafe { attachment.importer_ops.as_ref() };
    operations.is_some_and(|operations| operations.invalidate_mappings.is_some())
}

/// Maps what is exported for `client`, a peer of the device's if there is a way between them.
///
/// # Safety
///
/// `client` is valid, and bound to its driver.
unsafe fn map<E: Exported>(
    what: &E,
    client: *mut bindings::device,
    peer: bool,
    direction: bindings::dma_data_direction,
) -> Result<KBox<bindings::sg_table>> {
    let device = what.device();
    if !peer {
        dev_dbg!(device, "Failed to map dmabuf because p2p is disabled\n");
        return Err(EPERM);
    }
    let pieces = what.pieces();
    // SAFETY: By the function's precondition.
    let longest = unsafe { table::longest(client) };
    if longest == 0 {
        dev_err_ratelimited!(
            device,
            "dma_max_seg_size {} can't be smaller than PAGE_SIZE\n",
            longest
        );
        return Err(EINVAL);
    }
    // SAFETY: By the function's precondition.
    unsafe { table::map(client, direction, pieces, longest) }.inspect_err(|error| {
        dev_err_ratelimited!(
            device,
            "failed ({}) to initialize sgt for dmabuf\n",
            error.to_errno()
        );
    })
}

/// Whether `client` has a way to memory of `provider`'s, a PCI device.
fn reaches(provider: &Device, client: *mut bindings::device) -> bool {
    let provider = raw_device(provider);
    #[cfg(CONFIG_PCI_P2PDMA)]
    {
        let mut client = client.cast::<c_void>();
        // SAFETY: By the contract of `Exported::device()` it is part of a PCI device. Both devices are
        // valid, and it is one client.
        let distance = unsafe {
            let provider = kernel::container_of!(provider, bindings::pci_dev, dev);
            pci_p2pdma_distance_many(provider.cast(), &mut client, 1, true)
        };
        distance >= 0
    }
    #[cfg(not(CONFIG_PCI_P2PDMA))]
    {
        let _ = (provider, client);
        false
    }
}
