// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Conversions from every type to every other, and selections with a scalar.

use super::super::{Registers, Vector};
use super::machine::Random;
use super::scalar::{INTEGERS, element, spu};
use super::vector::{random_registers, vpu};

/// A type: its suffix, its name as a target, bits, sign, and whether it is the float.
#[derive(Clone, Copy)]
struct Kind {
    suffix: &'static str,
    target: &'static str,
    width: u32,
    signed: bool,
    float: bool,
}

const fn kind(suffix: &'static str, target: &'static str, width: u32, signed: bool) -> Kind {
    Kind { suffix, target, width, signed, float: false }
}

const KINDS: [Kind; 7] = [
    Kind { suffix: "f32", target: "fp32", width: 32, signed: true, float: true },
    kind("i32", "int32", 32, true),
    kind("u32", "uint32", 32, false),
    kind("i16", "int16", 16, true),
    kind("u16", "uint16", 16, false),
    kind("i8", "int8", 8, true),
    kind("u8", "uint8", 8, false),
];

const ROUNDINGS: [&str; 4] = ["rhne", "rd", "ru", "rz"];

/// The exact number rounded to an integer.
fn rounded(value: f64, rounding: &str) -> f64 {
    match rounding {
        "rhne" => value.round_ties_even(),
        "rd" => value.floor(),
        "ru" => value.ceil(),
        _ => value.trunc(),
    }
}

/// The float next to an integer in the direction of the rounding.
fn nearest_float(value: i64, rounding: &str) -> f32 {
    let near = value as f32;
    let exact = f64::from(near) as i64;
    // Bits of a greater magnitude are greater.
    let away = |steps: i32| f32::from_bits(near.to_bits().wrapping_add_signed(steps));
    match rounding {
        "rd" if exact > value => away(if value > 0 { -1 } else { 1 }),
        "ru" if exact < value => away(if value > 0 { 1 } else { -1 }),
        "rz" if exact.abs() > value.abs() => away(-1),
        _ => near,
    }
}

/// The bits of what `bits` are in another type, in its width.
fn converted(from: Kind, bits: u32, to: Kind, rounding: &str) -> u32 {
    let mask = u32::MAX >> (32 - to.width);
    let (least, most) = match (to.signed, to.width) {
        (true, width) => (-(1_i64 << (width - 1)), (1_i64 << (width - 1)) - 1),
        (false, width) => (0, (1_i64 << width) - 1),
    };
    if from.float {
        let value = f64::from(f32::from_bits(bits));
        if to.float {
            return bits;
        }
        let value = if value.is_nan() { 0.0 } else { rounded(value, rounding) };
        return (value.clamp(least as f64, most as f64) as i64) as u32 & mask;
    }
    let value = element(bits, from.width, from.signed);
    if to.float { nearest_float(value, rounding).to_bits() } else { value.clamp(least, most) as u32 & mask }
}

/// Bits of a number of a type; floats near what integers hold, with fractions.
fn bits(random: &mut Random, of: Kind) -> u32 {
    if !of.float {
        return random.bits();
    }
    let scale = 2_f32.powi(random.below(36) as i32 - 2);
    let value = (random.next() as i32 as f32 / i32::MAX as f32) * scale;
    let halves = (value * 2.0).round() / 2.0;
    [value, halves, f32::INFINITY, f32::NAN]
        [if random.below(8) == 0 { 2 + random.below(2) } else { random.below(2) }]
    .to_bits()
}

#[test]
pub fn conversions_between_all_types() {
    let mut random = Random(61);
    for from in KINDS {
        for to in KINDS {
            for rounding in ROUNDINGS {
                let text = format!("convert.{} S1, S2, target_type={}, {rounding}", from.suffix, to.target);
                for _ in 0..10 {
                    let a = bits(&mut random, from);
                    let want = converted(from, a, to, rounding);
                    let mask = u32::MAX >> (32 - to.width);
                    assert_eq!(spu(&text, [a, 0, 0]) & mask, want, "{text} {a:#x}");
                }
            }
        }
    }
}

/// Element `i` of a width.
fn part(vector: &Vector, i: usize, width: u32) -> u32 {
    let size = width as usize / 8;
    vector.0[i * size..(i + 1) * size].iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte))
}

#[test]
pub fn conversions_of_vectors_between_all_types() {
    let mut random = Random(62);
    for from in KINDS {
        for to in KINDS {
            let rounding = ROUNDINGS[random.below(4)];
            let lane = from.width.max(to.width);
            for selected in 0..(lane / to.width).min(4) as usize {
                let mut before = random_registers(&mut random);
                for word in before.v[1].0.chunks_exact_mut(4) {
                    word.copy_from_slice(&bits(&mut random, from).to_le_bytes());
                }
                let text = format!(
                    "convert.{} V3, V1, target_type={}, lane_sel={selected}, {rounding}",
                    from.suffix, to.target
                );
                let after = vpu(&text, &before);
                for i in 0..(2048 / lane) as usize {
                    // The lowest element of each lane of the source.
                    let a = part(&before.v[1], i * (lane / from.width) as usize, from.width);
                    for k in 0..(lane / to.width) as usize {
                        let at = i * (lane / to.width) as usize + k;
                        let want = if k == selected {
                            converted(from, a, to, rounding)
                        } else {
                            part(&before.v[3], at, to.width)
                        };
                        assert_eq!(
                            part(&after.v[3], at, to.width),
                            want,
                            "{text}, lane {i}, part {k}: {a:#x}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
pub fn selections_with_a_scalar_for_the_rest() {
    type Comparison = fn(i64, i64) -> bool;
    let comparisons: [(&str, Comparison); 4] =
        [("less", |a, b| a < b), ("leq", |a, b| a <= b), ("grt", |a, b| a > b), ("geq", |a, b| a >= b)];
    let mut random = Random(63);
    for (ty, width, signed) in INTEGERS {
        for (name, compare) in comparisons {
            let before = random_registers(&mut random);
            let at =
                |registers: &Registers, v: usize, i| element(part(&registers.v[v], i, width), width, signed);
            let scalar = element(before.s[5], width, signed);
            let rest = vpu(&format!("sel2_{name}.{ty} D8, V1, V2, V4, S5"), &before);
            let compared = vpu(&format!("sel2_{name}.{ty} D8, V1, S5, V4, V6"), &before);
            for i in 0..2048 / width as usize {
                let (a, b) = (at(&before, 1, i), at(&before, 2, i));
                let want = if compare(a, b) { (at(&before, 4, i), a) } else { (scalar, b) };
                assert_eq!((at(&rest, 8, i), at(&rest, 9, i)), want, "sel2_{name}.{ty} {a} {b}");
                let want =
                    if compare(a, scalar) { (at(&before, 4, i), a) } else { (at(&before, 6, i), scalar) };
                assert_eq!((at(&compared, 8, i), at(&compared, 9, i)), want, "sel2_{name}.{ty} {a} {scalar}");
            }
        }
    }
}

/// `value * 2^shift`, rounded, in the limits of an integer, as its bits.
fn scaled(value: i64, shift: i8, rounding: &str, width: u32, signed: bool) -> u32 {
    let by = u32::from(shift.unsigned_abs());
    let value = i128::from(value);
    let number = if shift >= 0 {
        value << by.min(64)
    } else {
        let (floor, rest) = (value >> by, value & ((1 << by) - 1));
        let half = 1 << (by - 1);
        let up = match rounding {
            "rhne" => rest > half || rest == half && floor & 1 != 0,
            "ru" => rest > 0,
            _ => false,
        };
        floor + i128::from(up)
    };
    let (least, most) =
        if signed { (-(1 << (width - 1)), (1 << (width - 1)) - 1) } else { (0, (1 << width) - 1) };
    number.clamp(least, most) as u32 & (u32::MAX >> (32 - width))
}

#[test]
pub fn conversions_with_a_shift_of_all_types() {
    let mut random = Random(64);
    for (name, from, signed, widths) in [
        ("convert_int32", 32, true, &[8, 16][..]),
        ("convert_uint32", 32, false, &[8, 16]),
        ("convert_int16", 16, true, &[8]),
        ("convert_uint16", 16, false, &[8]),
    ] {
        for &width in widths {
            for rounding in ["rhne", "rd", "ru"] {
                let mut before = random_registers(&mut random);
                before.v[2].0.iter_mut().for_each(|byte| *byte = (random.below(40) as u8).wrapping_sub(31));
                let shift = (random.below(24) as i8) - 20;
                before.s[5] = i32::from(shift) as u32;
                let mask = u32::MAX >> (32 - width);
                for i in 0..20 {
                    let a = part(&before.v[1], i, 32);
                    let text = format!("{name} {rounding} to_{width} S1, S2, S3");
                    let want = scaled(element(a, from, signed), shift, rounding, width, signed);
                    assert_eq!(spu(&text, [a, before.s[5], 0]) & mask, want, "{text} {a:#x} {shift}");
                }
                let parts = from / width;
                for selected in 0..parts {
                    for (operand, by) in [("V2", None), ("S5", Some(shift))] {
                        let text =
                            format!("{name} lane_sel={selected} {rounding} to_{width} V3, V1, {operand}");
                        let after = vpu(&text, &before);
                        for at in 0..(2048 / width) as usize {
                            let i = at / parts as usize;
                            let by = by.unwrap_or(before.v[2].0[i * from as usize / 8] as i8);
                            let a = element(part(&before.v[1], i, from), from, signed);
                            let want = if at as u32 % parts == selected {
                                scaled(a, by, rounding, width, signed)
                            } else {
                                part(&before.v[3], at, width)
                            };
                            assert_eq!(part(&after.v[3], at, width), want, "{text}, part {at}: {a:#x} {by}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
pub fn scaled_sums_with_a_scalar() {
    let mut random = Random(65);
    for (ty, width, signed) in &INTEGERS[2..] {
        let mut before = random_registers(&mut random);
        before.v[4].0.iter_mut().for_each(|byte| *byte = (random.below(33) as u8).wrapping_neg());
        before.v[5].0.iter_mut().for_each(|byte| *byte = (random.below(26) as u8).wrapping_neg());
        let b = element(before.s[5], *width, *signed);
        let after = vpu(&format!("msac.{ty} normalize_c V3, V1, S5, V4, V5"), &before);
        for i in 0..2048 / *width as usize {
            let at = |v: usize| element(part(&before.v[v], i, *width), *width, *signed);
            let down =
                |value: i64, v: usize| value >> -i64::from(before.v[v].0[i * *width as usize / 8] as i8);
            let sum = down(at(1) * b + down(at(3), 4), 5);
            let want = scaled(sum, 0, "rd", *width, *signed);
            assert_eq!(part(&after.v[3], i, *width), want, "{ty}, element {i}");
        }
    }
}
