// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Words that are too near to each other.

use super::{Code, LOOKUPS, Report, Rule, TENSOR_LOADS, TENSOR_STORES, VECTOR_LOCAL_STORES, is};
use crate::slot::{Field, Slot};

pub(super) fn check(code: &Code, report: &mut Report) {
    for at in 0..code.words.len() {
        let Some(load) = code.at(at, Slot::Load) else { continue };
        if is(load, LOOKUPS) {
            behind_lookup(code, at, report);
        }
        let next = code.at(at + 1, Slot::Load).filter(|next| is(next, TENSOR_LOADS));
        if let Some(next) = next {
            let halves = is(load, &["ld_tnsr_low"]) && !is(next, &["ld_tnsr_low"])
                || is(load, &["ld_tnsr_high"]) && is(next, &["ld_tnsr_low"]);
            if halves {
                let message = format!("`{next}` right behind `{load}`: halves of the two may be mixed");
                report.add(at + 1, Rule::Distance, message);
            }
        }
        let store = code.at(at, Slot::Store).filter(|store| is(store, TENSOR_STORES));
        let fourth = code.at(at + 4, Slot::Load).filter(|load| is(load, TENSOR_LOADS));
        if let (Some(store), Some(load)) = (store, fourth) {
            let message =
                format!("`{load}` four words behind `{store}`: both need the tensor's address unit");
            report.add(at + 4, Rule::Distance, message);
        }
    }
}

/// A look-up also uses what the word behind it would.
fn behind_lookup(code: &Code, at: usize, report: &mut Report) {
    let Some(slots) = code.slots(at + 1) else { return };
    let (load, vpu, store) = (slots.get(Slot::Load), slots.get(Slot::Vpu), slots.get(Slot::Store));
    let used = [
        (!load.form().is_nop(), load),
        (vpu.form().uses(Field::D), vpu),
        (is(store, VECTOR_LOCAL_STORES), store),
    ];
    for (_, instruction) in used.iter().filter(|used| used.0) {
        let message = format!("`{instruction}` behind a look-up, which takes two words of this path");
        report.add(at + 1, Rule::Distance, message);
    }
}
