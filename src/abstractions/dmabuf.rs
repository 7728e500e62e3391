// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory of a PCI device's, for other devices to reach (dma-buf, peer to peer).
//!
//! C headers: `include/linux/dma-buf.h`, `include/linux/pci-p2pdma.h`.

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use kernel::alloc::KVVec;
use kernel::bindings;
use kernel::device::Device;
use kernel::error::{from_err_ptr, to_result};
use kernel::fs::file::{File, FileDescriptorReservation};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::types::ForeignOwnable;
use kernel::ModuleMetadata;

use super::raw_device;

#[cfg(CONFIG_PCI_P2PDMA)]
extern "C" {
    /// `drivers/pci/p2pdma.c`
    fn pci_p2pdma_distance_many(
        provider: *mut bindings::pci_dev,
        clients: *mut *mut bindings::device,
        count: c_int,
        verbose: bool,
    ) -> c_int;
}

/// What `dma_map_resource()` returns if it fails (`DMA_MAPPING_ERROR`).
const MAPPING_ERROR: bindings::dma_addr_t = !0;
/// There are no CPU caches to keep coherent.
const NO_SYNC: c_ulong = bindings::DMA_ATTR_SKIP_CPU_SYNC as c_ulong;
/// Bits of `scatterlist::page_link` that are no part of the address of a page.
const LINK_BITS: c_ulong = 3;
/// The longest piece for a device that says nothing of it.
const DEFAULT_LONGEST: u32 = 64 << 10;

/// Memory in a window of a PCI device's: whole pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Physical address.
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
}

/// What is exported: it lives as long as anybody has the dma-buf.
pub(crate) trait Exported: Send + Sync + 'static {
    /// The module with the code of this.
    type Module: ModuleMetadata;

    /// Whose memory it is, a PCI device.
    fn device(&self) -> &Device;
    /// The memory, in order. An error refuses a device that wants to reach it.
    fn pieces(&self) -> Result<&[Piece]>;
}

/// Makes a dma-buf of `what`, `size` bytes, and a descriptor of the calling process's for it, with
/// `flags` (`O_*`).
///
/// Errors: `EMFILE` and others: there is no descriptor; `ENOMEM`. `what` is dropped then.
pub(crate) fn export<E: Exported>(what: KBox<E>, size: usize, flags: u32) -> Result<i32> {
    let device: ARef<Device> = what.device().into();
    let fd = FileDescriptorReservation::get_unused_fd_flags(flags).inspect_err(|error| {
        dev_err!(
            device,
            "failed to get a file descriptor for a dma-buf, {}\n",
            error.to_errno()
        );
    })?;
    let priv_ = what.into_foreign();
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
    let dma_buf = exported.inspect_err(|_| {
        dev_err!(device, "failed to export dma-buf\n");
        // SAFETY: The pointer came from `into_foreign()`, and nobody has taken it over.
        drop(unsafe { KBox::<E>::from_foreign(priv_) });
    })?;
    let number = i32::try_from(fd.reserved_fd())?;
    // SAFETY: A dma-buf has a file with one reference, which is ours; nobody else has the file yet.
    let file = unsafe { NonNull::new((*dma_buf).file).map(|file| ARef::from_raw(file.cast())) };
    let file: ARef<File> = file.ok_or(EINVAL)?;
    fd.fd_install(file);
    Ok(number)
}

/// How pieces are cut so that no part is longer than `longest`.
fn parts(pieces: &[Piece], longest: u64) -> impl Iterator<Item = Piece> + '_ {
    let longest = longest.max(1);
    pieces.iter().flat_map(move |piece| {
        let Piece { address, size } = *piece;
        (0..size.div_ceil(longest)).map(move |n| {
            let start = n.saturating_mul(longest);
            Piece {
                address: address.saturating_add(start),
                size: size.saturating_sub(start).min(longest),
            }
        })
    })
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
    unsafe fn exported<'a>(dma_buf: *mut bindings::dma_buf) -> &'a E {
        // SAFETY: `export()` stored the pointer, which is taken back at the dma-buf's end.
        unsafe { KBox::<E>::borrow((*dma_buf).priv_) }
    }

    /// # Safety
    ///
    /// Called by the dma-buf core, with a dma-buf of [`export`]'s and a new attachment.
    unsafe extern "C" fn attach(
        dma_buf: *mut bindings::dma_buf,
        attachment: *mut bindings::dma_buf_attachment,
    ) -> c_int {
        // SAFETY: By the function's precondition.
        let exported: &E = unsafe { Self::exported(dma_buf) };
        // SAFETY: By the function's precondition.
        if !reaches(exported.device(), unsafe { (*attachment).dev }) {
            // SAFETY: By the function's precondition; nobody else uses the attachment yet.
            unsafe { (*attachment).peer2peer = false };
        }
        0
    }

    /// # Safety
    ///
    /// Called by the dma-buf core, with an attachment to a dma-buf of [`export`]'s.
    unsafe extern "C" fn map(
        attachment: *mut bindings::dma_buf_attachment,
        direction: bindings::dma_data_direction,
    ) -> *mut bindings::sg_table {
        // SAFETY: By the function's precondition.
        let (exported, client, peer): (&E, _, _) = unsafe {
            let attachment = &*attachment;
            (
                Self::exported(attachment.dmabuf),
                attachment.dev,
                attachment.peer2peer,
            )
        };
        let device = exported.device();
        let mapped = || -> Result<_> {
            if !peer {
                dev_dbg!(device, "Failed to map dmabuf because p2p is disabled\n");
                return Err(EPERM);
            }
            let pieces = exported.pieces()?;
            // SAFETY: The core maps for a device that is there.
            let longest = unsafe { longest(client) };
            if longest == 0 {
                dev_err!(
                    device,
                    "dma_max_seg_size {} can't be smaller than PAGE_SIZE\n",
                    longest
                );
                return Err(EINVAL);
            }
            // SAFETY: As above.
            unsafe { table(client, direction, parts(pieces, longest)) }.inspect_err(|error| {
                dev_err!(
                    device,
                    "failed ({}) to initialize sgt for dmabuf\n",
                    error.to_errno()
                );
            })
        };
        match mapped() {
            Ok(table) => KBox::into_raw(table),
            Err(error) => error.to_ptr(),
        }
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
        unsafe {
            let table = KBox::from_raw(table);
            unmap_table((*attachment).dev, direction, table);
        }
    }

    /// # Safety
    ///
    /// Called by the dma-buf core at the end of a dma-buf of [`export`]'s.
    unsafe extern "C" fn release(dma_buf: *mut bindings::dma_buf) {
        // SAFETY: `export()` stored the pointer; nobody uses it any more.
        drop(unsafe { KBox::<E>::from_foreign((*dma_buf).priv_) });
    }
}

/// Whether `client` has a way to memory of `provider`'s, a PCI device.
fn reaches(provider: &Device, client: *mut bindings::device) -> bool {
    let provider = raw_device(provider);
    #[cfg(CONFIG_PCI_P2PDMA)]
    {
        let mut client = client;
        // SAFETY: By the contract of `Exported::device()` it is part of a PCI device. Both devices are
        // valid, and it is one client.
        let distance = unsafe {
            let provider = kernel::container_of!(provider, bindings::pci_dev, dev);
            pci_p2pdma_distance_many(provider, &mut client, 1, true)
        };
        distance >= 0
    }
    #[cfg(not(CONFIG_PCI_P2PDMA))]
    {
        let _ = (provider, client);
        false
    }
}

/// The longest piece that a device takes, whole pages.
///
/// # Safety
///
/// `device` is valid.
unsafe fn longest(device: *mut bindings::device) -> u64 {
    // SAFETY: By the function's precondition; the parameters live as long as the device.
    let longest = unsafe {
        match (*device).dma_parms.as_ref() {
            Some(parameters) => parameters.max_segment_size,
            None => 0,
        }
    };
    let longest = u64::from(if longest == 0 {
        DEFAULT_LONGEST
    } else {
        longest
    });
    longest - longest % kernel::page::PAGE_SIZE as u64
}

/// A table of `parts`, mapped for `device`.
///
/// # Safety
///
/// `device` is valid, and bound to its driver.
unsafe fn table(
    device: *mut bindings::device,
    direction: bindings::dma_data_direction,
    parts: impl Iterator<Item = Piece>,
) -> Result<KBox<bindings::sg_table>> {
    let mut all = KVVec::new();
    for part in parts {
        all.push(part, GFP_KERNEL)?;
    }
    let mut table = KBox::new(bindings::sg_table::default(), GFP_KERNEL)?;
    // SAFETY: The table is empty.
    to_result(unsafe {
        bindings::sg_alloc_table(
            &mut *table,
            u32::try_from(all.len())?,
            bindings::GFP_KERNEL | bindings::__GFP_ZERO,
        )
    })?;
    let mut entry = table.sgl;
    // What is not mapped below is empty, and `nents` counts what is mapped.
    table.nents = 0;
    for part in &all {
        // SAFETY: The device is bound by the function's precondition; the memory is a device's window.
        let address = unsafe {
            bindings::dma_map_resource(device, part.address, part.size as usize, direction, NO_SYNC)
        };
        if address == MAPPING_ERROR {
            // SAFETY: The first `nents` entries were mapped just so.
            unsafe { unmap_table(device, direction, table) };
            return Err(ENOMEM);
        }
        // SAFETY: The table has as many entries as there are parts.
        unsafe {
            (*entry).page_link &= LINK_BITS;
            (*entry).offset = 0;
            // No part is longer than 32 bits can tell: see `longest()`.
            (*entry).length = part.size as u32;
            (*entry).dma_address = address;
            #[cfg(CONFIG_NEED_SG_DMA_LENGTH)]
            {
                (*entry).dma_length = part.size as u32;
            }
            entry = bindings::sg_next(entry);
        }
        table.nents += 1;
    }
    // There are no pages for a CPU: who looks for some finds an empty list.
    table.orig_nents = 0;
    Ok(table)
}

/// Unmaps and frees what [`table`] made.
///
/// # Safety
///
/// The first `nents` entries are mapped for `device`, which is bound to its driver.
unsafe fn unmap_table(
    device: *mut bindings::device,
    direction: bindings::dma_data_direction,
    mut table: KBox<bindings::sg_table>,
) {
    let mut entry = table.sgl;
    for _ in 0..table.nents {
        // SAFETY: By the function's precondition.
        unsafe {
            let (address, size) = (
                bindings::sg_dma_address(entry),
                bindings::sg_dma_len(entry) as usize,
            );
            bindings::dma_unmap_resource(device, address, size, direction, NO_SYNC);
            entry = bindings::sg_next(entry);
        }
    }
    // What frees the table goes by this count.
    table.orig_nents = table.orig_nents.max(table.nents);
    // SAFETY: Allocated by `sg_alloc_table()`, and used no more.
    unsafe { bindings::sg_free_table(&mut *table) };
}

#[kunit_tests(goya_dmabuf)]
mod tests {
    use super::*;

    #[test]
    fn cut() {
        let piece = |address, size| Piece { address, size };
        let pieces = [piece(0x1000, 0x5000), piece(0x10_0000, 0x2000)];
        let mut cut = parts(&pieces, 0x2000);
        for expected in [
            piece(0x1000, 0x2000),
            piece(0x3000, 0x2000),
            piece(0x5000, 0x1000),
            piece(0x10_0000, 0x2000),
        ] {
            assert_eq!(cut.next(), Some(expected));
        }
        assert_eq!(cut.next(), None);
        assert!(parts(&pieces, u64::MAX).eq(pieces));
    }
}
