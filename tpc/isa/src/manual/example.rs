// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! An example of each form.

use crate::form::{Form, Kind, Types};
use crate::instruction::{Instruction, Predicate};
use crate::operand::{Accepts, Operand};
use crate::register::{File, Register};
use crate::slot::Slot;
use crate::switch::Switch;

/// What an operand is in an example, of what it may be: the first of these files.
const PREFERRED: [File; 16] = [
    File::V,
    File::D,
    File::A,
    File::S,
    File::Z,
    File::I,
    File::Ad,
    File::Sp,
    File::Vp,
    File::Lfsr,
    File::LaneId32,
    File::LaneId16,
    File::LaneId8,
    File::LfsrNoChange,
    File::SLfsr,
    File::SLfsrNoChange,
];

/// An instruction of `form`, with other registers for each operand.
#[must_use]
pub fn of(form: &'static Form) -> Option<Instruction> {
    let ty = match form.types {
        Types::None => None,
        Types::Suffix(set, ..) | Types::Optional(set, ..) => set.iter().next(),
        Types::Fixed(ty) => Some(ty),
    };
    let switches: Vec<_> = form.switches.iter().map(value).collect();
    let operand = |(i, kind): (usize, Kind)| match kind {
        Kind::Value(accepts) => value_operand(i, accepts),
        Kind::Number { max, .. } => Some(Operand::Number(max.min(3))),
        Kind::Mask(_) => Some(Operand::Mask(0b00011)),
    };
    let operands = form.places.iter().map(|place| place.kind).enumerate().map(operand);
    let operands = operands.collect::<Option<Vec<_>>>()?;
    Instruction::new(form, ty, &switches, &operands, Predicate::ALWAYS).ok()
}

fn value_operand(i: usize, accepts: Accepts) -> Option<Operand> {
    let file = PREFERRED.into_iter().find(|&file| accepts.takes(file));
    if let Some(file) = file.filter(|_| !accepts.is_relative() && !accepts.is_absolute()) {
        let info = file.info();
        let number = if info.count == 1 { 0 } else { (i as u8 + 1) * info.group.max(1) };
        return Register::new(file, number).map(Operand::Register);
    }
    // Two words on, where it is a place in the code.
    Some(Operand::Immediate(64))
}

/// The value of a switch that its text shows, if there is such a value.
fn value(switch: &Switch) -> u8 {
    let values = 0..1_u16 << switch.width;
    let mut shown = values.filter_map(|value| u8::try_from(value).ok()).filter(|&value| switch.holds(value));
    switch.default.or_else(|| shown.next()).unwrap_or(0)
}

/// The line of assembler text that is nothing but `instruction`.
#[must_use]
pub fn line(instruction: &Instruction) -> String {
    let text =
        |slot| if slot == instruction.form().slot { instruction.to_string() } else { "nop".to_owned() };
    Slot::ALL.map(text).join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::Word;
    use crate::{asm, table};

    #[test]
    fn every_form_has_an_example_that_assembles_to_it() {
        for form in Slot::ALL.into_iter().flat_map(table::forms) {
            let example = of(form).unwrap_or_else(|| panic!("{form}"));
            let line = line(&example);
            let program = asm::assemble(&line).unwrap_or_else(|errors| panic!("{line}: {errors:?}"));
            match Word::decode(&program.words[0]) {
                Ok(Word::Slots(slots)) => assert_eq!(*slots.get(form.slot), example, "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }
}
