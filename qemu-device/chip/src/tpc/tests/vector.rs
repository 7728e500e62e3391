// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Every operation of the vector pipe on every type, against arithmetic in 64 bits, and vector predicates.

use super::super::{Mask, Registers, Vector};
use super::machine::{Machine, Random};
use super::scalar::{BINARY, Comparison, INTEGERS, UNARY, element, expected, typed};

/// The registers after an instruction of the VPU. V0 to V7 and VP1 are random, S5 is given.
pub fn vpu(text: &str, before: &Registers) -> Registers {
    let mut machine = Machine::new(&format!("nop; nop; {text}; nop\nhalt"), Vec::new());
    machine.start().core.registers = before.clone();
    machine.halt().core.registers.clone()
}

/// Registers of random bits, many of them at the edges of what types hold.
pub fn random_registers(random: &mut Random) -> Registers {
    let mut registers = Registers::default();
    for v in registers.v.iter_mut().take(12) {
        let mut bits = random.bits();
        for part in v.0.chunks_exact_mut(4) {
            bits = if random.below(3) == 0 { bits } else { random.bits() };
            part.copy_from_slice(&bits.to_le_bytes());
        }
    }
    registers.s[5] = random.bits();
    registers.vp[1] =
        Mask(std::array::from_fn(|_| u64::from(random.next()) << 32 | u64::from(random.next())));
    registers
}

/// Element `i` of a vector as a number.
fn lane(vector: &Vector, i: usize, width: u32, signed: bool) -> i64 {
    let size = width as usize / 8;
    let mut bytes = [0; 4];
    bytes[..size].copy_from_slice(&vector.0[i * size..(i + 1) * size]);
    element(u32::from_le_bytes(bytes), width, signed)
}

/// An operation on three floats.
type Ternary = fn(f32, f32, f32) -> f32;

/// Whether the first bit of an element is set in a mask.
fn set(mask: &Mask, i: usize, width: u32) -> bool {
    mask.get(i * width as usize / 8)
}

#[test]
pub fn integers_compute_as_their_types_say() {
    let mut random = Random(21);
    for (ty, width, signed) in INTEGERS {
        for operation in BINARY.into_iter().chain(UNARY) {
            let Some(head) = typed(operation, ty) else { continue };
            let binary = BINARY.contains(&operation);
            let before = random_registers(&mut random);
            for (operands, scalar, mask) in [
                ("V3, V1, V2", None, None),
                ("V3, V1, S5", Some(before.s[5]), None),
                ("V3, V1, 0xfffffffd", Some(0xFFFF_FFFD), None),
                ("V1, V1, V2, VP1", None, Some(false)),
                ("V1, V1, V2, !VP1", None, Some(true)),
            ] {
                let operands = if binary {
                    operands.into()
                } else {
                    operands.replace(", V2", "").replace(", S5", "").replace(", 0xfffffffd", "")
                };
                let text = format!("{head} {operands}");
                let after = vpu(&text, &before);
                let got = if mask.is_some() { &after.v[1] } else { &after.v[3] };
                for i in 0..2048 / width as usize {
                    let a = lane(&before.v[1], i, width, signed);
                    let b = scalar
                        .map_or_else(|| lane(&before.v[2], i, width, signed), |s| element(s, width, signed));
                    let want = match mask {
                        Some(inverted) if set(&before.vp[1], i, width) == inverted => a,
                        _ => element(expected(operation, a, b, width, signed) as u32, width, signed),
                    };
                    assert_eq!(lane(got, i, width, signed), want, "{text}, element {i}: {a:#x} {b:#x}");
                }
            }
        }
    }
}

#[test]
pub fn products_are_dealt_to_the_registers_of_a_group() {
    let mut random = Random(22);
    for (ty, width, signed) in INTEGERS {
        let before = random_registers(&mut random);
        let ratio = 32 / width as usize;
        let group = ["", "V", "D", "", "A"][if width == 32 { 2 } else { ratio }];
        for (adds, saturates) in [(false, false), (true, false), (true, true)] {
            if width == 32 && adds {
                continue;
            }
            let head = if adds { "mac" } else { "mul" };
            let st = if saturates { " st" } else { "" };
            for mask in [false, true] {
                let condition = if mask { ", VP1" } else { "" };
                let text = format!("{head}.{ty}{st} {group}8, V1, V2{condition}");
                let after = vpu(&text, &before);
                for k in 0..ratio.max(2) {
                    for i in 0..64 {
                        let from = if width == 32 { i } else { ratio * i + k };
                        let (a, b) = (
                            lane(&before.v[1], from, width, signed),
                            lane(&before.v[2], from, width, signed),
                        );
                        let old = lane(&before.v[8 + k], i, 32, signed);
                        let product = i128::from(a) * i128::from(b);
                        let product = if width == 32 && k == 1 { product >> 32 } else { product };
                        let sum = if adds { i128::from(old) + product } else { product };
                        let limits =
                            if signed { (i32::MIN.into(), i32::MAX.into()) } else { (0, u32::MAX.into()) };
                        let sum = if saturates { sum.clamp(limits.0, limits.1) } else { sum };
                        let written = !mask || set(&before.vp[1], from, width);
                        let want = if written { element(sum as u32, 32, signed) } else { old };
                        assert_eq!(
                            lane(&after.v[8 + k], i, 32, signed),
                            want,
                            "{text}, register {k}, lane {i}"
                        );
                    }
                }
            }
        }
    }
    let before = random_registers(&mut random);
    let after = vpu("mul.i32 double_and_round32 V3, V1, V2", &before);
    for i in 0..64 {
        let (a, b) = (lane(&before.v[1], i, 32, true), lane(&before.v[2], i, 32, true));
        let want =
            ((2 * i128::from(a) * i128::from(b) + (1 << 31)) >> 32).clamp(i32::MIN.into(), i32::MAX.into());
        assert_eq!(i128::from(lane(&after.v[3], i, 32, true)), want);
    }
}

#[test]
pub fn scaled_sums_shift_and_saturate() {
    let mut random = Random(23);
    for (ty, width, signed) in &INTEGERS[2..] {
        for (switches, half_up, of_c) in [
            ("normalize_ab", false, false),
            ("rhu normalize_ab", true, false),
            ("normalize_c", false, true),
            ("rhu normalize_c", true, true),
        ] {
            let mut before = random_registers(&mut random);
            before.v[4].0.iter_mut().for_each(|byte| *byte = (random.below(33) as u8).wrapping_neg());
            before.v[5].0.iter_mut().for_each(|byte| *byte = (random.below(26) as u8).wrapping_neg());
            let after = vpu(&format!("msac.{ty} {switches} V3, V1, V2, V4, V5"), &before);
            for i in 0..2048 / *width as usize {
                let at = |v: usize| lane(&before.v[v], i, *width, *signed);
                let shift = |value: i64, v: usize| {
                    let by = -i64::from(before.v[v].0[i * *width as usize / 8] as i8);
                    if half_up && by > 0 { (value + (1 << (by - 1))) >> by } else { value >> by }
                };
                let product = at(1) * at(2);
                let sum = if of_c { product + shift(at(3), 4) } else { shift(product, 4) + at(3) };
                let limits = if *signed {
                    (-(1 << (width - 1)), (1 << (width - 1)) - 1)
                } else {
                    (0, (1 << width) - 1)
                };
                let want = shift(sum, 5).clamp(limits.0, limits.1);
                assert_eq!(lane(&after.v[3], i, *width, *signed), want, "{ty} {switches}, element {i}");
            }
        }
    }
}

#[test]
pub fn comparisons_make_masks_and_selections() {
    let comparisons: [(&str, Comparison); 6] = [
        ("eq", |a, b| a == b),
        ("neq", |a, b| a != b),
        ("less", |a, b| a < b),
        ("leq", |a, b| a <= b),
        ("grt", |a, b| a > b),
        ("geq", |a, b| a >= b),
    ];
    let mut random = Random(24);
    for (ty, width, signed) in INTEGERS {
        for (name, compare) in comparisons {
            let before = random_registers(&mut random);
            let at = |v: usize, i| lane(&before.v[v], i, width, signed);
            let masked = vpu(&format!("cmp_{name}.{ty} VP2, V1, V2"), &before);
            let under = vpu(&format!("cmp_{name}.{ty} VP2, V1, S5, VP1"), &before);
            let selected = vpu(&format!("sel_{name}.{ty} V8, V1, V2, V4, V5"), &before);
            let constant = vpu(&format!("sel_{name}.{ty} V8, V1, V2, V4, 5"), &before);
            let pairs = (compare(1, 2) != compare(2, 1))
                .then(|| vpu(&format!("sel2_{name}.{ty} D8, V1, V2, V4, V5"), &before));
            for i in 0..2048 / width as usize {
                let met = compare(at(1, i), at(2, i));
                let bits = (0..width as usize / 8).map(|bit| masked.vp[2].get(i * width as usize / 8 + bit));
                assert!(bits.into_iter().all(|bit| bit == met), "cmp_{name}.{ty} {i}");
                let scalar = compare(at(1, i), element(before.s[5], width, signed));
                assert_eq!(
                    set(&under.vp[2], i, width),
                    scalar && set(&before.vp[1], i, width),
                    "cmp_{name}.{ty} {i}"
                );
                let got = |registers: &Registers, v: usize| lane(&registers.v[v], i, width, signed);
                assert_eq!(got(&selected, 8), if met { at(4, i) } else { at(5, i) }, "sel_{name}.{ty} {i}");
                assert_eq!(got(&constant, 8), if met { at(4, i) } else { 5 }, "sel_{name}.{ty} {i}");
                if let Some(pairs) = &pairs {
                    let want = if met { (at(4, i), at(1, i)) } else { (at(5, i), at(2, i)) };
                    assert_eq!((got(pairs, 8), got(pairs, 9)), want, "sel2_{name}.{ty} {i}");
                }
            }
        }
    }
}

#[test]
pub fn floats_compute_in_every_lane() {
    let mut random = Random(25);
    let mut before = random_registers(&mut random);
    for v in before.v.iter_mut().take(4).skip(1) {
        *v = Vector(std::array::from_fn(|_| 0));
        for part in v.0.chunks_exact_mut(4) {
            let value = (random.below(2000) as f32 - 1000.0) / 64.0;
            part.copy_from_slice(&value.to_le_bytes());
        }
    }
    before.s[5] = 1.5_f32.to_bits();
    let at = |registers: &Registers, v: usize, i: usize| {
        f32::from_bits(lane(&registers.v[v], i, 32, false) as u32)
    };
    let cases: [(&str, Ternary); 9] = [
        ("add.f32 V3, V1, V2", |a, b, _| a + b),
        ("sub.f32 V3, V1, V2", |a, b, _| a - b),
        ("sub.f32 neg V3, V1, V2", |a, b, _| b - a),
        ("mul.f32 V3, V1, V2", |a, b, _| a * b),
        ("mac.f32 V3, V1, V2", f32::mul_add),
        ("mac.f32 neg V3, V1, V2", |a, b, c| (-a).mul_add(b, c)),
        ("mac.f32 V3, V1, S5", |a, _, c| a.mul_add(1.5, c)),
        ("max.f32 V3, V1, V2", |a, b, _| a.max(b)),
        ("min.f32 V3, V1, V2", |a, b, _| a.min(b)),
    ];
    for (text, f) in cases {
        let after = vpu(text, &before);
        for i in 0..64 {
            let want = f(at(&before, 1, i), at(&before, 2, i), at(&before, 3, i));
            assert_eq!(at(&after, 3, i), want, "{text} {i}");
        }
    }
    for (text, f) in [
        ("abs.f32 V3, V1", (|a| a.abs()) as fn(f32) -> f32),
        ("nearbyint.f32 rd V3, V1", f32::floor),
        ("nearbyint.f32 V3, V1", f32::round_ties_even),
        ("extract_exp.f32 V3, V1", |a| f32::from_bits((a.to_bits() >> 23 & 0xFF).wrapping_sub(127))),
    ] {
        let after = vpu(text, &before);
        assert!((0..64).all(|i| at(&after, 3, i).to_bits() == f(at(&before, 1, i)).to_bits()), "{text}");
    }
}

#[test]
pub fn bits_do_not_mind_the_type() {
    let before = random_registers(&mut Random(26));
    let bytes = |f: fn(u8, u8) -> u8| Vector(std::array::from_fn(|i| f(before.v[1].0[i], before.v[2].0[i])));
    for ty in ["f32", "i32", "u8", "i16"] {
        assert_eq!(vpu(&format!("and.{ty} V3, V1, V2"), &before).v[3], bytes(|a, b| a & b));
        assert_eq!(vpu(&format!("or.{ty} V3, V1, V2"), &before).v[3], bytes(|a, b| a | b));
        assert_eq!(vpu(&format!("xor.{ty} V3, V1, V2"), &before).v[3], bytes(|a, b| a ^ b));
        assert_eq!(vpu(&format!("not.{ty} V3, V1"), &before).v[3], bytes(|a, _| !a));
    }
    let masks = |f: fn(u64) -> u64| Mask(before.vp[1].0.map(f));
    assert_eq!(vpu("not.b VP2, VP1", &before).vp[2], masks(|a| !a));
    assert_eq!(vpu("and.b VP2, VP1, VP0", &before).vp[2], masks(|a| a));
    assert_eq!(vpu("xor.b VP2, VP1, VP0", &before).vp[2], masks(|a| !a));
    assert_eq!(vpu("or.b VP2, VP1, VP0", &before).vp[2], Mask::ALL);
    assert_eq!(vpu("not.b VP0, VP1", &before).vp[0], Mask::ALL);
}
