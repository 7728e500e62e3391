// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensors, local memories, registers and scalar accesses.

use super::super::{Core, Mask, Vector};
use super::machine::{DATA, Machine};

/// 40 columns of 16 bits in 3 rows, element i holding i.
fn tensor(text: &str) -> Machine {
    let data = (0..120_u16).flat_map(u16::to_le_bytes).collect();
    let mut machine = Machine::new(&format!("{text}\nhalt"), data);
    machine.tensor(2, 1, 0xBEEF, [40, 3, 1, 1, 1]);
    machine.start();
    machine
}

fn halves(vector: &Vector) -> Vec<u16> {
    vector.0.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]])).collect()
}

#[test]
pub fn what_is_out_of_bounds_is_padding() {
    for (index, first, lanes) in [
        ([0, 1, 0, 0, 0], 0, 0..40),
        ([30, 2, 0, 0, 0], 30, 0..10),
        ([-5, 0, 0, 0, 0], -5, 5..45),
        ([-128, 0, 0, 0, 0], 0, 0..0),
        ([40, 0, 0, 0, 0], 0, 0..0),
        ([0, 3, 0, 0, 0], 0, 0..0),
        ([0, -1, 0, 0, 0], 0, 0..0),
        ([0, 0, 0, 0, 1], 0, 0..0),
        ([i32::MIN, 0, 0, 0, 0], 0, 0..0),
        ([i32::MAX, i32::MAX, 0, 0, 0], 0, 0..0),
    ] {
        let mut machine = tensor("ld_tnsr V1, 2, I2; nop; nop; nop");
        machine.core.registers.i[2] = index;
        let got = halves(&machine.halt().core.registers.v[1]);
        let want: Vec<_> = (0..128)
            .map(|lane| match lanes.contains(&lane) {
                true => (first + lane + 40 * index[1]) as u16,
                false => 0xBEEF,
            })
            .collect();
        assert_eq!(got, want, "{index:?}");
    }
}

#[test]
pub fn stores_out_of_bounds_are_dropped() {
    let mut machine = tensor("nop; nop; nop; st_tnsr 2, I2, V1");
    machine.core.registers.i[2] = [35, 1, 0, 0, 0];
    machine.core.registers.v[1].0 = [0xEE; 256];
    machine.halt();
    let want: Vec<_> =
        (0..120).flat_map(|i: u16| if (75..80).contains(&i) { [0xEE; 2] } else { i.to_le_bytes() }).collect();
    assert_eq!(machine.data(), want);
}

#[test]
pub fn halves_of_vectors_move_alone() {
    let mut machine = tensor("ld_tnsr_high V1, 2, I2; nop; nop; nop\nnop; nop; nop; st_tnsr_low 2, I3, V1");
    machine.core.registers.i[2] = [0, 1, 0, 0, 0];
    machine.core.registers.i[3] = [0, 2, 0, 0, 0];
    machine.core.registers.v[1].0 = [0x11; 256];
    let registers = machine.halt().core.registers.clone();
    let got = halves(&registers.v[1]);
    assert_eq!((got[0], got[63], got[64], got[103], got[104]), (0x1111, 0x1111, 40, 79, 0xBEEF));
    assert_eq!((machine.data()[2 * 79], machine.data()[2 * 80], machine.data()[2 * 119]), (79, 0x11, 0x11));
}

#[test]
pub fn strides_and_offsets_lead_to_elements() {
    let mut machine = tensor("ld_tnsr V1, 2, I2; nop; nop; nop");
    let at = 0x400 + 2 * 0x4C;
    machine.config.extend([(at + 0x10, 10), (at + 0x14, 4), (at + 0x18, 2)]);
    machine.start().halt();
    let got = halves(&machine.core.registers.v[1]);
    assert_eq!(got[..9], [8, 12, 16, 20, 24, 28, 32, 36, 0xBEEF]);
    // A dimension that does not count has no bounds.
    let mut machine = tensor("ld_tnsr V1, 2, I2; nop; nop; nop");
    machine.config.insert(at + 0x0C, 1 | 0x100);
    machine.start().core.registers.i[2] = [1, 77, -7, 9, 9];
    assert_eq!(halves(&machine.halt().core.registers.v[1])[0], 1);
}

#[test]
pub fn addresses_lead_to_scalars() {
    let text = "gen_addr AD1, 2, I2; nop; nop; nop\nld_g S1, AD1; nop; nop; nop\nld_g V1, AD1; nop; nop; nop\n\
                ld_g SP1, AD1; nop; nop; nop\nnop; nop; nop; gen_addr AD2, 2, I3\nnop; nop; nop; st_g AD2, S1";
    let mut machine = tensor(text);
    machine.core.registers.i[2] = [7, 2, 0, 0, 0];
    machine.core.registers.i[3] = [1, 0, 0, 0, 0];
    let registers = machine.halt().core.registers.clone();
    assert_eq!((registers.ad[1].address, registers.s[1], registers.sp(1)), (DATA + 2 * 87, 87, true));
    assert!(halves(&registers.v[1]).iter().all(|&half| half == 87));
    assert_eq!(machine.data()[..6], [0, 0, 87, 0, 2, 0]);
}

#[test]
pub fn masks_have_32_bytes_of_memory() {
    let text = "ld_tnsr VP1, 2, I2; nop; nop; nop\nnop; nop; nop; st_l_v 0x100, S0, VP1\n\
                ld_l_v VP2, 0x100, S0; nop; nop; nop\nnop; nop; nop; st_tnsr 2, I3, VP2";
    let mut machine = tensor(text);
    machine.core.registers.i[2] = [0, 1, 0, 0, 0];
    let registers = machine.halt().core.registers.clone();
    let bytes: Vec<_> = (40..56_u16).flat_map(u16::to_le_bytes).collect();
    assert_eq!(registers.vp[2], Mask::from_bytes(bytes[..].try_into().unwrap()));
    assert_eq!(machine.data()[..32], bytes);
}

/// As those of a vector: what is out of bounds is padding, and not written.
#[test]
pub fn masks_have_bounds_in_a_tensor() {
    let text = "ld_tnsr VP1, 2, I2; nop; nop; nop\nld_tnsr VP2, 2, I3; nop; nop; nop\n\
                nop; nop; nop; st_tnsr 2, I4, VP0\nnop; nop; nop; st_tnsr 2, I3, VP0";
    let mut machine = tensor(text);
    machine.core.registers.i[2] = [-2, 1, 0, 0, 0];
    machine.core.registers.i[3] = [0, 3, 0, 0, 0];
    machine.core.registers.i[4] = [36, 2, 0, 0, 0];
    let registers = machine.halt().core.registers.clone();
    let bytes = |halves: [u16; 16]| halves.map(u16::to_le_bytes).concat();
    let inside = std::array::from_fn(|i| if i < 2 { 0xBEEF } else { 38 + i as u16 });
    assert_eq!(registers.vp[1].to_bytes()[..], bytes(inside));
    assert_eq!(registers.vp[2].to_bytes()[..], bytes([0xBEEF; 16]));
    assert_eq!(machine.data()[230..], [&115_u16.to_le_bytes()[..], &[0xFF; 8]].concat());
}

#[test]
pub fn local_memories_keep_what_is_stored() {
    let text = "nop; nop; nop; st_l 0x3fc, S1\nld_l S2, 0x3fc; nop; nop; nop\nld_l SP1, 0x3fc; nop; nop; nop\n\
                nop; nop; nop; st_l S3, SP0\nld_l S4, S3; nop; nop; nop\n\
                nop; nop; nop; st_l_v 0x13e00, S5, V1\nld_l_v V2, 0x13e00, S5; nop; nop; nop\n\
                ld_l_v_low V3, 0x13f80, S0; nop; nop; nop\nnop; nop; nop; st_l_v_high S0, S0, V1\n\
                ld_l_v_high V4, S0, S0, VP1; nop; nop; nop";
    let mut machine = tensor(text);
    let registers = &mut machine.core.registers;
    registers.s[1..6].copy_from_slice(&[0xFFFF_FFFF, 0, 8, 0, 0x100]);
    registers.v[1] = Vector(std::array::from_fn(|i| i as u8));
    registers.vp[1] = Mask([0, 0, 0, u64::MAX]);
    let registers = machine.halt().core.registers.clone();
    assert_eq!((registers.s[2], registers.sp(1), registers.s[4]), (0xFFFF_FFFF, true, 1));
    assert_eq!(registers.v[2], registers.v[1]);
    assert_eq!((registers.v[3].0[0], registers.v[3].0[127], registers.v[3].0[128]), (128, 255, 0));
    assert_eq!((registers.v[4].0[191], registers.v[4].0[192], registers.v[4].0[255]), (0, 192, 255));
}

#[test]
pub fn registers_are_read_and_written_by_their_offsets() {
    let text = "ld_l mmio S1, 0x4a8; nop; nop; nop\nnop; nop; nop; st_l mmio 0x4a0, S2\n\
                ld_tnsr V1, 2, I2; nop; nop; nop\nnop; nop; nop; aso\nnop; nop; nop; aso vpu, SP1\n\
                ld_l mmio S3, 0x808; nop; nop; nop\nld_l mmio S4, 0x81c; nop; nop; nop\nnop; nop; nop; st_l mmio 0x860, S2";
    let mut machine = tensor(text);
    machine.memory.registers.extend([(0x81C, 77), (0x860, 0)]);
    machine.core.registers.s[2] = 0xABCD;
    machine.core.registers.i[2] = [40, 0, 0, 0, 0];
    let registers = machine.halt().core.registers.clone();
    assert_eq!(registers.s[1..5], [40, 0xABCD, 1, 77]);
    assert_eq!(halves(&registers.v[1])[0], 0xABCD);
    assert_eq!(machine.memory.registers[&0x860], 0xABCD);
}

/// What a kernel writes to its configuration counts from then on.
#[test]
pub fn registers_that_are_written_have_their_effect() {
    let text = "nop; convert.f32 S3, S2, target_type=int32; nop; nop\nnop; nop; nop; st_l mmio 0x7fc, S1\n\
                nop; convert.f32 S4, S2, target_type=int32; nop; nop\nnop; nop; nearbyint.f32 V1, V2; nop\n\
                nop; nop; nop; st_l mmio 0x804, S5\nnop; nop; nop; st_l mmio 0x800, S6\nlookup V3, V4, BV32, 1; nop; nop; nop\n\
                nop; mov.i32 S7, S_LFSR; nop; nop\nnop; nop; nop; st_l mmio 0x818, S8\n\
                nop; mov.i32 S9, S_LFSR; nop; nop\nnop; mov.i32 S10, S_LFSR; nop; nop";
    let mut machine = tensor(text);
    machine.memory.registers.extend([(0x7FC, 0), (0x800, 0), (0x804, 0), (0x818, 0)]);
    // Where the entries of function 1 are, the data is.
    let tables = DATA - 26 * 128;
    machine.core.registers.s[1..9].copy_from_slice(&[
        2,
        2.5_f32.to_bits(),
        0,
        0,
        (tables >> 32) as u32,
        tables as u32,
        0,
        1 << 31,
    ]);
    machine.core.registers.v[2] = Vector::splat(2.5_f32);
    let registers = machine.halt().core.registers.clone();
    assert_eq!((registers.s[3], registers.s[4]), (2, 3));
    assert_eq!(registers.v[1], Vector::splat(3_f32));
    assert_eq!(registers.v[3], Vector::splat(1_u32 << 16));
    // With one tap at its end, 32 steps give the number itself.
    assert_eq!(registers.s[9], registers.s[10]);
    assert_ne!(registers.s[7], registers.s[9]);
}

/// The slots of a word write the dimensions of their masks, and no others.
#[test]
pub fn dimensions_of_an_index_are_written_alone() {
    let text = "set_indx I2, b00001, 5; add.i32 b00010 I2, I2, I3; nop; set_indx I2, b00100, S2\n\
                prmt_indx I4, I2, S1; max.i32 b01000 I4, I2, I3; nop; nop";
    let mut machine = tensor(text);
    machine.core.registers.i[2] = [1, 2, 3, 4, 5];
    machine.core.registers.i[3] = [10, 20, 30, 40, 50];
    machine.core.registers.s[1..3].copy_from_slice(&[4 | 3 << 3 | 2 << 6 | 1 << 9, 6]);
    let registers = machine.halt().core.registers.clone();
    assert_eq!(registers.i[2], [5, 22, 6, 4, 5]);
    assert_eq!(registers.i[4], [5, 4, 6, 40, 5]);
    // One that is read too early is kept as it is, where it isn't written.
    let text = "nop; set_indx I2, b00010, 7; nop; nop\nnop; max.i32 b00001 I2, I2, I3; nop; nop";
    let mut machine = tensor(text);
    machine.core = Core::new(true);
    machine.start().core.registers.i[3] = [9; 5];
    assert_eq!(machine.halt().core.registers.i[2], [9, 7, 0, 0, 0]);
}

#[test]
pub fn loads_see_memory_before_the_stores_of_their_word() {
    let mut machine = tensor("ld_tnsr V1, 2, I2; nop; nop; st_tnsr 2, I2, V2");
    machine.core.registers.v[2].0 = [9; 256];
    assert_eq!(halves(&machine.halt().core.registers.v[1])[1], 1);
    assert_eq!(machine.data()[2], 9);
}

#[test]
pub fn scalars_are_broadcast_and_moved_by_the_load_slot() {
    let text = "mov.i16 V1, S1; nop; nop; nop\nmov V2, V1; nop; nop; nop\nmov.f32 S2, S1; nop; nop; nop\n\
                mov SP1, S1; nop; nop; nop\nmov 2 VP1, S1; nop; nop; nop\nmov VP2, SP0; nop; nop; nop\n\
                mov.i32 S_LFSR, S1; nop; nop; nop\nmov.i32 S3, S_LFSR_NO_CHANGE; nop; nop; nop\n\
                mov.i32 S4, S_LFSR; nop; nop; nop\nmov.i32 S5, S_LFSR; nop; nop; nop\nmov.i8 V3, 5, VP1; nop; nop; nop";
    let mut machine = tensor(text);
    machine.core.registers.s[1] = 0x0001_8003;
    let r = machine.halt().core.registers.clone();
    assert!(halves(&r.v[1]).iter().all(|&half| half == 0x8003) && r.v[2] == r.v[1]);
    assert_eq!(
        (r.s[2], r.sp(1), r.vp[1], r.vp[2]),
        (0x0001_8003, true, Mask([0, 0x0001_8003, 0, 0]), Mask::ALL)
    );
    assert_eq!((r.s[3], r.s[4]), (0x0001_8003, 0x0001_8003));
    assert_ne!(r.s[5], r.s[4]);
    assert_eq!((r.v[3].0[63], r.v[3].0[64], r.v[3].0[65], r.v[3].0[66]), (0, 5, 5, 0));
}
