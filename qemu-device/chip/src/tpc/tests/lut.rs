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
