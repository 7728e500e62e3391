// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! DRM devices with an accel node (`/dev/accel/accelN`), in the manner of `kernel::drm`, which can make
//! GEM and render nodes only.
//!
//! C headers: `include/drm/drm_accel.h`, `include/drm/drm_device.h`, `include/drm/drm_drv.h`.
//!
//! | file | what it has |
//! |---|---|
//! | [`device`] | devices, each with what belongs to it |
//! | [`gate`] | who uses a device, and how that ends |
//! | [`fdinfo`] | what files tell of the use that was made of them |
//! | [`ioctl`] | ioctls: typed by what belongs to devices and files |
//! | [`uring`], [`batch`] | commands by io_uring, and the end of a batch of them |
//! | [`driver`] | what a driver does for its devices |
//! | [`registration`] | the time during which programs see a device |
//! | [`bound`] | the way to a device for work of the driver's own |

#[cfg(all(CONFIG_IO_URING, CONFIG_BLOCK))]
mod batch;
mod bound;
mod device;
mod driver;
mod fdinfo;
mod gate;
mod ioctl;
mod registration;
#[cfg(CONFIG_IO_URING)]
mod uring;

#[cfg(all(CONFIG_IO_URING, CONFIG_BLOCK))]
pub(crate) use batch::AtEnd;
pub(crate) use bound::BoundDevice;
pub(crate) use device::{Device, Live};
pub(crate) use driver::{Driver, Info};
pub(crate) use fdinfo::UsageStats;
pub(crate) use ioctl::{descriptor, Call, Descriptor, File, Ioctl};
pub(crate) use registration::Registration;
#[cfg(CONFIG_IO_URING)]
pub(crate) use uring::{commands, CommandHandler, Commands};
