// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Programs on the tensor cores, compared with what they compute on the host, to the last bit.

use std::time::Instant;

use goya_tests::Result;
use goya_tests::card::Card;
use goya_tests::tpc::{CORES, bytes, floats, kernel, load, run};
use goya_tpc_kernels::{Index, reference};

use crate::Colours;

/// What is computed.
struct Job {
    name: &'static str,
    what: &'static str,
    inputs: Vec<(Index, Vec<f32>)>,
    output: Index,
    scalars: Vec<u32>,
    expected: Vec<f32>,
}

/// Runs a few kernels on all cores.
pub fn show(card: &Card, colours: &Colours) -> Result<bool> {
    println!("\n{}", colours.paint("1", &format!("Programs on {CORES} tensor cores")));
    let mut good = true;
    for job in [matmul(), filter()] {
        let kernel = kernel(job.name)?;
        let inputs: Vec<_> = job.inputs.iter().map(|(size, data)| (*size, &data[..])).collect();
        let tensors = load(card, &inputs, job.output)?;
        let start = Instant::now();
        run(card, kernel, &tensors, &job.scalars, CORES)?;
        let time = start.elapsed();
        let to = tensors.last().ok_or("no output")?.place().address();
        let right = card.get(to, job.expected.len() * 4)? == bytes(&job.expected);
        good &= right;
        let verdict = colours.verdict(right);
        println!("  {:<16}{:<30}{:>9} us  {verdict}", job.name, job.what, time.as_micros());
    }
    Ok(good)
}

fn matmul() -> Job {
    const N: usize = 128;
    let size = [N as u32, N as u32, 1, 1, 1];
    let (a, b) = (floats(11, N * N), floats(12, N * N));
    let expected = reference::matmul_f32(&a, &b, [N, N, N]);
    Job {
        name: "matmul_f32",
        what: "128 x 128 by 128 x 128",
        inputs: vec![(size, a), (size, b)],
        output: size,
        scalars: Vec::new(),
        expected,
    }
}

fn filter() -> Job {
    const SIZE: [usize; 2] = [320, 200];
    /// Blurs.
    const WEIGHTS: [f32; 9] = [0.0625, 0.125, 0.0625, 0.125, 0.25, 0.125, 0.0625, 0.125, 0.0625];
    let size = [SIZE[0] as u32, SIZE[1] as u32, 1, 1, 1];
    let a = floats(13, SIZE[0] * SIZE[1]);
    let expected = reference::filter3x3_f32(&a, SIZE, &WEIGHTS, 0.0);
    Job {
        name: "filter3x3_f32",
        what: "an image of 320 x 200",
        inputs: vec![(size, a)],
        output: size,
        scalars: WEIGHTS.map(f32::to_bits).to_vec(),
        expected,
    }
}
