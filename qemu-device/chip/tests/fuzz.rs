// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Random accesses, packets and requests: the chip must neither panic, nor grow, nor stop answering.
//!
//! A second of it in `cargo test`, and some thousand steps at least, of which a busy machine makes fewer in a second; `FUZZ_SECONDS`
//! with `-- --ignored` (`make fuzz`). The seed is printed; `FUZZ_SEED` repeats a run.

mod soak;

use std::time::{Duration, Instant};

use goya_chip::fault::Fault;
use goya_chip::testing::TestHost;
use goya_chip::{Chip, Progress, QueueId, Reset};
use soak::Random;

impl Random {
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A number of any size, often near a power of two.
    fn number(&mut self) -> u64 {
        let shift = self.below(64);
        match self.below(3) {
            0 => self.next() >> shift,
            1 => (1u64 << shift).wrapping_sub(self.below(3)),
            _ => (1u64 << shift) + self.below(64),
        }
    }
}

const BLOCKS: &[u64] = &[
    0x40_0000, 0x40_1000, 0x40_8000, 0x40_9000, 0xD_0000, 0xD_8000, 0xD_9000, 0xE0_6000, 0xE0_8000,
    0xE0_9000, 0x11_2000, 0x11_3000, 0x11_3C00, 0x11_4000, 0x48_0000, 0x49_0000, 0x80_0000, 0xC0_2000,
    0xC0_7000, 0xC4_9000, 0xC4_B000, 0x44_2000, 0x4B_0000, 0xE0_0000, 0x4_0000,
];

/// An address that something answers, more often than not.
fn address(r: &mut Random) -> u64 {
    let base =
        r.pick(&[0, 0x1000_0000, 0x7F_F000_0000, 0x7F_FC00_0000, 0x80_0000_0000, 0x80_0000_0000, 1 << 48]);
    let block = r.pick(BLOCKS);
    match r.below(4) {
        0 => r.number(),
        1 => base + block + r.below(0x1000),
        _ => base + r.below(1 << 16),
    }
}

/// A few packets, valid ones mostly.
fn packets(r: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..r.below(12) {
        let opcode = r.pick(&[1, 2, 3, 4, 5, 7, 8, 9, 9, 9, 10, 11, r.0 % 32]);
        let first = if opcode == 2 { r.below(5) } else { r.number() & 0xFFFF_FFFF };
        let first = if opcode == 9 && r.below(8) != 0 { first & 0xF_FFFF } else { first };
        let ctl = opcode << 24 | r.next() & 0xE0FF_FFFF;
        out.extend_from_slice(&(first | ctl << 32).to_le_bytes());
        let more = match opcode {
            3 | 5 | 7 => 1,
            9 => 2,
            2 => first & 0xFFFF,
            _ => 0,
        };
        for _ in 0..more {
            out.extend_from_slice(&address(r).to_le_bytes());
        }
    }
    out
}

/// Gives a queue manager a ring, a buffer and a doorbell.
fn submit(r: &mut Random, host: &TestHost, chip: &mut Chip) {
    let base = r.pick(&[0x40_0000, 0x40_8000, 0x42_0000, 0xD_8000, 0xE0_8000, 0xFC_8000u32]);
    let write = |chip: &mut Chip, reg: u32, value: u64| {
        let _ = chip.inspect_register_write(base + reg, value as u32);
    };
    let buffer = packets(r);
    host.write(0x8000, &buffer);
    let mut descriptor = (0x80_0000_8000u64).to_le_bytes().to_vec();
    descriptor.extend_from_slice(&(buffer.len() as u32).to_le_bytes());
    descriptor.extend_from_slice(&[0; 4]);
    for slot in 0..8 {
        host.write(0x1000 + slot * 16, &descriptor);
    }
    let protection = r.pick(&[0xFF, 0xF7, 0xF0, 0]);
    for (reg, value) in [
        (0x60, 0x1000),
        (0x64, 0x80),
        (0x68, 3),
        (0x10, 0xFC80_0040),
        (0x14, 0x7F),
        (0x18, r.below(1024)),
        (0x08, protection),
        (0x0C, r.pick(&[0xDB6, 0x492, 0])),
        (0x28, 0xFFFF),
        (0x04, 0),
        (0x00, 0xF),
        (0x6C, r.below(16)),
    ] {
        write(chip, reg, value);
    }
}

fn step(r: &mut Random, host: &TestHost, chip: &mut Chip) {
    match r.below(16) {
        0..=3 => submit(r, host, chip),
        4..=8 => {
            let register = r.pick(BLOCKS) + (r.below(0x1000) & !3);
            let value = r.number() as u32;
            let _ = chip.inspect_register_write(register as u32, value);
        }
        9 => {
            let mut buf = [0; 16];
            let (bar, at, len) = (r.pick(&[0, 2, 4, 1, 9]), r.number(), r.below(17) as usize);
            chip.bar_read(bar, at, &mut buf[..len]);
        }
        10 => {
            let data = r.next().to_le_bytes();
            let (bar, at, len) = (r.pick(&[0, 2, 4, 3]), r.number(), r.below(9) as usize);
            chip.bar_write(bar, at, &data[..len]);
        }
        11 => {
            let data = r.next().to_le_bytes();
            let (at, len) =
                (r.pick(&[0, 0x10, 0x50, 0x70, 0xFF0, 0xFF8, 0xFFC]) + r.below(16), r.below(9) as usize);
            chip.config_write(at, &data[..len]);
            chip.config_read(at, &mut [0; 8]);
        }
        12 => {
            let _ = chip.inspect_memory_write(address(r), &r.next().to_le_bytes());
        }
        13 => {
            let queue = QueueId::all().nth(r.below(23) as usize).unwrap_or(QueueId::Mme);
            let fault = match r.below(7) {
                0 => Fault::HangQueue { queue },
                1 => Fault::LoseInterrupt { vector: r.below(10) as u16, count: 1 },
                2 => Fault::CorruptCompletion { queue, count: 1, mask: r.next() as u32 },
                3 => Fault::StopAfterCompletion { queue },
                4 => Fault::SlowQueue { queue, ms: r.below(10) as u32 },
                5 => Fault::Event { event: goya_chip::events::EventRef::Id(r.below(1100) as u16) },
                _ => Fault::StopHeartbeat,
            };
            let _ = chip.inject(&fault);
            if r.below(4) == 0 {
                chip.clear_faults();
            }
        }
        14 => {
            let _ = chip.walk_view(r.below(1100) as u16, r.number());
            chip.queues_view();
            chip.sync_view();
            host.advance(r.below(1 << 30));
            host.take_interrupts();
        }
        _ if r.below(64) == 0 => {
            chip.reset(r.pick(&[Reset::Soft, Reset::Hard, Reset::Function]));
            TestHost::enable(chip);
        }
        _ => {}
    }
    // In small pieces: a transfer to registers, or with an address held, moves word by word.
    for _ in 0..4 {
        if chip.run(1 << 12) != Progress::Busy {
            break;
        }
    }
}

/// How long a step may take: much longer than the longest does on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes rounds of a thousand steps until `enough` have been made, by their number and the time that they took.
fn fuzz(enough: impl Fn(u64, Duration) -> bool) {
    let mut r = Random::seeded();
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    let (start, mut steps) = (Instant::now(), 0u64);
    let grown = soak::growth(enough, || {
        for _ in 0..1000 {
            let before = Instant::now();
            step(&mut r, &host, &mut chip);
            steps += 1;
            assert!(before.elapsed() < PATIENCE, "step {steps} took {:?}", before.elapsed());
        }
        // Card memory that random writes touched is the card's, not a leak.
        chip.power_cycle();
        TestHost::enable(&mut chip);
        1000
    });
    println!(
        "{steps} steps in {:?}, {} packets, memory grown by {} KiB",
        start.elapsed(),
        chip.counters().packets,
        grown >> 10
    );
    assert!(grown < 16 << 20, "memory grew by {grown} bytes");
    assert!(chip.counters().packets > 0 && chip.counters().dma_transfers > 0, "nothing was executed");
}

#[test]
fn a_second_of_random_work() {
    fuzz(|steps, time| steps >= 2000 && time >= Duration::from_secs(1));
}

#[test]
#[ignore = "takes FUZZ_SECONDS; make fuzz runs it"]
fn a_long_time_of_random_work() {
    fuzz(|_, time| soak::is_long(time));
}
