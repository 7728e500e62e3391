// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What the slots of one word cannot do at the same time.

use super::{Code, LOCAL_LOADS, LOCAL_STORES, LOOKUPS, Report, Rule, TENSOR_LOADS, TENSOR_STORES, is};
use crate::instruction::Instruction;
use crate::register::File;
use crate::slot::{Field, Slot};

pub(super) fn check(code: &Code, report: &mut Report) {
    for at in 0..code.words.len() {
        let Some(slots) = code.slots(at) else { continue };
        let [load, spu, vpu, store] = Slot::ALL.map(|slot| slots.get(slot));
        let mut port = |both: bool, a: &Instruction, b: &Instruction, what: &str| {
            if both {
                report.add(at, Rule::Port, format!("`{a}` and `{b}` in one word: {what}"));
            }
        };
        let local = is(load, LOCAL_LOADS) && is(store, LOCAL_STORES);
        port(local, load, store, "local memory has one port, one of them is lost");
        let global = is(load, &["ld_g"]) && is(store, &["st_g"]);
        port(global, load, store, "scalar memory has one port, one of them is lost");
        let scalars = carries_scalar(vpu) && load_carries_scalar(load);
        port(scalars, load, vpu, "one scalar a word goes to the vector pipe, one of them gets the other's");
        let index = is(spu, &["mul"]) && writes_index(spu);
        let late = is(store, &["set_indx", "prmt_indx", "gen_addr"]) || is(store, TENSOR_STORES);
        port(index && late, spu, store, "both use the multiplier's path to the indices");
        let vector = is(load, &["ld_g"]) && writes_vector(load);
        let loads = is(load, TENSOR_LOADS) || is(load, LOOKUPS) || vector;
        port(loads && is(store, &["aso"]), load, store, "the semaphore may not count this load");
    }
}

/// Whether the vector pipe needs a scalar's value, or a scalar predicate's, as a source.
fn carries_scalar(vpu: &Instruction) -> bool {
    sources(vpu).any(|file| matches!(file, File::S | File::Sp))
}

fn load_carries_scalar(load: &Instruction) -> bool {
    let local = is(load, &["ld_l_v", "ld_l_v_low", "ld_l_v_high"]);
    let moved = is(load, &["mov"]) && writes_vector(load);
    local || moved && carries_scalar(load)
}

fn sources(instruction: &Instruction) -> impl Iterator<Item = File> + '_ {
    let places = instruction.form().places.iter().zip(instruction.operands());
    places
        .filter(|(place, _)| place.field != Field::Dest)
        .filter_map(|(_, operand)| Some(operand.register()?.file))
}

fn destination(instruction: &Instruction) -> Option<File> {
    let mut places = instruction.form().places.iter().zip(instruction.operands());
    places
        .find(|(place, _)| place.field == Field::Dest)
        .and_then(|(_, operand)| Some(operand.register()?.file))
}

fn writes_index(instruction: &Instruction) -> bool {
    destination(instruction) == Some(File::I)
}

fn writes_vector(instruction: &Instruction) -> bool {
    matches!(destination(instruction), Some(File::V | File::Vp | File::D))
}
