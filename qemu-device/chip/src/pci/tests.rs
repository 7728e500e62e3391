// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

use super::*;
use crate::map::{CFG_BASE, SRAM_BASE};
use crate::testing::TestHost;

fn dword(chip: &mut Chip, at: u64) -> u32 {
    let mut b = [0; 4];
    chip.config_read(at, &mut b);
    u32::from_le_bytes(b)
}

fn elbi(chip: &mut Chip, address: u32, write: Option<u32>) -> (u32, u32) {
    chip.config_write(0xFFC, &[0; 4]);
    chip.config_write(0xFF0, &address.to_le_bytes());
    if let Some(data) = write {
        chip.config_write(0xFF4, &data.to_le_bytes());
    }
    chip.config_write(0xFF8, &(u32::from(write.is_some()) << 31).to_le_bytes());
    (dword(chip, 0xFFC), dword(chip, 0xFF4))
}

fn iatu(chip: &mut Chip, offset: u32, value: u32) {
    elbi(chip, 0xFCC0_7490, Some(0x30_0000));
    assert_eq!(elbi(chip, 0xFCC0_2000 + offset, Some(value)).0, 1 << 31);
    elbi(chip, 0xFCC0_7490, Some(0));
}

fn inbound(chip: &mut Chip, region: u32, bar: u32, address: u64) {
    let at = 0x200 * region + 0x100;
    iatu(chip, at + 0x14, address as u32);
    iatu(chip, at + 0x18, (address >> 32) as u32);
    iatu(chip, at, 0);
    iatu(chip, at + 4, 1 << 31 | 1 << 30 | 1 << 19 | bar << 8);
}

#[test]
fn the_card_says_what_it_is_and_bars_have_sizes() {
    let mut chip = TestHost::new(4096).chip();
    assert_eq!(dword(&mut chip, 0), 0x0001_1DA3);
    assert_eq!(dword(&mut chip, 8), 0x1200_0001);
    for (at, low, high) in
        [(0x10, 0xF000_0004, u32::MAX), (0x18, 0xFFFF_F004, u32::MAX), (0x20, 0xE000_000C, u32::MAX)]
    {
        chip.config_write(at, &[0xFF; 8]);
        assert_eq!((dword(&mut chip, at), dword(&mut chip, at + 4)), (low, high));
    }
    chip.config_write(0, &[0; 4]);
    assert_eq!(dword(&mut chip, 0), 0x0001_1DA3);
    assert_eq!(dword(&mut chip, 0x1000), u32::MAX);
}

#[test]
fn elbi_reaches_registers_and_reports_errors() {
    let mut chip = TestHost::new(4096).chip();
    // SCRATCHPAD_20: what the driver reads first.
    assert_eq!(elbi(&mut chip, 0xFCC4_B150, None), (1 << 31, 1 << 31 | 1 << 26));
    assert_eq!(elbi(&mut chip, 0x1000, None).0, 1 << 31 | 1 << 30);
}

#[test]
fn bars_follow_the_iatu() {
    let mut chip = TestHost::new(4096).chip();
    let mut b = [0; 4];
    chip.bar_read(4, 0, &mut b);
    assert_eq!(b, [0xFF; 4], "no window yet");
    inbound(&mut chip, 0, 0, SRAM_BASE);
    inbound(&mut chip, 1, 4, 0);
    chip.bar_write(4, 0x10, &[1, 2, 3, 4]);
    inbound(&mut chip, 1, 4, 0x1000_0000);
    chip.bar_read(4, 0x10, &mut b);
    assert_eq!(b, [0; 4]);
    inbound(&mut chip, 1, 4, 0);
    chip.bar_read(4, 0x10, &mut b);
    assert_eq!(b, [1, 2, 3, 4]);
    // A register through BAR 0, whole and in part.
    let at = CFG_BASE - SRAM_BASE + 0xC4_B100;
    chip.bar_write(0, at, &0x1122_3344u32.to_le_bytes());
    chip.bar_write(0, at + 1, &[0xAA]);
    chip.bar_read(0, at, &mut b);
    assert_eq!(u32::from_le_bytes(b), 0x1122_AA44);
    let mut wide = [0; 8];
    chip.bar_read(0, at, &mut wide);
    assert_eq!(wide[..4], b);
    chip.bar_read(0, 0x400_0000, &mut b);
    assert_eq!(b, [0xFF; 4], "a hole between SRAM and registers");
}

#[test]
fn a_function_level_reset_forgets_the_windows_a_hard_reset_does_not() {
    let mut chip = TestHost::new(4096).chip();
    inbound(&mut chip, 1, 4, 0);
    chip.bar_write(4, 0, &[9]);
    chip.reset(Reset::Hard);
    let mut b = [0];
    chip.bar_read(4, 0, &mut b);
    assert_eq!(b, [9]);
    chip.config_write(DEVICE_CONTROL_BYTE, &[0x80]);
    chip.bar_read(4, 0, &mut b);
    assert_eq!(b, [0xFF]);
    assert_eq!(chip.counters.resets, 2);
}

const DEVICE_CONTROL_BYTE: u64 = 0x79;

#[test]
fn masked_messages_wait_and_lost_ones_do_not_come() {
    let host = TestHost::new(4096);
    let mut chip = host.chip();
    chip.interrupt(3);
    assert_eq!(host.take_interrupts(), [0u16; 0]);
    let mut b = [0];
    chip.bar_read(2, 0x800, &mut b);
    assert_eq!(b, [1 << 3]);
    chip.bar_write(2, 3 * 16 + 12, &[0; 4]);
    assert_eq!(host.take_interrupts(), [0u16; 0], "MSI-X is still off");
    chip.config_write(0x52, &[0x07, 0x80]);
    assert_eq!(host.take_interrupts(), [3]);
    chip.faults.inject(&crate::fault::Fault::LoseInterrupt { vector: 3, count: 1 });
    chip.interrupt(3);
    chip.interrupt(3);
    assert_eq!(host.take_interrupts(), [3]);
    chip.interrupt(99);
    assert_eq!(host.take_interrupts(), [0u16; 0]);
}

#[test]
fn an_unplugged_card_answers_all_ones() {
    let mut chip = TestHost::new(4096).chip();
    chip.faults.inject(&crate::fault::Fault::Unplug);
    assert_eq!(dword(&mut chip, 0), u32::MAX);
    let mut b = [0; 4];
    chip.bar_read(0, 0, &mut b);
    assert_eq!(b, [0xFF; 4]);
}
