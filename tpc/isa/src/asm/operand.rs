// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! An operand's text.

use super::error::Fault;
use super::line::{Item, is_name};
use crate::form::{Kind, Place};
use crate::instruction::Predicate;
use crate::number;
use crate::operand::{Accepts, Operand};
use crate::register::{FILES, File, Register};

/// Where labels are, in bytes from the program's first word.
pub(super) trait Labels {
    fn find(&self, name: &str) -> Option<u32>;
}

/// The operand of `place` that `item` means, in the word at `address`.
pub(super) fn parse(
    place: &Place,
    item: &Item<'_>,
    labels: &impl Labels,
    address: u32,
) -> Result<Operand, Fault> {
    match place.kind {
        Kind::Value(accepts) => value(accepts, item, labels, address),
        Kind::Number { name, max, .. } => {
            let number = number::parse(item.text).and_then(|n| u8::try_from(n).ok()).filter(|&n| n <= max);
            let fault = || Fault::new(item.column, format!("`{}` is no {name}", item.text));
            Ok(Operand::Number(
                number.ok_or_else(|| fault().help(format!("it is a number from 0 to {max}")))?,
            ))
        }
        Kind::Mask(_) => {
            let digits = item.text.strip_prefix('b').filter(|d| d.len() == 5);
            let mask = digits.and_then(|digits| u8::from_str_radix(digits, 2).ok());
            let fault = || Fault::new(item.column, format!("`{}` is no mask of dimensions", item.text));
            let help = "it is `b` and five binary digits, dimension 0 the rightmost: `b00101`";
            Ok(Operand::Mask(mask.ok_or_else(|| fault().help(help))?))
        }
    }
}

fn value(accepts: Accepts, item: &Item<'_>, labels: &impl Labels, address: u32) -> Result<Operand, Fault> {
    let expected = || format!("expected {accepts}");
    if let Some(register) = Register::from_name(item.text) {
        let spelled = accepts.spelled(register).map(Operand::Register);
        return spelled.ok_or_else(|| {
            Fault::new(item.column, format!("{register} cannot stand here")).help(expected())
        });
    }
    if let Some(bits) = number::parse_bits(item.text) {
        let fault = || Fault::new(item.column, "a number cannot stand here").help(expected());
        return accepts.takes_immediate().then_some(Operand::Immediate(bits)).ok_or_else(fault);
    }
    if let Some(help) = nearly_register(item.text) {
        return Err(Fault::new(item.column, format!("there is no `{}`", item.text)).help(help));
    }
    if is_name(item.text) && (accepts.is_relative() || accepts.is_absolute()) {
        let fault = || Fault::new(item.column, format!("no label is called `{}`", item.text));
        let target = labels.find(item.text).ok_or_else(fault)?;
        let origin = if accepts.is_relative() { address } else { 0 };
        return Ok(Operand::Immediate(target.wrapping_sub(origin)));
    }
    Err(Fault::new(item.column, format!("`{}` is no operand", item.text)).help(expected()))
}

/// What the file of `name` has, if `name` looks like a register of it.
fn nearly_register(name: &str) -> Option<String> {
    let name = name.strip_prefix('%').unwrap_or(name);
    let digits = name.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let prefix = name.strip_suffix(digits)?;
    let info = FILES.iter().find(|info| info.count > 1 && info.prefix == prefix)?;
    let numbered = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let group = match info.group {
        1 => String::new(),
        n => format!(", every {n}"),
    };
    numbered.then(|| format!("they are {prefix}0..{prefix}{}{group}", info.count - info.group))
}

/// The predicate that `item` means, if it looks like one.
pub(super) fn predicate(item: &Item<'_>) -> Option<Predicate> {
    let (inverted, name) = item.text.strip_prefix('!').map_or((false, item.text), |name| (true, name));
    let register = Register::from_name(name)?;
    let vector = register.file == File::Vp;
    (vector || register.file == File::Sp).then_some(Predicate { vector, number: register.number, inverted })
}
