// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The PCIe controller and its wrapper (`pcie_wrap_regs.h`, `pcie_aux_regs.h`; PCIE_DBI_* from `goya_regs.h`).

use kernel::io::register;

register! {
    /// As whom the system controller's side writes: a [`super::User`].
    pub(crate) WRAP_PSOC_AWUSER(u32) @ 0xc0_1d10 {}

    /// As whom the system controller's side reads: a [`super::User`].
    pub(crate) WRAP_PSOC_ARUSER(u32) @ 0xc0_1d14 {}

    /// Vendor and device number: read to flush writes.
    pub(crate) DBI_DEVICE_ID_VENDOR_ID_REG(u32) @ 0xc0_2000 {}

    /// Raises the MSI-X vector whose number is written.
    pub(crate) DBI_MSIX_DOORBELL_OFF(u32) @ 0xc0_2948 {}

    /// Which registers are at [`DBI_DEVICE_ID_VENDOR_ID_REG`] and after it.
    pub(crate) AUX_DBI(u32) @ 0xc0_7490 {}
}
