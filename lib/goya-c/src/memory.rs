// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Memory, and places in it.

use std::ffi::{c_int, c_void};
use std::os::fd::IntoRawFd;
use std::ptr::NonNull;

use goya::{DeviceMemory, Error, Hint, HostMemory, Place, Result};

use crate::error::{borrow, code, free, goya_error, object};
use crate::goya_device;

/// Host memory that the card reaches.
pub struct goya_host_memory(pub(crate) HostMemory);

/// Device memory that is mapped.
pub struct goya_device_memory(pub(crate) DeviceMemory);

/// A place that the card reaches: in host memory, in device memory, or, without either, at an address (SRAM, registers).
/// What is done with places keeps their memory alive until the card is done with it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct goya_place {
    /// Host memory, or NULL.
    pub host: *const goya_host_memory,
    /// Device memory, or NULL.
    pub device: *const goya_device_memory,
    /// An offset in it, or an address.
    pub offset: u64,
}

/// The place that C names.
pub(crate) unsafe fn place(place: &goya_place) -> Result<Place> {
    // SAFETY: the caller's promise.
    let (host, device) = unsafe { (place.host.as_ref(), place.device.as_ref()) };
    let all = match (host, device) {
        (None, None) => return Ok(Place::from(place.offset)),
        (Some(host), None) => Place::from(&host.0),
        (None, Some(device)) => Place::from(&device.0),
        (Some(_), Some(_)) => {
            return Err(Error::Invalid("a place is in host or device memory, not both".into()));
        }
    };
    all.at(place.offset, all.len().saturating_sub(place.offset))
}

/// Where SRAM begins that is for users: an address of a place.
pub const GOYA_SRAM: u64 = 0x7F_F000_8000;
const _: () = assert!(GOYA_SRAM == goya::SRAM.start);

/// Makes `size` bytes of zeroed host memory that the card reaches.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_host_memory_new(
    device: *const goya_device,
    size: usize,
    error: *mut goya_error,
) -> *mut goya_host_memory {
    // SAFETY: the caller's promise.
    let new = || unsafe { borrow(device, "the device") }?.0.host_memory(size).map(goya_host_memory);
    // SAFETY: the caller's promise.
    unsafe { object(error, new) }
}

/// Has the card reach `size` bytes of the caller's memory. It reaches whole pages: all pages that these bytes touch have to
/// stay, and may change at any time, until the device and all that was made of it are freed. Freeing this alone is not
/// enough: during a reset it is not certain that the card has let go of them.
///
/// # Safety
/// As said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_host_memory_map(
    device: *const goya_device,
    data: *mut c_void,
    size: usize,
    error: *mut goya_error,
) -> *mut goya_host_memory {
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            let start =
                NonNull::new(data.cast()).ok_or_else(|| Error::Invalid("the memory is NULL".into()))?;
            borrow(device, "the device")?.0.map_host(start, size, Hint::Any).map(goya_host_memory)
        })
    }
}

/// Where host memory is in the process.
///
/// # Safety
/// `memory` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_host_memory_data(memory: *const goya_host_memory) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { memory.as_ref() }.map_or(std::ptr::null_mut(), |memory| memory.0.as_ptr().cast())
}

/// Where host memory is in the card.
///
/// # Safety
/// `memory` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_host_memory_address(memory: *const goya_host_memory) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { memory.as_ref() }.map_or(0, |memory| memory.0.address())
}

/// Bytes of host memory.
///
/// # Safety
/// `memory` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_host_memory_size(memory: *const goya_host_memory) -> usize {
    // SAFETY: the caller's promise.
    unsafe { memory.as_ref() }.map_or(0, |memory| memory.0.len())
}

/// Frees host memory, once no submission uses it any more; takes the caller's own from the card then.
///
/// # Safety
/// `memory` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_host_memory_free(memory: *mut goya_host_memory) {
    // SAFETY: the caller's promise.
    unsafe { free(memory) }
}

/// Allocates device memory, and maps it. It is not cleared.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_memory_new(
    device: *const goya_device,
    size: u64,
    error: *mut goya_error,
) -> *mut goya_device_memory {
    // SAFETY: the caller's promise.
    let new = || unsafe { borrow(device, "the device") }?.0.device_memory(size).map(goya_device_memory);
    // SAFETY: the caller's promise.
    unsafe { object(error, new) }
}

/// Where device memory is in the card.
///
/// # Safety
/// `memory` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_memory_address(memory: *const goya_device_memory) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { memory.as_ref() }.map_or(0, |memory| memory.0.address())
}

/// Bytes of device memory.
///
/// # Safety
/// `memory` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_memory_size(memory: *const goya_device_memory) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { memory.as_ref() }.map_or(0, |memory| memory.0.size())
}

/// Makes a dma-buf of whole pages of device memory, for other devices, and returns its descriptor. Close that first, then free
/// the memory.
///
/// # Safety
/// `memory` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_memory_export(
    memory: *const goya_device_memory,
    offset: u64,
    size: u64,
    error: *mut goya_error,
) -> c_int {
    let export = || {
        // SAFETY: the caller's promise.
        let memory = unsafe { borrow(memory, "the memory") }?;
        Ok(memory.0.export(offset, size)?.into_fd().into_raw_fd())
    };
    // SAFETY: the caller's promise.
    unsafe { code(error, export) }
}

/// Frees device memory, once no submission uses it any more.
///
/// # Safety
/// `memory` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_device_memory_free(memory: *mut goya_device_memory) {
    // SAFETY: the caller's promise.
    unsafe { free(memory) }
}
