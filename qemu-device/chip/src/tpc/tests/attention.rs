// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Interrupt causes of arithmetic.

use super::super::{Cause, Vector};
use super::machine::Machine;

/// The causes of an instruction of the scalar pipe, with values in S1 (what is added to), S2 and S3.
fn scalar(text: &str, values: [u32; 3]) -> u32 {
    let mut machine = Machine::new(&format!("nop; {text}; nop; nop\nhalt"), Vec::new());
    machine.start().core.registers.s[1..4].copy_from_slice(&values);
    machine.halt().core.causes
}

/// The causes of an instruction of the vector pipe, with bytes in V4 and on (what is added to), V2 and V3.
fn vector(text: &str, values: [[u8; 4]; 3], mask: u32) -> u32 {
    let mut machine = Machine::new(&format!("nop; nop; {text}; nop\nhalt"), Vec::new());
    machine.start();
    let [sum, a, b] = values.map(|bytes| Vector(std::array::from_fn(|i| bytes[i % 4])));
    machine.core.registers.v[2] = a;
    machine.core.registers.v[3] = b;
    (4..8).for_each(|v| machine.core.registers.v[v] = sum);
    machine.core.registers.vp[1].set_section(8, mask);
    machine.halt().core.causes
}

const FLOATS: [(&str, f32, f32, f32, Option<Cause>); 12] = [
    ("add", 0.0, 1.0, 2.0, None),
    ("add", 0.0, f32::MAX, f32::MAX, Some(Cause::SpuNotFinite)),
    ("add", 0.0, f32::INFINITY, f32::NEG_INFINITY, Some(Cause::SpuNotFinite)),
    ("add", 0.0, 1.0, f32::NAN, Some(Cause::SpuNotFinite)),
    ("sub", 0.0, 1.5 * f32::MIN_POSITIVE, f32::MIN_POSITIVE, Some(Cause::SpuSubnormal)),
    // What is subnormal before is zero, and so is its result.
    ("add", 0.0, 1e-40, 0.0, None),
    ("mul", 0.0, 1e-20, 1e-20, Some(Cause::SpuSubnormal)),
    ("mul", 0.0, 1e30, -1e30, Some(Cause::SpuNotFinite)),
    ("mac", f32::MAX, 1e30, 1e30, Some(Cause::SpuNotFinite)),
    ("mac", -f32::MIN_POSITIVE, 1.5, f32::MIN_POSITIVE, Some(Cause::SpuSubnormal)),
    ("mac", 3.0, 1e-20, 1e-20, None),
    ("max", 0.0, f32::INFINITY, 1.0, None),
];

#[test]
fn floats_that_are_none_or_too_small_are_causes() {
    for (name, sum, a, b, cause) in FLOATS {
        let want = cause.map_or(0, Cause::bit);
        let values = [sum, a, b].map(f32::to_bits);
        assert_eq!(scalar(&format!("{name}.f32 S1, S2, S3"), values), want, "{name} {a} {b}");
        let bytes = values.map(u32::to_le_bytes);
        assert_eq!(vector(&format!("{name}.f32 V4, V2, V3"), bytes, 0), want << 5, "{name} {a} {b}");
        assert_eq!(vector(&format!("{name}.f32 V4, V2, V3, VP1"), bytes, 0), 0, "{name} of nothing");
    }
}

#[test]
fn integers_that_do_not_fit_are_causes() {
    let (max, min) = (0x7FFF_FFFF_u32, 0x8000_0000_u32);
    for (text, values, cause) in [
        ("add.i32 S1, S2, S3", [0, max, 1], Some(Cause::SpuSumOverflow)),
        ("add.i32 st S1, S2, S3", [0, max, 1], Some(Cause::SpuSumOverflow)),
        ("add.u32 S1, S2, S3", [0, u32::MAX, 1], None),
        ("add.u32 st S1, S2, S3", [0, u32::MAX, 1], Some(Cause::SpuSumOverflow)),
        ("add.i8 S1, S2, S3", [0, 127, 1], Some(Cause::SpuSumOverflow)),
        ("add.i16 S1, S2, S3", [0, 127, 1], None),
        ("sub.i32 S1, S2, S3", [0, min, 1], Some(Cause::SpuSumOverflow)),
        ("sub.u8 st S1, S2, S3", [0, 1, 2], Some(Cause::SpuSumOverflow)),
        ("sub.u8 st neg S1, S2, S3", [0, 1, 2], None),
        ("abs.i32 S1, S2", [0, min, 0], Some(Cause::SpuAbsOverflow)),
        ("abs.i8 S1, S2", [0, 0x80, 0], Some(Cause::SpuAbsOverflow)),
        ("abs.i16 S1, S2", [0, 0x80, 0], None),
        ("mac.i16 S1, S2, S3", [max, 1, 1], Some(Cause::SpuMacOverflow)),
        ("mac.u16 S1, S2, S3", [u32::MAX, 1, 1], None),
        ("mac.u16 st S1, S2, S3", [u32::MAX, 1, 1], Some(Cause::SpuMacOverflow)),
        ("mul.i32 S1, S2, S3", [0, max, 2], None),
        ("mov.i32 S1, S2", [0, min, 0], None),
    ] {
        assert_eq!(scalar(text, values), cause.map_or(0, Cause::bit), "{text}");
    }
    assert_eq!(scalar("add.i32 b11111 I1, S2, I1", [0, max, 1]), 0);
}

#[test]
fn elements_of_vectors_count_where_they_are_written() {
    let sum = Cause::VpuSumOverflow.bit();
    // The second byte overflows.
    let bytes = [[0; 4], [1, 0x7F, 1, 1], [1; 4]];
    for (text, mask, want) in [
        ("add.i8 V4, V2, V3", 0, sum),
        ("add.i8 V4, V2, V3, VP1", 0x2222_2222, sum),
        ("add.i8 V4, V2, V3, VP1", 0xDDDD_DDDD, 0),
        ("add.i8 V4, V2, V3, !VP1", 0xDDDD_DDDD, sum),
        ("add.i32 V4, V2, V3", 0, 0),
        ("add.i8 V4, V2, V3, !SP0", 0, 0),
    ] {
        assert_eq!(vector(text, bytes, mask), want, "{text}");
    }
    // The accumulators of the third of four elements, which are in the third register.
    let mut machine = Machine::new("nop; nop; mac.i8 A4, V2, V3, VP1; nop\nhalt", Vec::new());
    for (mask, want) in [(4, Cause::VpuMacOverflow.bit()), (!4, 0)] {
        machine.start();
        machine.core.registers.v[2] = Vector([1; 256]);
        machine.core.registers.v[3] = Vector([1; 256]);
        machine.core.registers.v[6].0[..4].copy_from_slice(&0x7FFF_FFFF_u32.to_le_bytes());
        machine.core.registers.vp[1].set_section(8, mask);
        assert_eq!(machine.halt().core.causes, want);
    }
}

#[test]
fn what_is_masked_is_not_looked_for() {
    let mut machine = Machine::new("nop; add.i32 S1, S2, S2; abs.i32 V4, V2; nop\nhalt", Vec::new());
    for (mask, want) in [(0, 0x208), (0x7FFF, 0), (0x200, 8), (8, 0x200)] {
        machine.config.insert(0x85C, mask);
        machine.start().core.registers.s[2] = 0x7FFF_FFFF;
        machine.core.registers.v[2] = Vector::splat(i32::MIN);
        assert_eq!(machine.halt().core.causes, want, "mask {mask:#x}");
    }
}
