// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! All shared memory of a device: freed at the latest when the device loses its driver, as `dma_free_coherent()` must
//! not be called later, whoever still holds a piece.
//!
//! A `Devres` for each piece would wait for a grace period of RCU for each of them at that time, and how many there are
//! is the user's choice. So there is one entry among the device's resources for a list of all pieces, found by its
//! release function.

use core::cell::UnsafeCell;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use kernel::alloc::Flags;
use kernel::bindings;
use kernel::device::{Bound, Device};
use kernel::dma::{Coherent, DmaAddress};
use kernel::list::{impl_list_arc_safe, impl_list_item, List, ListArc, ListLinks};
use kernel::prelude::*;
use kernel::sync::atomic::{ordering::Acquire, ordering::Release, Atomic};
use kernel::sync::{new_mutex, rcu, Arc, Mutex, UniqueArc};
use kernel::types::ForeignOwnable;

use crate::abstractions::{memory::keep_for_ever, raw_device};

/// A piece of memory, which is there as long as this is in the list of its owner.
#[pin_data]
pub(super) struct Lent {
    memory: UnsafeCell<ManuallyDrop<Coherent<[u8]>>>,
    cpu: *mut u8,
    dma: DmaAddress,
    len: usize,
    #[pin]
    links: ListLinks,
}

// SAFETY: Coherent memory may be used, and freed, by any task.
unsafe impl Send for Lent {}
// SAFETY: A shared reference only gives numbers, and a pointer; who frees the memory has the owner's lock.
unsafe impl Sync for Lent {}

impl_list_arc_safe! {
    impl ListArcSafe<0> for Lent { untracked; }
}
impl_list_item! {
    impl ListItem<0> for Lent { using ListLinks { self.links }; }
}

impl Lent {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn dma_address(&self) -> DmaAddress {
        self.dma
    }

    pub(super) fn cpu_address(&self) -> *mut u8 {
        self.cpu
    }
}

/// All memory of a device.
///
/// # Invariants
///
/// As long as something is in `lent`, and `open` is set, the device is bound to its driver: [`Owner::release`] unsets it, with
/// the lock, before it is not, and whoever adds to the list shows that it is. What is there afterwards stays for ever.
#[pin_data]
pub(super) struct Owner {
    open: Atomic<bool>,
    /// The device may reach all of it for ever.
    kept: Atomic<bool>,
    #[pin]
    lent: Mutex<List<Lent>>,
}

impl Owner {
    /// The owner for `dev`, from the first call until the device loses its driver.
    ///
    /// Errors: `ENOMEM`.
    pub(super) fn of(dev: &Device<Bound>) -> Result<Arc<Self>> {
        let found = match Self::find(dev) {
            Some(found) => found,
            None => Self::add(dev)?,
        };
        // SAFETY: The entry has the pointer that `add()` stored, and its reference, until the device loses its
        // driver, which it does not during this call.
        Ok(unsafe { Arc::<Self>::borrow(found.as_ptr().read()) }.into())
    }

    /// The place of the pointer to the owner for `dev`, if there is one.
    fn find(dev: &Device<Bound>) -> Option<NonNull<*mut c_void>> {
        // SAFETY: The device is valid. What has this release function is ours.
        let found = unsafe {
            bindings::devres_find(raw_device(dev), Some(Self::release), None, ptr::null_mut())
        };
        NonNull::new(found.cast())
    }

    /// Has the memory of `dev` that is there when it loses its driver kept for ever.
    pub(super) fn keep(dev: &Device<Bound>) {
        if let Some(found) = Self::find(dev) {
            // SAFETY: As in `of()`.
            let owner = unsafe { Arc::<Self>::borrow(found.as_ptr().read()) };
            owner.kept.store(true, Release);
        }
    }

    /// Adds an owner to the resources of `dev`, if nobody is faster. Returns the place of the pointer to it.
    fn add(dev: &Device<Bound>) -> Result<NonNull<*mut c_void>> {
        let owner = Arc::pin_init(
            pin_init!(Self {
                open: Atomic::new(true),
                kept: Atomic::new(false),
                lent <- new_mutex!(List::new()),
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: The function and the name live for ever.
        let entry = unsafe {
            bindings::__devres_alloc_node(
                Some(Self::release),
                size_of::<*mut c_void>(),
                bindings::GFP_KERNEL,
                bindings::NUMA_NO_NODE,
                c"shared memory".as_char_ptr(),
            )
        };
        let entry = NonNull::new(entry.cast::<*mut c_void>()).ok_or(ENOMEM)?;
        let owner = owner.into_foreign();
        // SAFETY: The entry has room for a pointer, and nobody else knows of it. The device is bound.
        let found = unsafe {
            entry.write(owner);
            bindings::devres_get(
                raw_device(dev),
                entry.as_ptr().cast(),
                None,
                ptr::null_mut(),
            )
        };
        let found = NonNull::new(found.cast()).ok_or(ENOMEM)?;
        if found != entry {
            // SAFETY: Somebody was faster: our entry is freed, and with it the only copy of the pointer.
            drop(unsafe { Arc::<Self>::from_foreign(owner) });
        }
        Ok(found)
    }

    /// Whether memory in the list stays there, until all readers of RCU that have seen so have ended.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Acquire)
    }

    /// Allocates memory for `dev`, whose owner this is.
    pub(super) fn lend(&self, dev: &Device<Bound>, len: usize, flags: Flags) -> Result<Arc<Lent>> {
        let room = UniqueArc::new_uninit(GFP_KERNEL)?;
        let memory = Coherent::zeroed_slice(dev, len, flags)?;
        // INVARIANT: The device is bound, and `release()` comes later.
        let Ok(lent) = room.pin_init_with(pin_init!(Lent {
            cpu: memory.as_mut_ptr().cast(),
            dma: memory.dma_address(),
            len,
            memory: UnsafeCell::new(ManuallyDrop::new(memory)),
            links <- ListLinks::new(),
        }));
        let lent = ListArc::from(lent);
        let kept = lent.clone_arc();
        self.lent.lock().push_back(lent);
        Ok(kept)
    }

    /// Frees memory, unless the device has lost its driver. It must not be used any more.
    pub(super) fn take_back(&self, lent: &Lent) {
        let mut list = self.lent.lock();
        if !self.is_open() {
            // `release()` frees it, or keeps it.
            return;
        }
        // SAFETY: It is in no other list.
        if unsafe { list.remove(lent) }.is_some() {
            // SAFETY: Just taken from the list, and `release()` waits for the lock.
            unsafe { Self::free(lent) };
        }
    }

    /// # Safety
    ///
    /// `lent` was just taken from the list, whose lock has been held since, and is not used any more.
    unsafe fn free(lent: &Lent) {
        // SAFETY: By the function's precondition this happens once, while nobody else looks. By the type invariant the
        // device is still bound.
        unsafe { ManuallyDrop::drop(&mut *lent.memory.get()) };
    }

    /// The device loses its driver. No process sees the memory any more: the device's node is unplugged.
    ///
    /// # Safety
    ///
    /// Called by the driver core at the end of an entry of `add()`'s.
    unsafe extern "C" fn release(_device: *mut bindings::device, entry: *mut c_void) {
        // SAFETY: The pointer that `add()` stored, and its reference.
        let owner = unsafe { Arc::<Self>::from_foreign(entry.cast::<*mut c_void>().read()) };
        let list = owner.lent.lock();
        owner.open.store(false, Release);
        drop(list);
        rcu::synchronize_rcu();
        let mut list = owner.lent.lock();
        if owner.kept.load(Acquire) {
            drop(list);
            return keep_for_ever(owner);
        }
        while let Some(lent) = list.pop_front() {
            // SAFETY: Just taken from the list. Whoever looks for it now finds `open` not set, and who has
            // found it set has ended.
            unsafe { Self::free(&lent) };
        }
    }
}
