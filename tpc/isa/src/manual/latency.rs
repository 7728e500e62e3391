// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! In which word a result can be read.

use crate::asm;
use crate::form::{Form, Types};
use crate::instruction::{Instruction, Predicate, Word};
use crate::latency::{self, Write};
use crate::register::File;
use crate::types::Type;

use super::example;

/// What reads a register of a file, and a line in which it reads number `#`.
const CONSUMERS: &[(File, &str, &str)] = &[
    (File::V, "vector pipe", "nop; nop; add.i32 V39, V#, V38; nop"),
    (File::V, "``st_tnsr``", "nop; nop; nop; st_tnsr 0, I9, V#"),
    (File::V, "``st_l_v``", "nop; nop; nop; st_l_v S34, S35, V#"),
    (File::S, "scalar pipe, ``ld_l``", "nop; mov.i32 S35, S#; nop; nop"),
    (File::S, "``st_l``", "nop; nop; nop; st_l S35, S#"),
    (File::S, "vector pipe", "nop; nop; add.i32 V39, V38, S#; nop"),
    (File::S, "start and boundary of a loop", "loop S#, 9, 1, <, 64"),
    (File::S, "step of a loop", "loop 0, 9, S#, <, 64"),
    (File::I, "``ld_tnsr``, ``st_tnsr``, ``gen_addr``", "ld_tnsr V39, 0, I#; nop; nop; nop"),
    (File::I, "``mov_irf_dim``", "nop; mov_irf_dim 0 S35, I#; nop; nop"),
    (File::Ad, "``ld_g`` of a vector", "ld_g V39, AD#; nop; nop; nop"),
    (File::Ad, "``ld_g`` of a scalar, ``st_g``", "ld_g S35, AD#; nop; nop; nop"),
    (File::Sp, "predicate of the scalar pipe", "nop; mov.i32 S35, S34, SP#; nop; nop"),
    (File::Sp, "predicate of ``ld_l``, ``st_l``, indices", "ld_l S35, S34, SP#; nop; nop; nop"),
    (
        File::Sp,
        "predicate of the vector pipe, ``ld_tnsr``, ``st_tnsr``",
        "nop; nop; add.i32 V39, V38, V37, SP#; nop",
    ),
    (File::Vp, "predicate of the vector pipe", "nop; nop; add.i32 V39, V38, V37, VP#; nop"),
];

/// Rows of reader and words, for all that an instruction with these forms can write.
pub(super) fn rows(forms: &[&'static Form]) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    for &(file, reader, text) in CONSUMERS {
        let mut groups: Vec<(u8, Vec<&str>)> = Vec::new();
        for (form, ty) in forms.iter().flat_map(|form| types(form).into_iter().map(move |ty| (*form, ty))) {
            let Some(words) = distance(form, ty, file, text) else { continue };
            let name = ty.map(Type::suffix).into_iter();
            match groups.iter_mut().find(|(known, _)| *known == words) {
                Some((_, names)) => names.extend(name),
                None => groups.push((words, name.collect())),
            }
        }
        let text = match groups.as_slice() {
            [] => continue,
            [(words, _)] => words.to_string(),
            groups => {
                let text = groups.iter().map(|(words, names)| format!("{words} ({})", names.join(" ")));
                text.collect::<Vec<_>>().join(", ")
            }
        };
        rows.push([reader.to_owned(), text]);
    }
    rows
}

fn types(form: &Form) -> Vec<Option<Type>> {
    match form.types {
        Types::Suffix(set, ..) | Types::Optional(set, ..) => set.iter().map(Some).collect(),
        Types::Fixed(ty) => vec![Some(ty)],
        Types::None => vec![None],
    }
}

/// Words from a `form` that writes a register of `file` to the reader of `text`.
fn distance(form: &'static Form, ty: Option<Type>, file: File, text: &str) -> Option<u8> {
    let instruction = writer(form, ty, file)?;
    let write = latency::writes(&instruction).find(|write| write.register.file == file)?;
    let text = text.replace('#', &write.register.number.to_string());
    let program = asm::assemble(&text).ok()?;
    let distance = |reads: &mut dyn Iterator<Item = latency::Read>| {
        reads.filter(|read| read.is_of(&write)).map(|read| read.distance(&write)).max()
    };
    match Word::decode(program.words.first()?).ok()? {
        Word::Slots(slots) => distance(&mut slots.iter().flat_map(latency::reads)),
        Word::Loop(l) => distance(&mut latency::loop_reads(&l)),
    }
}

/// The example of `form`, with a type, and writing a register of `file`.
fn writer(form: &'static Form, ty: Option<Type>, file: File) -> Option<Instruction> {
    let example = example::of(form)?;
    let mut operands = example.operands().to_vec();
    let written = |write: &Write| write.register.file == file;
    if !latency::writes(&example).any(|write| written(&write)) {
        let at = form.places.iter().position(|place| place.role != crate::form::Role::Read)?;
        let to = crate::register::Register::new(file, 4)?;
        *operands.get_mut(at)? = crate::operand::Operand::Register(to);
    }
    Instruction::new(form, ty, example.switches(), &operands, Predicate::ALWAYS).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::Slot;
    use crate::table;

    #[test]
    fn readers_are_words() {
        for (_, reader, text) in CONSUMERS {
            assert!(asm::assemble(&text.replace('#', "1")).is_ok(), "{reader}: {text}");
        }
    }

    #[test]
    fn distances_are_those_of_the_tables() {
        let rows = |slot: Slot, mnemonic: &str| {
            let forms: Vec<_> = table::forms(slot).iter().filter(|form| form.mnemonic == mnemonic).collect();
            rows(&forms).into_iter().map(|[reader, words]| format!("{reader}: {words}")).collect::<Vec<_>>()
        };
        let has = |slot, mnemonic, row: &str| {
            let rows = rows(slot, mnemonic);
            assert!(rows.iter().any(|known| known == row), "{mnemonic}: {row}: {rows:?}");
        };
        has(Slot::Vpu, "shuffle", "vector pipe: 5");
        has(Slot::Vpu, "mac", "vector pipe: 6 (f32), 4 (i16 u16 i8 u8)");
        has(Slot::Load, "ld_tnsr", "vector pipe: 4");
        has(Slot::Load, "ld_l", "step of a loop: 5");
        has(Slot::Load, "ld_l", "predicate of the scalar pipe: 4");
        assert!(rows(Slot::Store, "st_tnsr").is_empty());
    }
}
