// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The matrix engine (`mme_regs.h`).

use kernel::io::register;

register! {
    /// State of the pipes.
    pub(crate) ARCH_STATUS(u32) @ 0xd_0000 {
        7:7     sb_a_empty;
        8:8     sb_b_empty;
        9:9     sb_cin_empty;
        10:10   sb_cout_empty;
    }

    /// Stalls the pipes, a bit each.
    pub(crate) STALL(u32) @ 0xd_020c {}

    /// Address of the sync objects, low half.
    pub(crate) SM_BASE_ADDRESS_LOW(u32) @ 0xd_0210 {}

    /// Address of the sync objects, high half.
    pub(crate) SM_BASE_ADDRESS_HIGH(u32) @ 0xd_0214 {}

    /// Limits what is stored ahead.
    pub(crate) STORE_MAX_CREDIT(u32) @ 0xd_0300 {
        5:0     v;
    }

    /// Limits of the address generators: of the suspension buffers A, B and C, and of the write buffer.
    pub(crate) AGU(u32) @ 0xd_0304 {
        4:0     sba_max_credit;
        12:8    sbb_max_credit;
        20:16   sbc_max_credit;
        29:24   wbc_max_credit;
    }

    /// As whom suspension buffer A accesses memory: a [`super::User`].
    pub(crate) SBA_CONTROL_DATA(u32) @ 0xd_0318 {}

    /// As whom suspension buffer B does.
    pub(crate) SBB_CONTROL_DATA(u32) @ 0xd_031c {}

    /// As whom suspension buffer C does.
    pub(crate) SBC_CONTROL_DATA(u32) @ 0xd_0320 {}

    /// As whom the write buffer does.
    pub(crate) WBC_CONTROL_DATA(u32) @ 0xd_0324 {}

    /// Which internal errors are masked.
    pub(crate) SEI_MASK(u32) @ 0xd_033c {}
}
