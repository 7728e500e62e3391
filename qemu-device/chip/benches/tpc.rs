// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What a tensor core costs: the sum of two arrays and a product of two matrices, each beside the same loop here.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use goya_chip::tpc::{Core, Progress, Regions};
use goya_tpc_isa::asm;

const ROUNDS: usize = 5;
const CODE: u64 = 1 << 32;
const TENSORS: u64 = 1 << 36;
/// From a tensor to the next.
const ROOM: u64 = 1 << 32;

fn median(mut once: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            once();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// A kernel of three tensors of floats, of columns by rows each.
fn kernel(text: &str, sizes: [[u32; 2]; 3], argument: u32, exposed: bool) -> (Duration, u64) {
    let elements = |size: &[u32; 2]| (size[0] * size[1]) as usize;
    let floats =
        |size: &[u32; 2]| (0..elements(size)).flat_map(|i| ((i % 97) as f32).to_le_bytes()).collect();
    let code = asm::assemble(text).expect("the kernel").to_bytes();
    let mut memory = Regions { regions: vec![(CODE, code)], ..Regions::default() };
    let [columns, rows] = sizes[2];
    let mut registers = HashMap::from([
        (0x664, (CODE >> 32) as u32),
        (0x66C, columns / 64),
        (0x674, rows),
        (0x690, argument),
    ]);
    for (i, [columns, rows]) in (0..).zip(sizes) {
        let at = 0x400 + 0x4C * i;
        let base = TENSORS + u64::from(i) * ROOM;
        memory.regions.push((base, floats(&[columns, rows])));
        registers.extend([(at, base as u32), (at + 4, (base >> 32) as u32), (at + 0x0C, 0x1_0302)]);
        registers.extend([(at + 0x10, columns), (at + 0x14, 1), (at + 0x1C, rows), (at + 0x20, columns)]);
    }
    let mut core = Core::new(exposed);
    let time = median(|| {
        core.start(|at| registers.get(&at).copied().unwrap_or(0));
        assert_eq!(core.run(&mut memory, u64::MAX), Progress::Halted);
    });
    black_box(&memory.regions);
    (time, core.words)
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
    for exposed in [false, true] {
        let result = kernel(add, [[columns as u32, rows as u32]; 3], 0, exposed);
        let gigabytes = (columns * rows * 4) as f64 / result.0.as_secs_f64() / 1e9;
        show(&format!("add of 16 MiB, exposed {exposed}, {gigabytes:.2} GB/s"), result, host);
    }
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
}
