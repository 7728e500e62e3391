// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! BARs that may have no addresses. C headers: `include/linux/ioport.h`, `include/linux/pci.h`.

use kernel::bindings;
use kernel::device::Core;
use kernel::error::to_result;
use kernel::pci;
use kernel::prelude::*;

use super::raw_pci_device as raw;

/// Whether the memory BAR `bar` has addresses of the machine's. A device is found, and may even be enabled, if there are
/// none left for it.
///
/// Errors: `EINVAL`: there is no such BAR.
pub(crate) fn has_addresses(pdev: &pci::Device<Core<'_>>, bar: u32) -> Result<bool> {
    // SAFETY: The device is valid, and so is its array. Nobody gives addresses to a device that is being probed.
    let resources = unsafe { &(*raw(pdev)).resource };
    let resource = resources.get(bar as usize).ok_or(EINVAL)?;
    let unset = resource.flags & bindings::IORESOURCE_UNSET as usize != 0;
    Ok(!unset && !resource.parent.is_null())
}

/// Bytes of the 64-bit memory BAR `bar`, which has no addresses, so that the kernel has forgotten them
/// (`reset_resource()`). The device says which bits of an address it compares.
pub(crate) fn size(pdev: &pci::Device<Core<'_>>, bar: u32) -> Result<u64> {
    const FLAGS: u64 = 0xf;
    let low = bindings::PCI_BASE_ADDRESS_0.wrapping_add(bar.wrapping_mul(4)) as c_int;
    let register = [low, low.wrapping_add(4)];
    let exchange = |new: [u32; 2]| -> Result<[u32; 2]> {
        let mut old = [0; 2];
        for ((at, new), old) in register.into_iter().zip(new).zip(&mut old) {
            // SAFETY: The device is valid. Nobody else uses its BARs before it is enabled.
            to_result(unsafe { bindings::pci_read_config_dword(raw(pdev), at, old) })?;
            // SAFETY: As above.
            to_result(unsafe { bindings::pci_write_config_dword(raw(pdev), at, new) })?;
        }
        Ok(old)
    };
    let old = exchange([!0; 2])?;
    let [low, high] = exchange(old)?;
    let compared = (u64::from(high) << 32 | u64::from(low)) & !FLAGS;
    Ok(compared.wrapping_neg())
}
