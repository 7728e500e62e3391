// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The text of one slot.

use super::error::Fault;
use super::line::{Item, Piece, items};
use super::operand::{self, Labels};
use crate::form::{Form, Kind, MAX_OPERANDS, MAX_SWITCHES, Predicates, Types};
use crate::instruction::{Instruction, Predicate};
use crate::operand::Operand;
use crate::slot::Slot;
use crate::table;
use crate::types::Type;

/// The instruction that `text` means in `slot` of the word at `address`.
pub(super) fn parse(
    slot: Slot,
    text: Piece<'_>,
    labels: &impl Labels,
    address: u32,
) -> Result<Instruction, Fault> {
    let items = items(text)?;
    let Some((head, items)) = items.split_first() else {
        return Err(Fault::new(text.column, format!("the {slot} slot is empty")).help("`nop` does nothing"));
    };
    let (mnemonic, suffix) = head.text.split_once('.').map_or((head.text, None), |(m, s)| (m, Some(s)));
    let forms = || table::forms(slot).iter().filter(move |form| form.mnemonic == mnemonic);
    let mut best: Option<(usize, Fault)> = None;
    for form in forms() {
        match instruction(form, head, suffix, items, labels, address) {
            Ok(instruction) => return Ok(instruction),
            Err((progress, fault)) if best.as_ref().is_none_or(|b| progress > b.0) => {
                best = Some((progress, fault));
            }
            Err(_) => {}
        }
    }
    let Some((_, fault)) = best else { return Err(unknown(slot, head, mnemonic)) };
    if fault.help.is_some() {
        return Err(fault);
    }
    let syntax: Vec<_> = forms().map(|form| format!("`{form}`")).collect();
    Err(fault.help(format!("the syntax is {}", syntax.join(" or "))))
}

/// Tries a form. The error has how many items were right.
fn instruction(
    form: &'static Form,
    head: &Item<'_>,
    suffix: Option<&str>,
    items: &[Item<'_>],
    labels: &impl Labels,
    address: u32,
) -> Result<Instruction, (usize, Fault)> {
    let ty = ty(form, head, suffix).map_err(|fault| (0, fault))?;
    let mut switches = [None; MAX_SWITCHES];
    let mut operands = [Operand::Number(0); MAX_OPERANDS];
    let (mut read, mut predicate) = (0, None);
    for (progress, item) in items.iter().enumerate() {
        let fail = |message: String| Err((progress + 1, Fault::new(item.column, message)));
        let switch =
            form.switches.iter().zip(&mut switches).find_map(|(s, v)| s.parse(item.text).map(|n| (v, n)));
        if let Some((value, number)) = switch {
            if value.replace(number).is_some() {
                return fail(format!("`{}`: this was said before", item.text));
            }
            continue;
        }
        if let Some(Kind::Number { default: Some(number), .. }) =
            form.places.get(read).map(|place| place.kind)
        {
            if crate::number::parse(item.text).is_none() {
                operands[read] = Operand::Number(number);
                read += 1;
            }
        }
        if let Some(place) = form.places.get(read) {
            let operand =
                operand::parse(place, item, labels, address).map_err(|fault| (progress + 1, fault))?;
            if form.separator(read) == ", " && !item.comma {
                return fail(format!("a comma is missing in front of `{}`", item.text));
            }
            operands[read] = operand;
            read += 1;
        } else if predicate.is_none() {
            predicate = Some(condition(form, item).map_err(|fault| (progress + 1, fault))?);
        } else {
            return fail(format!("`{}` is too much", item.text));
        }
    }
    let end = items.last().unwrap_or(head);
    let behind = end.column + end.text.chars().count();
    if read < form.places.len() {
        return Err((items.len() + 1, Fault::new(behind, "an operand is missing")));
    }
    let mut values = [0; MAX_SWITCHES];
    for ((switch, value), to) in form.switches.iter().zip(switches).zip(&mut values) {
        let fault = || (items.len() + 1, Fault::new(behind, format!("a switch is missing: {switch}")));
        *to = value.or(switch.default).ok_or_else(fault)?;
    }
    let (values, operands) = (&values[..form.switches.len()], &operands[..form.places.len()]);
    Instruction::new(form, ty, values, operands, predicate.unwrap_or(Predicate::ALWAYS))
        .map_err(|e| (items.len() + 1, Fault::new(head.column, e.to_string())))
}

fn ty(form: &Form, head: &Item<'_>, suffix: Option<&str>) -> Result<Option<Type>, Fault> {
    let fail = |message: String| Err(Fault::new(head.column, message));
    match (form.types, suffix) {
        (Types::None, None) => Ok(None),
        (Types::Fixed(ty), None) => Ok(Some(ty)),
        (Types::Optional(..), None) => Ok(Some(Type::F32)),
        (Types::Suffix(set, ..) | Types::Optional(set, ..), Some(suffix)) => {
            match Type::from_suffix(suffix).filter(|&ty| set.contains(ty)) {
                None => fail(format!("`{}` has no type `{suffix}`", form.mnemonic)),
                ty => Ok(ty),
            }
        }
        (Types::Suffix(..), None) => fail(format!("`{}` needs a type", form.mnemonic)),
        (Types::None | Types::Fixed(_), Some(suffix)) => {
            fail(format!("`{}` of these operands has no type `{suffix}`", form.mnemonic))
        }
    }
}

fn condition(form: &Form, item: &Item<'_>) -> Result<Predicate, Fault> {
    let fail = |message: String, help: &str| Err(Fault::new(item.column, message).help(help));
    let Some(predicate) = operand::predicate(item) else {
        return fail(
            format!("`{}` is too much", item.text),
            "a predicate would be SP0..SP15 or VP0..VP15, with `!` if inverted",
        );
    };
    match form.predicates {
        Predicates::None => fail(format!("`{}` takes no predicate", form.mnemonic), "it is always executed"),
        Predicates::Scalar if predicate.vector => {
            fail(format!("`{}` takes no vector predicate here", form.mnemonic), "SP0..SP15 can stand here")
        }
        Predicates::Scalar | Predicates::Any => Ok(predicate),
    }
}

/// What a mnemonic that `slot` does not have may have been meant to be.
fn unknown(slot: Slot, head: &Item<'_>, mnemonic: &str) -> Fault {
    let fault = Fault::new(head.column, format!("the {slot} slot has no instruction `{mnemonic}`"));
    let has = |slot: &&Slot| table::forms(**slot).iter().any(|form| form.mnemonic == mnemonic);
    let others: Vec<_> = Slot::ALL.iter().filter(has).map(Slot::to_string).collect();
    if mnemonic == "loop" {
        return fault.help("`loop` stands alone in its line");
    }
    if !others.is_empty() {
        return fault
            .help(format!("it is one of {}; a line is `LOAD; SPU; VPU; STORE`", others.join(" and ")));
    }
    let near = table::forms(slot).iter().map(|form| (distance(form.mnemonic, mnemonic), form.mnemonic));
    match near.min().filter(|&(distance, _)| distance <= 2) {
        Some((_, name)) => fault.help(format!("is `{name}` meant?")),
        None => fault,
    }
}

/// How many characters have to be changed, put in or left out.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut next = vec![i + 1];
        for ((j, to), around) in b.bytes().enumerate().zip(row.windows(2)) {
            let replaced = around[0] + usize::from(from != to);
            next.push(replaced.min(around[1] + 1).min(next[j] + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
