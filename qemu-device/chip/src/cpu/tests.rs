// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

use super::*;
use crate::access::Origin;
use crate::chip::{Chip, Reset};
use crate::events::EventRef;
use crate::fault::{BootStage, Fault};
use crate::map::HOST_BASE;
use crate::psoc::{SCRATCHPAD, UBOOT_MAGIC, WARM_REBOOT};
use crate::regs::CPU_IF;
use crate::testing::TestHost;

/// Rings and message in the test's memory: queue at 0, events at 64 KiB, message at 128 KiB.
const EVENTS: u64 = 0x1_0000;
const MESSAGE: u64 = 0x2_0000;
const ENTRIES: u32 = 16;

fn write(chip: &mut Chip, at: u32, value: u32) {
    chip.register_write(at, value, Origin::Host);
}

fn read(chip: &mut Chip, at: u32) -> u32 {
    chip.register_read(at, Origin::Host)
}

fn scratchpad(n: u32) -> u32 {
    SCRATCHPAD + 4 * n
}

fn boot(chip: &mut Chip) {
    assert_eq!(read(chip, WARM_REBOOT), 16);
    for status in [2, 3] {
        write(chip, scratchpad(23), 0);
        write(chip, UBOOT_MAGIC, 2);
        assert_eq!(read(chip, WARM_REBOOT), status);
        write(chip, UBOOT_MAGIC, 0);
    }
}

fn running(host: &TestHost) -> Chip {
    let mut chip = host.chip();
    boot(&mut chip);
    chip.config_write(0x52, &[0x07, 0x80]);
    chip.bar_write(2, 5 * 16 + 12, &[0; 4]);
    for (n, value) in [
        (0, HOST_BASE as u32),
        (1, (HOST_BASE >> 32) as u32),
        (2, (HOST_BASE + EVENTS) as u32),
        (3, (HOST_BASE >> 32) as u32),
        (4, 64 * 64),
        (5, ENTRIES * 16),
        (7, 1),
    ] {
        write(&mut chip, scratchpad(n), value);
    }
    interrupt(&mut chip, 484);
    assert_eq!(read(&mut chip, scratchpad(7)), 2);
    chip
}

fn interrupt(chip: &mut Chip, spi: u32) {
    write(chip, 0x80_0040, spi);
    chip.run(1 << 20);
}

/// Sends one message with index `pi` - 1: result and return code.
fn send(host: &TestHost, chip: &mut Chip, pi: u32, words: &[u32]) -> (u64, u32) {
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    host.write(MESSAGE, &bytes);
    let at = u64::from((pi - 1) % ENTRIES) * 16;
    let pointer = HOST_BASE + MESSAGE;
    for (i, word) in [pointer as u32, (pointer >> 32) as u32, bytes.len() as u32, pi].into_iter().enumerate()
    {
        host.write(at + 4 * i as u64, &word.to_le_bytes());
    }
    write(chip, CPU_IF + 0x100, pi);
    interrupt(chip, 484);
    let low = u64::from(host.word(MESSAGE));
    (low | u64::from(host.word(MESSAGE + 4)) << 32, host.word(MESSAGE + 8) >> 12 & 0xF)
}

fn packet(opcode: u32, value: u64, index: u32) -> [u32; 6] {
    [value as u32, (value >> 32) as u32, opcode << 16, u32::MAX, index, 0]
}

#[test]
fn boot_stages_can_fail() {
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    chip.inject(&Fault::FailBoot { stage: BootStage::BootFit }).unwrap();
    write(&mut chip, UBOOT_MAGIC, 2);
    assert_eq!((read(&mut chip, scratchpad(23)), read(&mut chip, scratchpad(24))), (2, 1 << 31 | 2));
    chip.clear_faults();
    chip.inject(&Fault::FailBoot { stage: BootStage::Preboot }).unwrap();
    chip.reset(crate::Reset::Hard);
    assert_eq!(read(&mut chip, WARM_REBOOT), 5);
    chip.clear_faults();
    chip.reset(crate::Reset::Hard);
    boot(&mut chip);
    assert_eq!(chip.boot_view().stage, Stage::Linux);
    interrupt(&mut chip, 485);
    assert_eq!(read(&mut chip, WARM_REBOOT), 1);
}

#[test]
fn images_are_noted() {
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    chip.boot_note_write(crate::map::SRAM_BASE + 0x100, 0x200);
    chip.boot_note_write(crate::map::SRAM_BASE, 0x100);
    write(&mut chip, UBOOT_MAGIC, 2);
    chip.boot_note_write(0x80_0000, 0x1000);
    write(&mut chip, UBOOT_MAGIC, 2);
    let view = chip.boot_view();
    assert_eq!(view.boot_fit, Some(Image { address: crate::map::SRAM_BASE, size: 0x300 }));
    assert_eq!(view.linux, Some(Image { address: 0x80_0000, size: 0x1000 }));
}

#[test]
fn messages_are_answered_round_the_ring() {
    let host = TestHost::new(1 << 20);
    let mut chip = running(&host);
    for n in 1..100u32 {
        let pi = n % (2 * ENTRIES);
        let pi = if pi == 0 { continue } else { pi };
        // Indices start anew each time round, as 2 * ENTRIES is 0 again.
        if pi == 1 && n > 1 {
            write(&mut chip, scratchpad(7), 1);
            interrupt(&mut chip, 484);
        }
        assert_eq!(send(&host, &mut chip, pi, &packet(18, u64::from(n) << 20, 0)), (u64::from(n) << 20, 0));
        assert_eq!(host.word(MESSAGE + 12), queue::FENCE);
    }
}

#[test]
fn unknown_messages_and_bad_parameters_get_an_error() {
    let host = TestHost::new(1 << 20);
    let mut chip = running(&host);
    for (pi, opcode, index, rc) in
        [(1, 23, 0, 3), (2, 0x1FF, 0, 3), (3, 3, 99, 4), (4, 9, 7, 4), (5, 11, 3, 4), (6, 17, 0xFFFF, 4)]
    {
        let mut words = packet(opcode, 0, index).to_vec();
        words.push(0xFFFF_FFFF);
        assert_eq!(send(&host, &mut chip, pi, &words).1, rc, "opcode {opcode}");
    }
    // A buffer that nothing answers.
    assert_eq!(send(&host, &mut chip, 7, &packet(14, 1 << 46, 4096)).1, 2);
}

#[test]
fn info_eeprom_sensors_and_frequencies() {
    let host = TestHost::new(1 << 20);
    let mut chip = running(&host);
    let buffer = HOST_BASE + 0x3_0000;
    assert_eq!(send(&host, &mut chip, 1, &packet(14, buffer, 8192)), (1616, 0));
    let dram = host.read(0x3_0000 + 1560, 8);
    assert_eq!(dram, (4u64 << 30).to_le_bytes());
    assert_eq!(host.read(0x3_0000 + 1568, 5), b"HL100");
    assert_eq!(send(&host, &mut chip, 2, &packet(22, buffer, 16)), (16, 0));
    assert_eq!(host.read(0x3_0000, 10), b"card=HL100");
    assert_eq!(send(&host, &mut chip, 3, &packet(9, 1_575_000_000, 3)), (0, 0));
    assert_eq!(send(&host, &mut chip, 4, &packet(19, 0, 3)), (1_575_000_000, 0));
    assert_eq!(send(&host, &mut chip, 5, &packet(30, 0, 3)).0 & 0xFFFF, 1575);
    // Temperature of sensor 1: offset (19), then input (0).
    assert_eq!(send(&host, &mut chip, 6, &packet(24, 500, 19 << 16 | 1)), (0, 0));
    assert_eq!(send(&host, &mut chip, 7, &packet(3, 0, 1)), (38_500, 0));
    assert_eq!(send(&host, &mut chip, 8, &packet(12, 0xBEEF, 2 << 24 | 5)), (0, 0));
    assert_eq!(send(&host, &mut chip, 9, &packet(13, 0, 2 << 24 | 5)), (0xBEEF, 0));
    host.advance(2_000_000_000);
    assert_eq!(send(&host, &mut chip, 10, &packet(29, 0, 0)), (50_000, 0), "25 W for two seconds in mJ");
    assert_eq!(send(&host, &mut chip, 11, &packet(21, 150_000, 0)), (0, 0));
    assert_eq!(send(&host, &mut chip, 12, &packet(20, 0, 0)), (150_000, 0));
}

#[test]
fn a_stopped_heartbeat_and_indices_out_of_step() {
    let host = TestHost::new(1 << 20);
    let mut chip = running(&host);
    chip.inject(&Fault::StopHeartbeat).unwrap();
    send(&host, &mut chip, 1, &packet(18, 1, 0));
    assert_eq!(host.word(MESSAGE + 12), u32::MAX);
    chip.clear_faults();
    chip.cpu_run();
    assert_eq!(host.word(MESSAGE + 12), queue::FENCE);
    // The descriptor says 9 where 2 is due.
    host.write(16 + 12, &9u32.to_le_bytes());
    write(&mut chip, CPU_IF + 0x100, 2);
    interrupt(&mut chip, 484);
    assert_eq!(host.word(EVENTS + 4) >> 16 & 0xFFF, 506);
    assert_eq!((host.word(EVENTS + 8), host.word(EVENTS + 12)), (2, 1));
}

#[test]
fn firmware_that_is_started_anew_answers_again() {
    let host = TestHost::new(1 << 20);
    let mut chip = running(&host);
    chip.inject(&Fault::StopHeartbeat).unwrap();
    chip.reset(Reset::Soft);
    assert!(chip.faults.heartbeat_stopped(), "a soft reset does not reach the firmware");
    chip.reset(Reset::Hard);
    assert!(!chip.faults.heartbeat_stopped());
}

#[test]
fn events_are_masked_held_back_and_unmasked() {
    let host = TestHost::new(1 << 20);
    let mut chip = running(&host);
    interrupt(&mut chip, 450);
    interrupt(&mut chip, 450);
    assert_eq!(host.take_interrupts(), [5]);
    assert_eq!(host.word(EVENTS + 4), 1 << 31 | 450 << 16);
    assert_eq!(host.word(EVENTS + 64 + 4), 0, "masked after the first");
    send(&host, &mut chip, 1, &packet(16, 450, 0));
    assert_eq!(host.word(EVENTS + 64 + 4), 1 << 31 | 450 << 16 | 1);
    // Fill the ring: the driver takes nothing.
    for _ in 0..70 {
        chip.inject(&Fault::Event { event: EventRef::Name("TPC0_ECC".into()) }).unwrap();
    }
    assert_eq!(chip.counters.events, 64);
    host.write(EVENTS + 4, &[0; 4]);
    write(&mut chip, scratchpad(6), 1);
    assert_eq!(chip.counters.events, 65);
    assert_eq!(host.word(EVENTS + 4) >> 16 & 0xFFF, 36);
    assert!(chip.inject(&Fault::Event { event: EventRef::Id(5000) }).is_err());
}

#[test]
fn a_storm_fills_whatever_room_there_is() {
    let host = TestHost::new(1 << 20);
    let mut chip = running(&host);
    chip.inject(&Fault::EventStorm { event: EventRef::Id(450) }).unwrap();
    assert_eq!(chip.counters.events, 64);
    for n in 0..3u32 {
        host.write(EVENTS + u64::from(n) * 64 + 4, &[0; 4]);
        write(&mut chip, scratchpad(6), n + 1);
        assert_eq!(chip.counters.events, u64::from(65 + n));
        assert_eq!(host.word(EVENTS + u64::from(n) * 64 + 4), 1 << 31 | 450 << 16 | n);
    }
    chip.clear_faults();
    host.write(EVENTS + 3 * 64 + 4, &[0; 4]);
    write(&mut chip, scratchpad(6), 4);
    assert_eq!(chip.counters.events, 67);
    assert!(chip.inject(&Fault::EventStorm { event: EventRef::Id(5000) }).is_err());
}

#[test]
fn bad_ring_descriptions_are_refused() {
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    boot(&mut chip);
    write(&mut chip, scratchpad(7), 1);
    interrupt(&mut chip, 484);
    assert_eq!(read(&mut chip, scratchpad(7)), 4);
    write(&mut chip, scratchpad(5), 64);
    write(&mut chip, scratchpad(1), u32::MAX);
    write(&mut chip, scratchpad(7), 1);
    interrupt(&mut chip, 484);
    assert_eq!(read(&mut chip, scratchpad(7)), 5);
}
