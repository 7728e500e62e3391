// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Distances that the vendor's documents and compiled kernels show.

use crate::instruction::{Instruction, Word};
use crate::slot::Slot;
use crate::{asm, latency};

fn instruction(slot: Slot, text: &str) -> Instruction {
    let mut slots = ["nop"; 4];
    slots[slot as usize] = text;
    let program = asm::assemble(&slots.join("; ")).unwrap();
    match Word::decode(&program.words[0]).unwrap() {
        Word::Slots(slots) => *slots.get(slot),
        Word::Loop(_) => unreachable!("{text}"),
    }
}

/// Words from `producer` to a `consumer` of what it makes.
fn distance(producer: (Slot, &str), consumer: (Slot, &str)) -> Option<u8> {
    let producer = instruction(producer.0, producer.1);
    let consumer = instruction(consumer.0, consumer.1);
    let write = latency::writes(&producer).next()?;
    latency::reads(&consumer).filter(|read| read.is_of(&write)).map(|read| read.distance(&write)).max()
}

#[test]
fn distances_are_those_of_the_vendors_tables() {
    use Slot::{Load, Spu, Store, Vpu};
    let add = (Spu, "add.i32 S1, S2, S3");
    let compare = (Spu, "cmp_eq.i32 SP1, S2, S3");
    let index = (Load, "set_indx I1, b00001, S2");
    let vector = (Vpu, "add.i32 V1, V2, V3");
    let float = (Vpu, "mac.f32 V1, V2, V3");
    let mask = (Vpu, "cmp_eq.i32 VP1, V2, V3");
    let load = (Load, "ld_tnsr V1, 0, I0");
    for (producer, consumer, words) in [
        (add, (Spu, "add.i32 S4, S1, S5"), 4),
        (add, (Load, "ld_l S4, S1"), 4),
        (add, (Load, "set_indx I4, b00001, S1"), 4),
        (add, (Store, "st_l S1, S4"), 7),
        (add, (Vpu, "add.i32 V4, V5, S1"), 1),
        (add, (Load, "ld_l_v V4, S1, S5"), 1),
        (add, (Load, "mov.i32 V4, S1"), 1),
        (add, (Load, "mov.i32 S4, S1"), 4),
        ((Spu, "mul.f32 S1, S2, S3"), (Spu, "mov.f32 S4, S1"), 6),
        ((Spu, "mac.f32 S1, S2, S3"), (Spu, "mac.f32 S1, S4, S5"), 6),
        ((Spu, "mac.i16 S1, S2, S3"), (Spu, "mac.i16 S1, S4, S5"), 4),
        ((Spu, "udiv_step.u32 3 Z0, S3"), (Spu, "udiv_step.u32 2 Z0, S3"), 7),
        (compare, (Spu, "add.i32 S1, S2, S3, SP1"), 2),
        (compare, (Spu, "and.b SP3, SP1, SP2"), 2),
        (compare, (Load, "ld_l S1, S2, SP1"), 3),
        (compare, (Load, "set_indx I1, b00001, S2, SP1"), 3),
        (compare, (Load, "ld_g S1, AD2, SP1"), 3),
        (compare, (Load, "ld_tnsr V1, 0, I0, SP1"), 1),
        (compare, (Store, "st_tnsr 0, I0, V1, SP1"), 1),
        (compare, (Vpu, "add.i32 V1, V2, V3, SP1"), 1),
        (index, (Load, "ld_tnsr V1, 0, I1"), 1),
        (index, (Store, "st_tnsr 0, I1, V1"), 1),
        (index, (Load, "gen_addr AD1, 0, I1"), 1),
        (index, (Spu, "mul.i32 b00001 I2, I1, I3"), 1),
        (index, (Spu, "mov_irf_dim 0 S1, I1"), 2),
        (index, (Spu, "max.i32 b00001 I2, I1, I3"), 2),
        ((Spu, "add.i32 b00001 I1, I2, I3"), (Load, "ld_tnsr V1, 0, I1"), 1),
        ((Spu, "mul.i32 b00001 I1, I2, I3"), (Load, "ld_tnsr V1, 0, I1"), 4),
        ((Load, "prmt_indx I1, I2, S3"), (Store, "st_tnsr 0, I1, V1"), 4),
        ((Spu, "mov_irf_dim 0 S1, I1"), (Spu, "mov.i32 S2, S1"), 4),
        ((Load, "gen_addr AD1, 0, I1"), (Load, "ld_g V1, AD1"), 1),
        ((Load, "gen_addr AD1, 0, I1"), (Load, "ld_g S1, AD1"), 7),
        ((Load, "gen_addr AD1, 0, I1"), (Store, "st_g AD1, S1"), 7),
        ((Load, "ld_l S1, S2"), (Spu, "mov.i32 S2, S1"), 4),
        ((Load, "ld_l SP1, S2"), (Spu, "mov.i32 S2, S1, SP1"), 4),
        (load, (Vpu, "add.i32 V2, V1, V3"), 4),
        (load, (Store, "st_tnsr 0, I0, V1"), 1),
        (load, (Store, "st_l_v S1, S2, V1"), 7),
        (vector, (Vpu, "add.i32 V2, V1, V3"), 4),
        (vector, (Vpu, "sel_eq.f32 V4, V2, V3, V1, V5"), 4),
        (vector, (Store, "st_tnsr 0, I0, V1"), 1),
        (vector, (Store, "st_l_v S1, S2, V1"), 7),
        (float, (Vpu, "mac.f32 V1, V2, V3"), 6),
        (float, (Vpu, "max.f32 V2, V1, V3"), 6),
        ((Vpu, "max.f32 V1, V2, V3"), (Vpu, "max.f32 V2, V1, V3"), 4),
        ((Vpu, "mac.i8 A0, V5, V6"), (Vpu, "mac.i8 A0, V5, V6"), 4),
        ((Vpu, "mul.i32 D0, V5, V6"), (Vpu, "mov.i32 V9, V1"), 4),
        ((Vpu, "mov_dg V1, V2, src=0, dst=1, wr_lg=1, wr_ug=1, 1"), (Vpu, "mov.i32 V3, V1"), 6),
        ((Vpu, "shuffle.i8 V1, V2, V3"), (Vpu, "mov.i32 V3, V1"), 5),
        ((Vpu, "pack.i16 group_0 stride_2 V1, V2"), (Vpu, "mov.i32 V3, V1"), 5),
        (mask, (Vpu, "add.i32 V1, V2, V3, VP1"), 2),
        (mask, (Vpu, "and.b VP2, VP1, VP3"), 2),
        ((Load, "ld_tnsr VP1, 0, I0"), (Vpu, "add.i32 V1, V2, V3, VP1"), 4),
        ((Load, "lookup_c0 V1, V2, BV32, 3"), (Vpu, "mov.f32 V3, V1"), 5),
        ((Load, "lookup V1, V2, BV32, 3"), (Vpu, "mov.f32 V3, V1"), 4),
    ] {
        assert_eq!(distance(producer, consumer), Some(words), "{producer:?} -> {consumer:?}");
    }
    assert_eq!(distance(vector, (Vpu, "add.i32 V2, V4, V3")), None);
}

/// An instruction of each form whose operands are registers that results reach late, and its text.
fn each_form() -> impl Iterator<Item = (Instruction, &'static str)> {
    let program = include_str!("../../tests/vectors/forms.txt");
    program.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (slot, rest) = line.split_once('\t')?;
        let slot = match slot {
            "ld" => Slot::Load,
            "spu" => Slot::Spu,
            "vpu" => Slot::Vpu,
            _ => Slot::Store,
        };
        let text = rest.split('\t').next()?;
        let other = ["main", "LFSR", "LANE_ID"].iter().any(|name| text.contains(name));
        (!other).then(|| (instruction(slot, text), text))
    })
}

#[test]
fn no_distance_is_longer_than_the_longest_of_its_read() {
    let forms: Vec<_> = each_form().collect();
    let writes: Vec<_> = forms.iter().flat_map(|(form, _)| latency::writes(form)).collect();
    let mut reached = 0;
    for (read, text) in
        forms.iter().flat_map(|(form, text)| latency::reads(form).map(move |read| (read, text)))
    {
        let of_file = writes.iter().filter(|write| write.register.file == read.register.file);
        let longest = of_file.map(|write| read.distance(write)).max().unwrap_or(0);
        assert!(longest <= read.longest && read.longest <= latency::MAX_DISTANCE, "{text}: {longest}");
        reached += usize::from(longest == read.longest);
    }
    assert!(reached > 0);
}

#[test]
fn every_register_that_is_written_or_read_has_a_row() {
    use crate::form::Role;
    use crate::operand::Operand;
    for (instruction, text) in each_form() {
        let places = || instruction.form().places.iter().zip(instruction.operands());
        let registers =
            |role| places().filter(move |(p, o)| p.role == role && matches!(o, Operand::Register(_))).count();
        let written = registers(Role::Write) + registers(Role::Update);
        assert_eq!(latency::writes(&instruction).count(), written, "{text}");
        let read = latency::reads(&instruction).count();
        let conditions = usize::from(instruction.predicate().number > 0);
        // What is kept where nothing is written is no read, but for conversions with a shift.
        let least = registers(Role::Read) + conditions;
        assert!((least..=least + registers(Role::Update)).contains(&read), "{text}: {read}");
    }
}
