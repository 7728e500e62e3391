// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What a tensor core costs: the sum of two arrays and a product of two matrices, each beside the same loop here; the sum on a core by
//! itself and on one of a card, whose memory it reaches by protection and MMU. Times are those of the processor, so that a busy machine
//! matters less.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use goya_chip::testing::TestHost;
use goya_chip::tpc::{Core, Progress, Regions};
use goya_tpc_isa::asm;
use rustix::time::{ClockId, clock_gettime};

/// Half of them are over before memory that is used again and again has large pages.
const ROUNDS: usize = 25;
const CODE: u64 = 1 << 32;
const TENSORS: u64 = 1 << 36;
/// From a tensor to the next.
const ROOM: u64 = 1 << 32;
/// The same in the memory of a card, and the registers of its first core.
const CARD_CODE: u64 = 0x10_0000;
const CARD_TENSORS: u64 = 0x400_0000;
const CARD_ROOM: u64 = 0x400_0000;
const CFG: u32 = 0xE0_6000;

/// Time that this thread has had a processor.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn median(mut once: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = now();
            once();
            now() - start
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// The registers of a core, by their offset in its block, and the bytes of the inputs.
struct Described {
    registers: HashMap<u32, u32>,
    tensors: Vec<(u64, Vec<u8>)>,
}

/// A kernel of three tensors of floats, of columns by rows each, with its code at `code`, and tensors from `tensors` on, so far apart.
fn describe(sizes: [[u32; 2]; 3], argument: u32, code: u64, tensors: u64, room: u64) -> Described {
    let elements = |size: &[u32; 2]| (size[0] * size[1]) as usize;
    let floats =
        |size: &[u32; 2]| (0..elements(size)).flat_map(|i| ((i % 97) as f32).to_le_bytes()).collect();
    let [columns, rows] = sizes[2];
    let mut registers = HashMap::from([
        (0x660, code as u32),
        (0x664, (code >> 32) as u32),
        (0x66C, columns / 64),
        (0x674, rows),
        (0x690, argument),
        // As the driver masks interrupt causes.
        (0x85C, 0x7FFF),
    ]);
    let mut bytes = Vec::new();
    for (i, [columns, rows]) in (0..).zip(sizes) {
        let at = 0x400 + 0x4C * i;
        let base = tensors + u64::from(i) * room;
        bytes.push((base, floats(&[columns, rows])));
        registers.extend([(at, base as u32), (at + 4, (base >> 32) as u32), (at + 0x0C, 0x1_0302)]);
        registers.extend([(at + 0x10, columns), (at + 0x14, 1), (at + 0x1C, rows), (at + 0x20, columns)]);
    }
    Described { registers, tensors: bytes }
}

/// A kernel on a core by itself.
fn kernel(text: &str, sizes: [[u32; 2]; 3], argument: u32, exposed: bool) -> (Duration, u64) {
    let code = asm::assemble(text).expect("the kernel").to_bytes();
    let mut memory = Regions { regions: vec![(CODE, code)], ..Regions::default() };
    let Described { registers, tensors } = describe(sizes, argument, CODE, TENSORS, ROOM);
    memory.regions.extend(tensors);
    let mut core = Core::new(exposed);
    let time = median(|| {
        core.start(|at| registers.get(&at).copied().unwrap_or(0));
        assert_eq!(core.run(&mut memory, u64::MAX), Progress::Halted);
    });
    black_box(&memory.regions);
    (time, core.words)
}

/// The same on the first core of a card.
fn on_a_card(text: &str, sizes: [[u32; 2]; 3], argument: u32) -> (Duration, u64) {
    let mut chip = TestHost::new(1 << 20).chip();
    let code = asm::assemble(text).expect("the kernel").to_bytes();
    chip.inspect_memory_write(CARD_CODE, &code).expect("the card's memory");
    let Described { registers, tensors } = describe(sizes, argument, CARD_CODE, CARD_TENSORS, CARD_ROOM);
    for (at, bytes) in tensors {
        chip.inspect_memory_write(at, &bytes).expect("the card's memory");
    }
    for (at, value) in registers {
        let _ = chip.inspect_register_write(CFG + at, value);
    }
    let time = median(|| {
        let _ = chip.inspect_register_write(CFG + 0x838, 1);
        while chip.run(1 << 20) != goya_chip::Progress::Idle {}
    });
    (time, chip.counters().tpc_words / ROUNDS as u64)
}

fn show(name: &str, (time, words): (Duration, u64), host: Duration) {
    let seconds = time.as_secs_f64();
    println!(
        "{name}: {:.1} ms, {:.1} ns a word, {:.1} times the host's {:.1} ms",
        seconds * 1e3,
        seconds * 1e9 / words as f64,
        seconds / host.as_secs_f64(),
        host.as_secs_f64() * 1e3
    );
}

fn main() {
    let add = include_str!("../../../tpc/isa/tests/vectors/k1_add_f32.s");
    let matmul = include_str!("../../../tpc/isa/tests/vectors/k5_matmul_f32.s");
    let (columns, rows) = (4096, 1024);
    let (a, b) = (vec![1.0_f32; columns * rows], vec![2.0_f32; columns * rows]);
    let mut sum = vec![0.0; columns * rows];
    let host = median(|| {
        sum.iter_mut().zip(black_box(&a).iter().zip(black_box(&b))).for_each(|(s, (a, b))| *s = a + b);
        black_box(&sum);
    });
    let sizes = [[columns as u32, rows as u32]; 3];
    let speed = |time: Duration| (columns * rows * 4) as f64 / time.as_secs_f64() / 1e9;
    for exposed in [false, true] {
        let result = kernel(add, sizes, 0, exposed);
        show(&format!("add of 16 MiB, exposed {exposed}, {:.2} GB/s", speed(result.0)), result, host);
    }
    let result = on_a_card(add, sizes, 0);
    show(&format!("add of 16 MiB on a card, {:.2} GB/s", speed(result.0)), result, host);
    let mut product = vec![0.0; 256 * 256];
    let host = median(|| {
        product.fill(0.0);
        for (row, out) in product.chunks_exact_mut(256).enumerate() {
            for k in 0..256 {
                let factor = black_box(&a)[row * 256 + k];
                out.iter_mut().zip(&b[k * 256..]).for_each(|(o, b)| *o += factor * b);
            }
        }
        black_box(&product);
    });
    for exposed in [false, true] {
        show(
            &format!("matmul of 256, exposed {exposed}"),
            kernel(matmul, [[256, 256]; 3], 256, exposed),
            host,
        );
    }
    show("matmul of 256 on a card", on_a_card(matmul, [[256, 256]; 3], 256), host);
}
