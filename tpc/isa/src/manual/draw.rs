// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The bits of an instruction as a row of boxes.

use crate::form::{Form, Kind, Predicates, Role, Types};
use crate::operand::Accepts;
use crate::register::FILES;
use crate::slot::{Field, Slot, Span, span};

/// A box: its bits, and what is in them.
struct Cell {
    span: Span,
    text: String,
}

/// The boxes of `form`, from the highest bit to the lowest.
pub(super) fn form(form: &Form) -> String {
    let mut cells = Vec::new();
    let mut add = |field: Field, low: u8, width: u8, text: String| {
        if let Some(whole) = span(form.slot, field) {
            cells.push(Cell { span: Span { low: whole.low + low, width: width.min(whole.width) }, text });
        }
    };
    let width = |field| span(form.slot, field).map_or(0, |span| span.width);
    add(Field::Opcode, 0, width(Field::Opcode), form.opcode.to_string());
    if form.predicates != Predicates::None {
        let text = if form.predicates == Predicates::Any { "SP, VP" } else { "SP" };
        add(Field::Predicate, 0, width(Field::Predicate), text.into());
        add(Field::Polarity, 0, 1, "!".into());
    }
    match form.types {
        Types::None => {}
        Types::Suffix(_, field, low) | Types::Optional(_, field, low) => add(field, low, 4, "type".into()),
        Types::Fixed(ty) => add(Field::Type, 0, 4, ty.code().to_string()),
    }
    for switch in form.switches {
        let text = match switch.to_string() {
            text if text.is_empty() => switch.default.unwrap_or(0).to_string(),
            text => short(&text),
        };
        add(switch.field, switch.low, switch.width, text);
    }
    for place in form.places {
        let letter = letter(place.field, place.role);
        match place.kind {
            Kind::Value(accepts) => {
                let text = if place.field == Field::Immediate {
                    "imm".into()
                } else {
                    format!("{letter}: {}", super::brief(&accepts.to_string()))
                };
                add(place.field, 0, width(place.field), text);
                if takes_immediate(accepts) && place.field != Field::Immediate {
                    add(Field::Immediate, 0, 32, "imm".into());
                }
            }
            Kind::Number { name, low, width, .. } => add(place.field, low, width, name.into()),
            Kind::Mask(low) => add(place.field, low, 5, "mask".into()),
        }
    }
    if form.repeated_in_immediate.is_some() {
        add(Field::Immediate, 0, 32, "the number again".into());
    }
    boxes(cells)
}

/// The boxes of a loop's word.
pub(super) fn a_loop() -> String {
    boxes(crate::loops::layout().into_iter().map(|(span, text)| Cell { span, text: text.into() }).collect())
}

/// The boxes of a whole word: all fields of the slots.
pub(super) fn word() -> String {
    let mut cells: Vec<Cell> = Vec::new();
    let fields = Field::OPERANDS.into_iter().chain([
        Field::Opcode,
        Field::Type,
        Field::Switches,
        Field::Predicate,
        Field::Polarity,
        Field::Immediate,
    ]);
    for field in fields {
        for slot in Slot::ALL {
            let Some(span) = span(slot, field) else { continue };
            let text = if field == Field::Immediate { "immediate".into() } else { format!("{slot} {field}") };
            match cells.iter_mut().find(|cell| cell.span == span) {
                Some(cell) if cell.text != text => cell.text += &format!(", {text}"),
                Some(_) => {}
                None => cells.push(Cell { span, text }),
            }
        }
    }
    cells.sort_by_key(|cell| cell.span.low);
    let line = |cell: &Cell| format!("{:>7}  {}\n", bits(cell.span), cell.text);
    cells.iter().map(line).collect()
}

/// The letter that an operand has in the descriptions.
pub(super) fn letter(field: Field, role: Role) -> &'static str {
    match field {
        _ if role != Role::Read => "d",
        Field::A => "a",
        Field::B => "b",
        Field::C => "c",
        Field::D => "e",
        _ => "imm",
    }
}

/// Whether some code of an operand means the immediate.
fn takes_immediate(accepts: Accepts) -> bool {
    accepts.takes_immediate() && FILES.iter().any(|info| accepts.takes(info.file))
        || accepts.is_relative()
        || accepts.is_absolute()
        || accepts == Accepts::IMM
}

/// The first choice of a switch stands for all of them.
fn short(text: &str) -> String {
    let inner = text.trim_start_matches('[').trim_end_matches(']');
    let first = inner.split('|').next().unwrap_or(inner);
    let name = first.split('=').next().unwrap_or(first);
    if inner.contains('|') && !first.contains('=') { format!("{first}..") } else { name.to_owned() }
}

fn bits(span: Span) -> String {
    match span.width {
        1 => span.low.to_string(),
        width => format!("{}:{}", span.low + width - 1, span.low),
    }
}

/// Rows of boxes that are no wider than a page; gaps between fields are left out.
fn boxes(mut cells: Vec<Cell>) -> String {
    const PAGE: usize = 100;
    cells.sort_by_key(|cell| std::cmp::Reverse(cell.span.low));
    cells.dedup_by_key(|cell| cell.span);
    let mut out = String::new();
    let mut rest = cells.as_slice();
    while !rest.is_empty() {
        let (mut count, mut used) = (0, 1);
        while let Some(cell) = rest.get(count) {
            used += width(cell) + 3;
            if used > PAGE && count > 0 {
                break;
            }
            count += 1;
        }
        let (row, behind) = rest.split_at(count);
        rest = behind;
        let line = |f: &dyn Fn(&Cell) -> String, edge: &str| {
            row.iter().fold(edge.to_owned(), |line, cell| line + &f(cell) + edge) + "\n"
        };
        let rule = line(&|cell| "-".repeat(width(cell) + 2), "+");
        out += line(&|cell| format!(" {:^1$} ", bits(cell.span), width(cell)), " ").trim_end();
        out += "\n";
        out += &rule;
        out += &line(&|cell| format!(" {:^1$} ", cell.text, width(cell)), "|");
        out += &rule;
    }
    out
}

fn width(cell: &Cell) -> usize {
    cell.text.chars().count().max(bits(cell.span).len())
}
