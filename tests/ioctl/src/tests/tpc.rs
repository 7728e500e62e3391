// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Kernels on the TPCs, launched as a program does.

use goya_tests::card::Card;
use goya_tests::device::SRAM;
use goya_tests::tpc::{
    CORES, COUNT_UP, Tensor, bytes, done, floats, forget_done, in_a_row, kernel, launch, load, put_code, run,
};
use goya_tests::{Result, check, check_eq, kmsg};
use goya_tpc_kernels::{Index, Part, reference};
use goya_uapi::goya_queue_id::GOYA_QUEUE_ID_TPC0;

use super::submit::settle;
use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("tpc.nothing", nothing),
    test("tpc.add", add),
    test("tpc.matmul", matmul),
    test("tpc.filter", filter),
    test("tpc.one_after_the_other", one_after_the_other),
    test("tpc.host_memory", host_memory),
    test("tpc.unmapped", unmapped),
    test("tpc.illegal", illegal),
];

/// The event of TPC 0 whose kernel has failed.
const KERNEL_ERROR: usize = 191;

/// Runs a kernel of floats on one core, and on all: what it makes of `inputs` has to be `expected`, to the last bit.
fn compare(
    name: &str,
    inputs: &[(Index, &[f32])],
    output: Index,
    scalars: &[u32],
    expected: &[f32],
) -> Result {
    let card = Card::open()?;
    let kernel = kernel(name)?;
    let tensors = load(&card, inputs, output)?;
    let to = tensors.last().ok_or("no output")?.place().address();
    for cores in [1, CORES] {
        card.put(to, &vec![0xEE; expected.len() * 4])?;
        run(&card, kernel, &tensors, scalars, cores)?;
        let made = card.get(to, expected.len() * 4)?;
        let wrong = made.chunks_exact(4).zip(expected).position(|(a, b)| a != b.to_le_bytes());
        check_eq!(wrong, None, format!("the first wrong element of {name} on {cores} cores"));
    }
    Ok(())
}

/// A kernel that only halts says that it has.
fn nothing() -> Result {
    let card = Card::open()?;
    put_code(&card, "halt")?;
    let part = Part { offset: [0; 5], size: [1; 5] };
    for core in 0..CORES {
        forget_done(&card)?;
        let packets = launch(&[], &[], part, COUNT_UP)?;
        card.run_internal(GOYA_QUEUE_ID_TPC0 + core, &packets)?;
        settle(&card, GOYA_QUEUE_ID_TPC0 + core)?;
        check_eq!(done(&card)?, 1, format!("what core {core} says"));
    }
    Ok(())
}

fn add() -> Result {
    let sizes = [203, 5, 3, 1, 1];
    let (a, b) = (floats(1, 203 * 15), floats(2, 203 * 15));
    compare("add_f32", &[(sizes, &a), (sizes, &b)], sizes, &[], &reference::add_f32(&a, &b))
}

fn matmul() -> Result {
    // Columns, rows and depth.
    let [m, n, k] = [150, 37, 45];
    let (a, b) = (floats(3, k * n), floats(4, m * k));
    let index = |x: usize, y: usize| [x as u32, y as u32, 1, 1, 1];
    let expected = reference::matmul_f32(&a, &b, [m, n, k]);
    compare("matmul_f32", &[(index(k, n), &a), (index(m, k), &b)], index(m, n), &[], &expected)
}

fn filter() -> Result {
    let sizes = [130, 33, 1, 1, 1];
    let (a, weights) = (floats(5, 130 * 33), floats(6, 9));
    let weights: [f32; 9] = weights.try_into().map_err(|_| "nine weights")?;
    let expected = reference::filter3x3_f32(&a, [130, 33], &weights, 0.0);
    let scalars: Vec<_> = weights.iter().map(|weight| weight.to_bits()).collect();
    compare("filter3x3_f32", &[(sizes, &a)], sizes, &scalars, &expected)
}

/// A second launch on a queue waits for the end of the first, whose descriptor it does not touch.
fn one_after_the_other() -> Result {
    let card = Card::open()?;
    put_code(&card, kernel("add_f32")?.text)?;
    let sizes = [64, 40, 1, 1, 1];
    let all = in_a_row(&[sizes; 4]);
    let (a, b) = (floats(7, 64 * 40), floats(8, 64 * 40));
    card.put(all[0].place().address(), &bytes(&a))?;
    card.put(all[1].place().address(), &bytes(&b))?;
    let part = Part { offset: [0; 5], size: [1, 40, 1, 1, 1] };
    let first = launch(&all[..3], &[], part, 0)?;
    let second = launch(&[all[2].clone(), all[1].clone(), all[3].clone()], &[], part, 0)?;
    card.run_internal(GOYA_QUEUE_ID_TPC0 + 4, &first.then(&second))?;
    settle(&card, GOYA_QUEUE_ID_TPC0 + 4)?;
    let expected = reference::add_f32(&reference::add_f32(&a, &b), &b);
    check!(card.get(all[3].place().address(), 64 * 40 * 4)? == bytes(&expected), "the second sum is wrong");
    Ok(())
}

/// Loads from the first tensor.
const LOAD: &str = "set_indx I2, b11111, 0; nop; nop; nop\nnop\nnop\nld_tnsr V0, 0, I2; nop; nop; nop\nhalt";

/// A kernel of `text`, with a tensor at `address`, does not end well: there is an event, and nobody is told that it has ended.
fn fails(card: &Card, text: &str, address: u64) -> Result {
    kmsg::expect("TPC0_krn_err")?;
    put_code(card, text)?;
    let before = card.events(KERNEL_ERROR)?;
    forget_done(card)?;
    let part = Part { offset: [0; 5], size: [1; 5] };
    let tensor = Tensor::new(address, 4, [64, 1, 1, 1, 1]);
    let packets = launch(&[tensor], &[], part, COUNT_UP)?;
    card.run_internal(GOYA_QUEUE_ID_TPC0, &packets)?;
    card.wait_event(KERNEL_ERROR, before)?;
    check_eq!(done(card)?, 0, "what a kernel says that has failed");
    // The core is none the worse for it.
    put_code(card, "halt")?;
    card.run_internal(GOYA_QUEUE_ID_TPC0, &packets)?;
    settle(card, GOYA_QUEUE_ID_TPC0)?;
    check_eq!(done(card)?, 1, "what the next kernel says");
    Ok(())
}

/// The host's memory is none of theirs, even what their program has mapped (`goya_security.c`).
fn host_memory() -> Result {
    let card = Card::open()?;
    let host = card.host_memory(0x1000)?;
    fails(&card, LOAD, host.device)
}

/// Far above all that a program can have mapped.
fn unmapped() -> Result {
    fails(&Card::open()?, LOAD, 0x1234_5678_0000)
}

fn illegal() -> Result {
    fails(&Card::open()?, &format!("nop\n.word {}\nhalt", "00".repeat(32)), SRAM)
}
