// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory of a PCI device's, for other devices to reach (dma-buf, peer to peer).
//!
//! Who reaches it is told when that ends ([`Exports::revoke`]), and has to let go of it, if he can be told at
//! all (`dma_buf_attach_ops::invalidate_mappings`).
//!
//! C headers: `include/linux/dma-buf.h`, `include/linux/dma-resv.h`, `include/linux/pci-p2pdma.h`.

mod table;

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use kernel::bindings;
use kernel::device::Device;
use kernel::error::from_err_ptr;
use kernel::fs::file::{File, FileDescriptorReservation};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::{delay::fsleep, msecs_to_jiffies, Delta, Instant, Monotonic};
use kernel::types::ForeignOwnable;
use kernel::ModuleMetadata;

use super::raw_device;

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

/// How long devices may take to let go of what is revoked, twice: their jobs, and they themselves.
const PATIENCE: Delta = Delta::from_secs(5);
/// How often to look whether they have.
const LOOK: Delta = Delta::from_millis(1);

/// Memory in a window of a PCI device's: whole pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Physical address.
    pub(crate) address: u64,
    /// Bytes.
    pub(crate) size: u64,
}

/// What is exported: it lives as long as anybody has the dma-buf, or until it is revoked.
pub(crate) trait Exported: Send + Sync + 'static {
    /// The module with the code of this.
    type Module: ModuleMetadata;

    /// Whose memory it is, a PCI device.
    fn device(&self) -> &Device;
    /// The memory, in order. An error refuses a device that wants to reach it.
    fn pieces(&self) -> Result<&[Piece]>;
}

/// What the operations of a dma-buf work on.
#[pin_data]
struct Shared<E> {
    /// Taken inside of the dma-buf's reservation lock.
    #[pin]
    state: Mutex<State<E>>,
    exports: Arc<Exports<E>>,
}

struct State<E> {
    /// Until it is revoked.
    what: Option<KBox<E>>,
    /// Devices that have it mapped and are told when it is revoked.
    told: usize,
    /// Other devices that have it mapped.
    untold: usize,
    /// Nobody maps it any more.
    revoked: bool,
}

impl<E> State<E> {
    /// How many devices have it mapped like this one, which is told or not.
    fn maps(&mut self, told: bool) -> &mut usize {
        if told {
            &mut self.told
        } else {
            &mut self.untold
        }
    }

    fn what(&self) -> Result<&E> {
        match &self.what {
            Some(what) if !self.revoked => Ok(what),
            _ => Err(ENODEV),
        }
    }
}

/// The dma-bufs of a device's memory that somebody has and that are not revoked.
#[pin_data]
pub(crate) struct Exports<E> {
    #[pin]
    live: Mutex<KVec<Live<E>>>,
}

/// A dma-buf of [`export`]'s with this `E` that is not released.
struct Live<E>(NonNull<bindings::dma_buf>, PhantomData<E>);

// SAFETY: A dma-buf may be used anywhere; `E` is only named.
unsafe impl<E> Send for Live<E> {}

impl<E: Exported> Exports<E> {
    /// No exports.
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { live <- new_mutex!(KVec::new()) }),
            GFP_KERNEL,
        )
    }

    /// Runs `run` if there are none; there will be none meanwhile.
    pub(crate) fn while_none<T>(&self, run: impl FnOnce() -> T) -> Option<T> {
        let live = self.live.lock();
        live.is_empty().then(run)
    }

    /// Revokes all: whoever can be told lets go of the memory, which is waited for, and nobody gets it again. What is
    /// exported ends, unless a device that cannot be told, or did not let go in time, has it mapped; then it does with
    /// the dma-buf.
    pub(crate) fn revoke(&self) {
        while let Some((live, _file)) = self.next() {
            // SAFETY: The reference to its file keeps it until the end of the turn.
            let gone = unsafe { live.revoke() };
            drop(gone);
        }
    }

    /// Takes one out of the list, with a reference to its file.
    fn next(&self) -> Option<(Live<E>, ARef<File>)> {
        let mut list = self.live.lock();
        while let Some(live) = list.pop() {
            // SAFETY: It is not released before it was looked for in the list, and its file, if nobody
            // refers to that any more, is not taken.
            let file = unsafe { bindings::get_file_active(&raw mut (*live.0.as_ptr()).file) };
            if let Some(file) = NonNull::new(file) {
                // SAFETY: We got this reference.
                return Some((live, unsafe { ARef::from_raw(file.cast()) }));
            }
        }
        None
    }

    fn forget(&self, dma_buf: *mut bindings::dma_buf) {
        self.live.lock().retain(|live| live.0.as_ptr() != dma_buf);
    }
}

impl<E: Exported> Live<E> {
    /// Revokes it. Returns what was exported if no device has it mapped.
    ///
    /// # Safety
    ///
    /// The caller has a reference to it.
    unsafe fn revoke(&self) -> Option<KBox<E>> {
        // SAFETY: By the function's precondition, and the invariant of the type.
        let shared = unsafe { Operations::<E>::shared(self.0.as_ptr()) };
        // SAFETY: As above.
        unsafe {
            let reservation = (*self.0.as_ptr()).resv;
            bindings::dma_resv_lock(reservation, ptr::null_mut());
            shared.state.lock().revoked = true;
            bindings::dma_buf_invalidate_mappings(self.0.as_ptr());
            // Until then they may use it; after that, until they unmap it, they may still read it.
            bindings::dma_resv_wait_timeout(
                reservation,
                bindings::dma_resv_usage_DMA_RESV_USAGE_BOOKKEEP,
                false,
                msecs_to_jiffies(PATIENCE.as_millis() as u32),
            );
            bindings::dma_resv_unlock(reservation);
        }
        let start = Instant::<Monotonic>::now();
        loop {
            let late = start.elapsed() > PATIENCE;
            let mut state = shared.state.lock();
            if state.told == 0 || late {
                let unused = state.told == 0 && state.untold == 0;
                return unused.then(|| state.what.take()).flatten();
            }
            drop(state);
            fsleep(LOOK);
        }
    }
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
        dev_err!(
            device,
            "failed to get a file descriptor for a dma-buf, {}\n",
            error.to_errno()
        );
    })?;
    let state = State {
        what: Some(what),
        told: 0,
        untold: 0,
        revoked: false,
    };
    let shared = KBox::pin_init(
        pin_init!(Shared {
            state <- new_mutex!(state),
            exports: exports.clone(),
        }),
        GFP_KERNEL,
    )?;
    let priv_ = shared.into_foreign();
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
        drop(unsafe { Pin::<KBox<Shared<E>>>::from_foreign(priv_) });
    })?;
    let number = i32::try_from(fd.reserved_fd())?;
    // SAFETY: A dma-buf has a file with one reference, which is ours; nobody else has the file yet.
    let file = unsafe { NonNull::new((*dma_buf).file).map(|file| ARef::from_raw(file.cast())) };
    let file: ARef<File> = file.ok_or(EINVAL)?;
    let live = Live(NonNull::new(dma_buf).ok_or(EINVAL)?, PhantomData);
    // If this fails, the file ends, and everything with it.
    exports.live.lock().push(live, GFP_KERNEL)?;
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
    unsafe fn shared<'a>(dma_buf: *mut bindings::dma_buf) -> Pin<&'a Shared<E>> {
        // SAFETY: `export()` stored the pointer, which is taken back at the dma-buf's end.
        unsafe { Pin::<KBox<Shared<E>>>::borrow((*dma_buf).priv_) }
    }

    /// # Safety
    ///
    /// Called by the dma-buf core, with a dma-buf of [`export`]'s and a new attachment.
    unsafe extern "C" fn attach(
        dma_buf: *mut bindings::dma_buf,
        attachment: *mut bindings::dma_buf_attachment,
    ) -> c_int {
        // SAFETY: By the function's precondition.
        let shared = unsafe { Self::shared(dma_buf) };
        let device: ARef<Device> = match shared.state.lock().what() {
            Ok(what) => what.device().into(),
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
        let (shared, client, peer, told) = unsafe {
            let attachment = &*attachment;
            (
                Self::shared(attachment.dmabuf),
                attachment.dev,
                attachment.peer2peer,
                is_told(attachment),
            )
        };
        let mut state = shared.state.lock();
        // SAFETY: The core maps for a device that is there.
        match unsafe { map(&state, client, peer, direction) } {
            Ok(table) => {
                let maps = state.maps(told);
                *maps = maps.saturating_add(1);
                KBox::into_raw(table)
            }
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
        let (shared, told) = unsafe {
            let (attachment, table) = (&*attachment, KBox::from_raw(table));
            table::unmap(attachment.dev, direction, table);
            (Self::shared(attachment.dmabuf), is_told(attachment))
        };
        let mut state = shared.state.lock();
        let maps = state.maps(told);
        *maps = maps.saturating_sub(1);
    }

    /// # Safety
    ///
    /// Called by the dma-buf core at the end of a dma-buf of [`export`]'s.
    unsafe extern "C" fn release(dma_buf: *mut bindings::dma_buf) {
        // SAFETY: `export()` stored the pointer.
        unsafe { Self::shared(dma_buf) }.exports.forget(dma_buf);
        // SAFETY: As above; nobody uses it any more, nor finds it in the list.
        drop(unsafe { Pin::<KBox<Shared<E>>>::from_foreign((*dma_buf).priv_) });
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
    state: &State<E>,
    client: *mut bindings::device,
    peer: bool,
    direction: bindings::dma_data_direction,
) -> Result<KBox<bindings::sg_table>> {
    let what = state.what()?;
    let device = what.device();
    if !peer {
        dev_dbg!(device, "Failed to map dmabuf because p2p is disabled\n");
        return Err(EPERM);
    }
    let pieces = what.pieces()?;
    // SAFETY: By the function's precondition.
    let longest = unsafe { table::longest(client) };
    if longest == 0 {
        dev_err!(
            device,
            "dma_max_seg_size {} can't be smaller than PAGE_SIZE\n",
            longest
        );
        return Err(EINVAL);
    }
    // SAFETY: By the function's precondition.
    unsafe { table::map(client, direction, pieces, longest) }.inspect_err(|error| {
        dev_err!(
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

#[kunit_tests(goya_exports)]
mod tests {
    use super::*;
    use kernel::faux;

    struct Nothing(ARef<Device>);

    impl Exported for Nothing {
        type Module = crate::LocalModule;

        fn device(&self) -> &Device {
            &self.0
        }

        fn pieces(&self) -> Result<&[Piece]> {
            Ok(&[])
        }
    }

    #[test]
    fn none() -> Result {
        let exports = Exports::<Nothing>::new()?;
        assert_eq!(exports.while_none(|| 5), Some(5));
        exports.revoke();
        exports.forget(ptr::null_mut());
        assert!(exports.next().is_none());
        Ok(())
    }

    /// Who is told is counted by himself, and nobody gets what is revoked.
    #[test]
    fn counts() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-exports", None)?;
        let dev: &Device = faux.as_ref().as_ref();
        let mut state = State {
            what: Some(KBox::new(Nothing(dev.into()), GFP_KERNEL)?),
            told: 0,
            untold: 0,
            revoked: false,
        };
        *state.maps(true) += 2;
        *state.maps(false) += 1;
        assert_eq!((state.told, state.untold), (2, 1));
        assert!(state.what()?.pieces()?.is_empty());
        state.revoked = true;
        assert_eq!(state.what().err(), Some(ENODEV));
        Ok(())
    }
}
