// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! User memory that is pinned.

use super::super::ratelimit::dev_err_ratelimited;
use super::{
    charge::{Account, Charge},
    runs, //
};

use kernel::{
    bindings,
    device::Device,
    page::PAGE_SIZE,
    prelude::*,
    sync::Arc,
    task::Task, //
};

/// Where a range of user memory lies in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Address of the first page.
    start: usize,
    /// Offset of the first byte in it.
    pub(super) offset: u32,
    /// Bytes.
    pub(super) size: usize,
    /// How many pages there are, more than none.
    pages: usize,
}

impl Span {
    /// The pages of `size` bytes, not 0, at `address`; `None` if they wrap around.
    fn new(address: u64, size: u64) -> Option<Self> {
        let address = usize::try_from(address).ok()?;
        let size = usize::try_from(size).ok().filter(|&size| size != 0)?;
        let mask = PAGE_SIZE - 1;
        let end = address.checked_add(size)?.checked_add(mask)? & !mask;
        let start = address & !mask;
        Some(Self {
            start,
            offset: u32::try_from(address & mask).ok()?,
            size,
            pages: end.checked_sub(start)? / PAGE_SIZE,
        })
    }
}

/// Pages of the calling process that stay where they are and that a device may write to; unpinned,
/// and marked dirty, when dropped (which may sleep).
///
/// # Invariants
///
/// `pages` are pointers to pages that we have pinned, one for each page of `span`.
pub(crate) struct PinnedPages {
    pub(super) pages: KVVec<*mut bindings::page>,
    pub(super) span: Span,
    /// The process that had them pinned, by the number of its first thread.
    process: i32,
    /// Given back when they are unpinned.
    _charge: Charge,
}

// SAFETY: Any task may unpin pages.
unsafe impl Send for PinnedPages {}

// SAFETY: A shared reference only gives numbers.
unsafe impl Sync for PinnedPages {}

impl PinnedPages {
    /// Pins `size` bytes at `address` of the calling process, for writing and for a long time, by way of the file of
    /// `account`.
    ///
    /// # Errors
    ///
    /// `EINVAL`: size 0, or the range wraps around; `EFAULT`: not memory of a user, or not there, or
    /// not writable; `ENOMEM`: no memory, more than the process may pin, or only a part could be pinned.
    pub(crate) fn pin(
        dev: &Device,
        account: &Arc<Account>,
        address: u64,
        size: u64,
    ) -> Result<Self> {
        if size == 0 {
            dev_err_ratelimited!(dev, "size to pin is invalid - {}\n", size);
            return Err(EINVAL);
        }
        let Some(span) = Span::new(address, size) else {
            dev_err_ratelimited!(
                dev,
                "user pointer {:#x} + {} causes integer overflow\n",
                address,
                size
            );
            return Err(EINVAL);
        };
        Self::pin_span(dev, account, span, address).inspect_err(|_| {
            dev_err_ratelimited!(
                dev,
                "failed to get user memory for address {:#x}\n",
                address
            );
        })
    }

    fn pin_span(dev: &Device, account: &Arc<Account>, span: Span, address: u64) -> Result<Self> {
        // Before memory for the list is taken: whatever the size, a wrong address is a wrong address.
        if span
            .start
            .saturating_add(span.pages.saturating_mul(PAGE_SIZE))
            > user_memory_end()
        {
            dev_err_ratelimited!(dev, "user pointer is invalid - {:#x}\n", address);
            return Err(EFAULT);
        }
        let wanted = i32::try_from(span.pages).map_err(|_| ENOMEM)?;
        let charge = Charge::new(span.pages, account)?;
        // The size is the user's choice: too much is an error for the user, not a warning in the log.
        let mut pages = KVVec::with_capacity(span.pages, GFP_KERNEL_ACCOUNT | __GFP_NOWARN)?;
        // SAFETY: There is room for `wanted` pointers. The function checks the addresses itself.
        let got = unsafe {
            bindings::pin_user_pages_fast(
                span.start,
                wanted,
                bindings::FOLL_WRITE | bindings::FOLL_LONGTERM,
                pages.as_mut_ptr(),
            )
        };
        if got != wanted {
            dev_err_ratelimited!(
                dev,
                "Failed ({}) to pin host memory with user ptr {:#x}, size {:#x}, npages {}\n",
                got,
                address,
                span.size,
                span.pages
            );
        }
        let filled = usize::try_from(got).map_err(|_| Error::from_errno(got))?;
        if got != wanted {
            // SAFETY: The function wrote, and pinned, this many pages; nobody else knows of them.
            unsafe { bindings::unpin_user_pages(pages.as_mut_ptr(), filled) };
            return Err(ENOMEM);
        }
        // SAFETY: The function wrote as many as there is room for.
        unsafe { pages.inc_len(filled) };
        // INVARIANT: All pages of the span are pinned.
        Ok(Self {
            pages,
            span,
            process: kernel::current!().group_leader().pid(),
            _charge: charge,
        })
    }

    /// Bytes from the first to the last, not rounded to pages.
    pub(crate) fn size(&self) -> usize {
        self.span.size
    }

    /// The first byte's address in the process.
    pub(crate) fn address(&self) -> usize {
        self.span.start.wrapping_add(self.span.offset as usize)
    }

    /// The process that had them pinned.
    pub(crate) fn process(&self) -> i32 {
        self.process
    }

    /// Copies what is `offset` bytes after the first one to `to`. Errors: `EINVAL`: it ends before.
    pub(crate) fn read(&self, offset: usize, to: &mut [u8]) -> Result {
        self.each_byte(offset, to.len())?
            .zip(to)
            .for_each(|(byte, to)| {
                // SAFETY: `each_byte()` gives pages that are mapped for the length of this call; others may write to
                // them at the same time, hence volatile.
                *to = byte.with(|at| unsafe { at.read_volatile() });
            });
        Ok(())
    }

    /// Copies `from` to what is `offset` bytes after the first one. Errors: `EINVAL`: it ends before.
    pub(crate) fn write(&self, offset: usize, from: &[u8]) -> Result {
        self.each_byte(offset, from.len())?
            .zip(from)
            .for_each(|(byte, from)| {
                // SAFETY: As in `read()`; the pages were pinned for writing.
                byte.with(|at| unsafe { at.write_volatile(*from) });
            });
        Ok(())
    }

    fn each_byte(&self, offset: usize, len: usize) -> Result<impl Iterator<Item = Byte> + '_> {
        let end = offset.checked_add(len).filter(|end| *end <= self.span.size);
        let in_pages = |offset: usize| offset.checked_add(self.span.offset as usize);
        let (first, end) = in_pages(offset).zip(end.and_then(in_pages)).ok_or(EINVAL)?;
        Ok((first..end).filter_map(|at| {
            Some(Byte {
                page: *self.pages.get(at / PAGE_SIZE)?,
                offset: at % PAGE_SIZE,
            })
        }))
    }
}

/// A byte of a pinned page.
struct Byte {
    page: *mut bindings::page,
    offset: usize,
}

impl Byte {
    /// Calls `run` with its address, which is valid for the length of the call.
    fn with<T>(&self, run: impl FnOnce(*mut u8) -> T) -> T {
        // SAFETY: The page is pinned by a `PinnedPages` that is borrowed.
        let mapped = unsafe { bindings::kmap_local_page(self.page) };
        let result = run(mapped.cast::<u8>().wrapping_add(self.offset));
        // SAFETY: Mapped above, and nothing else since.
        unsafe { bindings::kunmap_local(mapped) };
        result
    }
}

impl Drop for PinnedPages {
    fn drop(&mut self) {
        for run in runs::runs(&self.pages, usize::MAX) {
            // SAFETY: By the type invariant these pages are pinned by us, each once for each place in the list, and
            // a run is contiguous. No device may write to them any more: `MappedPages` unmaps before it drops us.
            unsafe { bindings::unpin_user_page_range_dirty_lock(run.first, run.pages, true) };
        }
    }
}

/// The first address that is no user's: 0 for a task without memory of its own.
fn user_memory_end() -> usize {
    // SAFETY: The current task is there as long as it runs this, and its `mm` as long as it is the
    // current task's; `task_size` never changes.
    unsafe {
        let mm = (*Task::current_raw()).mm;
        if mm.is_null() {
            0
        } else {
            (*mm).__bindgen_anon_1.task_size
        }
    }
}

#[kunit_tests(goya_pinned_span)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let page = PAGE_SIZE as u64;
        let pages = |address, size| Span::new(address, size).map(|span| span.pages);
        assert_eq!(pages(page, 1), Some(1));
        assert_eq!(pages(page, page), Some(1));
        assert_eq!(pages(page, page + 1), Some(2));
        assert_eq!(pages(2 * page - 1, 2), Some(2));
        assert_eq!(pages(page, 0), None);
        assert_eq!(pages(u64::MAX - 1, 1), None);
        assert_eq!(pages(u64::MAX, 2), None);
        assert_eq!(pages(1, u64::MAX), None);
        let span = Span::new(3 * page + 5, 10);
        assert_eq!(span.map(|span| (span.offset, span.size)), Some((5, 10)));
    }
}
