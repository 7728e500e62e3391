// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Random and damaged programs on the tensor cores, by themselves and launched on a card: no panic, no growth, and no word
//! that takes long.
//!
//! A second of it in `cargo test`, and a hundred programs at least; `FUZZ_SECONDS` with `-- --ignored` (`make fuzz`). The seed is
//! printed; `FUZZ_SEED` repeats a run.

mod soak;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use goya_chip::testing::TestHost;
use goya_chip::tpc::{Address, Core, Progress, Regions};
use goya_chip::{Chip, Reset};
use goya_tpc_isa::RawWord;
use goya_tpc_kernels::nonsense::{description, program};
use soak::Random;

const CODE: u64 = 0x10_0000_0000;
const DATA: u64 = 0x20_0000_0000;
/// Where a program is in the card's memory.
const CARD_CODE: u32 = 0x10_0000;
/// The registers of the first core, and of each that follows.
const CFG: u32 = 0xE0_6000;
const NEXT: u32 = 0x4_0000;
const STATUS: u32 = 0x81C;
const IDLE: u32 = 0x1E;
/// Words between two looks at the clock, and how long they may take on a slow machine: the worst move 256 elements each.
const SLICE: u64 = 500;
const PATIENCE: Duration = Duration::from_secs(10);

impl Random {
    /// Which of `n`, if there are any.
    fn index(&mut self, n: usize) -> usize {
        self.below(n.max(1) as u64) as usize
    }
}

/// Runs a program on a core without a card; the words that it has executed.
fn on_a_core(random: &mut Random, words: &[RawWord]) -> u64 {
    let code = words.iter().flat_map(|word| word.to_bytes()).collect();
    let registers = description(&mut || random.next(), CODE, DATA);
    let mut memory = Regions {
        regions: vec![(CODE, code), (DATA, vec![0x5A; 1 << 12])],
        registers: HashMap::from([(0x710, 0)]),
    };
    let mut core = Core::new(random.index(2) == 0);
    core.start(|at| registers.get(&at).copied().unwrap_or(0));
    core.registers.v.iter_mut().for_each(|v| v.0.fill_with(|| random.next() as u8));
    core.registers.ad.iter_mut().for_each(|ad| *ad = Address { address: DATA, element: 4 });
    core.registers.sp = random.next() as u16 | 1;
    for _ in 0..1 + random.index(10) {
        let start = Instant::now();
        let progress = core.run(&mut memory, SLICE);
        assert!(start.elapsed() < PATIENCE, "{SLICE} words took {:?}", start.elapsed());
        if progress != Progress::Running {
            break;
        }
    }
    core.words
}

/// Launches programs on all cores of a card, and takes it back from those without end.
fn on_a_card(random: &mut Random, chip: &mut Chip) {
    for n in 0..8 {
        let code = u64::from(CARD_CODE + n * 0x1_0000);
        let bytes: Vec<_> = program(&mut || random.next()).iter().flat_map(|word| word.to_bytes()).collect();
        chip.inspect_memory_write(code, &bytes).expect("the card's memory");
        let data = u64::from(CARD_CODE + 0x80_0000);
        for (at, value) in description(&mut || random.next(), code, data) {
            let _ = chip.inspect_register_write(CFG + n * NEXT + at, value);
        }
        let _ = chip.inspect_register_write(CFG + n * NEXT + 0x714, random.next() as u32);
        let _ = chip.inspect_register_write(CFG + n * NEXT + 0x838, 1);
    }
    for _ in 0..20 {
        let start = Instant::now();
        let progress = chip.run(1 << 18);
        assert!(start.elapsed() < PATIENCE, "a turn of the card took {:?}", start.elapsed());
        if progress != goya_chip::Progress::Busy {
            break;
        }
    }
    chip.reset(Reset::Soft);
    for n in 0..8 {
        assert_eq!(chip.inspect_register(CFG + n * NEXT + STATUS), Some(IDLE), "core {n} after a reset");
    }
}

/// Makes rounds of fifty programs until `enough` have been run, by their number and the time that they took.
fn fuzz(enough: impl Fn(u64, Duration) -> bool) {
    let mut random = Random::seeded();
    let host = TestHost::new(1 << 20);
    let mut chip = host.chip();
    let (mut programs, mut words) = (0_u64, 0);
    let grown = soak::growth(enough, || {
        for _ in 0..50 {
            let program = program(&mut || random.next());
            words += on_a_core(&mut random, &program);
            programs += 1;
        }
        on_a_card(&mut random, &mut chip);
        50
    });
    let launched = chip.counters().kernels;
    println!(
        "{programs} programs with {words} words, {launched} launched, memory grown by {} KiB",
        grown >> 10
    );
    assert!(grown < 64 << 20, "memory grew by {grown} bytes");
    assert!(words > programs && launched > 0, "nothing was executed");
}

#[test]
fn a_second_of_random_programs() {
    fuzz(|programs, time| programs >= 100 && time >= Duration::from_secs(1));
}

#[test]
#[ignore = "takes FUZZ_SECONDS; make fuzz runs it"]
fn a_long_time_of_random_programs() {
    fuzz(|_, time| soak::is_long(time));
}
