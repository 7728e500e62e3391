// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Cards and devices.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::AsRawFd;
use std::path::Path;

use goya::{Card, Device, Result};

use crate::error::{borrow, code, free, goya_error, object, put, put_text, slice, slice_mut, text};
use crate::{duration, goya_place, place};

/// An open card.
pub struct goya_device(pub(crate) Device);

/// The version of the library.
#[unsafe(no_mangle)]
pub extern "C" fn goya_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Cards that a driver has.
#[unsafe(no_mangle)]
pub extern "C" fn goya_card_count() -> usize {
    std::panic::catch_unwind(|| goya::cards().len()).unwrap_or(0)
}

/// Writes the place on the bus of the card of this number, from zero, as "0000:01:00.0", and returns its length.
///
/// # Safety
/// `address` has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_card_address(
    number: usize,
    address: *mut c_char,
    size: usize,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { code(error, || Ok(put_text(Card::nth(number)?.pci_address(), address, size))) }
}

/// Opens the card of this number, from zero in the order of places on the bus.
///
/// # Safety
/// `error` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_open(number: usize, error: *mut goya_error) -> *mut goya_device {
    // SAFETY: the caller's promise.
    unsafe { object(error, || Ok(goya_device(Device::open(&Card::nth(number)?)?))) }
}

/// Opens a compute node, as "/dev/accel/accel0".
///
/// # Safety
/// `path` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_open_path(
    path: *const c_char,
    error: *mut goya_error,
) -> *mut goya_device {
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            let path = text(path, "the path")?;
            Device::open_node(Path::new(path), goya::PATIENCE).map(goya_device)
        })
    }
}

/// Closes a device, when all that was made of it is gone, too. Waits for what is in flight.
///
/// # Safety
/// `device` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_free(device: *mut goya_device) {
    // SAFETY: the caller's promise.
    unsafe { free(device) }
}

/// The device's descriptor, for calls of one's own. It is not to be closed.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_fd(device: *const goya_device) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { code(std::ptr::null_mut(), || Ok(borrow(device, "the device")?.0.as_raw_fd())) }
}

/// Asks a question, HL_INFO_* of drm/habanalabs_accel.h: the answer is the structure of that. What the driver says beside it
/// goes to `beside`, if that is not NULL, which has the question's parameter before: after a failure, too, where some questions
/// say there how much room they need.
///
/// # Safety
/// `answer` has `size` bytes, any of which may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_info(
    device: *const goya_device,
    op: u32,
    answer: *mut c_void,
    size: usize,
    beside: *mut u32,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            let device = borrow(device, "the device")?;
            let parameter = if beside.is_null() { 0 } else { beside.read() };
            let buffer = slice_mut(answer, size, "the answer")?;
            let (result, said) = device.0.info().ask(op, parameter, buffer);
            put(beside, said);
            result.map(|()| 0)
        })
    }
}

/// Copies `size` bytes to the card, and waits until they are there.
///
/// # Safety
/// `data` has `size` bytes; `to` is of valid objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_put(
    device: *const goya_device,
    to: goya_place,
    data: *const c_void,
    size: usize,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            let device = borrow(device, "the device")?;
            device.0.put(place(&to)?, slice(data.cast(), size, "the data")?)?;
            Ok(0)
        })
    }
}

/// Copies `size` bytes from the card, and waits until they are there.
///
/// # Safety
/// `data` has `size` bytes; `from` is of valid objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_get(
    device: *const goya_device,
    from: goya_place,
    data: *mut c_void,
    size: usize,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            let device = borrow(device, "the device")?;
            device.0.get(place(&from)?, slice_mut(data, size, "the data")?)?;
            Ok(0)
        })
    }
}

/// Waits until the card is operational, for `timeout_us` microseconds at most: -ETIMEDOUT if it is not then.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_wait_operational(
    device: *const goya_device,
    timeout_us: u64,
    error: *mut goya_error,
) -> c_int {
    let wait = || -> Result<c_int> {
        // SAFETY: the caller's promise.
        let device = unsafe { borrow(device, "the device") }?;
        device.0.info().wait_operational(duration(timeout_us))?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { code(error, wait) }
}

/// Waits until all that was submitted has ended, well or not; the error is that of the first that has not.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_finish(device: *const goya_device, error: *mut goya_error) -> c_int {
    let finish = || -> Result<c_int> {
        // SAFETY: the caller's promise.
        unsafe { borrow(device, "the device") }?.0.finish()?;
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { code(error, finish) }
}
