// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory of the driver's in a process's address space.
//!
//! C header: `include/linux/mm.h`.

use core::marker::PhantomData;

use kernel::bindings;
use kernel::error::to_result;
use kernel::page::PAGE_SIZE;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::types::ForeignOwnable;

use super::pages::Pages;
use super::shared::SharedMemory;

/// An area that a process is about to get.
pub(crate) struct NewMapping<'a> {
    vma: *mut bindings::vm_area_struct,
    parent: *mut bindings::device,
    _call: PhantomData<&'a ()>,
}

/// Memory that processes can see.
pub(crate) enum Memory<'a> {
    /// The card sees it, too.
    Shared(&'a SharedMemory),
    /// It does not.
    Pages(&'a Pages),
}

impl Memory<'_> {
    /// Bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Shared(memory) => memory.len(),
            Self::Pages(pages) => pages.len(),
        }
    }
}

/// What lives as long as a mapping of it does.
pub(crate) trait Mapped: Send + Sync + 'static {
    /// The memory that processes see.
    fn memory(&self) -> Memory<'_>;
}

impl NewMapping<'_> {
    /// # Safety
    ///
    /// `vma` is being mapped by the calling thread; `parent` is the bound device that the memory was
    /// allocated for.
    pub(super) unsafe fn new(
        vma: *mut bindings::vm_area_struct,
        parent: *mut bindings::device,
    ) -> Self {
        Self {
            vma,
            parent,
            _call: PhantomData,
        }
    }

    /// The offset that the process asked for, in bytes: a handle of the driver's.
    pub(crate) fn offset(&self) -> u64 {
        // SAFETY: By the safety requirements of `new()`.
        (unsafe { (*self.vma).vm_pgoff } as u64) << bindings::PAGE_SHIFT
    }

    /// Bytes.
    pub(crate) fn len(&self) -> usize {
        // SAFETY: By the safety requirements of `new()`.
        unsafe {
            let range = &(*self.vma).__bindgen_anon_1.__bindgen_anon_1;
            range.vm_end.wrapping_sub(range.vm_start)
        }
    }

    /// Maps all of `what`'s memory, which lives on until the last part of the area is unmapped.
    ///
    /// The area must be as long as the memory. It is not inherited by children.
    pub(crate) fn map<M: Mapped>(self, what: Arc<M>) -> Result {
        let memory = what.memory();
        if self.len() != memory.len() {
            return Err(EINVAL);
        }
        // Whether the area will have pages is for the kernel to say (`VM_PFNMAP`, `VM_MIXEDMAP`); in either case nobody
        // pins them.
        let flags = bindings::VM_IO
            | bindings::VM_DONTEXPAND
            | bindings::VM_DONTDUMP
            | bindings::VM_DONTCOPY
            | bindings::VM_NORESERVE;
        // SAFETY: The area is being mapped by this thread.
        unsafe { (*self.vma).__bindgen_anon_2.vm_flags |= flags };
        match memory {
            Memory::Shared(memory) => self.map_shared(memory)?,
            Memory::Pages(pages) => self.map_pages(pages)?,
        }
        // SAFETY: As above; nothing can fail any more.
        unsafe {
            (*self.vma).vm_private_data = what.into_foreign();
            (*self.vma).vm_ops = &Operations::<M>::VTABLE;
        }
        Ok(())
    }

    /// The memory is as long as the area.
    fn map_shared(&self, memory: &SharedMemory) -> Result {
        // SAFETY: The area is being mapped by this thread; the memory was allocated for the same device and
        // is as long as the area.
        unsafe {
            let handle = (*self.vma).vm_pgoff;
            // Mapped from its first page on; the offset is only a name.
            (*self.vma).vm_pgoff = 0;
            let mapped = to_result(bindings::dma_mmap_attrs(
                self.parent,
                self.vma,
                memory.cpu_address().cast(),
                memory.dma_address(),
                memory.len(),
                0,
            ));
            (*self.vma).vm_pgoff = handle;
            mapped
        }
    }

    /// The pages are as long as the area.
    fn map_pages(&self, pages: &Pages) -> Result {
        // SAFETY: By the safety requirements of `new()`.
        let mut address = unsafe { (*self.vma).__bindgen_anon_1.__bindgen_anon_1.vm_start };
        for page in pages.iter() {
            // SAFETY: The area is being mapped by this thread, and the address is in it. The page is one of an
            // allocation of a single one, and stays until the area, too, has given it up.
            to_result(unsafe { bindings::vm_insert_page(self.vma, address, page.as_ptr()) })?;
            address = address.wrapping_add(PAGE_SIZE);
        }
        Ok(())
    }
}

struct Operations<M>(PhantomData<M>);

impl<M: Mapped> Operations<M> {
    const VTABLE: bindings::vm_operations_struct = bindings::vm_operations_struct {
        open: Some(Self::open),
        close: Some(Self::close),
        ..pin_init::zeroed()
    };

    /// The area was split.
    ///
    /// # Safety
    ///
    /// `vma` must be an area of `map()`'s, or a part of one, being made.
    unsafe extern "C" fn open(vma: *mut bindings::vm_area_struct) {
        // SAFETY: `map()` stored the pointer, and each area gives its reference up in `close()` only.
        let what = unsafe { <Arc<M> as ForeignOwnable>::borrow((*vma).vm_private_data) };
        let what: Arc<M> = what.into();
        // SAFETY: The area is being made: nobody else reads the field.
        unsafe { (*vma).vm_private_data = what.into_foreign() };
    }

    /// The area goes.
    ///
    /// # Safety
    ///
    /// `vma` must be an area of `map()`'s, or a part of one.
    unsafe extern "C" fn close(vma: *mut bindings::vm_area_struct) {
        // SAFETY: The area's reference, which `map()` or `open()` stored.
        drop(unsafe { Arc::<M>::from_foreign((*vma).vm_private_data) });
    }
}

#[kunit_tests(goya_vma)]
mod tests {
    use super::*;
    use kernel::device::{Bound, Device};
    use kernel::faux;
    use kernel::sync::atomic::{Atomic, Relaxed};

    static LIVE: Atomic<i32> = Atomic::new(0);

    struct Counted(SharedMemory);

    impl Drop for Counted {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, Relaxed);
        }
    }

    impl Mapped for Counted {
        fn memory(&self) -> Memory<'_> {
            Memory::Shared(&self.0)
        }
    }

    fn page(dev: &Device<Bound>) -> Result<Arc<Counted>> {
        crate::abstractions::shared::reach_all(dev)?;
        let memory = Counted(SharedMemory::new(dev, 4096, GFP_KERNEL)?);
        LIVE.fetch_add(1, Relaxed);
        Ok(Arc::new(memory, GFP_KERNEL)?)
    }

    /// Memory lives as long as a part of an area of it does.
    #[test]
    fn parts_keep_memory() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-vma", None)?;
        let memory = page(faux.as_ref().as_ref())?;
        let mut whole = bindings::vm_area_struct {
            vm_private_data: memory.into_foreign(),
            ..pin_init::zeroed()
        };
        let mut part = bindings::vm_area_struct {
            vm_private_data: whole.vm_private_data,
            ..pin_init::zeroed()
        };
        let (Some(open), Some(close)) = (
            Operations::<Counted>::VTABLE.open,
            Operations::<Counted>::VTABLE.close,
        ) else {
            return Err(EINVAL);
        };
        // SAFETY: Both areas have what `map()` gives them, and are opened and closed as the kernel does.
        unsafe {
            open(&mut part);
            close(&mut whole);
            assert_eq!(LIVE.load(Relaxed), 1);
            close(&mut part);
        }
        assert_eq!(LIVE.load(Relaxed), 0);
        Ok(())
    }

    /// An area of another length is refused, and nothing of it is kept.
    #[test]
    fn another_length() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-vma", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let memory = page(dev)?;
        let mut vma: bindings::vm_area_struct = pin_init::zeroed();
        vma.vm_pgoff = 0x1234;
        vma.__bindgen_anon_1.__bindgen_anon_1.vm_start = 0x1000;
        vma.__bindgen_anon_1.__bindgen_anon_1.vm_end = 0x3000;
        // SAFETY: Nobody else knows the area, and the device is bound.
        let mapping = unsafe { NewMapping::new(&mut vma, crate::abstractions::raw_device(dev)) };
        assert_eq!((mapping.offset(), mapping.len()), (0x123_4000, 0x2000));
        assert_eq!(mapping.map(memory), Err(EINVAL));
        assert!(vma.vm_private_data.is_null() && vma.vm_ops.is_null());
        assert_eq!(LIVE.load(Relaxed), 0);
        Ok(())
    }
}
