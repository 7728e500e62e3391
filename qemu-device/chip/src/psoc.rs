// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! PSOC: scratchpads, boot and reset registers, time stamp counter (`psoc_global_conf_regs.h`,
//! `psoc_timestamp_regs.h`).

use crate::chip::{Chip, Reset};
use crate::regs::{PSOC_GLOBAL_CONF, PSOC_TIMESTAMP};

/// Flip-flops that keep their values over any reset by register.
pub(crate) const NON_RESET_FLOPS: u32 = PSOC_GLOBAL_CONF;
/// State of the boot manager; zero once a reset is over.
const BTM_FSM: u32 = PSOC_GLOBAL_CONF + 0x28;
/// Scratchpad 0; the others follow.
pub(crate) const SCRATCHPAD: u32 = PSOC_GLOBAL_CONF + 0x100;
/// Boot status, which upstream calls `CPU_BOOT_STATUS`.
pub(crate) const WARM_REBOOT: u32 = PSOC_GLOBAL_CONF + 0x300;
/// Messages from the driver to the boot firmware, upstream's `KMD_MSG_TO_CPU`.
pub(crate) const UBOOT_MAGIC: u32 = PSOC_GLOBAL_CONF + 0x304;
const SW_ALL_RST_CFG: u32 = PSOC_GLOBAL_CONF + 0x474;
/// Units that only a hard reset touches: CPU and PSOC.
const RESET_HARD: u32 = 1 << 12 | 1 << 14;
/// TPC, MME and DMA.
const RESET_ENGINES: u32 = 1 << 9 | 1 << 10 | 1 << 21;

const CNTCR: u32 = PSOC_TIMESTAMP;
const CNTCVL: u32 = PSOC_TIMESTAMP + 0x8;
const CNTCVU: u32 = PSOC_TIMESTAMP + 0xC;
const CNTFID0: u32 = PSOC_TIMESTAMP + 0x20;

/// `PSOC_PCI_PLL`: reference 50 MHz, times 40, by 2, by 2 again on output 1 (`psoc_pci_pll_regs.h`).
const PCI_PLL: [(u32, u32); 5] =
    [(0xC7_2100, 0), (0xC7_2104, 39), (0xC7_2108, 1), (0xC7_2204, 1), (0xC7_2284, 3)];
/// Ticks of the time stamp counter in a microsecond: output 1 of that PLL, in MHz.
pub(crate) const TIME_STAMP_MHZ: u64 = 500;

/// The time stamp counter, and how the last reset by register goes on.
#[derive(Debug, Default)]
pub struct Psoc {
    /// The counter's value at `since_ns`, or for good while it stands still.
    count: u64,
    since_ns: u64,
    running: bool,
    /// A reset was begun that is never over.
    in_reset: bool,
}

impl Psoc {
    /// The time stamp counter.
    fn time_stamp(&self, now_ns: u64) -> u64 {
        let passed = if self.running { now_ns.saturating_sub(self.since_ns) } else { 0 };
        self.count.wrapping_add((u128::from(passed) * u128::from(TIME_STAMP_MHZ) / 1000) as u64)
    }

    /// What the register at `offset` says; nothing if that is what was written.
    fn read(&self, offset: u32, now_ns: u64) -> Option<u32> {
        match offset {
            BTM_FSM => Some(self.in_reset.into()),
            CNTCVL => Some(self.time_stamp(now_ns) as u32),
            CNTCVU => Some((self.time_stamp(now_ns) >> 32) as u32),
            _ => None,
        }
    }

    /// Takes a write. Which reset it is, if it is one.
    fn write(&mut self, offset: u32, value: u32, now_ns: u64) -> Option<Reset> {
        let count = self.time_stamp(now_ns);
        match offset {
            CNTCR => (self.count, self.running) = (count, value & 1 != 0),
            CNTCVL => self.count = count & !0xFFFF_FFFF | u64::from(value),
            CNTCVU => self.count = count & 0xFFFF_FFFF | u64::from(value) << 32,
            // A mask with CPU or PSOC in it is a hard reset, one with an engine a soft one.
            SW_ALL_RST_CFG if value & RESET_HARD != 0 => return Some(Reset::Hard),
            SW_ALL_RST_CFG if value & RESET_ENGINES != 0 => return Some(Reset::Soft),
            _ => return None,
        }
        self.since_ns = now_ns;
        None
    }
}

/// Whether a soft reset clears the register block at `block`: those of DMA, MME and TPC.
pub(crate) fn lost_by_soft_reset(block: u32) -> bool {
    matches!(block, 0xD_0000..0xE_0000 | 0x40_0000..0x42_8000 | 0xE0_0000..0x100_0000)
}

impl Chip {
    /// The time stamp counter.
    pub(crate) fn time_stamp(&self) -> u64 {
        self.psoc.time_stamp(self.host.now_ns())
    }

    /// Gives the PSOC's registers their values after a reset.
    pub(crate) fn psoc_power_on(&mut self) {
        for (register, value) in PCI_PLL {
            self.regs.set(register, value);
        }
        self.regs.set(CNTFID0, (TIME_STAMP_MHZ * 1_000_000) as u32);
    }

    fn reset_by_register(&mut self, kind: Reset) {
        if self.faults.take_ignored_reset() {
            return;
        }
        self.psoc.in_reset = self.faults.take_hung_reset();
        if !self.psoc.in_reset {
            self.reset(kind);
        }
    }

    /// Reads a PSOC register.
    pub(crate) fn psoc_register_read(&mut self, offset: u32) -> u32 {
        self.psoc.read(offset, self.host.now_ns()).unwrap_or_else(|| self.regs.get(offset))
    }

    /// Writes a PSOC register.
    pub(crate) fn psoc_register_write(&mut self, offset: u32, value: u32) {
        if let Some(kind) = self.psoc.write(offset, value, self.host.now_ns()) {
            return self.reset_by_register(kind);
        }
        self.regs.set(offset, value);
        self.cpu_scratchpad_written(offset, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Origin;
    use crate::testing::TestHost;

    #[test]
    fn the_time_stamp_counter_counts_when_enabled() {
        let mut psoc = Psoc::default();
        assert_eq!(psoc.time_stamp(1000), 0);
        assert_eq!(psoc.write(CNTCVU, 1, 1000), None);
        assert_eq!(psoc.write(CNTCR, 1, 1000), None);
        assert_eq!((psoc.read(CNTCVL, 3000), psoc.read(CNTCVU, 3000)), (Some(1000), Some(1)));
        assert_eq!(psoc.write(CNTCR, 0, 3000), None);
        assert_eq!(psoc.read(CNTCVL, 5000), Some(1000));
    }

    #[test]
    fn a_mask_says_how_far_a_reset_reaches() {
        let mut psoc = Psoc::default();
        let mut reset = |mask| psoc.write(SW_ALL_RST_CFG, mask, 0);
        assert_eq!([0x7F_FE00, 0x20_0600, 0].map(&mut reset), [Some(Reset::Hard), Some(Reset::Soft), None]);
        assert_eq!(psoc.read(SW_ALL_RST_CFG, 0), None);
    }

    #[test]
    fn resets_reach_as_far_as_they_should() {
        let mut chip = TestHost::new(4096).chip();
        let hw_state = PSOC_GLOBAL_CONF + 0x320;
        let write = |chip: &mut Chip, at, value| chip.register_write(at, value, Origin::Host);
        let read = |chip: &mut Chip, at| chip.register_read(at, Origin::Host);
        for at in [hw_state, 0x40_006C, 0xE0_8060, NON_RESET_FLOPS + 4] {
            write(&mut chip, at, 7);
        }
        write(&mut chip, SW_ALL_RST_CFG, 0x20_0600);
        assert_eq!(
            (read(&mut chip, hw_state), read(&mut chip, 0x40_006C), read(&mut chip, 0xE0_8060)),
            (7, 0, 0)
        );
        write(&mut chip, SW_ALL_RST_CFG, 0x7F_FE00);
        assert_eq!((read(&mut chip, hw_state), read(&mut chip, NON_RESET_FLOPS + 4)), (0, 7));
        assert_eq!(read(&mut chip, BTM_FSM), 0);
        assert_eq!(chip.counters.resets, 2);
    }

    #[test]
    fn a_reset_can_hang() {
        let mut chip = TestHost::new(4096).chip();
        let hw_state = PSOC_GLOBAL_CONF + 0x320;
        chip.inject(&crate::fault::Fault::HangReset { count: 1 }).unwrap();
        chip.register_write(hw_state, 7, Origin::Host);
        chip.register_write(SW_ALL_RST_CFG, 0x7F_FE00, Origin::Host);
        assert_eq!(chip.register_read(BTM_FSM, Origin::Host), 1);
        assert_eq!((chip.register_read(hw_state, Origin::Host), chip.counters.resets), (7, 0));
        chip.register_write(SW_ALL_RST_CFG, 0x7F_FE00, Origin::Host);
        assert_eq!(chip.register_read(BTM_FSM, Origin::Host), 0);
        assert_eq!(chip.register_read(hw_state, Origin::Host), 0);
    }

    #[test]
    fn a_reset_can_be_lost() {
        let mut chip = TestHost::new(4096).chip();
        let hw_state = PSOC_GLOBAL_CONF + 0x320;
        chip.inject(&crate::fault::Fault::IgnoreReset { count: 1 }).unwrap();
        chip.register_write(hw_state, 7, Origin::Host);
        for (left, resets) in [(7, 0), (0, 1)] {
            chip.register_write(SW_ALL_RST_CFG, 0x7F_FE00, Origin::Host);
            assert_eq!(chip.register_read(BTM_FSM, Origin::Host), 0);
            assert_eq!((chip.register_read(hw_state, Origin::Host), chip.counters.resets), (left, resets));
        }
    }
}
