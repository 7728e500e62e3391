// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

use super::*;
use crate::map::{CFG_BASE, HOST_BASE, SRAM_BASE};
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
fn elbi_can_be_made_to_fail() {
    let mut chip = TestHost::new(4096).chip();
    chip.faults.inject(&crate::fault::Fault::FailElbi { after: 1, count: 1 });
    let status = [(); 3].map(|()| elbi(&mut chip, 0xFCC4_B150, None).0);
    assert_eq!(status, [1 << 31, 1 << 31 | 1 << 30, 1 << 31]);
}

#[test]
fn writes_to_the_window_can_be_held_until_it_is_read() {
    let mut chip = TestHost::new(4096).chip();
    inbound(&mut chip, 1, 4, 0);
    let seen = |chip: &mut Chip| {
        let mut b = [0; 2];
        chip.inspect_memory(0x10, &mut b).unwrap();
        b
    };
    chip.faults.inject(&crate::fault::Fault::HoldWrites);
    chip.bar_write(4, 0x10, &[1, 2]);
    chip.bar_write(4, 0x11, &[3]);
    assert_eq!(seen(&mut chip), [0, 0]);
    let mut b = [0; 2];
    chip.bar_read(4, 0x10, &mut b);
    assert_eq!((b, seen(&mut chip), chip.counters.window_reads), ([1, 3], [1, 3], 1));
    chip.bar_write(4, 0x10, &[5]);
    chip.clear_faults();
    assert_eq!(seen(&mut chip), [5, 3]);
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

/// The command register: memory decoding, bus master.
fn command(chip: &mut Chip, value: u8) {
    chip.config_write(4, &[value, 0]);
}

#[test]
fn bars_are_deaf_without_memory_decoding() {
    let mut chip = TestHost::new(4096).chip();
    inbound(&mut chip, 1, 4, 0);
    chip.bar_write(4, 0, &[5]);
    command(&mut chip, 0x04);
    chip.bar_write(4, 0, &[6]);
    let mut b = [0];
    chip.bar_read(4, 0, &mut b);
    assert_eq!(b, [0xFF]);
    command(&mut chip, 0x06);
    chip.bar_read(4, 0, &mut b);
    assert_eq!(b, [5]);
}

#[test]
fn host_memory_needs_a_bus_master_and_the_outbound_window() {
    let host = TestHost::new(8192);
    let mut chip = host.chip();
    host.write(0x10, &[7]);
    let reach = |chip: &Chip, at: u64| chip.host_memory(at, 8).map(|s| s.len());
    assert_eq!(reach(&chip, 0x10), Some(8));
    command(&mut chip, 0x02);
    assert_eq!(reach(&chip, 0x10), None);
    command(&mut chip, 0x06);
    // The window moves: what is at bus address 0x1000 shows at the beginning.
    iatu(&mut chip, 0x14, 0x1000);
    assert_eq!(reach(&chip, 0xFFC), Some(4));
    host.write(0x1000, &[9]);
    let mut b = [0];
    chip.physical_read(HOST_BASE, &mut b, crate::access::Origin::Cpu).unwrap();
    assert_eq!(b, [9]);
    // It ends after 16 bytes; behind it, addresses go out as they are, to nowhere.
    iatu(&mut chip, 0x14, 0);
    iatu(&mut chip, 0x10, 0xF);
    iatu(&mut chip, 0x20, 0x80);
    assert_eq!((reach(&chip, 0xC), reach(&chip, 0x10)), (Some(4), None));
    iatu(&mut chip, 0x04, 0);
    assert_eq!(reach(&chip, 0), None);
}

#[test]
fn inbound_regions_match_bars_or_addresses() {
    let mut chip = TestHost::new(4096).chip();
    chip.config_write(0x20, &0x40_0000_0000u64.to_le_bytes());
    // Bus addresses 0x40_0000_1000 to 0x40_0000_1FFF show device address 0x5000.
    let at = 0x200 * 3 + 0x100;
    for (offset, value) in
        [(0x8, 0x1000), (0xC, 0x40), (0x10, 0x1FFF), (0x14, 0x5000), (0x18, 0), (0, 0), (4, 1 << 31)]
    {
        iatu(&mut chip, at + offset, value);
    }
    chip.inspect_memory_write(0x5004, &[1, 2, 3, 4]).unwrap();
    let mut read = |offset: u64| {
        let mut b = [0; 4];
        chip.bar_read(4, offset, &mut b);
        b
    };
    assert_eq!(read(0x1004), [1, 2, 3, 4]);
    assert_eq!((read(0xFFC), read(0x2000)), ([0xFF; 4], [0xFF; 4]));
    assert_eq!(read(u64::MAX - 2), [0xFF; 4]);
}

#[test]
fn only_a_bus_master_interrupts() {
    let host = TestHost::new(4096);
    let mut chip = host.chip();
    chip.config_write(0x52, &[0x07, 0x80]);
    chip.bar_write(2, 12, &[0; 4]);
    command(&mut chip, 0x02);
    chip.interrupt(0);
    assert_eq!(host.take_interrupts(), [0u16; 0]);
    command(&mut chip, 0x06);
    assert_eq!(host.take_interrupts(), [0]);
    // The function mask holds back as well.
    chip.config_write(0x52, &[0x07, 0xC0]);
    chip.interrupt(0);
    assert_eq!(host.take_interrupts(), [0u16; 0]);
    chip.config_write(0x52, &[0x07, 0x80]);
    assert_eq!(host.take_interrupts(), [0]);
}

#[test]
fn capabilities_can_be_walked_and_elbi_survives_any_access() {
    let mut chip = TestHost::new(4096).chip();
    let mut found = Vec::new();
    let mut at = u64::from(dword(&mut chip, 0x34) as u8);
    while at != 0 && found.len() < 10 {
        let header = dword(&mut chip, at);
        found.push(header as u8);
        at = u64::from(header >> 8 & 0xFC);
    }
    assert_eq!(found, [0x01, 0x11, 0x10], "power management, MSI-X, PCI Express");
    assert_eq!(dword(&mut chip, 0x100) & 0xFFFF, 1, "advanced error reporting");
    // Bytes, words across the end, and nothing at all.
    for at in 0xFE0..0x1010u64 {
        for len in 0..9 {
            let mut b = vec![0xA5; len];
            chip.config_write(at, &b);
            chip.config_read(at, &mut b);
        }
    }
    assert_eq!(elbi(&mut chip, 0xFCC4_B150, None).0, 1 << 31);
    assert_eq!(elbi(&mut chip, 0xFCC4_B151, None).0, 1 << 31 | 1 << 30, "unaligned");
}

#[test]
fn accesses_at_the_end_of_all_addresses_reach_nothing() {
    let mut chip = TestHost::new(4096).chip();
    for at in [u64::MAX - 2, u64::MAX] {
        let mut b = [0; 4];
        chip.config_write(at, &b);
        chip.config_read(at, &mut b);
        assert_eq!(b, [0xFF; 4]);
        for bar in 0..6 {
            let mut b = [0; 4];
            chip.bar_write(bar, at, &b);
            chip.bar_read(bar, at, &mut b);
            // The MSI-X BAR is zero where nothing is.
            assert_eq!(b, [if bar == 2 { 0 } else { 0xFF }; 4], "BAR {bar}");
        }
    }
}

#[test]
fn requests_can_be_endless() {
    let mut chip = TestHost::new(4096).chip();
    let pending = |chip: &mut Chip| dword(chip, 0x78) >> 16 & 1 << 5 != 0;
    assert!(!pending(&mut chip));
    chip.inject(&crate::fault::Fault::EndlessRequests).unwrap();
    chip.config_write(4, &[0x02]);
    assert!(pending(&mut chip) && chip.host_memory(0, 4).is_some());
    chip.clear_faults();
    assert!(!pending(&mut chip) && chip.host_memory(0, 4).is_none());
}
