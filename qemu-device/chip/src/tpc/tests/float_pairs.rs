// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Floats where they are compared, selected and taken as bits.

use super::super::Registers;
use super::machine::{Machine, Random};
use super::scalar::{expected, spu};
use super::vector::{random_registers, vpu};

/// Numbers, zeros of both signs, infinities, and what is no number.
const VALUES: [f32; 9] = [0.0, -0.0, 1.0, -1.0, 1.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e30];

type Comparison = fn(f32, f32) -> bool;

const COMPARISONS: [(&str, Comparison); 6] = [
    ("eq", |a, b| a == b),
    ("neq", |a, b| a != b),
    ("less", |a, b| a < b),
    ("leq", |a, b| a <= b),
    ("grt", |a, b| a > b),
    ("geq", |a, b| a >= b),
];

/// Registers whose V1 and V2 have every pair of the values, and S5 one of them.
fn pairs(random: &mut Random) -> Registers {
    let mut registers = random_registers(random);
    for i in 0..64 {
        let (a, b) = (VALUES[i % 9], VALUES[(i / 9 + i) % 9]);
        registers.v[1].0[4 * i..4 * i + 4].copy_from_slice(&a.to_le_bytes());
        registers.v[2].0[4 * i..4 * i + 4].copy_from_slice(&b.to_le_bytes());
    }
    registers.s[5] = VALUES[random.below(9)].to_bits();
    registers
}

fn word(registers: &Registers, v: usize, i: usize) -> u32 {
    let bytes = &registers.v[v].0[4 * i..4 * i + 4];
    u32::from_le_bytes(bytes.try_into().unwrap())
}

fn float(registers: &Registers, v: usize, i: usize) -> f32 {
    f32::from_bits(word(registers, v, i))
}

#[test]
pub fn comparisons_of_floats_mind_what_is_no_number() {
    let mut random = Random(51);
    for (name, compare) in COMPARISONS {
        for a in VALUES {
            for b in VALUES {
                let text = format!("nop; cmp_{name}.f32 SP3, S2, S3; nop; nop\nhalt");
                let mut machine = Machine::new(&text, Vec::new());
                machine.start().core.registers.s[2..4].copy_from_slice(&[a, b].map(f32::to_bits));
                assert_eq!(machine.halt().core.registers.sp(3), compare(a, b), "cmp_{name} {a} {b}");
            }
        }
        let before = pairs(&mut random);
        let after = vpu(&format!("cmp_{name}.f32 VP2, V1, V2"), &before);
        let scalar = vpu(&format!("cmp_{name}.f32 VP2, V1, S5"), &before);
        for i in 0..64 {
            let (a, b) = (float(&before, 1, i), float(&before, 2, i));
            for bit in 4 * i..4 * i + 4 {
                assert_eq!(after.vp[2].get(bit), compare(a, b), "cmp_{name} {a} {b}");
                let with = f32::from_bits(before.s[5]);
                assert_eq!(scalar.vp[2].get(bit), compare(a, with), "cmp_{name} {a} {with}");
            }
        }
    }
}

#[test]
pub fn selections_of_floats() {
    let mut random = Random(52);
    for (name, compare) in COMPARISONS {
        let before = pairs(&mut random);
        let selected = vpu(&format!("sel_{name}.f32 V8, V1, V2, V4, V5"), &before);
        let rest = vpu(&format!("sel_{name}.f32 V8, V1, V2, V4, S5"), &before);
        let doubled = compare(1.0, 2.0) != compare(2.0, 1.0);
        let both = doubled.then(|| {
            ["V5", "S5"].map(|rest| vpu(&format!("sel2_{name}.f32 D8, V1, V2, V4, {rest}"), &before))
        });
        for i in 0..64 {
            let (a, b) = (float(&before, 1, i), float(&before, 2, i));
            let met = compare(a, b);
            let want = |rest| if met { word(&before, 4, i) } else { rest };
            assert_eq!(word(&selected, 8, i), want(word(&before, 5, i)), "sel_{name} {a} {b}");
            assert_eq!(word(&rest, 8, i), want(before.s[5]), "sel_{name} {a} {b}");
            for (after, rest) in both.iter().flatten().zip([word(&before, 5, i), before.s[5]]) {
                let compared = word(&before, if met { 1 } else { 2 }, i);
                assert_eq!(
                    (word(after, 8, i), word(after, 9, i)),
                    (want(rest), compared),
                    "sel2_{name} {a} {b}"
                );
            }
        }
    }
}

#[test]
pub fn bits_of_floats_are_those_of_words() {
    const BINARY: [&str; 5] = ["and", "or", "xor", "shl", "shr"];
    const UNARY: [&str; 5] =
        ["not", "popcnt set=1", "popcnt set=0", "find_first set=1", "find_first set=0 start_msb"];
    let mut random = Random(53);
    for operation in BINARY.into_iter().chain(UNARY) {
        let (name, switches) = operation.split_once(' ').unwrap_or((operation, ""));
        let head = format!("{name}.f32 {switches}");
        let binary = BINARY.contains(&operation);
        let mut before = random_registers(&mut random);
        // Counts of shifts that matter.
        before.v[2].0.chunks_exact_mut(4).for_each(|word| {
            let count = if random.below(3) == 0 { random.next() } else { random.next() & 31 };
            word.copy_from_slice(&count.to_le_bytes());
        });
        let after = vpu(&format!("{head} V3, V1{}", if binary { ", V2" } else { "" }), &before);
        for i in 0..64 {
            let (a, b) = (word(&before, 1, i), word(&before, 2, i));
            let want = expected(operation, a.into(), b.into(), 32, false) as u32;
            assert_eq!(word(&after, 3, i), want, "{head} {a:#x} {b:#x}");
            let text = format!("{head} S1, S2{}", if binary { ", S3" } else { "" });
            assert_eq!(spu(&text, [a, b, 0]), want, "{text} {a:#x} {b:#x}");
        }
    }
}
