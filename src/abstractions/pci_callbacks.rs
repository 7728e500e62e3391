// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the kernel tells a PCI driver besides probe and removal: that the machine sleeps, wakes or goes down, and that a
//! device is reset or has failed.
//!
//! C headers: `include/linux/pci.h`, `include/linux/pm.h`.

use core::marker::PhantomData;
use core::pin::Pin;

use kernel::bindings;
use kernel::device::{Core, CoreInternal};
use kernel::driver::{DriverLayout, RegistrationOps};
use kernel::error::from_result;
use kernel::pci;
use kernel::prelude::*;
use kernel::types::Opaque;

/// How a device is connected to the machine (`pci_channel_state_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// As ever.
    Normal,
    /// Nothing goes through before a reset.
    Frozen,
    /// For good.
    Failed,
}

impl Channel {
    fn new(state: bindings::pci_channel_state_t) -> Self {
        match state {
            bindings::pci_channel_io_normal => Self::Normal,
            bindings::pci_channel_io_frozen => Self::Frozen,
            // There is no fourth.
            _ => Self::Failed,
        }
    }
}

/// What a driver wants done about an error (`pci_ers_result_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Verdict {
    /// Nothing: the driver can go on.
    CanRecover = bindings::pci_ers_result_PCI_ERS_RESULT_CAN_RECOVER,
    /// The device has to be reset.
    NeedReset = bindings::pci_ers_result_PCI_ERS_RESULT_NEED_RESET,
    /// The device is lost.
    Disconnect = bindings::pci_ers_result_PCI_ERS_RESULT_DISCONNECT,
    /// The device works again.
    Recovered = bindings::pci_ers_result_PCI_ERS_RESULT_RECOVERED,
}

/// A driver that is told.
///
/// Each callback comes for a bound device, while its lock is held: never at the same time as another one, or as
/// [`pci::Driver::probe`] and [`pci::Driver::unbind`].
pub(crate) trait Driver: pci::Driver {
    /// Whether devices may be probed at the same time as others, and as the machine boots on.
    const PROBE_ASYNCHRONOUSLY: bool = false;

    /// The machine goes to sleep, or its memory is about to be saved or brought back (hibernation). `pci` saves the device's
    /// configuration afterwards, and puts it to sleep if the machine sleeps. The device may reach no memory.
    ///
    /// After an error the machine stays awake. Nobody calls this when memory was saved and the machine goes down: what the
    /// device does then is lost.
    fn suspend<'a>(dev: &'a pci::Device<Core<'_>>, this: Pin<&Self::Data<'a>>) -> Result;

    /// The machine has woken up, or its memory was saved or brought back. The device's configuration is as it
    /// was after `suspend`; the device may have been another kernel's meanwhile.
    fn resume<'a>(dev: &'a pci::Device<Core<'_>>, this: Pin<&Self::Data<'a>>) -> Result;

    /// The machine goes down, or another kernel takes over. The device must reach no memory any more; it stays bound.
    fn shutdown<'a>(dev: &'a pci::Device<Core<'_>>, this: Pin<&Self::Data<'a>>);

    /// The bus reports an error. Unless `channel` is normal, there may be nobody who answers.
    fn error_detected<'a>(
        dev: &'a pci::Device<Core<'_>>,
        this: Pin<&Self::Data<'a>>,
        channel: Channel,
    ) -> Verdict;

    /// The device was reset, as `error_detected` has asked for; its configuration is lost.
    fn slot_reset<'a>(dev: &'a pci::Device<Core<'_>>, this: Pin<&Self::Data<'a>>) -> Verdict;

    /// All devices that the error concerned can go on.
    fn error_resume<'a>(dev: &'a pci::Device<Core<'_>>, this: Pin<&Self::Data<'a>>);

    /// Somebody is about to reset the device. `pci` saves its configuration.
    fn reset_prepare<'a>(dev: &'a pci::Device<Core<'_>>, this: Pin<&Self::Data<'a>>);

    /// That is over, whether it has worked or not; the configuration is as before.
    fn reset_done<'a>(dev: &'a pci::Device<Core<'_>>, this: Pin<&Self::Data<'a>>);
}

/// Registers a driver that is told: to be used in place of [`pci::Adapter`].
pub(crate) struct Adapter<T>(PhantomData<T>);

// SAFETY: All of it is that of `pci::Adapter`.
unsafe impl<T: Driver> DriverLayout for Adapter<T> {
    type DriverType = <pci::Adapter<T> as DriverLayout>::DriverType;
    type DriverData<'bound> = <pci::Adapter<T> as DriverLayout>::DriverData<'bound>;
    const DEVICE_DRIVER_OFFSET: usize = <pci::Adapter<T> as DriverLayout>::DEVICE_DRIVER_OFFSET;
}

// SAFETY: `pci::Adapter` registers and unregisters.
unsafe impl<T: Driver + 'static> RegistrationOps for Adapter<T> {
    unsafe fn register(
        driver: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        let raw = driver.get();
        // SAFETY: The caller has made the structure, and nobody else knows it before it is registered. What is pointed to
        // is there for ever.
        unsafe {
            (*raw).shutdown = Some(Self::shutdown_callback);
            (*raw).err_handler = const { &Self::ERROR_HANDLERS };
            (*raw).driver.pm = const { &Self::POWER_MANAGEMENT };
            if T::PROBE_ASYNCHRONOUSLY {
                (*raw).driver.probe_type = bindings::probe_type_PROBE_PREFER_ASYNCHRONOUS;
            }
        }
        // SAFETY: By the function's precondition; the fields above are none of those that it sets.
        unsafe { <pci::Adapter<T> as RegistrationOps>::register(driver, name, module) }
    }

    unsafe fn unregister(driver: &Opaque<Self::DriverType>) {
        // SAFETY: By the function's precondition.
        unsafe { <pci::Adapter<T> as RegistrationOps>::unregister(driver) }
    }
}

impl<T: Driver + 'static> Adapter<T> {
    const ERROR_HANDLERS: bindings::pci_error_handlers = bindings::pci_error_handlers {
        error_detected: Some(Self::error_detected_callback),
        slot_reset: Some(Self::slot_reset_callback),
        resume: Some(Self::error_resume_callback),
        reset_prepare: Some(Self::reset_prepare_callback),
        reset_done: Some(Self::reset_done_callback),
        ..pin_init::zeroed()
    };

    const POWER_MANAGEMENT: bindings::dev_pm_ops = bindings::dev_pm_ops {
        suspend: Some(Self::suspend_callback),
        resume: Some(Self::resume_callback),
        freeze: Some(Self::suspend_callback),
        thaw: Some(Self::resume_callback),
        restore: Some(Self::resume_callback),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `dev` must be a PCI device's, bound to the driver and locked, as for all callbacks.
    unsafe extern "C" fn suspend_callback(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(kernel::container_of!(dev, bindings::pci_dev, dev));
            from_result(|| T::suspend(dev, data::<T>(dev)).map(|()| 0))
        }
    }

    /// # Safety
    ///
    /// As for `suspend_callback()`.
    unsafe extern "C" fn resume_callback(dev: *mut bindings::device) -> c_int {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(kernel::container_of!(dev, bindings::pci_dev, dev));
            from_result(|| T::resume(dev, data::<T>(dev)).map(|()| 0))
        }
    }

    /// # Safety
    ///
    /// `dev` must be bound to the driver and locked, as for all callbacks.
    unsafe extern "C" fn shutdown_callback(dev: *mut bindings::pci_dev) {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(dev);
            T::shutdown(dev, data::<T>(dev));
        }
    }

    /// # Safety
    ///
    /// As for `shutdown_callback()`.
    unsafe extern "C" fn error_detected_callback(
        dev: *mut bindings::pci_dev,
        channel: bindings::pci_channel_state_t,
    ) -> bindings::pci_ers_result_t {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(dev);
            T::error_detected(dev, data::<T>(dev), Channel::new(channel))
                as bindings::pci_ers_result_t
        }
    }

    /// # Safety
    ///
    /// As for `shutdown_callback()`.
    unsafe extern "C" fn slot_reset_callback(
        dev: *mut bindings::pci_dev,
    ) -> bindings::pci_ers_result_t {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(dev);
            T::slot_reset(dev, data::<T>(dev)) as bindings::pci_ers_result_t
        }
    }

    /// # Safety
    ///
    /// As for `shutdown_callback()`.
    unsafe extern "C" fn error_resume_callback(dev: *mut bindings::pci_dev) {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(dev);
            T::error_resume(dev, data::<T>(dev));
        }
    }

    /// # Safety
    ///
    /// As for `shutdown_callback()`.
    unsafe extern "C" fn reset_prepare_callback(dev: *mut bindings::pci_dev) {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(dev);
            T::reset_prepare(dev, data::<T>(dev));
        }
    }

    /// # Safety
    ///
    /// As for `shutdown_callback()`.
    unsafe extern "C" fn reset_done_callback(dev: *mut bindings::pci_dev) {
        // SAFETY: By the function's precondition.
        unsafe {
            let dev = device(dev);
            T::reset_done(dev, data::<T>(dev));
        }
    }
}

/// The device of a callback.
///
/// # Safety
///
/// `dev` must be valid, bound and locked for `'a`.
unsafe fn device<'a>(dev: *mut bindings::pci_dev) -> &'a pci::Device<CoreInternal<'a>> {
    // SAFETY: `pci::Device` is transparent; the rest is the function's precondition.
    unsafe { &*dev.cast() }
}

/// The driver's data of a callback's device.
///
/// # Safety
///
/// `dev` must be bound to `T`.
unsafe fn data<'a, T: pci::Driver>(dev: &'a pci::Device<CoreInternal<'a>>) -> Pin<&'a T::Data<'a>> {
    // SAFETY: By the function's precondition: probe has set them, and they go after removal, for which the device is
    // locked, too.
    unsafe { dev.as_ref().drvdata_borrow::<T::Data<'a>>() }
}

#[kunit_tests(goya_pci_callbacks)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_kernel() {
        let channels = [1, 2, 3, 4].map(Channel::new);
        assert_eq!(
            channels,
            [
                Channel::Normal,
                Channel::Frozen,
                Channel::Failed,
                Channel::Failed
            ]
        );
        assert_eq!(Verdict::NeedReset as u32, 3);
        assert_eq!(Verdict::Recovered as u32, 5);
    }
}
