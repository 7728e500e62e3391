// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The text of a loop: `loop start, boundary, step, compare, end [, predicate]`.

use super::error::Fault;
use super::line::{Item, Piece, is_name, items};
use super::operand::{self, Labels};
use crate::instruction::Predicate;
use crate::loops::{Bound, Compare, Loop};
use crate::number;
use crate::register::{File, Register};
use crate::word::WORD_SIZE;

const SYNTAX: &str = "the syntax is `loop [once] S|imm, S|imm, S|imm, compare, label [, predicate]`";

/// The loop that `text` means at `address`.
pub(super) fn parse(text: Piece<'_>, labels: &impl Labels, address: u32) -> Result<Loop, Fault> {
    let items = items(text)?;
    let once = items.get(1).is_some_and(|item| item.text == "once");
    let rest = items.get(if once { 2 } else { 1 }..).unwrap_or_default();
    let (parts, condition) = match rest {
        [parts @ .., condition] if parts.len() == 5 => (parts, Some(condition)),
        _ => (rest, None),
    };
    let [start, boundary, step, compare, end] = parts else {
        return Err(Fault::new(text.column, "a loop has five operands").help(SYNTAX));
    };
    if let Some(item) = rest.iter().skip(1).find(|item| !item.comma) {
        return Err(Fault::new(item.column, format!("a comma is missing in front of `{}`", item.text)));
    }
    let no_compare = || Fault::new(compare.column, format!("`{}` is no comparison", compare.text));
    Ok(Loop {
        start: bound(start)?,
        boundary: bound(boundary)?,
        step: bound(step)?,
        compare: Compare::from_text(compare.text)
            .ok_or_else(|| no_compare().help("they are > >= < <= == !="))?,
        end: last_word(end, labels, address)?,
        once,
        predicate: condition.map_or(Ok(Predicate::ALWAYS), predicate)?,
    })
}

fn bound(item: &Item<'_>) -> Result<Bound, Fault> {
    if let Some(bits) = number::parse_bits(item.text) {
        return Ok(Bound::Immediate(bits as i32));
    }
    let register = Register::from_name(item.text).filter(|r| r.file == File::S);
    let fault = || Fault::new(item.column, format!("`{}` is no bound of a loop", item.text));
    Ok(Bound::Register(register.ok_or_else(|| fault().help("expected S0..S35 or a number"))?.number))
}

/// The distance from the loop to the last word of its body. Its label stands behind that word.
fn last_word(item: &Item<'_>, labels: &impl Labels, address: u32) -> Result<u16, Fault> {
    let distance = match number::parse(item.text) {
        Some(distance) => distance,
        None if is_name(item.text) => {
            let fault = || Fault::new(item.column, format!("no label is called `{}`", item.text));
            let label = labels.find(item.text).ok_or_else(fault)?;
            i64::from(label) - i64::from(address) - WORD_SIZE as i64
        }
        None => return Err(Fault::new(item.column, format!("`{}` is no label", item.text)).help(SYNTAX)),
    };
    let fault = || Fault::new(item.column, format!("the body ends {distance} bytes from here"));
    u16::try_from(distance).map_err(|_| fault().help("it has to end at most 65535 bytes behind its loop"))
}

fn predicate(item: &Item<'_>) -> Result<Predicate, Fault> {
    let predicate = operand::predicate(item).filter(|p| !p.vector);
    let fault = || Fault::new(item.column, format!("`{}` is no predicate of a loop", item.text));
    predicate.ok_or_else(|| fault().help("expected SP0..SP15, with `!` if inverted"))
}
