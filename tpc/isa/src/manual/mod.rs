// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The manual of the instructions, as reStructuredText: an entry for each instruction of a slot, with its bits, operands,
//! semantics, types, switches, latencies and an example that assembles.

mod draw;
pub mod example;
mod latency;

use crate::form::{Form, Kind, Predicates, Role, Types};
use crate::semantics::{self, Semantics};
use crate::slot::Slot;
use crate::table;

/// The layout of a word and of a loop's word.
#[must_use]
pub fn layout() -> String {
    let loops = literal(&draw::a_loop());
    format!("The fields of a word::\n\n{}\nThe fields of a loop's word::\n\n{loops}", literal(&draw::word()))
}

/// The entries of `slot`.
#[must_use]
pub fn slot(slot: Slot) -> String {
    semantics::of(slot).iter().map(|semantics| entry(slot, semantics)).collect()
}

/// What is not known of the instructions: a line for each thing, with the instructions that it is about.
#[must_use]
pub fn unsure() -> String {
    let mut out = String::new();
    for slot in Slot::ALL {
        let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
        for entry in semantics::of(slot).iter().filter(|entry| !entry.unsure.is_empty()) {
            let name = format!("``{}``", entry.mnemonic);
            match groups.iter_mut().find(|(text, _)| *text == entry.unsure) {
                Some((_, names)) => names.push(name),
                None => groups.push((entry.unsure, vec![name])),
            }
        }
        for (text, names) in groups {
            out += &format!("* {slot} {}: {text}\n", names.join(", "));
        }
    }
    out
}

fn entry(slot: Slot, semantics: &Semantics) -> String {
    let mnemonic = semantics.mnemonic;
    let forms: Vec<_> = table::forms(slot).iter().filter(|form| form.mnemonic == mnemonic).collect();
    let title = format!("{mnemonic}: {}", semantics.title);
    let mut out = format!("{title}\n{}\n\n", "-".repeat(title.chars().count()));
    if let Some(first) = forms.first() {
        out += &format!(
            "Opcode {} ({:#x}) of the {slot} slot. {}\n\n",
            first.opcode,
            first.opcode,
            condition(first)
        );
        let syntax: String = forms.iter().map(|form| brief(&form.to_string()) + "\n").collect();
        out += &format!("Syntax::\n\n{}\n", literal(&syntax));
    } else {
        out += "Opcode 34 (0x22) of the SPU slot. The word has no other slots. A scalar predicate can be its condition.\n\n";
        out += "Syntax::\n\n    loop [once] S|imm, S|imm, S|imm, >|>=|<|<=|==|!=, label\n\n";
    }
    out += &format!("Bits::\n\n{}\n", literal(&drawings(&forms)));
    out += &operands(&forms);
    out += &switches(&forms);
    out += &format!("Semantics::\n\n{}\n", literal(semantics.pseudo));
    for text in [semantics.text, &unsure_note(semantics)] {
        if !text.is_empty() {
            out += &format!("{text}\n\n");
        }
    }
    out += &latencies(&forms);
    out + &format!("Example::\n\n{}\n", literal(&examples(&forms)))
}

fn unsure_note(semantics: &Semantics) -> String {
    if semantics.unsure.is_empty() { String::new() } else { format!("*Not known:* {}", semantics.unsure) }
}

fn condition(form: &Form) -> &'static str {
    match form.predicates {
        Predicates::None => "It has no condition.",
        Predicates::Scalar => "A scalar predicate can be its condition.",
        Predicates::Any => {
            "A scalar predicate can be its condition, or a vector predicate that of each element."
        }
    }
}

/// The drawings of forms, without those that are alike.
fn drawings(forms: &[&Form]) -> String {
    if forms.is_empty() {
        return draw::a_loop();
    }
    let mut drawings: Vec<String> = Vec::new();
    for drawing in forms.iter().map(|form| draw::form(form)) {
        if !drawings.contains(&drawing) {
            drawings.push(drawing);
        }
    }
    drawings.join("\n")
}

fn operands(forms: &[&Form]) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    for place in forms.iter().flat_map(|form| form.places) {
        let role = match place.role {
            Role::Read => "read",
            Role::Write => "written",
            Role::Update => "read and written",
        };
        let (name, what) = match place.kind {
            Kind::Value(accepts) => {
                (draw::letter(place.field, place.role), format!("``{}``", brief(&accepts.to_string())))
            }
            Kind::Number { name, max, .. } => (name, format!("0 to {max}")),
            Kind::Mask(_) => ("mask", "dimensions, the first is the rightmost bit".into()),
        };
        let row = [format!("``{name}``"), place.field.to_string(), role.into(), what];
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    for form in forms {
        if let Types::Suffix(set, ..) | Types::Optional(set, ..) = form.types {
            let types = set.iter().map(|ty| format!("{} ({})", ty.suffix(), ty.code())).collect::<Vec<_>>();
            rows.push(["type".into(), "type".into(), String::new(), types.join(", ")]);
        }
    }
    rows.dedup();
    list_table(&["Operand", "Field", "Use", "What it may be"], &rows)
}

fn switches(forms: &[&Form]) -> String {
    let mut rows = Vec::new();
    for switch in forms.iter().flat_map(|form| form.switches) {
        let text = switch.to_string();
        let row = [format!("``{text}``"), semantics::meaning(switch).to_owned()];
        if !text.is_empty() && !rows.contains(&row) {
            rows.push(row);
        }
    }
    list_table(&["Switch", "Meaning"], &rows)
}

fn latencies(forms: &[&'static Form]) -> String {
    list_table(&["Reader of the result", "Words later"], &latency::rows(forms))
}

/// Registers and immediates, where `V*` and `S*` are vectors and scalars with what may stand for one.
#[must_use]
pub fn brief(text: &str) -> String {
    text.replace("V|LFSR|LFSR_NO_CHANGE|V_LANE_ID_32|V_LANE_ID_16|V_LANE_ID_8", "V*")
        .replace("S|S_LFSR|S_LFSR_NO_CHANGE", "S*")
}

fn examples(forms: &[&'static Form]) -> String {
    if forms.is_empty() {
        return "loop 0, S4, 1, <, behind\nnop\nnop; add.i32 S1, S1, S32; nop; nop\nbehind: nop".into();
    }
    let lines =
        forms.iter().filter_map(|form| example::of(form)).map(|instruction| example::line(&instruction));
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines of a literal block.
fn literal(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

fn list_table<const N: usize>(head: &[&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut out = String::from(".. list-table::\n   :header-rows: 1\n\n");
    for row in std::iter::once(&head.map(String::from)).chain(rows) {
        for (i, cell) in row.iter().enumerate() {
            out += &format!("   {} - {cell}\n", if i == 0 { "*" } else { " " });
        }
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_what_an_entry_has_to_have() {
        let spu = slot(Slot::Spu);
        for part in [
            "add: Add\n--------",
            "Opcode 2 (0x2)",
            "| 2",
            "``[st]``",
            "f32 (0), i32 (2)",
            "6 (f32)",
            "| a: S* |",
            "add.i32 S1, S2, S3",
        ] {
            assert!(spu.contains(part), "{part}\n{spu}");
        }
        assert!(slot(Slot::Vpu).contains("102:98") && unsure().contains("VPU ``mov``"));
        assert!(layout().contains("182:151  immediate\n") && layout().contains("115:100"));
    }
}
