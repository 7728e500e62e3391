// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What moves bits, with every type that it takes, those of later chips too.

use super::super::{Mask, Vector};
use super::machine::{DATA, Machine, Random};
use super::vector::{random_registers, vpu};

/// Types with their bytes.
const TYPES: [(&str, usize); 9] = [
    ("f32", 4),
    ("bf16", 2),
    ("i32", 4),
    ("u32", 4),
    ("i8", 1),
    ("u8", 1),
    ("i16", 2),
    ("u16", 2),
    ("f16", 2),
];
const NARROW: [(&str, usize); 4] = [("i16", 2), ("u16", 2), ("i8", 1), ("u8", 1)];

fn bytes(f: impl Fn(usize) -> u8) -> Vector {
    Vector(std::array::from_fn(f))
}

/// A program of one word, with registers of random bits: those before and after.
fn word(text: &str, seed: u64) -> (super::super::Registers, super::super::Registers) {
    let mut before = random_registers(&mut Random(seed));
    before.i[2] = [1, -2, 3, -4, 5];
    before.sp = 0b1001;
    let mut machine = Machine::new(&format!("{text}\nhalt"), Vec::new());
    machine.start().core.registers = before.clone();
    (before, machine.halt().core.registers.clone())
}

#[test]
pub fn moves_of_every_type() {
    let immediate = 0x8765_4321_u32;
    for (ty, size) in TYPES {
        let broadcast = |value: u32| bytes(|i| value.to_le_bytes()[i % size]);
        for slot in ["{}; nop; nop; nop", "nop; nop; {}; nop"] {
            let (before, after) = word(&slot.replace("{}", &format!("mov.{ty} V3, S5")), 71);
            assert_eq!(after.v[3], broadcast(before.s[5]), "{slot} {ty}");
            let (_, after) = word(&slot.replace("{}", &format!("mov.{ty} V3, {immediate:#x}")), 72);
            assert_eq!(after.v[3], broadcast(immediate), "{slot} {ty}");
        }
        let (before, after) = word(&format!("nop; nop; mov.{ty} V3, V1; nop"), 73);
        assert_eq!(after.v[3], before.v[1], "{ty}");
        for (name, width) in [("32", 4), ("16", 2), ("8", 1)] {
            let (_, after) = word(&format!("nop; nop; mov.{ty} V3, V_LANE_ID_{name}; nop"), 74);
            assert_eq!(after.v[3], bytes(|i| (i / width).to_le_bytes()[i % width]), "{ty}");
        }
        let (before, after) =
            word(&format!("nop; nop; mov.{ty} LFSR, V1; nop\nnop; nop; mov V3, LFSR_NO_CHANGE; nop"), 75);
        assert_eq!(after.v[3], before.v[1], "{ty}");
        for slot in ["{}; nop; nop; nop", "nop; {}; nop; nop"] {
            let (before, after) = word(&slot.replace("{}", &format!("mov.{ty} S3, S5")), 76);
            assert_eq!(after.s[3], before.s[5], "{slot} {ty}");
            let (_, after) = word(&slot.replace("{}", &format!("mov.{ty} S3, {immediate:#x}")), 77);
            assert_eq!(after.s[3], immediate, "{slot} {ty}");
            let seeded = slot.replace("{}", &format!("mov.{ty} S_LFSR, S5"));
            let (before, after) = word(&format!("{seeded}\nnop; mov.i32 S3, S_LFSR_NO_CHANGE; nop; nop"), 78);
            assert_eq!(after.s[3], before.s[5], "{slot} {ty}");
        }
    }
    let (before, after) = word("mov V3, V1; nop; nop; nop", 79);
    assert_eq!(after.v[3], before.v[1]);
    for (name, width) in [("32", 4), ("16", 2), ("8", 1)] {
        let (_, after) = word(&format!("mov V3, V_LANE_ID_{name}; nop; nop; nop"), 74);
        assert_eq!(after.v[3], bytes(|i| (i / width).to_le_bytes()[i % width]));
    }
    let (_, after) = word("mov V2, LFSR; nop; nop; nop\nmov V3, LFSR_NO_CHANGE; nop; nop; nop", 75);
    assert!(after.v[2] != after.v[3] && after.v[3] == *after.lfsr.peek());
    for slot in ["{}; nop; nop; nop", "nop; nop; {}; nop"] {
        let (before, after) = word(&slot.replace("{}", "mov VP2, VP1"), 80);
        assert_eq!(after.vp[2], before.vp[1], "{slot}");
        let (_, after) = word(&slot.replace("{}", "mov VP2, SP3"), 81);
        assert_eq!(after.vp[2], Mask::ALL, "{slot}");
        let (_, after) = word(&slot.replace("{}", "mov VP1, SP4"), 82);
        assert_eq!(after.vp[1], Mask::default(), "{slot}");
        for section in 0..8 {
            let (before, after) = word(&slot.replace("{}", &format!("mov {section} VP1, S5")), 83);
            let mut want = before.vp[1];
            let shift = 32 * (section % 2);
            let part = &mut want.0[section / 2];
            *part = *part & !(0xFFFF_FFFF << shift) | u64::from(before.s[5]) << shift;
            assert_eq!(after.vp[1], want, "{slot} {section}");
        }
        let (_, after) = word(&slot.replace("{}", "mov 8 VP1, 0x12345678"), 84);
        assert_eq!(after.vp[1], Mask([0x1234_5678_1234_5678; 4]), "{slot}");
    }
    for slot in ["{}; nop; nop; nop", "nop; {}; nop; nop"] {
        let (before, after) = word(&slot.replace("{}", "mov SP5, S5"), 85);
        assert_eq!(after.sp(5), before.s[5] & 1 != 0, "{slot}");
        let (_, after) = word(&slot.replace("{}", "mov SP5, 3"), 86);
        assert!(after.sp(5), "{slot}");
        let (_, after) = word(&slot.replace("{}", "mov b10010 I4, I2"), 87);
        assert_eq!(after.i[4], [0, -2, 0, 0, 5], "{slot}");
    }
}

#[test]
pub fn shuffles_of_every_type() {
    let mut random = Random(88);
    for (ty, size) in TYPES {
        let mut before = random_registers(&mut random);
        for element in before.v[2].0.chunks_exact_mut(size) {
            let control = random.below(32 / size) as u8 | (random.next() as u8 & 0xA0);
            element.fill(control);
        }
        let after = vpu(&format!("shuffle.{ty} V3, V1, V2"), &before);
        let want = bytes(|i| {
            let control = before.v[2].0[i];
            let from = i / 64 * 64
                + 32 * usize::from(control >> 5 & 1)
                + usize::from(control & 31) * size
                + i % size;
            if control & 0x80 != 0 { before.v[1].0[from] } else { before.v[3].0[i] }
        });
        assert_eq!(after.v[3], want, "{ty}");
    }
}

#[test]
pub fn packing_of_every_type() {
    let mut random = Random(89);
    for (ty, size) in NARROW {
        for stride in [2, 4] {
            for group in 0..2 {
                let before = random_registers(&mut random);
                let (a, old) = (&before.v[1].0, &before.v[3].0);
                let after = vpu(&format!("pack.{ty} group_{group} stride_{stride} V3, V1"), &before);
                let count = 32 / stride;
                let want = bytes(|i| {
                    let inside = i % (2 * count);
                    let Some(j) = inside.checked_sub(count * group).filter(|&j| j < count) else {
                        return old[i];
                    };
                    a[i / 64 * 64 + 32 * group + j / size * size * stride + j % size]
                });
                assert_eq!(after.v[3], want, "pack.{ty} {group} {stride}");
                for half in 0..2 {
                    let text = format!("unpack.{ty} group_{group} stride_{stride} group_half_{half} V3, V1");
                    let after = vpu(&text, &before);
                    // A stride of 2 takes the whole group, whatever half is said.
                    let first = 32 * group + if stride == 4 { 16 * half } else { 0 };
                    let want = bytes(|i| {
                        let element = i % 64 / size;
                        if element % stride != 0 {
                            return old[i];
                        }
                        a[i / 64 * 64 + first + element / stride * size + i % size]
                    });
                    assert_eq!(after.v[3], want, "{text}");
                }
            }
        }
    }
}

#[test]
pub fn moves_between_groups_of_every_type() {
    let mut random = Random(90);
    for (ty, _) in TYPES {
        let before = random_registers(&mut random);
        let (a, old, mask) = (&before.v[1].0, &before.v[3].0, random.next());
        let [from, to, groups] = [random.below(4), random.below(4), random.below(4)];
        let text = format!(
            "mov_dg.{ty} V3, V1, src={from}, dst={to}, wr_lg={}, wr_ug={}, {mask:#x}",
            groups & 1,
            groups >> 1
        );
        let written = |i: usize| groups >> (i / 32 % 2) & 1 != 0 && mask >> (i % 32) & 1 != 0;
        let want = bytes(|i| if i / 64 == to && written(i) { a[64 * from + i % 64] } else { old[i] });
        assert_eq!(vpu(&text, &before).v[3], want, "{text}");
        let enabled = random.below(16);
        let text = format!("mov_g.{ty} V3, V1, g_en={groups}, dg_en={enabled}, {mask:#x}");
        let want = bytes(|i| if enabled >> (i / 64) & 1 != 0 && written(i) { a[i ^ 32] } else { old[i] });
        assert_eq!(vpu(&text, &before).v[3], want, "{text}");
    }
}

#[test]
pub fn halves_and_stores() {
    // Vectors go to local memory and back in halves.
    let text = "nop; nop; nop; st_l_v S6, S7, V1\nnop; nop; nop; st_l_v_low 0x200, S7, V2\n\
        nop; nop; nop; st_l_v_high 0x280, S7, V2\nld_l_v V8, 0x200, S7; nop; nop; nop\n\
        ld_l_v_low V9, 0x180, S7; nop; nop; nop\nld_l_v_high V9, 0x100, S7; nop; nop; nop";
    let mut before = random_registers(&mut Random(91));
    before.s[6..8].copy_from_slice(&[0x100, 0]);
    let mut machine = Machine::new(&format!("{text}\nhalt"), Vec::new());
    machine.start().core.registers = before.clone();
    let after = machine.halt().core.registers.clone();
    assert_eq!(after.v[8], before.v[2]);
    // The halves of V1, exchanged.
    assert_eq!(after.v[9], bytes(|i| before.v[1].0[i ^ 128]));

    // Elements at addresses of the STORE slot, and halves of vectors at coordinates.
    let text = "nop; nop; nop; gen_addr AD1, 0, I2\nnop; nop; nop; st_g AD1, S5\nnop; nop; nop; st_tnsr_low 0, I3, V1\n\
        nop; nop; nop; st_tnsr_high 0, I4, V1\nld_tnsr_low V8, 0, I4; nop; nop; nop\n\
        ld_tnsr_high V8, 0, I3; nop; nop; nop\nld_g V9, AD1; nop; nop; nop\nld_g S8, AD1; nop; nop; nop";
    let mut machine = Machine::new(&format!("{text}\nhalt"), vec![0; 1 << 10]);
    machine.tensor(0, 2, 0, [256, 1, 1, 1, 1]);
    machine.start().core.registers = before.clone();
    machine.core.registers.i[2][0] = 200;
    machine.core.registers.i[3][0] = 32;
    machine.core.registers.i[4][0] = 100;
    let after = machine.halt().core.registers.clone();
    assert_eq!(after.ad[1].address, DATA + 800);
    let data = machine.data();
    assert_eq!(data[800..804], before.s[5].to_le_bytes());
    assert_eq!((&data[128..256], &data[400..528]), (&before.v[1].0[..128], &before.v[1].0[128..]));
    assert_eq!(after.v[8], bytes(|i| before.v[1].0[i ^ 128]));
    assert_eq!((after.v[9], after.s[8]), (bytes(|i| before.s[5].to_le_bytes()[i % 4]), before.s[5]));
}

#[test]
pub fn what_changes_no_register() {
    let text = "nop\nnop; dbg; nop; nop\nnop; nop; dbg; nop\nnop; nop; nop; cache_flush\nnop; nop; nop; cache_invalidate\n\
        nop; nop; nop; aso\nnop; nop; nop; aso vpu";
    let (before, after) = word(text, 92);
    assert!(before.v == after.v && before.s == after.s && before.i == after.i && before.ad == after.ad);
    assert!(before.sp == after.sp && before.vp == after.vp && before.lfsr == after.lfsr);
}
