// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What the chip costs: DMA against memcpy on the same memory, packets a second, MMU included.

use std::hint::black_box;
use std::time::{Duration, Instant};

use goya_chip::testing::TestHost;
use goya_chip::{Chip, Progress};

const SIZE: usize = 64 << 20;
const ROUNDS: usize = 9;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn measure(mut once: impl FnMut()) -> Duration {
    once();
    median(
        (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                once();
                start.elapsed()
            })
            .collect(),
    )
}

fn write(chip: &mut Chip, at: u32, value: u64) {
    let _ = chip.inspect_register_write(at, value as u32);
}

/// A queue manager with a ring at bus address 0x1000 and commands at 0x8000.
fn set_up(chip: &mut Chip, protection: u64) {
    for (reg, value) in [(0x60, 0x1000), (0x64, 0x80), (0x68, 3), (0x08, protection), (0x20, 1), (0x00, 0xF)]
    {
        write(chip, 0x40_0000 + reg, value);
    }
}

fn run(host: &TestHost, chip: &mut Chip, commands: &[u8], pi: &mut u64) {
    host.write(0x8000, commands);
    let mut descriptor = 0x80_0000_8000u64.to_le_bytes().to_vec();
    descriptor.extend_from_slice(&(commands.len() as u64).to_le_bytes());
    host.write(0x1000 + (*pi & 7) * 16, &descriptor);
    *pi = (*pi + 1) & 15;
    write(chip, 0x40_006C, *pi);
    while chip.run(1 << 20) == Progress::Busy {}
}

fn copy(from: u64, to: u64) -> Vec<u8> {
    [SIZE as u64 | (9u64 << 24 | 1) << 32, from, to].iter().flat_map(|w| w.to_le_bytes()).collect()
}

/// Maps `SIZE` bytes of host memory from bus address 128 MiB on at VA 2^48, in pages of 4 KiB, and as many
/// of DRAM a GiB further, in pages of 2 MiB. Scattered pages have no neighbour beside them.
fn map(chip: &mut Chip, scattered: bool) {
    let table = |n: u64| 0x1000_0000 + n * 4096;
    let mut put = |at: u64, value: u64| {
        let _ = chip.inspect_memory_write(at, &value.to_le_bytes());
    };
    put(table(0) + 8, table(1) | 1);
    put(table(1), table(2) | 1);
    put(table(2), table(3) | 1);
    put(table(2) + 8, table(100) | 1);
    for huge in 0..(SIZE as u64 >> 21) {
        put(table(100) + 8 * huge, (0x4000_0000 + (huge << 21)) | 0x801);
        put(table(3) + 8 * huge, table(4 + huge) | 1);
        for page in 0..512 {
            let place = if scattered { 511 - page } else { page };
            let bus = (128 << 20) + (huge << 21) + (place << 12);
            put(table(4 + huge) + 8 * page, (0x80_0000_0000 + bus) | 0x801);
        }
    }
    write(chip, 0x49_0034, 1);
    for (at, value) in [(0x49_0004, table(0) >> 12), (0x49_0008, 0), (0x49_0000, 0x8000_0001), (0x48_000C, 1)]
    {
        write(chip, at, value);
    }
}

fn main() {
    let gib = |time: Duration| SIZE as f64 / time.as_secs_f64() / (1u64 << 30) as f64;
    let (source, mut target) = (vec![7u8; SIZE], vec![0u8; SIZE]);
    let memcpy = measure(|| black_box(&mut target).copy_from_slice(black_box(&source)));
    println!("{:<34} {:>8.2} GiB/s", "memcpy of 64 MiB", gib(memcpy));

    let host = TestHost::new(256 << 20);
    host.write(128 << 20, &source);
    let mut chip = host.chip();
    let mut pi = 0;
    set_up(&mut chip, 0xFF);
    let physical = copy(0x80_0000_0000 + (128 << 20), 0x4000_0000);
    let time = measure(|| run(&host, &mut chip, &physical, &mut pi));
    println!(
        "{:<34} {:>8.2} GiB/s  {:>5.2} of memcpy",
        "DMA host to DRAM, physical",
        gib(time),
        gib(time) / gib(memcpy)
    );

    for (scattered, what) in
        [(false, "DMA through 4 KiB pages, in order"), (true, "DMA through 4 KiB pages, scattered")]
    {
        map(&mut chip, scattered);
        // The channel's accesses are translated; its queue's are not.
        set_up(&mut chip, 0xF7);
        write(&mut chip, 0x40_0020, 1);
        let translated = copy(1 << 48, (1 << 48) + (1 << 30));
        let before = chip.counters().dma_bytes;
        let time = measure(|| run(&host, &mut chip, &translated, &mut pi));
        println!("{what:<34} {:>8.2} GiB/s  {:>5.2} of memcpy", gib(time), gib(time) / gib(memcpy));
        let moved = chip.counters().dma_bytes - before;
        assert_eq!(moved, (ROUNDS as u64 + 1) * SIZE as u64, "every byte was moved");
    }

    set_up(&mut chip, 0xFF);
    let nops: Vec<u8> = std::iter::repeat_n((10u64 << 56).to_le_bytes(), 1000).flatten().collect();
    let time = measure(|| (0..100).for_each(|_| run(&host, &mut chip, &nops, &mut pi)));
    println!("{:<34} {:>8.2} million/s", "NOP packets", 0.1 / time.as_secs_f64());
    let one = &nops[..8];
    let time = measure(|| (0..10_000).for_each(|_| run(&host, &mut chip, one, &mut pi)));
    println!("{:<34} {:>8.2} us", "descriptor with one NOP", time.as_secs_f64() * 100.0);
}
