// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

use super::*;
use crate::map::{CFG_BASE, HOST_BASE, SRAM_BASE};
use crate::regs::{DMA_QM, DMA_STRIDE, TPC_QM};
use crate::testing::TestHost;

const DMA_ENABLE: u32 = 0xF;
const FULLY_TRUSTED: u32 = 0xFF;
/// Messages and stop on error for every unit.
const ERRORS: u32 = 0xDB6;
const RING: u64 = 0x1000;
const COMMANDS: u64 = 0x4000;
/// Where error messages go: a word of test memory instead of the interrupt distributor.
const ERROR_AT: u64 = 0x800;

fn write(chip: &mut Chip, at: u32, value: u32) {
    chip.register_write(at, value, Origin::Host);
}

fn read(chip: &mut Chip, at: u32) -> u32 {
    chip.register_read(at, Origin::Host)
}

/// Sets up the queue manager at `base` as upstream does, with a ring of 8 entries in the host.
fn set_up(chip: &mut Chip, base: u32, protection: u32) {
    for (reg, value) in [
        (0x60, (HOST_BASE + RING) as u32),
        (0x64, (HOST_BASE >> 32) as u32),
        (0x68, 3),
        (0x10, (HOST_BASE + ERROR_AT) as u32),
        (0x14, (HOST_BASE >> 32) as u32),
        (0x18, 0xE44),
        (0x120, (CFG_BASE + 0x11_3000) as u32),
        (0x124, (CFG_BASE >> 32) as u32),
        (0x128, (CFG_BASE + 0x11_2000) as u32),
        (0x12C, (CFG_BASE >> 32) as u32),
        (0x08, protection),
        (0x0C, ERRORS),
        (0x00, DMA_ENABLE),
    ] {
        write(chip, base + reg, value);
    }
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// Puts `words` into the host, a descriptor for them into the ring, and rings the doorbell.
fn submit(host: &TestHost, chip: &mut Chip, base: u32, words: &[u32]) {
    let pi = read(chip, base + 0x6C);
    let at = COMMANDS + u64::from(pi) * 0x400;
    host.write(at, &bytes(words));
    let pointer = HOST_BASE + at;
    let descriptor = [pointer as u32, (pointer >> 32) as u32, words.len() as u32 * 4, 0];
    host.write(RING + u64::from(pi & 7) * 16, &bytes(&descriptor));
    write(chip, base + 0x6C, (pi + 1) & 15);
    while chip.run(1 << 20) == Progress::Busy {}
}

fn trusted(host: &TestHost) -> Chip {
    let mut chip = host.chip();
    set_up(&mut chip, DMA_QM, FULLY_TRUSTED);
    chip
}

fn message(to: u64, value: u32) -> [u32; 4] {
    [value, 7 << 24 | 1 << 29, to as u32, (to >> 32) as u32]
}

fn copy(from: u64, to: u64, size: u32, flags: u32) -> [u32; 6] {
    [size, 9 << 24 | flags | 1, from as u32, (from >> 32) as u32, to as u32, (to >> 32) as u32]
}

#[test]
fn the_ring_wraps_and_indices_run_twice_round() {
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    for n in 0..40 {
        submit(&host, &mut chip, DMA_QM, &message(HOST_BASE + 0x100, n));
        assert_eq!(host.word(0x100), n);
        assert_eq!(read(&mut chip, DMA_QM + 0x70), (n + 1) % 16);
        assert_eq!(read(&mut chip, DMA_QM + 0x24), 0xF, "idle");
    }
}

#[test]
fn dma_moves_fills_and_tells() {
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    host.write(0x9001, b"direct memory access");
    // Channel 0 tells sync object 5: add one.
    write(&mut chip, 0x40_1020, (CFG_BASE + 0x11_2014) as u32);
    write(&mut chip, 0x40_1024, (CFG_BASE >> 32) as u32);
    write(&mut chip, 0x40_1028, 0x8000_0001);
    submit(&host, &mut chip, DMA_QM, &copy(HOST_BASE + 0x9001, SRAM_BASE + 3, 20, 1 << 2));
    submit(&host, &mut chip, DMA_QM, &copy(SRAM_BASE + 3, 0x7F_FFFF_F000 & 0xFFFF_FFFF, 20, 1 << 2));
    assert_eq!(chip.sync.objects()[5], 2);
    let mut out = [0; 20];
    chip.inspect_memory(0xFFFF_F000, &mut out).unwrap();
    assert_eq!(&out, b"direct memory access");
    submit(&host, &mut chip, DMA_QM, &copy(0x0102_0304_0506_0708, HOST_BASE + 0x9000, 11, 1 << 6));
    assert_eq!(host.read(0x9000, 11), [8, 7, 6, 5, 4, 3, 2, 1, 8, 7, 6]);
}

/// Each register is looked at once: if it were once for each before it, this would take minutes.
#[test]
fn a_transfer_to_many_registers_ends() {
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    set_up(&mut chip, DMA_QM, 0);
    let (first, size) = (0x300_0000, 1 << 18);
    submit(&host, &mut chip, DMA_QM, &copy(0x5566_7788, CFG_BASE + u64::from(first), size, 1 << 6));
    assert_eq!([first, first + size - 4].map(|at| read(&mut chip, at)), [0x5566_7788, 0]);
}

#[test]
fn only_an_engine_barrier_waits_for_dma() {
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    let mut words = copy(SRAM_BASE, SRAM_BASE + 0x100_0000, 8 << 20, 0).to_vec();
    words.extend([1, 7 << 24, (HOST_BASE + 0x100) as u32, (HOST_BASE >> 32) as u32]);
    words.extend(message(HOST_BASE + 0x104, 2));
    host.write(COMMANDS, &bytes(&words));
    let descriptor = [(HOST_BASE + COMMANDS) as u32, (HOST_BASE >> 32) as u32, words.len() as u32 * 4, 0];
    host.write(RING, &bytes(&descriptor));
    write(&mut chip, DMA_QM + 0x6C, 1);
    assert_eq!(chip.run(1 << 20), Progress::Busy);
    assert_eq!((host.word(0x100), host.word(0x104)), (1, 0), "the second message waits");
    assert_eq!(read(&mut chip, 0x40_1044) & 1, 1, "the channel is busy");
    while chip.run(1 << 20) == Progress::Busy {}
    assert_eq!(host.word(0x104), 2);
    assert_eq!(chip.counters.dma_bytes, 8 << 20);
}

#[test]
fn fences_hold_until_enough_has_come() {
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    let mut words = vec![2 << 30 | 3 << 16 | 2, 8 << 24];
    words.extend(message(HOST_BASE + 0x100, 1));
    submit(&host, &mut chip, DMA_QM, &words);
    assert_eq!(read(&mut chip, DMA_QM + 0x178) & (7 << 20), 1 << 22 | 2 << 20, "fence 2 in progress");
    // Stopped by software, it does not say so: it waits at the fence.
    write(&mut chip, DMA_QM + 0x04, 4);
    assert_eq!(read(&mut chip, DMA_QM + 0x24) & 0x40, 0);
    write(&mut chip, DMA_QM + 0x04, 0);
    for n in 1..=3 {
        assert_eq!(host.word(0x100), 0, "{n}");
        write(&mut chip, DMA_QM + 0x160, 1);
        chip.run(1 << 20);
    }
    assert_eq!(host.word(0x100), 1);
    assert_eq!(read(&mut chip, DMA_QM + 0x170), 1, "two were taken");
}

#[test]
fn undefined_commands_stop_the_queue_and_are_reported() {
    let host = TestHost::new(1 << 20);
    for (words, status) in [(vec![0, 0x1F << 24], 8), (vec![0, 11 << 24], 16), (vec![0, 3 << 24], 8)] {
        let mut chip = trusted(&host);
        host.write(ERROR_AT, &[0; 4]);
        submit(&host, &mut chip, DMA_QM, &words);
        assert_eq!(read(&mut chip, DMA_QM + 0x28), status);
        assert_eq!(host.word(ERROR_AT), 0xE44);
        submit(&host, &mut chip, DMA_QM, &message(HOST_BASE + 0x100, 7));
        assert_ne!(host.word(0x100), 7, "stopped");
        write(&mut chip, DMA_QM + 0x28, status);
        chip.run(1 << 20);
        assert_eq!(host.word(0x100), 7, "acknowledged");
        host.write(0x100, &[0; 4]);
    }
}

#[test]
fn faults_of_fetchers_and_channels_are_reported() {
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    // The ring is where nothing answers.
    write(&mut chip, DMA_QM + 0x64, 0x1FF);
    write(&mut chip, DMA_QM + 0x6C, 1);
    chip.run(1 << 20);
    assert_eq!(read(&mut chip, DMA_QM + 0x28), 1);
    // A transfer from nowhere; the channel reports to its own address.
    let mut chip = trusted(&host);
    for (reg, value) in [(0x08, (HOST_BASE + 0x808) as u32), (0x0C, (HOST_BASE >> 32) as u32), (0x10, 0xC4)] {
        write(&mut chip, 0x40_1000 + reg, value);
    }
    submit(&host, &mut chip, DMA_QM, &copy(1 << 40, SRAM_BASE, 64, 0));
    assert_eq!((read(&mut chip, DMA_QM + 0x28), host.word(0x808)), (1 << 8, 0xC4));
    assert_eq!(read(&mut chip, 0x40_1044) & 1, 1, "halted in mid-transfer");
}

#[test]
fn queue_managers_feed_their_command_queues() {
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    for n in [0u32, 7] {
        let base = TPC_QM + n * 0x4_0000;
        set_up(&mut chip, base, 0xF0);
        set_up(&mut chip, base + 0x1000, 0xF0);
        host.write(
            0x8000,
            &bytes(&[0xC0 + n, 3 << 24, (HOST_BASE + 0x200) as u32, (HOST_BASE >> 32) as u32]),
        );
        let inner = HOST_BASE + 0x8000;
        // More buffers than the command queue's input holds: the queue manager has to wait for it.
        let mut words = Vec::new();
        for _ in 0..10 {
            words.extend([16, 5 << 24, inner as u32, (inner >> 32) as u32]);
        }
        submit(&host, &mut chip, base, &words);
        assert_eq!(host.word(0x200), 0xC0 + n);
        assert_eq!(chip.queues.get(QueueId::TpcCmdq(n as u8)).packets, 10);
    }
    // A command queue's registers take a buffer too.
    write(&mut chip, crate::regs::TPC_CMDQ + 0xC0, (HOST_BASE + 0x8000) as u32);
    write(&mut chip, crate::regs::TPC_CMDQ + 0xC4, (HOST_BASE >> 32) as u32);
    write(&mut chip, crate::regs::TPC_CMDQ + 0xC8, 16);
    write(&mut chip, crate::regs::TPC_CMDQ + 0xCC, 0);
    chip.run(1 << 20);
    assert_eq!(chip.queues.get(QueueId::TpcCmdq(0)).packets, 11);
}

#[test]
fn registers_are_written_one_by_one_and_in_bulk() {
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    let base = TPC_QM + 3 * 0x4_0000;
    set_up(&mut chip, base, 0xF0);
    let words = [5, 1 << 24 | 0x6A00, 2, 2 << 24 | 0x6A04, 1, 2, 3, 4, 9, 1 << 24 | 1 << 23 | 0x158];
    submit(&host, &mut chip, base, &words);
    let cfg = 0xE0_6000 + 3 * 0x4_0000;
    assert_eq!([0, 4, 8, 12, 16].map(|o| read(&mut chip, cfg + 0xA00 + o)), [5, 1, 2, 3, 4]);
    assert_eq!(read(&mut chip, base + 0x168), 9, "its own fence counter");
}

#[test]
fn two_queues_chain_by_sync_object_monitor_and_fence() {
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    let second = DMA_QM + DMA_STRIDE;
    set_up(&mut chip, second, FULLY_TRUSTED);
    let fence = CFG_BASE + u64::from(second) + 0x158;
    let short = |base: u32, offset: u32| 4 << 24 | base << 22 | offset;
    let mut words =
        vec![fence as u32, short(0, 0), (fence >> 32) as u32, short(0, 0x400), 1, short(0, 0x800)];
    words.extend([1 << 16 | 9, short(0, 0xC00), 1 << 16 | 1, 8 << 24]);
    words.extend(message(HOST_BASE + 0x300, 0xAB));
    // The second queue's ring lies behind the first one's.
    write(&mut chip, second + 0x60, (HOST_BASE + 0x2000) as u32);
    host.write(0x3000, &bytes(&words));
    let descriptor = [(HOST_BASE + 0x3000) as u32, (HOST_BASE >> 32) as u32, words.len() as u32 * 4, 0];
    host.write(0x2000, &bytes(&descriptor));
    write(&mut chip, second + 0x6C, 1);
    chip.run(1 << 20);
    assert_eq!(host.word(0x300), 0);
    submit(&host, &mut chip, DMA_QM, &[1, short(1, 9 * 4)]);
    assert_eq!(host.word(0x300), 0xAB);
}

#[test]
fn hung_queues_and_corrupt_completions() {
    use crate::fault::Fault;
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    chip.inject(&Fault::HangQueue { queue: QueueId::Dma(0) }).unwrap();
    submit(&host, &mut chip, DMA_QM, &message(HOST_BASE + 0x100, 1));
    assert_eq!((host.word(0x100), read(&mut chip, DMA_QM + 0x24) & 6), (0, 0));
    chip.clear_faults();
    chip.run(1 << 20);
    assert_eq!(host.word(0x100), 1);
    chip.inject(&Fault::CorruptCompletion { queue: QueueId::Dma(0), count: 1, mask: 1 << 31 }).unwrap();
    for expected in [0x8000_0005, 5] {
        submit(&host, &mut chip, DMA_QM, &message(HOST_BASE + 0x100, 5));
        assert_eq!(host.word(0x100), expected);
    }
}

/// What lies behind the 256 bytes that are fetched at a time is read only once the queue goes on.
#[test]
fn a_queue_stops_behind_its_completion() {
    use crate::fault::Fault;
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    chip.inject(&Fault::StopAfterCompletion { queue: QueueId::Dma(0) }).unwrap();
    let mut words = [0, 10 << 24].repeat(30);
    words.extend(message(HOST_BASE + 0x100, 1));
    words.extend(message(HOST_BASE + 0x104, 2));
    submit(&host, &mut chip, DMA_QM, &words);
    assert_eq!((host.word(0x100), host.word(0x104)), (1, 0));
    host.write(COMMANDS + 256, &bytes(&message(HOST_BASE + 0x104, 3)));
    chip.clear_faults();
    chip.run(1 << 20);
    assert_eq!(host.word(0x104), 3);
}

#[test]
fn a_slow_queue_gets_on_step_by_step() {
    use crate::fault::Fault;
    let host = TestHost::new(1 << 20);
    let mut chip = trusted(&host);
    chip.inject(&Fault::SlowQueue { queue: QueueId::Dma(0), ms: 2 }).unwrap();
    let mut words = copy(SRAM_BASE, SRAM_BASE + 0x100_0000, 2 << 20, 0).to_vec();
    words.extend(message(HOST_BASE + 0x100, 1));
    submit(&host, &mut chip, DMA_QM, &words);
    // A descriptor, its buffer, two packets, and two pieces of a transfer.
    for step in 1..6 {
        assert_eq!(host.word(0x100), 0, "step {step}");
        assert_eq!(chip.run(1 << 20), Progress::WaitUntil(step * 2_000_000));
        host.advance(2_000_000);
        while chip.run(1 << 20) == Progress::Busy {}
    }
    assert_eq!(host.word(0x100), 1);
    host.advance(2_000_000);
    assert_eq!(chip.run(1 << 20), Progress::Idle);
}

#[test]
fn the_matrix_engine_executes_at_once_unless_stalled() {
    let mut chip = TestHost::new(4096).chip();
    let (tpc, mme) = (0xE0_6000, 0xD_0000);
    write(&mut chip, mme + 0x210, (CFG_BASE + 0x11_2000) as u32);
    write(&mut chip, mme + 0x214, (CFG_BASE >> 32) as u32);
    write(&mut chip, mme + 0x1A0, 8 << 16 | 77);
    write(&mut chip, mme + 0x20C, 1);
    write(&mut chip, mme + 0x200, 1);
    assert_eq!(chip.sync.objects()[2], 0);
    write(&mut chip, mme + 0x20C, 0);
    assert_eq!(chip.sync.objects()[2], 77);
    write(&mut chip, tpc + 0xE00, 1);
    assert_eq!(
        (read(&mut chip, tpc + 0xE00), read(&mut chip, tpc + 0x81C), read(&mut chip, mme)),
        (3, 0x1E, 0x780)
    );
}
