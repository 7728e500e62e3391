// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! System controller (`psoc_global_conf_regs.h`) and its time stamp counter (`psoc_timestamp_regs.h`).

use kernel::io::register;

register! {
    /// Enables the time stamp counter.
    pub(crate) TIMESTAMP_CNTCR(u32) @ 0xc4_9000 {}

    /// The time stamp counter, low half.
    pub(crate) TIMESTAMP_CNTCVL(u32) @ 0xc4_9008 {}

    /// The time stamp counter, high half.
    pub(crate) TIMESTAMP_CNTCVU(u32) @ 0xc4_900c {}

    /// Restarts the boot sequencer.
    pub(crate) BOOT_SEQ_RE_START(u32) @ 0xc4_b024 {
        0:0     ind;
    }

    /// State of the boot manager.
    pub(crate) BTM_FSM(u32) @ 0xc4_b028 {
        /// 0 is out of reset.
        3:0     state;
    }

    /// Moves the boot manager's state.
    pub(crate) SW_BTM_FSM(u32) @ 0xc4_b030 {
        3:0     ctrl;
    }

    /// The driver's note that the card is in use (`HW_STATE`); a reset clears it.
    pub(crate) APP_STATUS(u32) @ 0xc4_b320 {}

    /// How the board is wired.
    pub(crate) BOOT_STRAP_PINS(u32) @ 0xc4_b430 {
        /// SR-IOV is enabled, which it must not be.
        21:21   sriov_en => bool;
    }

    /// Resets units.
    pub(crate) SW_ALL_RST_CFG(u32) @ 0xc4_b474 {
        9:9     tpc;
        10:10   mme;
        11:11   mc;
        12:12   cpu;
        13:13   ic_if;
        14:14   psoc;
        20:15   sram;
        21:21   dma;
        22:22   dma_if;
    }
}
