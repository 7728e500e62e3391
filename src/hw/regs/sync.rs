// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The sync manager (`goya_regs.h`).

use kernel::io::register;

register! {
    /// Sync objects.
    pub(crate) SOB_OBJ(u32)[1024] @ 0x11_2000 {
        /// Its value, or what is added to it.
        15:0    value;
        /// For a write: add.
        31:31   add;
    }

    /// Monitors: where the message goes, low half.
    pub(crate) MON_PAY_ADDRL(u32)[256] @ 0x11_3000 {}

    /// Monitors: state.
    pub(crate) MON_STATUS(u32)[256] @ 0x11_4000 {}
}
