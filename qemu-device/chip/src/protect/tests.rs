// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

use super::*;
use crate::access::Origin;
use crate::map::CFG_BASE;
use crate::regs::TPC_QM;
use crate::testing::TestHost;

const TPC0: QueueId = QueueId::Tpc(0);
const DMA1: QueueId = QueueId::Dma(1);

fn write(chip: &mut Chip, at: u32, value: u32) {
    chip.register_write(at, value, Origin::Host);
}

/// What `goya_init_security()` writes for TPC 0 and for DMA, in part.
fn secured() -> Chip {
    let mut chip = TestHost::new(4096).chip();
    for (at, value) in [
        // Ranges: GIC and neighbours; host; first 512 MiB of DRAM.
        (0xE0_0500, 0xFFFF),
        (0xE0_0550, 0x80_0000),
        (0xE0_0510, 0x3F0_0000),
        (0xE0_0470, 0xFE),
        (0xE0_04A0, 0xF_FF80),
        (0xE0_0484, 0xE000_0000),
        (0xE0_04A4, 0x3_FFFF),
        (DMA_MACRO, 0xFFFF),
        (DMA_MACRO + 0x44, 0x80_0000),
        (DMA_MACRO + 0x04, 0x3F0_0000),
        (DMA_MACRO + 0x84, 0xFF),
        (DMA_MACRO + 0xCC, 0xE000_0000),
        (DMA_MACRO + 0xAC, 0x3_FFFF),
        // Protection bits: PQ_BASE_LO (0x60) to PQ_SIZE (0x68) of TPC 0's queue manager.
        (TPC_QM + 0xF80, !(7 << 24)),
    ] {
        write(&mut chip, at, value);
    }
    chip
}

fn check(chip: &mut Chip, id: QueueId, addr: u64) -> bool {
    chip.protection_check(id, addr, 4, true).is_ok()
}

#[test]
fn nothing_is_protected_after_reset() {
    let mut chip = TestHost::new(4096).chip();
    for addr in [0, 0x80_0000_0000, CFG_BASE + 0x80_0040, CFG_BASE + u64::from(TPC_QM) + 0x60] {
        assert!(check(&mut chip, TPC0, addr) && check(&mut chip, DMA1, addr), "{addr:#x}");
    }
}

#[test]
fn registers_are_protected_by_ranges_and_bits() {
    let mut chip = secured();
    let register = |offset: u32| CFG_BASE + u64::from(offset);
    for (offset, allowed) in [
        (0x80_0040, false),
        (TPC_QM + 0x60, false),
        (TPC_QM + 0x68, false),
        (TPC_QM + 0x6C, true),
        (0x11_2000, true),
    ] {
        assert_eq!(check(&mut chip, TPC0, register(offset)), allowed, "{offset:#x}");
    }
    // Bits protect from everybody, ranges at their own router.
    assert!(!check(&mut chip, DMA1, register(TPC_QM + 0x60)));
    assert!(check(&mut chip, QueueId::Tpc(1), register(0x80_0040)));
}

#[test]
fn memory_is_protected_by_ranges() {
    let mut chip = secured();
    for (addr, tpc, dma) in [
        (0x1000, false, false),
        (0x2000_0000, true, true),
        (crate::map::SRAM_BASE, true, true),
        (crate::map::HOST_BASE, false, true),
        (1 << 48, false, true),
    ] {
        assert_eq!((check(&mut chip, TPC0, addr), check(&mut chip, DMA1, addr)), (tpc, dma), "{addr:#x}");
    }
    assert!(!check(&mut chip, DMA1, 0x1FFF_FFFE), "an access that begins below the border");
}

#[test]
fn refusals_are_noted_and_changed_ranges_count() {
    let mut chip = secured();
    assert!(!check(&mut chip, DMA1, CFG_BASE + 0x80_0040));
    assert_eq!(chip.register_read(DMA_MACRO + 0x13C, Origin::Host), 1);
    assert!(chip.protection_check(DMA1, 0, 4, false).is_err());
    assert_eq!(chip.register_read(DMA_MACRO + 0x154, Origin::Host), 1);
    write(&mut chip, DMA_MACRO, 0);
    write(&mut chip, DMA_MACRO + 0x04, 0);
    assert!(check(&mut chip, DMA1, CFG_BASE + 0x80_0040));
}
