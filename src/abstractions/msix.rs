// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! All MSI-X vectors of a device, with a handler for those that have a line.
//!
//! C headers: `include/linux/pci.h`, `include/linux/interrupt.h`.

use core::pin::Pin;

use kernel::bindings;
use kernel::device::Bound;
use kernel::error::to_result;
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::Arc;

use super::raw_pci_device as raw;

/// What happens at an interrupt.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Vector `vector` was signalled. Runs once at a time for each vector, where its line says: in an interrupt
    /// it may not sleep.
    fn interrupt(&self, vector: u32);
}

/// Where the handler of a vector runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    /// At once, in the interrupt.
    InInterrupt,
    /// In a thread, which the interrupt wakes.
    InThread,
}

/// A vector that has a handler.
pub(crate) struct Line {
    /// As `/proc/interrupts` shows it.
    pub(crate) name: &'static CStr,
    /// Where its handler runs.
    pub(crate) runs: Runs,
}

/// The vectors; given back when dropped, after the last handler has returned.
pub(crate) struct Vectors {
    pdev: ARef<pci::Device>,
    requested: KVec<Pin<KBox<Cookie>>>,
}

struct Cookie {
    irq: u32,
    vector: u32,
    handler: Arc<dyn Handler>,
}

// SAFETY: The cookies are only read by handlers until they are dropped.
unsafe impl Send for Vectors {}
// SAFETY: No method takes `&self`.
unsafe impl Sync for Vectors {}

impl Vectors {
    /// Allocates exactly `count` vectors and has `handler` called for those of `lines`, in order.
    pub(crate) fn new(
        pdev: &pci::Device<Bound>,
        count: u32,
        lines: &[Line],
        handler: Arc<dyn Handler>,
    ) -> Result<Self> {
        let raw = raw(pdev);
        // SAFETY: The device is valid and bound.
        let got =
            unsafe { bindings::pci_alloc_irq_vectors(raw, count, count, bindings::PCI_IRQ_MSIX) };
        to_result(got)?;
        // From here on dropping gives the vectors back.
        let mut vectors = Self {
            pdev: pdev.into(),
            requested: KVec::with_capacity(lines.len(), GFP_KERNEL)?,
        };
        for (vector, line) in (0..u32::MAX).zip(lines) {
            // SAFETY: As above.
            let irq = unsafe { bindings::pci_irq_vector(raw, vector) };
            to_result(irq)?;
            let cookie = Cookie {
                irq: u32::try_from(irq)?,
                vector,
                handler: handler.clone(),
            };
            let cookie = KBox::pin(cookie, GFP_KERNEL)?;
            let callback: unsafe extern "C" fn(_, _) -> _ = Self::callback;
            let (at_once, thread, flags) = match line.runs {
                Runs::InInterrupt => (Some(callback), None, 0),
                Runs::InThread => (None, Some(callback), bindings::IRQF_ONESHOT),
            };
            // SAFETY: The cookie lives, where it is, until `free_irq()` has waited for the handlers.
            to_result(unsafe {
                bindings::request_threaded_irq(
                    cookie.irq,
                    at_once,
                    thread,
                    flags as c_ulong,
                    line.name.as_char_ptr(),
                    core::ptr::from_ref(&*cookie).cast_mut().cast(),
                )
            })?;
            // Cannot fail: there is room for all.
            vectors.requested.push_within_capacity(cookie)?;
        }
        Ok(vectors)
    }

    /// Waits until no handler is running that was called before.
    ///
    /// Interrupts that come meanwhile are held back until then: one that never stops coming would never let
    /// `synchronize_irq()` end.
    pub(crate) fn synchronize(&self) {
        for cookie in &self.requested {
            // SAFETY: The interrupt is requested; disabling it waits for its handler.
            unsafe {
                bindings::disable_irq(cookie.irq);
                bindings::enable_irq(cookie.irq);
            }
        }
    }

    /// An interrupt came.
    ///
    /// # Safety
    ///
    /// `cookie` must be one of `new()`, of an interrupt that is requested.
    unsafe extern "C" fn callback(_irq: c_int, cookie: *mut c_void) -> bindings::irqreturn_t {
        // SAFETY: The cookie of `new()`, which lives until `free_irq()` has returned.
        let cookie = unsafe { &*cookie.cast::<Cookie>() };
        cookie.handler.interrupt(cookie.vector);
        bindings::irqreturn::IRQ_HANDLED
    }
}

impl Drop for Vectors {
    fn drop(&mut self) {
        for cookie in &self.requested {
            // SAFETY: Requested with this cookie; waits for its handler.
            unsafe {
                bindings::free_irq(cookie.irq, core::ptr::from_ref(&**cookie).cast_mut().cast());
            }
        }
        // SAFETY: Allocated in `new()`; no handler is left. The device is still bound: the vectors belong to
        // its driver's data.
        unsafe { bindings::pci_free_irq_vectors(raw(&self.pdev)) };
    }
}
