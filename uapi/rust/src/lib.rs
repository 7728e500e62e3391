// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Raw bindings of the Goya driver's user API (`drm/habanalabs_accel.h`, `drm/goya_accel.h`), made by bindgen.
//!
//! Enumerations are modules of constants: the kernel may answer with values that are not in them.

#![no_std]
#![allow(non_camel_case_types, non_upper_case_globals, missing_docs, clippy::all, clippy::pedantic)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

/// First number of a DRM driver's own ioctls (`DRM_COMMAND_BASE`, `drm.h`).
pub const DRM_COMMAND_BASE: u32 = 0x40;

/// The ioctl request number of a command that reads and writes a `T`: `DRM_IOWR(nr, T)`.
#[must_use]
pub const fn drm_iowr<T>(command: u32) -> u64 {
    let size = size_of::<T>() as u64;
    3 << 30 | size << 16 | (b'd' as u64) << 8 | (DRM_COMMAND_BASE + command) as u64
}
