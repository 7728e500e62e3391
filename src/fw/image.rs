// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Firmware images: finding them in the file system and checking their size.

use kernel::{device::Device, firmware::Firmware, prelude::*};

/// The image that the first-stage loader asks for.
pub(crate) const BOOT_FIT: &CStr = c"habanalabs/goya/goya-boot-fit.itb";
/// The image of the firmware itself.
pub(crate) const LINUX: &CStr = c"habanalabs/goya/goya-fit.itb";

/// Largest image accepted, in bytes.
const SIZE_MAX: usize = 0x140_0000;

/// Loads the image `name` and checks its size.
///
/// Errors: those of `request_firmware()`; `EINVAL` if the size is not a multiple of 4 or above 20 MiB.
pub(crate) fn request(dev: &Device, name: &'static CStr) -> Result<Firmware> {
    let firmware = Firmware::request(name, dev).inspect_err(|error| {
        dev_err!(
            dev,
            "Firmware file {} is not found! (error {})\n",
            name,
            error.to_errno()
        );
    })?;

    let size = firmware.size();
    if size % 4 != 0 {
        dev_err!(dev, "Illegal {} firmware size {}\n", name, size);
        return Err(EINVAL);
    }
    dev_dbg!(dev, "{} firmware size == {}\n", name, size);
    if size > SIZE_MAX {
        dev_err!(
            dev,
            "FW file size {} exceeds maximum of {} bytes\n",
            size,
            SIZE_MAX
        );
        return Err(EINVAL);
    }
    Ok(firmware)
}
