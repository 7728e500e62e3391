// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The registers of MMU and STLB (`mmu_regs.h`, `stlb_regs.h`, `mmu_v1_0.h`).

use crate::chip::Chip;
use crate::regs::{MMU, STLB};

/// Bit 31 starts setting the hop-0 table of the ASID in 9:0; it clears when done.
const ASID_BUSY: u32 = STLB;
const HOP0_PA43_12: u32 = STLB + 0x4;
const HOP0_PA49_44: u32 = STLB + 0x8;
const INV_ALL_START: u32 = STLB + 0x34;
const INV_CONSUMER_INDEX: u32 = STLB + 0x40;
const MMU_ENABLE: u32 = MMU + 0xC;
const SPI_CAUSE: u32 = MMU + 0x30;
const PAGE_ERROR_CAPTURE: u32 = MMU + 0x34;
const ACCESS_ERROR_CAPTURE: u32 = MMU + 0x3C;
/// The capture registers hold an address that nobody has looked at yet.
const CAPTURE_VALID: u32 = 1 << 18;
const CAUSE_PAGE_FAULT: u32 = 1;
const CAUSE_ACCESS_ERROR: u32 = 2;

impl Chip {
    /// Reads an MMU or STLB register.
    pub(crate) fn mmu_register_read(&mut self, offset: u32) -> u32 {
        self.regs.get(offset)
    }

    /// Writes an MMU or STLB register. Everything it starts is done at once, so the busy and start
    /// bits read back as zero, unless a fault says that it is never done.
    pub(crate) fn mmu_register_write(&mut self, offset: u32, value: u32) {
        match offset {
            ASID_BUSY => {
                if value & 1 << 31 != 0 {
                    let low = u64::from(self.regs.get(HOP0_PA43_12)) << 12;
                    let high = u64::from(self.regs.get(HOP0_PA49_44) & 0x3F) << 44;
                    let asid = (value & 0x3FF) as usize;
                    if let Some(root) = self.mmu.roots.get_mut(asid) {
                        *root = Some(low | high);
                    }
                    tracing::debug!(target: "goya::mmu", asid, root = %format_args!("{:#x}", low | high), "hop 0");
                }
                self.regs.set(offset, value & !(1 << 31));
            }
            INV_ALL_START => {
                if value & 1 != 0 && self.faults.invalidation_hangs() {
                    self.regs.set(offset, 1);
                    return;
                }
                if value & 1 != 0 {
                    self.mmu.tlb.invalidate();
                    self.counters.tlb_invalidations += 1;
                    let done = self.regs.get(INV_CONSUMER_INDEX).wrapping_add(1) & 0xFF;
                    self.regs.set(INV_CONSUMER_INDEX, done);
                    tracing::debug!(target: "goya::mmu", "invalidate all");
                }
                self.regs.set(offset, 0);
            }
            MMU_ENABLE => {
                self.mmu.enabled = value & 1 != 0;
                self.regs.set(offset, value & 1);
            }
            _ => self.regs.set(offset, value),
        }
    }

    /// Keeps the first address of a page fault until the driver has read it.
    pub(super) fn capture_page_fault(&mut self, va: u64) {
        self.capture(PAGE_ERROR_CAPTURE, CAUSE_PAGE_FAULT, va);
    }

    /// Keeps the first address of an access that was translated but that nothing answered.
    pub(crate) fn capture_access_error(&mut self, va: u64) {
        self.capture(ACCESS_ERROR_CAPTURE, CAUSE_ACCESS_ERROR, va);
    }

    fn capture(&mut self, register: u32, cause: u32, va: u64) {
        self.counters.faults += 1;
        let causes = self.regs.get(SPI_CAUSE) | cause;
        self.regs.set(SPI_CAUSE, causes);
        if self.regs.get(register) & CAPTURE_VALID == 0 {
            self.regs.set(register, (va >> 32) as u32 & 0x3_FFFF | CAPTURE_VALID);
            self.regs.set(register + 4, va as u32);
        }
    }
}
