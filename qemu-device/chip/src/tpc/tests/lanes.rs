// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Conversions and what moves elements between lanes, against the sheets' own examples.

use super::super::{Mask, Vector};
use super::machine::Random;
use super::vector::{random_registers, vpu};

/// A vector whose byte `i` is `f(i)`.
fn bytes(f: impl Fn(usize) -> u8) -> Vector {
    Vector(std::array::from_fn(f))
}

/// A vector whose word `i` is `f(i)`.
fn words(f: impl Fn(usize) -> u32) -> Vector {
    bytes(|i| f(i / 4).to_le_bytes()[i % 4])
}

fn word(vector: &Vector, i: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|j| vector.0[4 * i + j]))
}

#[test]
pub fn conversions_write_a_part_of_each_lane() {
    let mut before = random_registers(&mut Random(31));
    let old = before.v[3];
    before.v[1] = words(|i| (i as f32 * 10.25 - 300.0).to_bits());
    let float = |i: usize| i as f32 * 10.25 - 300.0;
    let after = vpu("convert.f32 V3, V1, target_type=int32, rz", &before);
    assert!((0..64).all(|i| word(&after.v[3], i) as i32 == float(i).trunc() as i32));
    for lane in 0..4 {
        let after = vpu(&format!("convert.f32 V3, V1, target_type=int8, lane_sel={lane}, rd"), &before);
        let want = bytes(|i| {
            if i % 4 == lane { float(i / 4).floor().clamp(-128.0, 127.0) as i8 as u8 } else { old.0[i] }
        });
        assert_eq!(after.v[3], want, "{lane}");
    }
    for lane in 0..2 {
        let after = vpu(&format!("convert.f32 V3, V1, target_type=int16, lane_sel={lane}, ru"), &before);
        let half = |i: usize| (float(i / 4).ceil() as i16).to_le_bytes()[i % 2];
        let want = bytes(|i| if i / 2 % 2 == lane { half(i) } else { old.0[i] });
        assert_eq!(after.v[3], want, "{lane}");
    }
    let low = |i: usize| before.v[2].0[4 * i] as i8;
    let after = vpu("convert.i8 V3, V2, target_type=fp32", &before);
    assert!((0..64).all(|i| f32::from_bits(word(&after.v[3], i)) == f32::from(low(i))));
    let after = vpu("convert.u8 V3, V2, target_type=int32", &before);
    assert!((0..64).all(|i| word(&after.v[3], i) == u32::from(before.v[2].0[4 * i])));
    let after = vpu("convert.i8 V3, V2, target_type=int16", &before);
    let want = bytes(|i| i16::from(before.v[2].0[i & !1] as i8).to_le_bytes()[i % 2]);
    assert_eq!(after.v[3], want);
    let after = vpu("convert.i32 V3, V2, target_type=fp32, VP1", &before);
    for i in 0..64 {
        let want = (word(&before.v[2], i) as i32 as f32).to_bits();
        let written = before.vp[1].get(4 * i);
        assert_eq!(word(&after.v[3], i), if written { want } else { word(&old, i) }, "{i}");
    }
}

#[test]
pub fn conversions_with_a_shift_take_it_from_bytes_or_a_scalar() {
    let mut before = random_registers(&mut Random(32));
    let old = before.v[3];
    before.v[2] = bytes(|i| (i as u8 % 20).wrapping_neg());
    before.s[5] = -4_i32 as u32;
    for lane in 0..4 {
        let after = vpu(&format!("convert_int32 lane_sel={lane} rd to_8 V3, V1, V2"), &before);
        let value = |i: usize| (word(&before.v[1], i) as i32 >> (4 * i % 20)).clamp(-128, 127) as u8;
        assert_eq!(after.v[3], bytes(|i| if i % 4 == lane { value(i / 4) } else { old.0[i] }), "{lane}");
    }
    for lane in 0..2 {
        let after = vpu(&format!("convert_uint32 lane_sel={lane} rd to_16 V3, V1, S5"), &before);
        let value = |i: usize| ((word(&before.v[1], i) >> 4).min(65535) as u16).to_le_bytes();
        assert_eq!(
            after.v[3],
            bytes(|i| if i / 2 % 2 == lane { value(i / 4)[i % 2] } else { old.0[i] }),
            "{lane}"
        );
        let after = vpu(&format!("convert_int16 lane_sel={lane} rd V3, V1, -4"), &before);
        let half = |i: usize| i16::from_le_bytes([before.v[1].0[i & !1], before.v[1].0[i | 1]]);
        let value = |i: usize| (half(i) >> 4).clamp(-128, 127) as u8;
        assert_eq!(after.v[3], bytes(|i| if i % 2 == lane { value(i) } else { old.0[i] }), "{lane}");
    }
}

#[test]
pub fn vectors_are_moved_and_broadcast() {
    let mut before = random_registers(&mut Random(33));
    before.s[5] = 0x1234_5678;
    assert_eq!(vpu("mov.f32 V3, V1", &before).v[3], before.v[1]);
    assert_eq!(vpu("mov.i32 V3, S5", &before).v[3], words(|_| 0x1234_5678));
    assert_eq!(vpu("mov.i16 V3, S5", &before).v[3], words(|_| 0x5678_5678));
    assert_eq!(vpu("mov.i8 V3, 0x1ff", &before).v[3], bytes(|_| 0xFF));
    assert_eq!(vpu("mov V3, V_LANE_ID_32", &before).v[3], words(|i| i as u32));
    assert_eq!(
        vpu("mov V3, V_LANE_ID_16", &before).v[3],
        bytes(|i| if i % 2 == 0 { (i / 2) as u8 } else { 0 })
    );
    assert_eq!(vpu("mov V3, V_LANE_ID_8", &before).v[3], bytes(|i| i as u8));
    assert_eq!(vpu("mov VP2, VP1", &before).vp[2], before.vp[1]);
    assert_eq!(vpu("mov VP2, SP0", &before).vp[2], Mask::ALL);
    before.vp[2] = Mask([u64::MAX, 0, u64::MAX, 0]);
    let sections = [(3, [u64::MAX, 0x1234_5678_0000_0000, u64::MAX, 0]), (8, [0x1234_5678_1234_5678; 4])];
    for (section, want) in sections {
        assert_eq!(vpu(&format!("mov {section} VP2, S5"), &before).vp[2], Mask(want));
    }
    let random = vpu("mov V3, LFSR", &before);
    assert_ne!(random.v[3], vpu("mov V3, LFSR", &random).v[3]);
    assert_eq!(vpu("mov V3, LFSR_NO_CHANGE", &random).v[3], vpu("mov V3, LFSR", &random).v[3]);
    assert_eq!(vpu("mov V3, LFSR", &vpu("mov LFSR, V1", &before)).v[3], before.v[1]);
    assert_eq!(vpu("mov.f32 V3, V1, SP1", &before).v[3], before.v[3]);
}

#[test]
pub fn elements_move_inside_of_dual_groups() {
    let mut before = random_registers(&mut Random(34));
    let (a, old) = (before.v[1], before.v[3]);
    before.v[2] = words(|i| u32::from_ne_bytes([0x80 | 0x20 | (7 - i as u8 % 8); 4]));
    let want = words(|i| word(&a, i / 16 * 16 + 8 + 7 - i % 8));
    assert_eq!(vpu("shuffle.f32 V3, V1, V2", &before).v[3], want);
    before.v[2] = bytes(|i| if i % 2 == 0 { 0x80 | (31 - i as u8 % 32) } else { 0 });
    let want = bytes(|i| if i % 2 == 0 { a.0[i / 64 * 64 + 31 - i % 32] } else { old.0[i] });
    assert_eq!(vpu("shuffle.i8 V3, V1, V2", &before).v[3], want);
}

#[test]
pub fn packing_both_groups_leaves_the_list_in_each() {
    let before = random_registers(&mut Random(35));
    let a = before.v[1];
    let first = vpu("pack.i16 group_0 stride_2 V3, V1", &before);
    let both = vpu("pack.i16 group_1 stride_2 V3, V1", &first);
    // Even half words of the dual group, in order, in each of its groups.
    let want = bytes(|i| a.0[i / 64 * 64 + i % 32 / 2 * 4 + i % 2]);
    assert_eq!(both.v[3], want);
    let first = vpu("pack.i8 group_0 stride_4 V3, V1", &before);
    let both = vpu("pack.i8 group_1 stride_4 V3, V1", &first);
    assert_eq!(both.v[3], bytes(|i| a.0[i / 64 * 64 + i % 16 * 4]));
    // What one call does not write stays.
    let want =
        bytes(|i| if i % 32 < 16 { a.0[i / 64 * 64 + i % 32 / 2 * 4 + i % 2] } else { before.v[3].0[i] });
    assert_eq!(vpu("pack.i16 group_0 stride_2 V3, V1", &before).v[3], want);
}

#[test]
pub fn unpacking_spreads_a_group() {
    let before = random_registers(&mut Random(36));
    let (a, old) = (before.v[1], before.v[3]);
    let want = bytes(|i| if i % 4 < 2 { a.0[i / 64 * 64 + 32 + i % 64 / 4 * 2 + i % 2] } else { old.0[i] });
    assert_eq!(vpu("unpack.i16 group_1 stride_2 group_half_0 V3, V1", &before).v[3], want);
    let want = bytes(|i| if i % 4 == 0 { a.0[i / 64 * 64 + 16 + i % 64 / 4] } else { old.0[i] });
    assert_eq!(vpu("unpack.i8 group_0 stride_4 group_half_1 V3, V1", &before).v[3], want);
}

#[test]
pub fn groups_move_under_a_mask_of_bytes() {
    let before = random_registers(&mut Random(37));
    let (a, old) = (before.v[1], before.v[3]);
    let text = "mov_dg V3, V1, src=3, dst=1, wr_lg=1, wr_ug=0, 0x0000ffff";
    let want = bytes(|i| if (64..80).contains(&i) { a.0[192 + i - 64] } else { old.0[i] });
    assert_eq!(vpu(text, &before).v[3], want);
    let text = "mov_dg V3, V1, src=0, dst=2, wr_lg=1, wr_ug=1, 0xffffffff";
    let want = bytes(|i| if (128..192).contains(&i) { a.0[i - 128] } else { old.0[i] });
    assert_eq!(vpu(text, &before).v[3], want);
    let want = bytes(|i| a.0[i ^ 32]);
    assert_eq!(vpu("mov_g V3, V1, g_en=3, dg_en=15, 0xffffffff", &before).v[3], want);
    let want = bytes(|i| if (64..96).contains(&i) && i % 2 == 0 { a.0[i ^ 32] } else { old.0[i] });
    assert_eq!(vpu("mov_g V3, V1, g_en=1, dg_en=2, 0x55555555", &before).v[3], want);
}

#[test]
pub fn floats_are_formed_from_their_parts() {
    let mut before = random_registers(&mut Random(38));
    before.v[1] = words(|i| (i as u32).wrapping_sub(20));
    before.v[2] = words(|i| (i as u32 % 2) << 31);
    before.v[4] = words(|_| 0x40_0000);
    let after = vpu("form_fp_num.f32 exp_add_bias exp_is_num V3, V1, V2, V4", &before);
    for i in 0..64 {
        let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
        assert_eq!(f32::from_bits(word(&after.v[3], i)), sign * 1.5 * 2_f32.powi(i as i32 - 20), "{i}");
    }
    let after = vpu("form_fp_num.f32 exp_is_num force_sign1 V3, 127, V2, V4", &before);
    assert_eq!(after.v[3], words(|_| (-1.5_f32).to_bits()));
    before.v[1] = words(|_| 0.25_f32.to_bits());
    let after = vpu("form_fp_num.f32 force_sign0 V3, V1, V2, V4", &before);
    assert_eq!(after.v[3], words(|_| 0.375_f32.to_bits()));
    before.v[2] = words(|_| 1);
    let after = vpu("form_fp_num.f32 sign_lsb V3, V1, V2, V4", &before);
    assert_eq!(after.v[3], words(|_| (-0.375_f32).to_bits()));
}
