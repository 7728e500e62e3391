// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Every operation of the scalar pipe on every type, against arithmetic in 64 bits.

use super::machine::{Machine, Random};

/// Bits and sign of a type.
pub const INTEGERS: [(&str, u32, bool); 6] = [
    ("i32", 32, true),
    ("u32", 32, false),
    ("i16", 16, true),
    ("u16", 16, false),
    ("i8", 8, true),
    ("u8", 8, false),
];

/// A comparison of two elements.
pub type Comparison = fn(i64, i64) -> bool;

/// The element of a type that `bits` hold.
pub fn element(bits: u32, width: u32, signed: bool) -> i64 {
    let value = u64::from(bits) << (64 - width);
    if signed { value as i64 >> (64 - width) } else { (value >> (64 - width)) as i64 }
}

/// The limits of a type.
fn limits(width: u32, signed: bool) -> (i64, i64) {
    if signed { (-(1 << (width - 1)), (1 << (width - 1)) - 1) } else { (0, (1 << width) - 1) }
}

/// What an operation on integers gives, as a value without limits, and whether it saturates.
pub fn expected(operation: &str, a: i64, b: i64, width: u32, signed: bool) -> i64 {
    let (least, most) = limits(width, signed);
    let bits = |value: i64| value & ((1 << width) - 1);
    let count = element(b as u32, width, true);
    match operation {
        "add" => a + b,
        "add st" => (a + b).clamp(least, most),
        "sub" => a - b,
        "sub st" => (a - b).clamp(least, most),
        "sub neg" => b - a,
        "sub st neg" => (b - a).clamp(least, most),
        "max" => a.max(b),
        "min" => a.min(b),
        "abs" => a.abs().min(most),
        "and" => a & b,
        "or" => a | b,
        "xor" => a ^ b,
        "not" => !a,
        "shl" => {
            if bits(b) < i64::from(width) {
                a << bits(b)
            } else {
                0
            }
        }
        "shr" => {
            if bits(b) < i64::from(width) {
                bits(a) >> bits(b)
            } else {
                0
            }
        }
        "ash" | "ash rhu" if count >= 0 => {
            (i128::from(a) << count.min(60)).clamp(i128::from(least), i128::from(most)) as i64
        }
        "ash" => a >> (-count).min(60),
        "ash rhu" => {
            let half = 1_i128 << ((-count).min(60) - 1);
            ((i128::from(a) + half) >> (-count).min(60)).clamp(i128::from(least), i128::from(most)) as i64
        }
        "popcnt set=1" => i64::from(bits(a).count_ones()),
        "popcnt set=0" => i64::from(width) - i64::from(bits(a).count_ones()),
        "find_first set=1" => i64::from(bits(a).trailing_zeros().min(width)),
        "find_first set=0" => i64::from(bits(!a).trailing_zeros().min(width)),
        "find_first set=1 start_msb" => i64::from((bits(a).leading_zeros() - (64 - width)).min(width)),
        "find_first set=0 start_msb" => i64::from((bits(!a).leading_zeros() - (64 - width)).min(width)),
        _ => panic!("{operation}"),
    }
}

pub const BINARY: [&str; 15] = [
    "add",
    "add st",
    "sub",
    "sub st",
    "sub neg",
    "sub st neg",
    "max",
    "min",
    "and",
    "or",
    "xor",
    "shl",
    "shr",
    "ash",
    "ash rhu",
];
pub const UNARY: [&str; 8] = [
    "abs",
    "not",
    "popcnt set=1",
    "popcnt set=0",
    "find_first set=1",
    "find_first set=0",
    "find_first set=1 start_msb",
    "find_first set=0 start_msb",
];

/// `add st` of type `i8` as `add.i8 st`; `None` if there is no such.
pub fn typed(operation: &str, ty: &str) -> Option<String> {
    if operation == "abs" && ty.starts_with('u') {
        return None;
    }
    let (name, switches) = operation.split_once(' ').unwrap_or((operation, ""));
    Some(format!("{name}.{ty} {switches}"))
}

/// S1 after an instruction of the SPU with S2, S3 and S1.
pub fn spu(text: &str, s: [u32; 3]) -> u32 {
    let mut machine = Machine::new(&format!("nop; {text}; nop; nop\nhalt"), Vec::new());
    machine.start().core.registers.s[1..4].copy_from_slice(&[s[2], s[0], s[1]]);
    machine.halt().core.registers.s[1]
}

#[test]
pub fn integers_compute_as_their_types_say() {
    let mut random = Random(5);
    for (ty, width, signed) in INTEGERS {
        for operation in BINARY.into_iter().chain(UNARY) {
            let Some(head) = typed(operation, ty) else { continue };
            let binary = BINARY.contains(&operation);
            for _ in 0..20 {
                let (mut a, mut b) = (random.bits(), random.bits());
                if random.below(2) == 0 {
                    b = (random.below(80) as u32).wrapping_sub(40);
                }
                (a, b) = (a ^ random.next() >> 31, b);
                let operands = if binary { "S1, S2, S3" } else { "S1, S2" };
                let got = spu(&format!("{head} {operands}"), [a, b, 0]);
                let want =
                    expected(operation, element(a, width, signed), element(b, width, signed), width, signed);
                let want = element(want as u32, width, signed) as u32;
                assert_eq!(got, want, "{head} {a:#x} {b:#x}");
                if binary {
                    assert_eq!(
                        spu(&format!("{head} S1, S2, {b:#x}"), [a, 0, 0]),
                        want,
                        "{head} {a:#x} {b:#x}"
                    );
                }
            }
        }
    }
}

#[test]
pub fn products_and_sums_of_products_have_32_bits() {
    let mut random = Random(6);
    for (ty, width, signed) in INTEGERS {
        for _ in 0..40 {
            let (a, b, c) = (random.bits(), random.bits(), random.bits());
            let product = i128::from(element(a, width, signed)) * i128::from(element(b, width, signed));
            assert_eq!(spu(&format!("mul.{ty} S1, S2, S3"), [a, b, c]), product as u32, "{ty} {a:#x} {b:#x}");
            if width == 32 {
                assert_eq!(
                    spu(&format!("mul.{ty} upper32 S1, S2, S3"), [a, b, c]),
                    (product >> 32) as u32,
                    "{ty}"
                );
                continue;
            }
            assert_eq!(
                spu(&format!("mac.{ty} S1, S2, S3"), [a, b, c]),
                c.wrapping_add(product as u32),
                "{ty}"
            );
            let (least, most) = limits(32, signed);
            let sum = (i128::from(element(c, 32, signed)) + product).clamp(least.into(), most.into());
            assert_eq!(
                spu(&format!("mac.{ty} st S1, S2, S3"), [a, b, c]),
                sum as u32,
                "{ty} {a:#x} {b:#x} {c:#x}"
            );
        }
    }
}

#[test]
pub fn floats_compute_as_the_host_does() {
    let f = |value: f32| value.to_bits();
    let nan = 0x7FFF_FFFF;
    for (text, s, want) in [
        ("add.f32 S1, S2, S3", [f(1.5), f(2.25), 0], f(3.75)),
        ("sub.f32 S1, S2, S3", [f(1.5), f(2.25), 0], f(-0.75)),
        ("sub.f32 neg S1, S2, S3", [f(1.5), f(2.25), 0], f(0.75)),
        ("mul.f32 S1, S2, S3", [f(1.5), f(-2.0), 0], f(-3.0)),
        ("mac.f32 S1, S2, S3", [f(1.5), f(2.0), f(10.0)], f(13.0)),
        ("mac.f32 neg S1, S2, S3", [f(1.5), f(2.0), f(10.0)], f(7.0)),
        ("max.f32 S1, S2, S3", [f(-1.0), f(-2.0), 0], f(-1.0)),
        ("min.f32 S1, S2, S3", [f(-1.0), f(-2.0), 0], f(-2.0)),
        ("abs.f32 S1, S2", [f(-1.5), 0, 0], f(1.5)),
        ("add.f32 S1, S2, S3", [f(f32::INFINITY), f(f32::NEG_INFINITY), 0], nan),
        ("mul.f32 S1, S2, S3", [0x0000_0001, f(1e30), 0], 0),
        ("mul.f32 S1, S2, S3", [f(-1e-30), f(1e-10), 0], 0x8000_0000),
        ("add.f32 S1, S2, 0x3f800000", [f(1.0), 0, 0], f(2.0)),
        ("nearbyint.f32 rhne S1, S2", [f(2.5), 0, 0], f(2.0)),
        ("nearbyint.f32 ru S1, S2", [f(2.25), 0, 0], f(3.0)),
        ("nearbyint.f32 rd S1, S2", [f(-2.25), 0, 0], f(-3.0)),
        ("nearbyint.f32 rz S1, S2", [f(-0.25), 0, 0], f(-0.0)),
        ("nearbyint.f32 S1, S2", [f(3.5), 0, 0], f(4.0)),
        ("extract_exp.f32 S1, S2", [f(0.75), 0, 0], -1_i32 as u32),
        ("extract_exp.f32 subtract_bias S1, S2", [f(8.0), 0, 0], 130),
    ] {
        assert_eq!(spu(text, s), want, "{text} {s:x?}");
    }
}

#[test]
pub fn conversions_round_and_saturate() {
    let f = |value: f32| value.to_bits();
    for (text, a, b, want) in [
        ("convert.f32 S1, S2, target_type=int32, rz", f(-2.75), 0, -2_i32 as u32),
        ("convert.f32 S1, S2, target_type=int32, rhne", f(2.5), 0, 2),
        ("convert.f32 S1, S2, target_type=int32, ru", f(2.25), 0, 3),
        ("convert.f32 S1, S2, target_type=int32, rd", f(-2.25), 0, -3_i32 as u32),
        ("convert.f32 S1, S2, target_type=int32", f(3e9), 0, 0x7FFF_FFFF),
        ("convert.f32 S1, S2, target_type=uint32", f(3e9), 0, 3_000_000_000),
        ("convert.f32 S1, S2, target_type=uint32", f(-1.0), 0, 0),
        ("convert.f32 S1, S2, target_type=int16", f(-4e4), 0, -32768_i32 as u32),
        ("convert.f32 S1, S2, target_type=int8", f(1e10), 0, 127),
        ("convert.f32 S1, S2, target_type=int32", f(f32::NAN), 0, 0),
        ("convert.i32 S1, S2, target_type=fp32", 16_777_217, 0, f(16_777_216.0)),
        ("convert.i32 S1, S2, target_type=fp32, ru", 16_777_217, 0, f(16_777_218.0)),
        ("convert.i8 S1, S2, target_type=int32", 0xFF80, 0, -128_i32 as u32),
        ("convert.u8 S1, S2, target_type=fp32", 0xFFFF, 0, f(255.0)),
        ("convert.i32 S1, S2, target_type=int8", 1000, 0, 127),
        ("convert_int32 rhne to_8 S1, S2, S3", 10, -2_i32 as u32, 2),
        ("convert_int32 ru to_8 S1, S2, S3", 9, -2_i32 as u32, 3),
        ("convert_int32 rd to_16 S1, S2, S3", -9_i32 as u32, -2_i32 as u32, -3_i32 as u32),
        ("convert_int32 rhne to_16 S1, S2, 3", 100_000, 0, 32767),
        ("convert_uint32 rhne to_8 S1, S2, S3", 0x8000_0000, -24_i32 as u32, 128),
        ("convert_int16 rhne S1, S2, S3", 0xFF00, -1_i32 as u32, -128_i32 as u32),
        ("convert_uint16 rhne S1, S2, S3", 0xFF00, -8_i32 as u32, 255),
    ] {
        assert_eq!(spu(text, [a, b, 0]), want, "{text} {a:#x} {b:#x}");
    }
}

#[test]
pub fn comparisons_and_predicates() {
    let comparisons: [(&str, Comparison); 6] = [
        ("cmp_eq", |a, b| a == b),
        ("cmp_neq", |a, b| a != b),
        ("cmp_less", |a, b| a < b),
        ("cmp_leq", |a, b| a <= b),
        ("cmp_grt", |a, b| a > b),
        ("cmp_geq", |a, b| a >= b),
    ];
    let mut random = Random(9);
    for (ty, width, signed) in INTEGERS {
        for (name, compare) in comparisons {
            for i in 0..20 {
                let a = random.bits();
                let b = if i % 4 == 0 { a } else { random.bits() };
                let text = format!("nop; {name}.{ty} SP3, S2, S3; nop; nop\nhalt");
                let mut machine = Machine::new(&text, Vec::new());
                machine.start().core.registers.s[2..4].copy_from_slice(&[a, b]);
                let want = compare(element(a, width, signed), element(b, width, signed));
                assert_eq!(machine.halt().core.registers.sp(3), want, "{text} {a:#x} {b:#x}");
            }
        }
    }
    let nan = "nop; cmp_neq.f32 SP1, S2, S2; nop; nop\nnop; cmp_eq.f32 SP2, S2, S2; nop; nop\n\
               nop; cmp_geq.f32 SP3, S2, S2; nop; nop\nhalt";
    let mut machine = Machine::new(nan, Vec::new());
    machine.start().core.registers.s[2] = 0x7FC0_0000;
    assert_eq!(machine.halt().core.registers.sp & 0xE, 0b0010);
    let text = "nop; mov SP1, 1; nop; nop\nnop; or.b SP2, SP1, SP7; nop; nop\nnop; and.b SP3, SP1, SP7; nop; nop\n\
                nop; xor.b SP4, SP1, SP2; nop; nop\nnop; not.b SP5, SP7; nop; nop\nnop; mov SP6, SP5; nop; nop\n\
                nop; mov SP0, 0; nop; nop\nmov SP8, 5; mov.i32 S1, 5, SP4; nop; nop\nnop; mov.i32 S2, 6, !SP4; nop; nop\nhalt";
    let mut machine = Machine::new(text, Vec::new());
    let registers = &machine.start().halt().core.registers;
    assert_eq!(registers.sp, 0b1_0110_0111);
    assert_eq!(registers.s[1..3], [0, 6]);
}

#[test]
pub fn indices_change_in_the_dimensions_of_a_mask() {
    let start = |text: &str| {
        let mut machine = Machine::new(text, Vec::new());
        machine.start().core.registers.i[2] = [1, -2, 3, 4, 5];
        machine.core.registers.i[3] = [10, 20, 30, 40, 50];
        machine.core.registers.s[1] = 7;
        machine
    };
    for (text, want) in [
        ("nop; add.i32 b00101 I4, I2, I3; nop; nop", [11, 0, 33, 0, 0]),
        ("nop; sub.i32 b11111 I4, 100, I3; nop; nop", [90, 80, 70, 60, 50]),
        ("nop; mul.i32 b00011 I4, S1, I2; nop; nop", [7, -14, 0, 0, 0]),
        ("nop; max.i32 b11111 I4, I2, I3; nop; nop", [10, 20, 30, 40, 50]),
        ("nop; min.i32 b00010 I4, I2, I3; nop; nop", [0, -2, 0, 0, 0]),
        ("nop; abs.i32 b00010 I4, I2; nop; nop", [0, 2, 0, 0, 0]),
        ("nop; not.i32 b00001 I4, I2; nop; nop", [-2, 0, 0, 0, 0]),
        ("nop; and.i32 b00001 I4, I2, I3; nop; nop", [0; 5]),
        ("nop; or.i32 b00001 I4, I2, I3; nop; nop", [11, 0, 0, 0, 0]),
        ("nop; xor.i32 b00100 I4, I2, I3; nop; nop", [0, 0, 29, 0, 0]),
        ("nop; mov b00110 I4, S1; nop; nop", [0, 7, 7, 0, 0]),
        ("nop; mov b10001 I4, I3; nop; nop", [10, 0, 0, 0, 50]),
        ("nop; set_indx I4, b00001, 9; nop; nop", [9, 0, 0, 0, 0]),
        ("set_indx I4, b01000, S1; nop; nop; nop", [0, 0, 0, 7, 0]),
        ("nop; nop; nop; set_indx I4, b11110, S1", [0, 7, 7, 7, 7]),
        ("mov b00011 I4, I3; nop; nop; nop", [10, 20, 0, 0, 0]),
        ("mov.i32 S1, 0x53; nop; nop; nop\nprmt_indx I4, I3, S1; nop; nop; nop", [40, 30, 20, 10, 10]),
        ("nop; mov.i32 S1, 0x53; nop; nop\nnop; nop; nop; prmt_indx I4, I3, S1", [40, 30, 20, 10, 10]),
    ] {
        assert_eq!(start(&format!("{text}\nhalt")).halt().core.registers.i[4], want, "{text}");
    }
    let s = start("nop; mov_irf_dim 1 S4, I2; nop; nop\nhalt").halt().core.registers.s[4];
    assert_eq!(s as i32, -2);
}

#[test]
pub fn divisions_step_by_step() {
    for (ty, bits) in [("u32", 32), ("u16", 16), ("u8", 8)] {
        let steps: Vec<_> =
            (0..bits).rev().map(|k| format!("nop; udiv_step.{ty} {k} Z2, S4; nop; nop")).collect();
        let text = format!("{}\nhalt", steps.join("\n"));
        for (numerator, divisor) in [(200_u32, 7_u32), (255, 255), (0, 3), (6, 9), (250, 1)] {
            let mut machine = Machine::new(&text, Vec::new());
            machine.start().core.registers.s[2..5].copy_from_slice(&[numerator, 0, divisor]);
            let core = &machine.halt().core;
            assert_eq!(core.registers.s[2..4], [numerator % divisor, numerator / divisor], "{ty}");
            assert_eq!(core.causes, 0);
        }
    }
    let mut machine = Machine::new("nop; udiv_step.u32 3 Z2, S4; nop; nop\nhalt", Vec::new());
    assert_eq!(machine.start().halt().core.causes, 2);
}

#[test]
pub fn all_slots_read_before_any_writes() {
    let text = "mov.i32 S1, S2; mov.i32 S2, S1; nop; nop\nhalt";
    let mut machine = Machine::new(text, Vec::new());
    machine.start().core.registers.s[1..3].copy_from_slice(&[3, 4]);
    assert_eq!(machine.halt().core.registers.s[1..3], [4, 3]);
}
