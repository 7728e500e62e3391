// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the `bindings` crate lacks of `include/linux/hwmon.h`, as of Linux 7.3.

use core::mem::{align_of, offset_of, size_of};

use kernel::{bindings, ffi};

/// `enum hwmon_sensor_types`.
///
/// With `CONFIG_CFI` a callback has to have the type that C says, in which an enumeration goes by its name, and so does a
/// C structure of Rust's; a number is another type. It is passed as the number that it holds.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct hwmon_sensor_types(pub(super) ffi::c_uint);

pub(super) use hwmon_sensor_types as SensorType;

/// `struct hwmon_ops`.
#[repr(C)]
pub(super) struct Ops {
    pub(super) visible: bindings::umode_t,
    pub(super) is_visible: Option<
        unsafe extern "C" fn(
            drvdata: *const ffi::c_void,
            kind: SensorType,
            attribute: u32,
            channel: ffi::c_int,
        ) -> bindings::umode_t,
    >,
    pub(super) read: Option<
        unsafe extern "C" fn(
            dev: *mut bindings::device,
            kind: SensorType,
            attribute: u32,
            channel: ffi::c_int,
            value: *mut ffi::c_long,
        ) -> ffi::c_int,
    >,
    pub(super) read_string: Option<
        unsafe extern "C" fn(
            dev: *mut bindings::device,
            kind: SensorType,
            attribute: u32,
            channel: ffi::c_int,
            text: *mut *const ffi::c_char,
        ) -> ffi::c_int,
    >,
    pub(super) write: Option<
        unsafe extern "C" fn(
            dev: *mut bindings::device,
            kind: SensorType,
            attribute: u32,
            channel: ffi::c_int,
            value: ffi::c_long,
        ) -> ffi::c_int,
    >,
}

/// `struct hwmon_channel_info`; `config` ends with a zero.
#[repr(C)]
pub(super) struct ChannelInfo {
    pub(super) kind: SensorType,
    pub(super) config: *const u32,
}

/// `struct hwmon_chip_info`; `info` ends with a null pointer.
#[repr(C)]
pub(super) struct ChipInfo {
    pub(super) ops: *const Ops,
    pub(super) info: *const *const ChannelInfo,
}

// The layouts of the C compiler: everything after a small first member is a pointer.
const _: () = {
    const POINTER: usize = size_of::<*const ()>();
    assert!(size_of::<Ops>() == 5 * POINTER && align_of::<Ops>() == align_of::<*const ()>());
    assert!(offset_of!(Ops, visible) == 0 && offset_of!(Ops, is_visible) == POINTER);
    assert!(offset_of!(Ops, read) == 2 * POINTER && offset_of!(Ops, read_string) == 3 * POINTER);
    assert!(offset_of!(Ops, write) == 4 * POINTER);
    assert!(size_of::<ChannelInfo>() == 2 * POINTER && offset_of!(ChannelInfo, config) == POINTER);
    assert!(size_of::<ChipInfo>() == 2 * POINTER && offset_of!(ChipInfo, info) == POINTER);
};

#[allow(
    improper_ctypes,
    reason = "`struct device` leads to empty structures of bindgen's, behind pointers"
)]
unsafe extern "C" {
    /// Makes a device of class `hwmon` below `dev`. `name`, `chip` and what it points to must stay
    /// until it is unregistered. Returns an error pointer on failure.
    pub(super) fn hwmon_device_register_with_info(
        dev: *mut bindings::device,
        name: *const ffi::c_char,
        drvdata: *mut ffi::c_void,
        chip: *const ChipInfo,
        extra_groups: *mut *const bindings::attribute_group,
    ) -> *mut bindings::device;

    /// Takes the device away; waits for callbacks that run.
    pub(super) fn hwmon_device_unregister(dev: *mut bindings::device);
}
