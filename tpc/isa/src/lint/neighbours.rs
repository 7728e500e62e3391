// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Words that are too near to each other, on any way through the program.

use super::flow::Flow;
use super::{Code, LOOKUPS, Report, Rule, TENSOR_LOADS, TENSOR_STORES, VECTOR_LOCAL_STORES, is};
use crate::instruction::Instruction;
use crate::slot::{Field, Slot};

/// Words from a store to the load that would need its path.
const STORE_TO_LOAD: usize = 4;

pub(super) fn check(code: &Code, flow: &Flow, report: &mut Report) {
    for at in 0..code.words.len() {
        let Some(slots) = code.slots(at) else { continue };
        let (load, store) = (slots.get(Slot::Load), slots.get(Slot::Store));
        for &next in flow.after(at) {
            if is(load, LOOKUPS) {
                behind_lookup(code, next, report);
            }
            behind_half(code, load, next, report);
        }
        if is(store, TENSOR_STORES) {
            for to in flow.behind(at, STORE_TO_LOAD) {
                let Some(load) = code.at(to, Slot::Load).filter(|load| is(load, TENSOR_LOADS)) else {
                    continue;
                };
                let message =
                    format!("`{load}` four words behind `{store}`: both need the tensor's address unit");
                report.add(to, Rule::Distance, message);
            }
        }
    }
}

/// A half that is loaded is not yet in its place in the next word.
fn behind_half(code: &Code, load: &Instruction, next: usize, report: &mut Report) {
    let Some(behind) = code.at(next, Slot::Load).filter(|next| is(next, TENSOR_LOADS)) else { return };
    let mixed = is(load, &["ld_tnsr_low"]) && !is(behind, &["ld_tnsr_low"])
        || is(load, &["ld_tnsr_high"]) && is(behind, &["ld_tnsr_low"]);
    if mixed {
        let message = format!("`{behind}` right behind `{load}`: halves of the two may be mixed");
        report.add(next, Rule::Distance, message);
    }
}

/// A look-up also uses what the word behind it would.
fn behind_lookup(code: &Code, next: usize, report: &mut Report) {
    let Some(slots) = code.slots(next) else { return };
    let (load, vpu, store) = (slots.get(Slot::Load), slots.get(Slot::Vpu), slots.get(Slot::Store));
    let used = [
        (!load.form().is_nop(), load),
        (vpu.form().uses(Field::D), vpu),
        (is(store, VECTOR_LOCAL_STORES), store),
    ];
    for (_, instruction) in used.iter().filter(|used| used.0) {
        let message = format!("`{instruction}` behind a look-up, which takes two words of this path");
        report.add(next, Rule::Distance, message);
    }
}
