// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

use super::tlb::PageSize;
use super::*;
use crate::regs::{MMU, STLB};
use crate::testing::TestHost;

const ROOT: u64 = 0x1000_0000;
const VA: u64 = 0x1_0000_0000_0000;

/// Tables for `VA` (4 KiB, to bus address 0x3000) and `VA + 1 GiB` (2 MiB, to DRAM 0x4000_0000).
fn mapped(host: &TestHost) -> Chip {
    let mut chip = host.chip();
    let table = |n: u64| ROOT + n * 4096;
    entry(&mut chip, table(0) + 8, table(1) | 1);
    entry(&mut chip, table(1), table(2) | 1);
    entry(&mut chip, table(2), table(3) | 1);
    entry(&mut chip, table(2) + 8, table(5) | 1);
    entry(&mut chip, table(3), table(4) | 1);
    entry(&mut chip, table(4), (crate::map::HOST_BASE + 0x3000) | 1 | 1 << 11);
    entry(&mut chip, table(5), 0x4000_0000 | 1 | 1 << 11);
    set_root(&mut chip, 1, ROOT);
    chip.register_write(MMU + 0xC, 1, Origin::Host);
    chip
}

fn entry(chip: &mut Chip, at: u64, value: u64) {
    chip.physical_write(at, &value.to_le_bytes(), Origin::Host).unwrap();
}

fn set_root(chip: &mut Chip, asid: u32, root: u64) {
    chip.register_write(STLB + 4, (root >> 12) as u32, Origin::Host);
    chip.register_write(STLB + 8, (root >> 44) as u32, Origin::Host);
    chip.register_write(STLB, 0x8000_0000 | asid, Origin::Host);
    assert_eq!(chip.register_read(STLB, Origin::Host) >> 31, 0);
}

const USER: Attributes = Attributes { asid: 1, bypass: false };

#[test]
fn both_page_sizes_translate_and_asids_are_apart() {
    let host = TestHost::new(1 << 20);
    let mut chip = mapped(&host);
    host.write(0x3123, b"goya");
    let mut buf = [0; 4];
    chip.read_as(USER, VA + 0x123, &mut buf, Origin::Cpu).unwrap();
    assert_eq!(&buf, b"goya");
    let (physical, room) = chip.translate(USER, VA + (1 << 30) + 0x1234, 1, Origin::Cpu).unwrap();
    assert_eq!((physical, room), (0x4000_1234, (2 << 20) - 0x1234));
    let other = Attributes { asid: 0, bypass: false };
    assert_eq!(chip.translate(other, VA, 1, Origin::Cpu), Err(BusError::PageFault(VA)));
    assert_eq!(chip.translate(Attributes::PHYSICAL, VA, 1, Origin::Cpu), Ok((VA, u64::MAX)));
}

#[test]
fn neighbours_in_one_piece_are_found_as_far_as_they_are_asked_for() {
    let host = TestHost::new(1 << 20);
    let mut chip = mapped(&host);
    let pte = |n: u64| ROOT + 4 * 4096 + 8 * n;
    let bus = |at: u64| (crate::map::HOST_BASE + at) | 1 | 1 << 11;
    // Four pages side by side, then one that is elsewhere, then none.
    for n in 1..4 {
        entry(&mut chip, pte(n), bus(0x3000 + n * 0x1000));
    }
    entry(&mut chip, pte(4), bus(0x9000));
    let mut room = |va, len| chip.translate(USER, va, len, Origin::Cpu).map(|found| found.1);
    assert_eq!(room(VA, 1), Ok(0x1000));
    assert_eq!(room(VA, 0x1001), Ok(0x2000));
    assert_eq!(room(VA + 0x10, 1 << 20), Ok(0x3FF0));
    assert_eq!(room(VA + 0x4000, 1 << 20), Ok(0x1000));
    assert_eq!(room(VA + 0x5000, 1), Err(BusError::PageFault(VA + 0x5000)));
    assert_eq!(chip.counters.faults, 1, "looking ahead is no fault");
}

#[test]
fn a_stale_translation_lives_until_it_is_invalidated() {
    let host = TestHost::new(1 << 20);
    let mut chip = mapped(&host);
    assert!(chip.translate(USER, VA, 1, Origin::Cpu).is_ok());
    entry(&mut chip, ROOT + 4 * 4096, 0);
    assert!(chip.translate(USER, VA, 1, Origin::Cpu).is_ok(), "the TLB must not look at memory");
    chip.register_write(STLB + 0x34, 1, Origin::Host);
    assert_eq!(chip.register_read(STLB + 0x34, Origin::Host), 0);
    assert_eq!(chip.translate(USER, VA, 1, Origin::Cpu), Err(BusError::PageFault(VA)));
}

#[test]
fn faults_are_captured_once_until_read() {
    let host = TestHost::new(1 << 20);
    let mut chip = mapped(&host);
    let first = VA + 0x20_0000_1234;
    assert!(chip.translate(USER, first, 1, Origin::Cpu).is_err());
    assert!(chip.translate(USER, VA + 0x5000, 1, Origin::Cpu).is_err());
    let high = chip.register_read(MMU + 0x34, Origin::Host);
    let low = chip.register_read(MMU + 0x38, Origin::Host);
    assert_eq!(high, 1 << 18 | (first >> 32) as u32);
    assert_eq!(low, first as u32);
    chip.register_write(MMU + 0x34, 0, Origin::Host);
    assert!(chip.translate(USER, VA + 0x5000, 1, Origin::Cpu).is_err());
    assert_eq!(chip.register_read(MMU + 0x38, Origin::Host), 0x5000);
}

#[test]
fn a_translation_to_nowhere_is_an_access_error() {
    let host = TestHost::new(1 << 12);
    let mut chip = mapped(&host);
    let error = chip.read_as(USER, VA, &mut [0; 4], Origin::Cpu);
    assert!(matches!(error, Err(BusError::Unmapped(_))));
    assert_eq!(chip.register_read(MMU + 0x3C, Origin::Host), 1 << 18 | (VA >> 32) as u32);
}

#[test]
fn accesses_cross_pages_and_wild_addresses_fail() {
    let host = TestHost::new(1 << 20);
    let mut chip = mapped(&host);
    entry(&mut chip, ROOT + 4 * 4096 + 8, (crate::map::HOST_BASE + 0x9000) | 1 | 1 << 11);
    chip.write_as(USER, VA + 0xFFE, b"abcd", Origin::Cpu).unwrap();
    assert_eq!((host.read(0x3FFE, 2), host.read(0x9000, 2)), (b"ab".to_vec(), b"cd".to_vec()));
    assert!(chip.read_as(USER, u64::MAX - 1, &mut [0; 8], Origin::Cpu).is_err());
    assert!(chip.read_as(Attributes::PHYSICAL, u64::MAX - 1, &mut [0; 8], Origin::Cpu).is_err());
    // Tables that point at themselves end after five hops.
    set_root(&mut chip, 2, 0x2000_0000);
    entry(&mut chip, 0x2000_0000, 0x2000_0000 | 1);
    let mut hops = 0;
    assert_eq!(chip.walk(2, 0, |_| hops += 1), Some((0x2000_0000, PageSize::Small)));
    assert_eq!(hops, 5);
}
