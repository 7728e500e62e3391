// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Special functions by tables.

use super::super::Vector;
use super::machine::{DATA, Machine};

fn words(f: impl Fn(u32) -> u32) -> Vector {
    Vector(std::array::from_fn(|i| f(i as u32 / 4).to_le_bytes()[i % 4]))
}

/// A machine with the tables' memory, word i of it holding i.
fn machine(text: &str) -> Machine {
    let data = (0..32 << 10_u32).flat_map(u32::to_le_bytes).collect();
    let mut machine = Machine::new(&format!("{text}\nhalt"), data);
    machine.config.extend([(0x800, DATA as u32), (0x804, (DATA >> 32) as u32)]);
    machine.start();
    machine
}

#[test]
pub fn coefficients_are_found_by_function_and_interval() {
    for (function, base, intervals) in [
        (0, 0, 256),
        (3, 3 * 26 * 128, 256),
        (17, 53248 + 13 * 128, 128),
        (32, 79872, 64),
        (63, 94208 + 15 * 4 * 128, 32),
    ] {
        let text = format!(
            "lookup_c0 V3, V1, BV32, {function}; nop; nop; nop\nlookup_c1c2 D4, V1, BV32, {function}; nop; nop; nop"
        );
        let mut machine = machine(&text);
        machine.core.registers.v[1] = words(|i| 7 * i);
        let registers = machine.halt().core.registers.clone();
        for c in 0..3 {
            let entry = |i: u32| 7 * i % intervals;
            let want = words(|i| (base + entry(i) / 10 * 128 + entry(i) % 10 * 12) / 4 + c);
            assert_eq!(registers.v[3 + c as usize], want, "function {function}, coefficient {c}");
        }
    }
}

#[test]
pub fn narrow_entries_go_to_a_part_of_each_lane() {
    for (part, at, size) in
        [("BV32", 0, 4), ("BV16_LOW", 0, 2), ("BV16_HIGH", 2, 2), ("BV8_0", 0, 1), ("BV8_3", 3, 1)]
    {
        let mut machine = machine(&format!("lookup V3, V1, {part}, 1; nop; nop; nop"));
        machine.core.registers.v[1] = words(|i| 3 * i);
        machine.core.registers.v[3] = words(|_| 0xEEEE_EEEE);
        let want = words(|i| {
            let mut bytes = [0xEE; 4];
            let entry = (26 * 128 / 4 + 3 * i).to_le_bytes();
            bytes[at..at + size].copy_from_slice(&entry[..size]);
            u32::from_le_bytes(bytes)
        });
        assert_eq!(machine.halt().core.registers.v[3], want, "{part}");
    }
}

#[test]
pub fn intervals_are_the_upper_bits_of_the_mantissa() {
    let text = "nop; nop; get_lut_entry_and_interval_start.f32 D2, V1, 17; nop\n\
                nop; nop; get_lut_entry_and_interval_start.f32 sqrt_rsqrt D4, V1, 17; nop";
    let mut machine = machine(text);
    let value = |i: u32| 1.0 + i as f32 * 0.31;
    machine.core.registers.v[1] = words(|i| value(i).to_bits());
    let registers = machine.halt().core.registers.clone();
    for v in [2, 4] {
        assert_eq!(registers.v[v + 1], words(|i| value(i).to_bits() & !0x1_FFFF));
    }
    assert_eq!(registers.v[2], words(|i| (value(i).to_bits() & 0x7F_FFFF) >> 17));
    assert_eq!(registers.v[4], words(|i| (value(i).to_bits() & 0xFF_FFFF) >> 17));
}

/// The same function by its variant: interval and beginning of each of `values`.
fn intervals_of(variant: &str, values: impl Fn(u32) -> f32) -> (Vector, Vector) {
    let text = format!("nop; nop; get_lut_entry_and_interval_start.f32 {variant} D2, V1, 18; nop");
    let mut machine = machine(&text);
    machine.core.registers.v[1] = words(|i| values(i).to_bits());
    let registers = machine.halt().core.registers.clone();
    (registers.v[2], registers.v[3])
}

#[test]
pub fn intervals_from_zero_on_have_one_length() {
    for (variant, end) in [("tanh", 8.0), ("sin_cos", 1.0)] {
        let edges = [0.0, 1e-40, -1e-40, 1e30, f32::INFINITY, f32::NEG_INFINITY];
        let value = |i: u32| {
            let edge = edges.get(i as usize).copied();
            edge.unwrap_or(i as f32 * 0.17 * if i % 3 == 0 { -1.0 } else { 1.0 })
        };
        let (index, start) = intervals_of(variant, value);
        let interval = |i: u32| (value(i).abs() * 32.0).floor().min(end * 32.0 - 1.0);
        assert_eq!(index, words(|i| interval(i) as u32), "{variant}");
        assert_eq!(start, words(|i| (interval(i) / 32.0).copysign(value(i)).to_bits()), "{variant}");
        assert_eq!(intervals_of(variant, |_| f32::NAN).0, Vector::default(), "{variant}");
    }
}

#[test]
pub fn logarithms_have_intervals_on_both_sides_of_one() {
    let value = |i: u32| 0.5 + i as f32 * 1.5 / 64.0;
    let (index, start) = intervals_of("log", value);
    let below = |i: u32| value(i) < 1.0;
    let scale = |i: u32| if below(i) { 64.0 } else { 32.0 };
    let first = |i: u32| if below(i) { 32.0 } else { 0.0 };
    let interval = |i: u32| (value(i) * scale(i)).floor();
    assert_eq!(index, words(|i| (interval(i) - first(i)) as u32));
    assert_eq!(start, words(|i| (interval(i) / scale(i)).to_bits()));
}

/// What a table of a hyperbolic tangent gives, by these ranges and layouts, is one.
#[test]
pub fn a_function_is_evaluated_by_its_table() {
    let text = "nop; nop; get_lut_entry_and_interval_start.f32 tanh D2, V1, 18; nop\n\
        lookup_c0 V10, V2, BV32, 0; nop; nop; nop\nlookup_c1c2 D12, V2, BV32, 0; nop; nop; nop\n\
        nop; nop; sub.f32 V4, V1, V3; nop\nnop; nop; mac.f32 V12, V4, V13; nop\n\
        nop; nop; mac.f32 V10, V4, V12; nop";
    let mut machine = machine(text);
    for i in 0..256_usize {
        let x = i as f64 / 32.0;
        let t = x.tanh();
        // By Taylor's series at the beginning of each interval.
        let coefficients = [t, 1.0 - t * t, -t * (1.0 - t * t)];
        for (c, value) in coefficients.into_iter().enumerate() {
            let at = i / 10 * 128 + i % 10 * 12 + 4 * c;
            machine.memory.regions[1].1[at..at + 4].copy_from_slice(&(value as f32).to_le_bytes());
        }
    }
    let value = |i: u32| i as f32 * 0.121;
    machine.core.registers.v[1] = words(|i| value(i).to_bits());
    let result = machine.halt().core.registers.v[10];
    for (i, got) in (0..).zip(result.lanes::<f32>()) {
        assert!((got - value(i).tanh()).abs() < 2e-5, "tanh({}) = {got}", value(i));
    }
}

#[test]
pub fn narrow_coefficients_share_an_entry() {
    for (part, at, size) in [("BV16_LOW", 0, 2), ("BV16_HIGH", 2, 2), ("BV8_0", 0, 1), ("BV8_2", 2, 1)] {
        let text = format!(
            "lookup_c0 V3, V1, {part}, 1; nop; nop; nop\nlookup_c1c2 D4, V1, {part}, 1; nop; nop; nop"
        );
        let mut machine = machine(&text);
        machine.core.registers.v[1] = words(|i| 3 * i);
        (3..6).for_each(|v| machine.core.registers.v[v] = words(|_| 0xEEEE_EEEE));
        let registers = machine.halt().core.registers.clone();
        for c in 0..3 {
            let want = words(|i| {
                let mut bytes = [0xEE; 4];
                let entry = (26 * 128 / 4 + 3 * (i % 86)).to_le_bytes();
                let value = |j: usize| entry.get(c * size + j).copied().unwrap_or(0);
                (0..size).for_each(|j| bytes[at + j] = if (c + 1) * size <= 4 { value(j) } else { 0 });
                u32::from_le_bytes(bytes)
            });
            assert_eq!(registers.v[3 + c], want, "{part}, coefficient {c}");
        }
    }
}

#[test]
fn functions_that_are_none_are_refused() {
    for function in 5..8 {
        let mut machine = machine("nop; nop; get_lut_entry_and_interval_start.f32 D2, V1, 17; nop");
        let mut word = machine.memory.regions[0].1.clone();
        // Bits 64:57 are the source that has shift and function.
        let bits = u128::from_le_bytes(std::array::from_fn(|i| word[i])) | function << 62;
        word[..16].copy_from_slice(&bits.to_le_bytes());
        machine.memory.regions[0].1 = word;
        assert_eq!(machine.stop().0, super::super::Cause::IllegalInstruction, "function {function}");
    }
}
